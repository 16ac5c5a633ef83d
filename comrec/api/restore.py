"""Brings ordinary JPEGs closer to their originals: `comrec.restore`."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from comrec.errors import ImageError, UsageError, naming_errors
from comrec.format import container, pair
from comrec.image import exchange, reader, writer
from comrec.image.notes import Notes
from comrec.image.picture import MAX_PIXELS, Picture
from comrec.image.source import File, is_jpeg, load
from comrec.jpeg import analysis, quantisation
from comrec.jpeg.analysis import Traits
from comrec.jpeg.colour import RGB_TO_YCBCR
from comrec.networks import gates, presets
from comrec.networks.codec import MEMORY_MB, Codec
from comrec.networks.gates import Decision
from comrec.system import forking, stages
from comrec.system.checks import whole

forking.register()


@dataclass(frozen=True)
class Restored:
    """Holds a restored picture, and what was found out about its JPEG.

    Attributes:
      picture: upright, with metadata; the decoded JPEG where nothing was to be gained.
      outcome: "restored", or "left alone" where no gain is expected.
      quality: 1 to 100 of libjpeg's tables that are nearest to those of the JPEG.
      sampling: of its chroma, such as "4:2:0", or "grey".
      earlier_quality: about that of a coarser JPEG that it was before; None if no trace
        of one is left.
      expected_db: mean gain in PSNR of validation pictures with such tables.
    """

    picture: Picture
    outcome: str
    quality: int
    sampling: str
    earlier_quality: int | None
    expected_db: float

    def to_array(self) -> np.ndarray:
        """Returns uint8 (H, W) grey or (H, W, 3) RGB."""
        return self.picture.to_array()

    def to_image(self) -> Image.Image:
        """Returns an image of Pillow, with the metadata."""
        return exchange.to_image(self.picture)

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Writes the picture in the format of a suffix, such as .png or .webp.

        A PNG keeps all metadata. docs/format.md lists what other formats cannot hold.

        Raises:
          OutputError: the suffix is unknown, or the file exists and `force` is not set.
        """
        place = Path(path)
        with naming_errors(str(place)):
            data = writer.write(self.picture, place.suffix, threads=0)
        pair.write_output(place, data, force)
        return place

    def __repr__(self) -> str:
        height, width = self.picture.size
        return (
            f"<Restored {width}x{height}, quality {self.quality}, {self.sampling}, "
            f"{self.outcome}, about {self.expected_db:+.2f} dB>"
        )


def restore(
    jpeg: File,
    *,
    strength: float = 1.0,
    preset: str | os.PathLike[str] = presets.DEFAULT,
    max_pixels: int = MAX_PIXELS,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    exact: bool = False,
) -> Restored:
    """Restores an ordinary JPEG, whoever wrote it, to a picture closer to its original.

    The network learned what quantisation with the tables of a JPEG does to pictures. It
    undoes a part of that; it cannot invent detail, and undoes no resizing. Of a JPEG
    that was saved again at a higher quality, it undoes the first tables, where their
    traces are still to be seen. Where validation pictures with such tables did not
    gain, the JPEG is only decoded.

    Args:
      jpeg: path or bytes of the JPEG, or a file object that reads bytes.
      strength: 0 to 1, the share of the change that is taken.
      preset: pair of networks that restores at scale 1, or the folder of one.
      max_pixels: larger pictures are refused before memory is allocated for them.
      engine: as of `decompress`; so are `threads`, `memory_mb` and `exact`.

    Returns:
      The picture, and what was found out about the JPEG.

    Raises:
      UsageError: an option is illegal.
      ComrecError: the file is no whole JPEG, or `compress` made it.
    """
    share = check_strength(strength)
    threads = whole("threads", threads, 0)
    memory_mb = whole("memory_mb", memory_mb, 1)
    max_pixels = whole("max_pixels", max_pixels, 1)
    codec = load_codec(preset, engine, threads, memory_mb, exact)
    data, name = load(jpeg, max_pixels)
    with naming_errors(name):
        return restore_jpeg(data, codec, share, max_pixels)


def check_strength(strength: object) -> float:
    """Returns a strength as a float.

    Raises:
      UsageError: it is no number from 0 to 1.
    """
    legal = isinstance(strength, int | float | np.number) and 0 <= strength <= 1
    if not legal or isinstance(strength, bool):
        raise UsageError(f"strength must be 0 to 1. Received: {strength!r}")
    return float(strength)  # type: ignore[arg-type]


def load_codec(
    preset: str | os.PathLike[str],
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    exact: bool = False,
) -> Codec:
    """Returns the codec that restores JPEGs of full size.

    Raises:
      UsageError: the preset has no networks for colour at scale 1.
    """
    found = presets.find(preset)
    if not found.has_networks or 1 not in found.scales or found.channels != 3:
        raise UsageError(
            f"preset {found.name} restores no picture of full size. Name one that "
            f"does, such as {presets.DEFAULT}"
        )
    return Codec(found, 1, engine, threads, memory_mb, exact)


def restore_jpeg(
    data: bytes, codec: Codec, strength: float = 1.0, max_pixels: int = MAX_PIXELS
) -> Restored:
    """Restores the bytes of a JPEG; arguments as of `restore`.

    Raises:
      ImageError: the data are no whole JPEG, or comrec compressed them.
    """
    if not is_jpeg(data):
        raise ImageError("not a JPEG. Only JPEGs are restored")
    if container.is_comrec(data):
        raise ImageError("made by comrec. Decompress it instead")
    notes = Notes()
    decoded = reader.read_unturned(data, max_pixels, notes)
    traits = analysis.read(data)
    earlier = analysis.earlier_quality(decoded.pixels, quantisation.read_tables(data))
    # The coarsest quantisation is the one to undo.
    coarsest = data if earlier is None else analysis.example(earlier)
    steps = analysis.log_steps(quantisation.read_tables(coarsest))
    is_cmyk = "CMYK" in notes.left_out  # whose second table is not of chroma
    is_grey = decoded.pixels.shape[2] == 1 or is_cmyk
    sampling = gates.GREY if is_grey else traits.sampling
    decision = gates.decide(codec.preset.name, sampling, *steps)
    gains = decision.gains and strength > 0
    pixels = decoded.pixels
    if gains:
        pixels = _changed(coarsest, pixels, codec, decision, strength)
    turned = reader.turned(
        replace(decoded, pixels=pixels), reader.orientation(data), notes
    )
    return Restored(
        picture=turned,
        outcome="restored" if gains else "left alone",
        quality=traits.quality,
        sampling=_name(traits, is_cmyk),
        earlier_quality=earlier,
        expected_db=strength_db(decision.expected_db, strength) if gains else 0.0,
    )


def strength_db(full_db: float, strength: float) -> float:
    """Returns the gain by a share of a change whose error is at right angles to it."""
    left = 10 ** (-full_db / 10)  # share of the squared error that is left
    return -10 * np.log10(1 - (1 - left) * strength * (2 - strength)).item()


def _name(traits: Traits, is_cmyk: bool) -> str:
    kind = "CMYK" if is_cmyk else traits.sampling
    return f"{kind}, progressive" if traits.is_progressive else kind


def _changed(
    coarsest: bytes, decoded: np.ndarray, codec: Codec, decision: Decision,
    strength: float,
) -> np.ndarray:  # fmt: skip
    """Returns the decoded pixels with a share of the network's change.

    Args:
      coarsest: a JPEG with the tables to undo.
    """
    size = decoded.shape[0], decoded.shape[1]
    pixels, tables = np.empty_like(decoded), quantisation.read_tables(coarsest)
    stages.begin("restoring")
    windows = stages.track([*codec.windows(size)])  # which start at corners of blocks
    for window, restored in codec.restore_windows(
        coarsest, size, windows, coded=decoded
    ):
        before = decoded[window.slices]
        change = restored.astype(np.float32) - before
        kinds = gates.kinds_of(analysis.count_kept(before, tables))
        levels = np.rint(before + strength * take_share(change, kinds, decision))
        pixels[window.slices] = np.clip(levels, 0, 255).astype(np.uint8)
    return pixels


def take_share(change: np.ndarray, kinds: np.ndarray, decision: Decision) -> np.ndarray:
    """Returns the share of a change that a decision takes.

    Args:
      change: float32 (h, w, 1|3), in grey levels, from the corner of a block.
      kinds: of its blocks, integers (ceil(h / 8), ceil(w / 8)).
      decision: as `gates.decide` returns it.
    """
    height, width = change.shape[:2]
    luma_share, chroma_share = (
        np.array(shares, np.float32)[kinds].repeat(8, 0).repeat(8, 1)[:height, :width]
        for shares in (decision.luma, decision.chroma)
    )
    luma, chroma = split(change)
    return luma * luma_share[..., None] + chroma * chroma_share[..., None]


def split(change: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Splits a change, float32 (h, w, 1|3), into that of luma and that of chroma.

    Returns:
      Luma, float32 (h, w, 1), the same for R, G and B; chroma, float32 (h, w, 1|3).
    """
    if change.shape[2] == 1:
        return change, np.zeros_like(change)
    luma = (change @ RGB_TO_YCBCR[0].astype(np.float32))[..., None]
    return luma, change - luma
