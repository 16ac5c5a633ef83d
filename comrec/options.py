"""What a caller may ask of `compress`, checked once."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass

from comrec import metadata, presets
from comrec.codec import Codec
from comrec.errors import UsageError
from comrec.image import MAX_PIXELS
from comrec.metadata import KINDS

QUALITY = 75


@dataclass(frozen=True)
class Options:
    """How to compress; `comrec.compress` documents each."""

    preset: str = presets.DEFAULT
    quality: int = QUALITY
    jpeg_quality: int | None = None
    scale: int | None = None
    metadata: str | Sequence[str] = KINDS
    embed: bool = False
    max_pixels: int = MAX_PIXELS
    engine: str = "auto"
    threads: int = 0

    def __post_init__(self) -> None:
        kinds = self.metadata
        if isinstance(kinds, str):
            kinds = metadata.parse_kinds(kinds)
        if not isinstance(kinds, Sequence) or not set(kinds) <= set(KINDS):
            raise UsageError(
                f"metadata must be all, none, or some of {', '.join(KINDS)}. "
                f"Received: {self.metadata!r}"
            )
        values = {"metadata": tuple(kinds)} | {
            "quality": whole("quality", self.quality, 1, 100),
            "max_pixels": whole("max_pixels", self.max_pixels, 1),
            "threads": whole("threads", self.threads, 0),
        }
        if self.jpeg_quality is not None:
            values["jpeg_quality"] = whole("jpeg_quality", self.jpeg_quality, 1, 100)
        scales = presets.find(self.preset).scales
        if self.scale is not None and whole("scale", self.scale, 1) not in scales:
            raise UsageError(
                f"preset {self.preset} has scale {' or '.join(map(str, scales))}. "
                f"Received: {self.scale!r}"
            )
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def codec(self) -> Codec | None:
        """The pair to use; None for the preset that has no networks."""
        preset = presets.find(self.preset)
        if not preset.weights:
            return None
        return Codec(preset, self.scale, self.engine, self.threads)


def whole(name: str, value: object, low: int, high: int | None = None) -> int:
    """A whole number in [low, high], NumPy's included, as an int.

    Raises:
      UsageError: it is not one.
    """
    try:
        number: int | None = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    legal = f"{low} to {high}" if high is not None else f"{low} or more"
    above = high is not None and number is not None and number > high
    if number is None or isinstance(value, bool) or number < low or above:
        raise UsageError(f"{name} must be a whole number, {legal}. Received: {value!r}")
    return number
