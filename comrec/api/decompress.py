"""Restores a picture that `compress` wrote: `comrec.decompress`."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from comrec.errors import naming_errors
from comrec.format import container, names
from comrec.format.container import UnpackedPair
from comrec.image import reader
from comrec.image.picture import MAX_PIXELS, Picture
from comrec.image.source import load
from comrec.jpeg import segments
from comrec.networks import presets
from comrec.networks.codec import MEMORY_MB, Codec
from comrec.system.checks import whole


def decompress(
    jpeg: bytes | str | os.PathLike[str],
    sidecar: bytes | str | os.PathLike[str] | None = None,
    *,
    preset: str | os.PathLike[str] | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    exact: bool = False,
) -> np.ndarray:
    """Restores a picture that `compress` made.

    Args:
      jpeg: a path, or the bytes of the .jpg.
      sidecar: a path, or the bytes of the sidecar. For a path it defaults to the
        file that `comrec compress` puts beside the .jpg; an embedded sidecar
        needs none. A plain JPEG has none and is decoded without a network.
      preset: the folder of a preset of your own, for pictures that it compressed.
        Released presets are found by the name in the sidecar.
      max_pixels: larger pictures are refused before anything is allocated.
      engine: library that runs the networks; see `comrec.networks.engine.choose`.
      threads: cores for the networks; 0 takes all.
      memory_mb: bound on the working memory of the networks, in megabytes.
      exact: float32 arithmetic, whatever the engine.

    Returns:
      uint8 (H, W) grey, (H, W, 2) grey + alpha, (H, W, 3) RGB or (H, W, 4) RGBA,
      of the size of the picture that was compressed.

    Raises:
      ComrecError: a file is missing, damaged, or does not belong to the other.
    """
    threads = whole("threads", threads, 0)
    memory_mb = whole("memory_mb", memory_mb, 1)
    max_pixels = whole("max_pixels", max_pixels, 1)
    if preset is not None:
        presets.find(preset)  # from here on its name is known
    data, name = load(jpeg, max_pixels)
    beside, beside_name = _read_sidecar(jpeg, sidecar, max_pixels)
    with naming_errors(name):
        pair = container.unpack(data, name, beside, beside_name, max_pixels)
        return restore(pair, engine, threads, memory_mb, max_pixels, exact).to_array()


def _read_sidecar(
    jpeg: bytes | str | os.PathLike[str],
    sidecar: bytes | str | os.PathLike[str] | None,
    max_pixels: int,
) -> tuple[bytes | None, str]:
    """Returns the bytes of the sidecar file, and its name; None where there is none."""
    if isinstance(sidecar, str | os.PathLike):
        path = Path(sidecar)
        return container.read_sidecar(path, max_pixels, pipes=True), str(sidecar)
    if sidecar is not None:
        return bytes(sidecar), ""
    if not isinstance(jpeg, str | os.PathLike):
        return None, ""
    path = names.sidecar_of(Path(jpeg))
    if not os.path.lexists(path):  # Path.exists() raises on names too long
        return None, str(path)
    return container.read_sidecar(path, max_pixels, pipes=False), str(path)


def restore(
    pair: UnpackedPair,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    max_pixels: int = MAX_PIXELS,
    exact: bool = False,
) -> Picture:
    """Restores a picture, with its alpha and metadata, from files that were checked."""
    record = pair.sidecar
    if record is None:
        return reader.read(pair.jpeg, max_pixels)
    preset = presets.find(record.preset)
    codec = Codec(preset, record.scale, engine, threads, memory_mb, exact)
    alpha = container.unpack_alpha(record)
    size = record.height_px, record.width_px
    # Only what the checksum covers: no other byte of the .jpg can change a pixel.
    pixels = codec.restore(segments.coded_only(pair.jpeg), size)
    return Picture(pixels, alpha, pair.metadata)
