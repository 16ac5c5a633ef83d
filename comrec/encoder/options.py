"""What a caller may ask of `compress`, checked once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from comrec.errors import UsageError
from comrec.image.metadata import KINDS
from comrec.image.picture import MAX_PIXELS
from comrec.networks import families, presets
from comrec.networks.codec import Codec
from comrec.system.checks import positive, whole

QUALITY = 75
BYTES_MAX = 2**40  # that may be asked for; no JPEG is so large
EFFORT = 5
TUNES = ("psnr", "visual")
# Of larger pictures one thing is done after the other: each makes copies of them.
TOGETHER_MAX_PX = 2**24
# At most one of these says how large or how close the files are to be.
TARGETS = ("quality", "jpeg_quality", "target_size", "target_bpp", "target_psnr")


@dataclass(frozen=True)
class Options:
    """How to compress; `comrec.compress` documents each."""

    preset: str = presets.DEFAULT
    quality: int | None = None
    jpeg_quality: int | None = None
    target_size: int | None = None
    target_bpp: float | None = None
    target_psnr: float | None = None
    tune: str = "psnr"
    effort: int = EFFORT
    scale: float | str = "auto"
    metadata: str | Sequence[str] = KINDS
    embed: bool = False
    max_pixels: int = MAX_PIXELS
    engine: str = "auto"
    threads: int = 0

    def __post_init__(self) -> None:
        kinds = self.metadata
        if isinstance(kinds, str):
            kinds = parse_kinds(kinds)
        if not isinstance(kinds, Sequence) or not set(kinds) <= set(KINDS):
            raise UsageError(
                f"metadata must be all, none, or some of {', '.join(KINDS)}. "
                f"Received: {self.metadata!r}"
            )
        values = {"metadata": tuple(kinds)} | self._checked_target()
        for name, low, high in (
            ("effort", 0, 9), ("max_pixels", 1, None), ("threads", 0, None),
        ):  # fmt: skip
            values[name] = whole(name, getattr(self, name), low, high)
        if self.tune not in TUNES:
            raise UsageError(
                f"tune must be {' or '.join(TUNES)}. Received: {self.tune!r}"
            )
        scales = presets.find(self.preset).scales
        same = [n for n in scales if n == self.scale and self.scale is not True]
        if self.scale != "auto" and not same:
            raise UsageError(
                f"preset {self.preset} has scale {' or '.join(map(str, scales))}, or "
                f"auto. Received: {self.scale!r}"
            )
        # As the preset spells it: a sidecar's checksum is over the spelling.
        values["scale"] = same[0] if same else "auto"
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _checked_target(self) -> dict[str, object]:
        asked = [name for name in TARGETS if getattr(self, name) is not None]
        if len(asked) > 1:
            raise UsageError(
                f"at most one of {', '.join(TARGETS)} may be asked for. "
                f"Received: {', '.join(asked)}"
            )
        checks: dict[str, Callable[[object], int | float]] = {
            "quality": lambda value: whole("quality", value, 1, 100),
            "jpeg_quality": lambda value: whole("jpeg_quality", value, 1, 100),
            "target_size": lambda value: whole("target_size", value, 1, BYTES_MAX),
            "target_bpp": lambda value: positive("target_bpp", value),
            "target_psnr": lambda value: positive("target_psnr", value),
        }
        return {name: checks[name](getattr(self, name)) for name in asked} or {
            "quality": QUALITY
        }

    @property
    def target(self) -> tuple[str, int | float]:
        """Which of TARGETS says how large or how close the files are to be, and how."""
        return next(
            (name, value)
            for name in TARGETS
            if (value := getattr(self, name)) is not None
        )

    def budget_bytes(self, height_px: int, width_px: int) -> int | None:
        """What all files of a picture may take; None where bytes were not asked for."""
        if self.target_bpp is not None:
            return int(min(self.target_bpp * height_px * width_px / 8, BYTES_MAX))
        return self.target_size

    def threads_for(self, pixels: np.ndarray) -> int:
        """Cores for things that can be done with a picture at the same time."""
        is_large = pixels.shape[0] * pixels.shape[1] > TOGETHER_MAX_PX
        return 1 if is_large else self.threads

    @property
    def is_refinable(self) -> bool:
        """Whether gradients pass through the preset's networks to the compact image."""
        preset = presets.find(self.preset)
        return preset.has_networks and families.find(preset.family).can_refine

    def codecs(self) -> list[Codec]:
        """The networks to use, a codec for each scale; none where there are none."""
        preset = presets.find(self.preset)
        if not preset.has_networks:
            return []
        scales = preset.scales if isinstance(self.scale, str) else (self.scale,)
        # What is promised is promised in float32, whatever the engine.
        return [
            Codec(preset, scale, self.engine, self.threads, exact=True, tune=self.tune)
            for scale in scales
        ]


def parse_kinds(text: str) -> tuple[str, ...]:
    """Reads "all", "none" or a list like "exif,icc"."""
    if text == "all":
        return KINDS
    kinds = () if text == "none" else tuple(text.split(","))
    if not set(kinds) <= set(KINDS):
        raise UsageError(
            f"--metadata must be all, none, or some of {','.join(KINDS)}. "
            f"Received: {text!r}"
        )
    return kinds
