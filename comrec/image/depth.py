"""Reads pictures of 16 bits a channel as 8 bits a channel."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFile

from comrec.errors import ImageError

GREY_MODES = {"I;16", "I;16B", "I;16L", "I;16N", "I"}  # Pillow's modes of more bits
BITS, PHOTOMETRIC = 258, 262  # tags of a TIFF
NOTE = "16 bits a channel came, 8 are kept"


def read_grey(picture: Image.Image) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads a picture of a mode in GREY_MODES.

    Returns:
      Pixels, uint8 (H, W, 1), and alpha, uint8 (H, W) or None.

    Raises:
      ImageError: the picture has values beyond 16 bits.
    """
    levels = np.asarray(picture).astype(np.int64)
    if levels.min() < 0 or levels.max() > 65_535:
        raise ImageError("32 bits a channel. Convert it to 8 or 16 bits first")
    if getattr(picture, "tag_v2", {}).get(PHOTOMETRIC) == 0:  # WhiteIsZero
        levels = 65_535 - levels
    clear = picture.info.get("transparency")
    alpha = None
    if isinstance(clear, int):
        alpha = np.where(levels == clear, 0, 255).astype(np.uint8)
    return _to_8_bits(levels)[..., None], alpha


def is_deep(picture: Image.Image, data: bytes) -> bool:
    """Tells whether a PNG or TIFF has 16 bits a channel.

    Args:
      picture: as Pillow has opened it.
      data: the whole file.
    """
    if picture.format == "PNG":
        return data[24] == 16  # bit depth in IHDR, which comes first
    return max(getattr(picture, "tag_v2", {}).get(BITS, (8,))) > 8  # of a TIFF


def is_deep_ppm(picture: Image.Image) -> bool:
    """Tells whether Pillow scales a PPM of more than 8 bits a channel to 8."""
    if not isinstance(picture, ImageFile.ImageFile) or picture.format != "PPM":
        return False
    tile = picture.tile[0]
    highest = tile.args[-1] if isinstance(tile.args, tuple) else 0
    return tile.codec_name != "raw" and int(highest) > 255


def read_colour(data: bytes) -> tuple[np.ndarray, np.ndarray | None]:
    """Reads a PNG or TIFF of 16 bits a channel.

    Args:
      data: the whole file. A TIFF's pixels come out upright.

    Returns:
      Pixels, uint8 (H, W, 1|3), and a fourth channel, uint8 (H, W), or None.

    Raises:
      ImageError: OpenCV cannot read the file as 16 bits a channel.
    """
    import cv2  # Pillow drops the low bytes

    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype != np.uint16:
        raise ImageError("16 bits a channel in a layout that cannot be read")
    array = _to_8_bits(array.astype(np.int64))
    if array.ndim == 2:
        return array[..., None], None
    pixels = array[..., 2::-1]
    is_grey = data[25:26] == b"\x04" and data[:4] == b"\x89PNG"
    return (
        pixels[..., :1] if is_grey else pixels,
        array[..., 3] if array.shape[2] == 4 else None,
    )


def _to_8_bits(levels: np.ndarray) -> np.ndarray:
    """Rounds levels of 0 to 65,535 to the nearest of 0 to 255."""
    return ((levels + 128) // 257).astype(np.uint8)
