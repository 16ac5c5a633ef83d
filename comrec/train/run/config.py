"""Checks the settings that all training configs have in common."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from importlib import resources
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


def folder() -> Path:
    """Returns the folder of comrec's own configs: installed, or in the source tree."""
    try:
        return Path(str(resources.files("comrec.configs")))
    except ModuleNotFoundError:  # run from the source tree without an install
        return Path(__file__).parents[3] / "experiments" / "configs"


def find(config: str) -> Path:
    """Returns the path of a config.

    Args:
      config: a path, or the name of one of comrec's own configs.

    Raises:
      UsageError: it is neither.
    """
    path = Path(config)
    if path.suffix == ".json" or path.is_file():
        return path
    own = {path.stem: path for path in sorted(folder().glob("*.json"))}
    if config not in own:
        raise UsageError(
            f"no config is called {config!r}. Name a JSON file, or one of "
            f"{', '.join(own)}"
        )
    return own[config]


def load(path: Path, build: Callable[[Any], T], changes: Sequence[str] = ()) -> T:
    """Builds a config from the JSON in a file.

    Args:
      path: of the file.
      build: from the JSON value to the config.
      changes: settings that replace those of the file; see `change`.

    Raises:
      UsageError: the file cannot be read, a change is illegal, or `build` raised a
        ValueError.
    """
    try:
        record = json.loads(path.read_bytes())
        for text in changes:
            change(record, text)
        return build(record)
    except OSError as err:
        raise UsageError(
            f"{path}: cannot be read ({err.strerror}). Name a config"
        ) from err
    except (ValueError, RecursionError) as err:
        raise UsageError(f"{path}: not a training config ({err})") from err


def change(record: Any, text: str) -> None:
    """Sets a setting in the JSON value of a config.

    Args:
      record: of the config; is changed.
      text: such as "batch=8", or "stages.0.epochs=2" for one inside another. The value
        is JSON, or a text without quotes.

    Raises:
      UsageError: the text has no "=", or what is inside another is not there.
    """
    place, equals, given = text.partition("=")
    *outer, last = place.split(".")
    try:
        if not equals:
            raise KeyError
        for name in outer:
            record = record[_key(record, name)]
        key = _key(record, last)
        if isinstance(record, list):
            record[key]  # a list does not grow
        record[key] = _read_value(given)
    except (LookupError, TypeError, ValueError) as err:
        raise UsageError(
            f"`set` must be SETTING=VALUE, of a setting that the config has, such as "
            f"batch=8 or stages.0.epochs=2. Received: {text!r}"
        ) from err


def _key(record: Any, name: str) -> Any:
    return int(name) if isinstance(record, list) else name


def _read_value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


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
