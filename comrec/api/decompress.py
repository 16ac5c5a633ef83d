"""Restores a picture that `compress` wrote: `comrec.decompress` and `comrec.open`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from comrec.errors import UsageError, naming_errors
from comrec.format import container, names
from comrec.format.container import UnpackedPair
from comrec.format.restoring import restore as restore
from comrec.image import exchange
from comrec.image.picture import MAX_PIXELS, Picture, check_size
from comrec.image.source import File, load
from comrec.networks import presets as table
from comrec.networks.codec import MEMORY_MB
from comrec.networks.presets import Folders
from comrec.system import forking
from comrec.system.checks import whole

Sidecar = bytes | str | os.PathLike[str]
forking.register()


def decompress(
    jpeg: File,
    sidecar: Sidecar | None = None,
    *,
    presets: Folders | None = None,
    assume: str | os.PathLike[str] | None = None,
    size: tuple[int, int] | None = None,
    scale: float | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    exact: bool = False,
) -> np.ndarray:
    """Restores a picture that `compress` made.

    Args:
      jpeg: path or bytes of the .jpg, or of the .lep in which it is packed, or a file
        object that reads bytes.
      sidecar: path or bytes of the sidecar. By default it is the file that `comrec
        compress` writes beside the .jpg, where `jpeg` is a path. An embedded sidecar
        needs no file; a plain JPEG has no sidecar and is decoded without a network.
      presets: folder of your own preset, or folder of several, or a list of such
        folders. The preset is found by the name in the sidecar, as released ones are;
        so are those in the folders of the environment variable COMREC_PRESETS.
      assume: preset of a picture whose sidecar is lost; needs `size`.
      size: (H, W) of a picture whose sidecar is lost; needs `assume`.
      scale: of a picture whose sidecar is lost and whose size fits two scales.
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
    return _restore(
        jpeg, sidecar, presets, _assumed(assume, size, scale), max_pixels=max_pixels,
        engine=engine, threads=threads, memory_mb=memory_mb, exact=exact,
    ).to_array()  # fmt: skip


def open(
    jpeg: File,
    sidecar: Sidecar | None = None,
    *,
    presets: Folders | None = None,
    assume: str | os.PathLike[str] | None = None,
    size: tuple[int, int] | None = None,
    scale: float | None = None,
    max_pixels: int = MAX_PIXELS,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    exact: bool = False,
) -> Image.Image:
    """Restores a picture that `compress` made, as an image of Pillow with metadata.

    EXIF, ICC, XMP, density and others stand in `info`, where Pillow's plugins put them.

    Args:
      jpeg: as of `decompress`, and so are all others.

    Returns:
      The image, loaded: L, LA, RGB or RGBA.

    Raises:
      UsageError, ComrecError: as `decompress`.
    """
    return exchange.to_image(
        _restore(
            jpeg, sidecar, presets, _assumed(assume, size, scale), engine=engine,
            max_pixels=max_pixels, threads=threads, memory_mb=memory_mb, exact=exact,
        )
    )  # fmt: skip


Assumed = tuple[str | os.PathLike[str], tuple[int, int], float | None]


def _assumed(
    assume: str | os.PathLike[str] | None,
    size: tuple[int, int] | None,
    scale: float | None,
) -> Assumed | None:
    """Returns what is stated of a picture without its sidecar, or None.

    Raises:
      UsageError: only a part is stated, or the size is none.
    """
    if assume is None and size is None and scale is None:
        return None
    if assume is None or size is None:
        raise UsageError(
            "`assume` and `size` go together, and `scale` only with them. Received: "
            f"assume={assume!r}, size={size!r}, scale={scale!r}"
        )
    if not isinstance(size, tuple | list) or len(size) != 2:
        raise UsageError(f"size must be (H, W) in pixels. Received: {size!r}")
    return assume, (whole("size", size[0], 1), whole("size", size[1], 1)), scale


def _restore(
    jpeg: File,
    sidecar: Sidecar | None,
    presets: Folders | None,
    assumed: Assumed | None,
    max_pixels: int,
    threads: int,
    memory_mb: int,
    **options: Any,
) -> Picture:
    """Reads a pair and restores its picture."""
    threads = whole("threads", threads, 0)
    memory_mb = whole("memory_mb", memory_mb, 1)
    max_pixels = whole("max_pixels", max_pixels, 1)
    table.add_folders(presets)
    data, name = load(jpeg, max_pixels)
    with naming_errors(name):
        pair = _unpack(data, name, jpeg, sidecar, assumed, max_pixels)
        return restore(
            pair, threads=threads, memory_mb=memory_mb, max_pixels=max_pixels, **options
        )


def _unpack(
    data: bytes,
    name: str,
    jpeg: File,
    sidecar: Sidecar | None,
    assumed: Assumed | None,
    max_pixels: int,
) -> UnpackedPair:
    if assumed is not None:
        if sidecar is not None:
            raise UsageError("`sidecar` and `assume` exclude each other. Name one")
        assume, size, scale = assumed
        check_size(*size, max_pixels)
        return container.assume(data, table.find(assume), size, scale)
    max_bytes = container.max_sidecar_bytes(data, max_pixels)
    beside, beside_name = find_sidecar(jpeg, sidecar, max_bytes)
    return container.unpack(data, name, beside, beside_name, max_pixels)


def find_sidecar(
    jpeg: File | None, sidecar: Sidecar | None, max_bytes: int
) -> tuple[bytes | None, str]:
    """Reads the sidecar of a .jpg.

    Args:
      jpeg: path of the .jpg; bytes, file objects and None have no file beside them.
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
