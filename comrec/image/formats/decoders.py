"""Lists which library decodes what, and decodes.

A decoder gets bytes that comrec's own parsers have checked and cleaned: no metadata, no
further frame or page, nothing after the picture. A format and depth without a row here
is refused.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image

from comrec.errors import ImageError
from comrec.image.formats import tiff_jpegs
from comrec.image.formats.parsed import damaged, unsupported
from comrec.system import vips
from comrec.system.pillow import from_pillow, open_picture, unlimited

GREY, RGB, CMYK = "grey", "RGB", "CMYK"
_VIPS_SPACES = {
    "b-w": GREY, "grey16": GREY, "srgb": RGB, "rgb16": RGB, "cmyk": CMYK,
}  # fmt: skip
_CHANNELS = {GREY: 1, RGB: 3, CMYK: 4}
_GREY_MODES = ("1", "L", "LA", "La")
_DEEP_MODES = ("I;16", "I;16B", "I;16L", "I;16N", "I")
_COLOUR_MODES = ("P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr", "HSV")


class Decoded(NamedTuple):
    """Holds decoded samples.

    Attributes:
      samples: uint8 or uint16 (H, W, C), with alpha as the last channel, if any.
      space: GREY, RGB or CMYK.
    """

    samples: np.ndarray
    space: str


class Decoder(NamedTuple):
    """Holds a row of the table.

    Attributes:
      bits: depths of a channel in the file.
      library: that decodes.
      decode: decodes cleaned bytes.
    """

    bits: tuple[int, ...]
    library: str
    decode: Callable[[bytes], Decoded]


def _by_vips(data: bytes) -> Decoded:
    """Decodes by libvips; a warning counts as damage."""
    array, interpretation = vips.decode(data)
    space = _VIPS_SPACES.get(interpretation)
    if space is None:
        raise ImageError(
            f"colour space {interpretation} is not one comrec knows. Convert it to "
            f"8-bit grey or RGB first"
        )
    return Decoded(array, space)


def _by_turbo(data: bytes) -> Decoded:
    """Decodes a JPEG by libjpeg-turbo in Pillow, once libvips has found it whole."""
    vips.check_jpeg(data)
    return _by_pillow(data, "JPEG")


def _by_pillow(data: bytes, format_name: str) -> Decoded:
    with unlimited(), open_picture(data, (format_name,)) as picture:
        return of_pillow(picture)


def _by_libtiff(data: bytes) -> Decoded:
    """Decodes a TIFF, once libvips has found the JPEGs in it whole.

    Of a damaged JPEG the libtiff of Pillow says nothing.
    """
    for jpeg in tiff_jpegs.find(data):
        vips.check_jpeg(jpeg)
    return _by_pillow(data, "TIFF")


def _by_pnm(data: bytes) -> Decoded:
    """Decodes a PNM, whose errors in Pillow are those of Python's own numbers."""
    try:
        return _by_pillow(data, "PPM")
    except ValueError as err:
        raise damaged("a sample is no number, or none of its range") from err


def _by_heif(data: bytes) -> Decoded:
    from comrec.image.formats import heif

    with unlimited(), heif.open_picture(data) as picture:
        return of_pillow(picture)


def of_pillow(picture: Image.Image) -> Decoded:
    """Returns the samples of a picture that Pillow has opened.

    Raises:
      ImageError: its mode or depth is not one that comrec reads.
    """
    if picture.mode in _DEEP_MODES:
        levels = np.asarray(picture)
        if levels.min() < 0 or levels.max() > 65_535:
            raise ImageError("32 bits a channel. Convert it to 8 or 16 bits first")
        return Decoded(levels.astype(np.uint16)[..., None], GREY)
    if picture.mode == "CMYK":
        return Decoded(from_pillow(picture), CMYK)
    if picture.mode not in (*_GREY_MODES, *_COLOUR_MODES):
        raise ImageError(
            f"mode {picture.mode!r} is not one comrec knows. Convert it to 8-bit grey "
            f"or RGB first"
        )
    space = GREY if picture.mode in _GREY_MODES else RGB
    mode = "L" if space == GREY else "RGB"
    mode += "A" if picture.has_transparency_data else ""
    picture = picture if picture.mode == mode else picture.convert(mode)
    return Decoded(from_pillow(picture), space)


def _pillow(format_name: str) -> Callable[[bytes], Decoded]:
    return lambda data: _by_pillow(data, format_name)


# What libraries say of whole files of a kind that they do not read.
_NOT_READ = re.compile("^unsupported|not supported|can not handle", re.IGNORECASE)
_SHALLOW = (1, 2, 3, 4, 5, 6, 7, 8)
# Format to decoder. Pillow loses the low bits of PNG and TIFF, and the transparency of
# grey below 8 bits. OpenCV reads past the end of animated PNGs.
TABLE: dict[str, Decoder] = {
    "PNG": Decoder((1, 2, 4, 8, 16), "libvips (libpng)", _by_vips),
    "JPEG": Decoder((8,), "Pillow (libjpeg-turbo)", _by_turbo),
    "TIFF": Decoder((1, 2, 4, 8, 16), "libvips (libtiff)", _by_vips),
    "rare TIFF": Decoder((1, 8), "Pillow (libtiff)", _by_libtiff),
    "WEBP": Decoder((8,), "Pillow (libwebp)", _pillow("WEBP")),
    "GIF": Decoder(_SHALLOW, "Pillow", _pillow("GIF")),
    "BMP": Decoder((1, 4, 8, 16, 24, 32), "Pillow", _pillow("BMP")),
    "PNM": Decoder((*_SHALLOW, 16), "Pillow", _by_pnm),
    "AVIF": Decoder((8, 10, 12), "Pillow (libavif)", _pillow("AVIF")),
    "JPEG 2000": Decoder((*range(1, 17),), "Pillow (OpenJPEG)", _pillow("JPEG2000")),
    "HEIC": Decoder((8, 10, 12), "pillow_heif (libheif)", _by_heif),
}


def decode(format_name: str, bits: int, data: bytes) -> Decoded:
    """Decodes cleaned bytes.

    Args:
      format_name: a key of TABLE.
      bits: of a channel in the file.
      data: the cleaned file.

    Raises:
      ImageError: the table has no decoder for these pixels, or the data are damaged.
      MemoryError: the picture does not fit into memory.
    """
    row = TABLE[format_name]
    if bits not in row.bits:
        raise ImageError(
            f"{format_name} of {bits} bits a channel. Convert it to 8 or 16 bits first"
        )
    try:
        return row.decode(data)
    except (ImageError, MemoryError):
        raise
    # What libraries raise is undocumented: Pillow passes on what Python raises where
    # data make no sense (IndexError and others); libvips and libheif have
    # classes of their own. Nothing but libraries runs here.
    except Exception as err:
        if _NOT_READ.search(str(err)):
            raise unsupported(f"a {format_name} of a kind ({err})") from err
        raise damaged(err) from err


def split(found: Decoded) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns the colours, (H, W, 1|3|4), and alpha, (H, W) or None."""
    channels = _CHANNELS[found.space]
    has_alpha = found.samples.shape[2] > channels
    return found.samples[..., :channels], (
        found.samples[..., channels] if has_alpha else None
    )


def from_cmyk(inks: np.ndarray, profile: bytes | None) -> np.ndarray:
    """Converts CMYK to RGB, by the profile of the inks where it can be used.

    Args:
      inks: uint8 (H, W, 4).
      profile: ICC, which describes the inks; None without one.

    Returns:
      uint8 (H, W, 3).
    """
    from PIL import ImageCms

    with unlimited():
        picture = Image.fromarray(np.ascontiguousarray(inks), "CMYK")
        if profile:
            try:
                source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
                converted = ImageCms.profileToProfile(
                    picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
                )
                if converted is not None:
                    return from_pillow(converted)
            except (ImageCms.PyCMSError, OSError):
                pass  # a broken profile: viewers use the plain formula below
        return from_pillow(picture.convert("RGB"))
