"""Encodes and decodes JPEG files without metadata.

Quality, tables, subsampling and Huffman coding are always explicit. The encoders are
records in `comrec.jpeg.encoders`. `comrec.jpeg.segments` adds metadata.
"""

from __future__ import annotations

import functools
import io

import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from comrec.errors import JpegError
from comrec.jpeg import segments as seg
from comrec.jpeg.encoders import ENCODERS, Target
from comrec.jpeg.settings import PLAIN, JpegSettings
from comrec.system import cores
from comrec.system.pillow import from_pillow

SPACES = ("RGB", "YCbCr")
PROGRESSIVE_MAX_PX = 2**24  # larger images are baseline
MAX_SIDE_PX = 65_500  # libjpeg's own limit, just under the frame header's 16 bits


def _check_space(space: str) -> None:
    if space not in SPACES:
        raise JpegError(
            f"the colour space must be one of {', '.join(SPACES)}. Received: {space!r}"
        )


def encode(
    pixels: np.ndarray,
    quality: float,
    settings: JpegSettings = PLAIN,
    space: str = "RGB",
    threads: int = 1,
    target: Target | None = None,
) -> bytes:
    """Encodes one image as a JPEG without metadata.

    Args:
      pixels: uint8 (h, w, 1) grey or (h, w, 3) in `space`.
      quality: 1 to 100 on the scale of the Independent JPEG Group; a whole number
        where the encoder is not continuous.
      settings: encoder, tables, subsampling, Huffman coding and scans.
      space: "RGB", or "YCbCr" (full range, BT.601).
      threads: cores that write both kinds of scans at a time; 0 takes all cores.
      target: what a receiver makes of a file, for encoders that look at that.

    Returns:
      The whole file.

    Raises:
      JpegError: an argument is not legal.
    """
    record = ENCODERS[settings.encoder]
    legal = (int, float) if record.is_continuous else (int,)
    if type(quality) not in legal or not 1 <= quality <= 100:
        raise JpegError(
            f"JPEG quality must be a whole number, 1 to 100. Received: {quality!r}"
        )
    _check_space(space)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        raise JpegError(
            "a JPEG holds uint8 (h, w, 1) or (h, w, 3). "
            f"Received: {pixels.dtype} {pixels.shape}"
        )
    if max(pixels.shape[:2]) > MAX_SIDE_PX or min(pixels.shape[:2]) < 1:
        raise JpegError(
            f"a JPEG has sides of 1 to {MAX_SIDE_PX} pixels. "
            f"Received: {pixels.shape[1]}x{pixels.shape[0]}"
        )
    given, kinds = (pixels, quality, settings, space), scans_of(pixels, settings)
    if record.keeps_coefficients and len(kinds) == 2:
        baseline = record.encode(*given, False, target)
        return min(baseline, to_progressive(baseline), key=len)
    files = [
        functools.partial(record.encode, *given, scans == "progressive", target)
        for scans in kinds
    ]
    return min(cores.run_parallel(files, threads), key=len)


def to_progressive(baseline: bytes) -> bytes:
    """Returns the same coefficients in the progressive scans of fewest bytes."""
    from comrec.jpeg import trellis_encoder  # which decoding does not need

    return trellis_encoder.to_progressive(baseline)


def qualities(settings: JpegSettings) -> tuple[int, ...]:
    """Returns the qualities, ascending, at which files with these settings differ."""
    return ENCODERS[settings.encoder].qualities(settings)


def scans_of(pixels: np.ndarray, settings: JpegSettings) -> tuple[str, ...]:
    """Returns the kinds of scans to write, one or two; the smaller file is taken."""
    if settings.scans != "smaller":
        return (settings.scans,)
    area = pixels.shape[0] * pixels.shape[1]
    if area > PROGRESSIVE_MAX_PX:
        return ("baseline",)
    if area > ENCODERS[settings.encoder].both_scans_max_px:
        return ("progressive",)
    return "baseline", "progressive"


def decode(jpeg: bytes, space: str = "RGB") -> np.ndarray:
    """Decodes a JPEG.

    Args:
      jpeg: the whole file. The caller has checked the size in its frame header.
      space: "RGB" or "YCbCr" (full range, BT.601), of the pixels of a colour image.

    Returns:
      uint8 (h, w, 1) grey, or (h, w, 3) in `space`.

    Raises:
      JpegError: the data are not a whole grey or three-component JPEG.
    """
    _check_space(space)
    height, width, _ = seg.frame_size(seg.parse(jpeg))
    try:
        # Image.open would apply Pillow's own pixel limit.
        with JpegImageFile(io.BytesIO(jpeg)) as picture:
            if picture.size != (width, height):
                raise JpegError("damaged (two frame headers)")
            if picture.mode == "L":
                return from_pillow(picture)
            if picture.mode != "RGB":
                raise JpegError(
                    f"a coded image is grey or has three components. "
                    f"Received: {picture.mode}"
                )
            picture.draft(space, picture.size)
            return from_pillow(
                picture if picture.mode == space else picture.convert(space)
            )
    except (OSError, SyntaxError, ValueError) as err:
        raise JpegError(f"cannot be decoded as a JPEG ({err})") from err
