"""Checks what the configurations of all training runs share."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from comrec.errors import UsageError

PRECISIONS = ("float32", "mixed_bfloat16")
T = TypeVar("T")
Legal = Mapping[str, tuple[Callable[[Any], Any], str]]  # a test, and it in words


@dataclass(frozen=True)
class LearningRate:
    """Epochs in which the learning rate falls along a logarithm."""

    epochs: int
    rate_start: float
    rate_end: float

    def rate(self, progress: float) -> float:
        """Learning rate after `progress` (0 to 1) of this stretch."""
        return self.rate_start * (self.rate_end / self.rate_start) ** progress


def load(path: Path, build: Callable[[Any], T]) -> T:
    """What `build` makes of the JSON in a file.

    Raises:
      UsageError: unreadable, or `build` raised a ValueError.
    """
    try:
        return build(json.loads(path.read_bytes()))
    except OSError as err:
        raise UsageError(f"{path}: cannot be read ({err.strerror})") from err
    except (ValueError, RecursionError) as err:
        raise UsageError(f"{path}: not a training config ({err})") from err


def check(config: Any, legal: Legal) -> None:
    """Raises ValueError for a setting that does not pass its test."""
    for name, (is_legal, words) in legal.items():
        if not is_legal(getattr(config, name)):
            raise ValueError(
                f"{name} must be {words}. Received: {getattr(config, name)!r}"
            )


def known(cls: Any, record: Any) -> dict[str, Any]:
    """A record that has no unknown and no missing settings of a dataclass."""
    what = cls.__name__.lower()
    if not isinstance(record, dict):
        raise ValueError(f"a {what} must be an object. Received: {record!r}")
    settings = {field.name: field for field in fields(cls)}
    unknown = record.keys() - settings.keys()
    if unknown:
        raise ValueError(f"unknown settings {', '.join(sorted(unknown))}")
    missing = {n for n, f in settings.items() if f.default is MISSING} - record.keys()
    if missing:
        raise ValueError(f"no {', '.join(sorted(missing))} in a {what}")
    return record


def whole(least: int, most: float = math.inf) -> tuple[Callable[[Any], bool], str]:
    """A test for whole numbers, and it in words."""
    words = f"a whole number from {least}" + (f" to {most}" if most < math.inf else "")
    return lambda v: type(v) is int and least <= v <= most, words


def number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) < 1e9  # type: ignore[arg-type]


def sound(stretch: LearningRate) -> bool:
    """Whole epochs, and learning rates between 0 and 1."""
    rates = (stretch.rate_start, stretch.rate_end)
    return (
        type(stretch.epochs) is int and stretch.epochs > 0
        and all(number(rate) and 0 < rate < 1 for rate in rates)
    )  # fmt: skip


EVERY_RUN: Legal = {
    "preset": (lambda v: isinstance(v, str) and v, "a name"),
    "start": (lambda v: isinstance(v, str), "the name of a preset, or empty"),
    "seed": whole(0, 2**32 - 1),
    "precision": (lambda v: v in PRECISIONS, f"one of {', '.join(PRECISIONS)}"),
}
