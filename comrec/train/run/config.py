"""Checks the settings that all training configs have in common."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from comrec.errors import UsageError

PRECISIONS = ("float32", "mixed_bfloat16")
T = TypeVar("T")
# For each setting, a test, and its legal values in words.
Legal = Mapping[str, tuple[Callable[[Any], Any], str]]


@dataclass(frozen=True)
class LearningRate:
    """Describes epochs in which the learning rate falls geometrically.

    Attributes:
      epochs: how many, from 1.
      rate_start, rate_end: learning rates at both ends, above 0 and below 1.
    """

    epochs: int
    rate_start: float
    rate_end: float

    def rate(self, progress: float) -> float:
        """Returns the learning rate after `progress`, 0 to 1, of the epochs."""
        return self.rate_start * (self.rate_end / self.rate_start) ** progress


def load(path: Path, build: Callable[[Any], T]) -> T:
    """Builds a config from the JSON in a file.

    Raises:
      UsageError: the file cannot be read, or `build` raised a ValueError.
    """
    try:
        return build(json.loads(path.read_bytes()))
    except OSError as err:
        raise UsageError(f"{path}: cannot be read ({err.strerror})") from err
    except (ValueError, RecursionError) as err:
        raise UsageError(f"{path}: not a training config ({err})") from err


def check(config: Any, legal: Legal) -> None:
    """Checks every setting of a config.

    Raises:
      ValueError: a setting does not pass its test.
    """
    for name, (is_legal, words) in legal.items():
        if not is_legal(getattr(config, name)):
            raise ValueError(
                f"{name} must be {words}. Received: {getattr(config, name)!r}"
            )


def check_record(cls: Any, record: Any) -> dict[str, Any]:
    """Checks that a JSON value has the settings of a dataclass, and returns the value.

    Raises:
      ValueError: the value is no object, or a setting is unknown or missing.
    """
    kind = _name_in_words(cls)
    if not isinstance(record, dict):
        raise ValueError(f"{kind} must be an object. Received: {record!r}")
    settings = {field.name: field for field in fields(cls)}
    unknown = record.keys() - settings.keys()
    if unknown:
        raise ValueError(f"unknown settings {', '.join(sorted(unknown))}")
    missing = {n for n, f in settings.items() if f.default is MISSING} - record.keys()
    if missing:
        raise ValueError(f"no {', '.join(sorted(missing))} in {kind}")
    return record


def _name_in_words(cls: Any) -> str:
    """Returns "a learning rate" for LearningRate."""
    words = re.sub("(?<=[a-z])(?=[A-Z])", " ", cls.__name__).lower()
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def whole(least: int, most: float = math.inf) -> tuple[Callable[[Any], bool], str]:
    """Returns a test for whole numbers, and the legal ones in words."""
    words = f"a whole number from {least}" + (f" to {most}" if most < math.inf else "")
    return lambda v: type(v) is int and least <= v <= most, words


def is_number(value: object) -> bool:
    """Returns whether a value is a finite number, below 1e9 in magnitude."""
    return type(value) in (int, float) and abs(value) < 1e9  # type: ignore[arg-type]


def is_sound(rate: LearningRate) -> bool:
    """Returns whether the epochs are whole and the rates between 0 and 1."""
    rates = (rate.rate_start, rate.rate_end)
    return (
        type(rate.epochs) is int and rate.epochs > 0
        and all(is_number(rate) and 0 < rate < 1 for rate in rates)
    )  # fmt: skip


EVERY_RUN: Legal = {
    "preset": (lambda v: isinstance(v, str) and v, "a name"),
    "start": (lambda v: isinstance(v, str), "the name of a preset, or empty"),
    "seed": whole(0, 2**32 - 1),
    "precision": (lambda v: v in PRECISIONS, f"one of {', '.join(PRECISIONS)}"),
}
