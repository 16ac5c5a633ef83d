"""Describes the options of `comrec.compress`, each once, and checks them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from comrec.encoder.tunes import PSNR, TUNES
from comrec.errors import UsageError
from comrec.networks import engine, presets
from comrec.system import options
from comrec.system.checks import MAX_PIXELS
from comrec.system.options import Choice, Flag, Free, Positive, Whole, option

if TYPE_CHECKING:
    import numpy as np

    from comrec.networks.codec import Codec

QUALITY = 75
BYTES_MAX = 2**40  # legal budgets end here; no JPEG is so large
EFFORT = 5
# Larger pictures are coded one step after the other: each step makes copies of them.
PARALLEL_MAX_PX = 2**24
# Each says how large or how close the files are to be; at most one may be given.
TARGETS = ("quality", "jpeg_quality", "target_size", "target_bpp", "target_psnr")


@dataclass(frozen=True)
class Options:
    """Holds the checked options of one `comrec.compress`.

    Raises:
      UsageError: an option is out of range, or two exclude each other.
    """

    preset: str = option(
        presets.DEFAULT,
        "trained pair of networks: a name that `comrec presets` lists, or a folder; "
        "plain for none and an ordinary JPEG",
        Free(),
        letter="p",
    )
    quality: int | None = option(
        None,
        "1 to 100: restore at least as close to the image (PSNR) as plain JPEG of this "
        f"quality, in fewer bytes where possible; {QUALITY} if no target is given",
        Whole(1, 100),
        letter="q",
    )
    target_size: int | None = option(
        None,
        "bytes of all files together: as close to the image as possible, never larger",
        Whole(1, BYTES_MAX),
        metavar="BYTES",
    )
    target_bpp: float | None = option(
        None,
        "bits per pixel of the image, for all files together: as `target_size`",
        Positive(),
        metavar="BITS",
    )
    target_psnr: float | None = option(
        None,
        "PSNR in dB of the restored picture: at least this, in the fewest bytes found",
        Positive(),
        metavar="DB",
    )
    jpeg_quality: int | None = option(
        None,
        "1 to 100: quality of the compact JPEG itself; nothing is compared or promised",
        Whole(1, 100),
    )
    tune: str = option(
        "psnr",
        "psnr for JPEG tables with the best PSNR, visual for tables made for the eye, "
        "which take more bytes at equal PSNR; the promises are the same",
        Choice(lambda: tuple(TUNES)),
    )
    effort: int = option(
        EFFORT,
        f"0 to 9: time spent on smaller files; {EFFORT} if not given. From 1 on, the "
        "JPEG's coefficients are chosen for the restored picture, in more rounds for a "
        "higher effort; from 6 on through the preset's own network, else through a "
        "lighter one",
        Whole(0, 9),
    )
    scale: float | str = option(
        "auto",
        "linear size ratio image : compact, one of the preset's; auto finds the best "
        "for the picture",
        Free(),
        metavar="auto|N",
    )
    metadata: str | Sequence[str] = option(
        "all",
        "metadata to keep: all, none, web (copyright, and a profile other than sRGB), "
        "or some of exif,icc,xmp,iptc,comment,density,text",
        Free(),
        metavar="KINDS",
    )
    embed: bool = option(False, "put the sidecar inside the .jpg", Flag())
    max_pixels: int = option(
        MAX_PIXELS, f"refuse larger pictures ({MAX_PIXELS})", Whole(1), metavar="N"
    )
    engine: str = option(
        "auto",
        "library that runs the networks; auto takes the first that is installed",
        Choice(lambda: engine.ENGINES),
    )
    threads: int = option(0, "cores for the networks; 0 takes all", Whole(0))

    def __post_init__(self) -> None:
        given = [name for name in TARGETS if getattr(self, name) is not None]
        if len(given) > 1:
            raise UsageError(
                f"at most one of {', '.join(TARGETS)} may be asked for. "
                f"Received: {', '.join(given)}"
            )
        options.check(self)
        if not isinstance(self.preset, str | os.PathLike):
            raise UsageError(
                f"preset must be a name or a folder. Received: {self.preset!r}"
            )
        preset = presets.find(self.preset)
        values: dict[str, object] = {
            "preset": self._locate(preset),
            "metadata": parse_kinds(self.metadata),
            "scale": _legal_scale(self.scale, preset),
        }
        if not given:
            values["quality"] = QUALITY
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _locate(self, preset: presets.Preset) -> str:
        """Returns the name of a released preset, or the whole path of a folder.

        Other processes find a folder by its path, wherever they run.
        """
        if preset.number == presets.NO_NUMBER and os.path.isdir(self.preset):
            return os.path.abspath(self.preset)
        return preset.name

    @property
    def target(self) -> tuple[str, int | float]:
        """The one target of TARGETS that is given, and its value."""
        return next(
            (name, value)
            for name in TARGETS
            if (value := getattr(self, name)) is not None
        )

    def budget_bytes(self, height_px: int, width_px: int) -> int | None:
        """Returns the bytes that all files of a picture may take.

        None where no number of bytes was asked for.
        """
        if self.target_bpp is not None:
            return int(min(self.target_bpp * height_px * width_px / 8, BYTES_MAX))
        return self.target_size

    def threads_for(self, pixels: np.ndarray) -> int:
        """Returns the cores for steps that can be done at the same time."""
        is_large = pixels.shape[0] * pixels.shape[1] > PARALLEL_MAX_PX
        return 1 if is_large else self.threads

    @property
    def is_guided(self) -> bool:
        """Whether coefficients are chosen through the preset's networks.

        The rounds lower the squared error, at steps that are alike for all frequencies.
        """
        from comrec.networks import families

        preset, tune = presets.find(self.preset), TUNES[self.tune]
        if not preset.has_networks or not families.find(preset.family).is_guide:
            return False
        return tune.metric is PSNR and tune.settings(preset).tables == "flat"

    def codecs(self) -> list[Codec]:
        """Returns a codec for each scale; none for a preset without networks."""
        from comrec.networks.codec import Codec

        preset = presets.find(self.preset)
        if not preset.has_networks:
            return []
        scales = preset.scales if isinstance(self.scale, str) else (self.scale,)
        settings = TUNES[self.tune].settings(preset)
        # A promise is kept in float32, whatever the engine.
        return [
            Codec(
                preset, scale, self.engine, self.threads, exact=True, settings=settings
            )
            for scale in scales
        ]


def parse_kinds(kinds: object) -> tuple[str, ...]:
    """Returns kinds of metadata from "all", "none", "web", "exif,icc" or a sequence.

    Raises:
      UsageError: a kind is unknown.
    """
    from comrec.image.kept import WEB
    from comrec.image.metadata import KINDS

    found = kinds
    if isinstance(kinds, str):
        names: dict[str, tuple[str, ...]] = {"all": KINDS, "none": ()}
        found = names[kinds] if kinds in names else tuple(kinds.split(","))
    is_web = isinstance(found, Sequence) and tuple(found) == (WEB,)
    if not isinstance(found, Sequence) or not (is_web or set(found) <= set(KINDS)):
        raise UsageError(
            f"metadata must be all, none, {WEB}, or some of {','.join(KINDS)}. "
            f"Received: {kinds!r}"
        )
    return tuple(found)


def _legal_scale(scale: object, preset: presets.Preset) -> float | str:
    """Returns a scale as the preset spells it: checksums are over the spelling."""
    if scale == "auto":
        return "auto"
    same = [n for n in preset.scales if n == scale and scale is not True]
    if not same:
        raise UsageError(
            f"preset {preset.name} has scale {' or '.join(map(str, preset.scales))}, "
            f"or auto. Received: {scale!r}"
        )
    return same[0]
