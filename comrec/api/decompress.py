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
from comrec.system import forking
from comrec.system.checks import whole

forking.register()


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
      jpeg: path or bytes of the .jpg, or of the .lep in which it is packed.
      sidecar: path or bytes of the sidecar. By default it is the file that `comrec
        compress` writes beside the .jpg, where `jpeg` is a path. An embedded sidecar
        needs no file; a plain JPEG has no sidecar and is decoded without a network.
      preset: folder of your own preset, for pictures compressed with it. Released
        presets are found by the name in the sidecar.
      max_pixels: larger pictures are refused before memory is allocated for them.
      engine: library that runs the networks; see `comrec.networks.engine.choose`.
      threads: cores for the networks; 0 takes all.
      memory_mb: limit on the working memory of the networks, in megabytes.
      exact: compute in float32 with every engine.

    Returns:
      uint8 (H, W) grey, (H, W, 2) grey + alpha, (H, W, 3) RGB or (H, W, 4) RGBA,
      of the size of the picture that was compressed.

    Raises:
      UsageError: an option is illegal.
      ComrecError: a file is missing or damaged, or the two files are of two pictures.
    """
    threads = whole("threads", threads, 0)
    memory_mb = whole("memory_mb", memory_mb, 1)
    max_pixels = whole("max_pixels", max_pixels, 1)
    if preset is not None:
        presets.find(preset)  # makes the name that sidecars hold known
    data, name = load(jpeg, max_pixels)
    max_bytes = container.max_sidecar_bytes(data, max_pixels)
    beside, beside_name = find_sidecar(jpeg, sidecar, max_bytes)
    with naming_errors(name):
        pair = container.unpack(data, name, beside, beside_name, max_pixels)
        return restore(pair, engine, threads, memory_mb, max_pixels, exact).to_array()


def find_sidecar(
    jpeg: bytes | str | os.PathLike[str] | None,
    sidecar: bytes | str | os.PathLike[str] | None,
    max_bytes: int,
) -> tuple[bytes | None, str]:
    """Reads the sidecar of a .jpg.

    Args:
      jpeg: path of the .jpg; bytes and None have no file beside them.
      sidecar: path or bytes of the sidecar; None takes the file beside the .jpg.
      max_bytes: legal size; see `container.max_sidecar_bytes`.

    Returns:
      The bytes of the sidecar, or None without one; and its name, for messages.

    Raises:
      SidecarError: the file cannot be read, or is too large.
    """
    if isinstance(sidecar, str | os.PathLike):
        path = Path(sidecar)
        return container.read_sidecar(path, max_bytes, pipes=True), str(sidecar)
    if sidecar is not None:
        return bytes(sidecar), ""
    if not isinstance(jpeg, str | os.PathLike):
        return None, ""
    path = names.sidecar_of(Path(jpeg))
    if not os.path.lexists(path):  # Path.exists() raises on names too long
        return None, str(path)
    return container.read_sidecar(path, max_bytes, pipes=False), str(path)


def restore(
    pair: UnpackedPair,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    max_pixels: int = MAX_PIXELS,
    exact: bool = False,
) -> Picture:
    """Restores a picture, with alpha and metadata, from a pair that was checked.

    Args:
      pair: the .jpg and its sidecar; without a sidecar the .jpg is only decoded.
      engine, threads, memory_mb, max_pixels, exact: as of `decompress`.
    """
    record = pair.sidecar
    if record is None:
        return reader.read(pair.jpeg, max_pixels)
    preset = presets.find(record.preset)
    codec = Codec(preset, record.scale, engine, threads, memory_mb, exact)
    alpha = container.unpack_alpha(record)
    size = record.height_px, record.width_px
    # Decodes only the bytes that the checksum covers: no other can change a pixel.
    pixels = codec.restore(segments.coded_only(pair.jpeg), size)
    return Picture(pixels, alpha, pair.metadata)
