"""One picture in memory, and how it is written to a file."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

from comrec.errors import ImageError, OutputError
from comrec.metadata import Metadata

MAX_PIXELS = 2**28  # 268 megapixels
WRITES = {
    ".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP", ".bmp": "BMP",
    ".jpg": "JPEG", ".jpeg": "JPEG",
}  # fmt: skip
JPEG_OUT_QUALITY = 95
PNG_SIGNATURE = b"Software\0comrec"  # a text chunk of every PNG that comrec writes
XMP_TAG = 700  # of a TIFF
_lifting, _lifted = threading.Lock(), ExitStack()
_inside: list[bytes] = []  # what is open; see `opened`


@dataclass(frozen=True)
class Picture:
    """One picture as a viewer shows it: upright, 8 bits a channel.

    Attributes:
      pixels: uint8 (H, W, 1) grey or (H, W, 3) RGB, without alpha.
      alpha: uint8 (H, W), or None for a picture that has no alpha channel.
      metadata: EXIF (orientation reset), ICC, XMP.
      notes: one line for each thing that was not kept as it was.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    metadata: Metadata = Metadata()
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def to_array(self) -> np.ndarray:
        """uint8 (H, W), (H, W, 2), (H, W, 3) or (H, W, 4), as Pillow lays it out."""
        if self.alpha is not None:
            return np.concatenate([self.pixels, self.alpha[..., None]], axis=2)
        return self.pixels[..., 0] if self.pixels.shape[2] == 1 else self.pixels


def from_array(array: np.ndarray) -> Picture:
    """Takes uint8 (H, W) or (H, W, 1..4): grey, grey + alpha, RGB, RGBA.

    Raises:
      ImageError: another shape or type.
    """
    array = np.asarray(array)
    if array.ndim == 2:
        array = array[..., None]
    legal = array.ndim == 3 and 1 <= array.shape[2] <= 4 and min(array.shape) >= 1
    if array.dtype != np.uint8 or not legal:
        raise ImageError(
            "an image is a uint8 array (H, W) or (H, W, 1 to 4). "
            f"Received: {array.dtype} {array.shape}"
        )
    if array.shape[2] in (2, 4):
        return Picture(np.ascontiguousarray(array[..., :-1]), array[..., -1].copy())
    return Picture(np.ascontiguousarray(array))


def check_size(height_px: int, width_px: int, max_pixels: int) -> None:
    """Raises ImageError when a picture would be beyond the limit."""
    if height_px * width_px > max_pixels:
        raise ImageError(
            f"{width_px}x{height_px} is beyond the limit of {max_pixels} pixels. If "
            f"the file can be trusted, raise it with --max-pixels"
        )


@contextmanager
def opened(data: bytes, formats: tuple[str, ...]) -> Iterator[Image.Image]:
    """`Image.open` without Pillow's pixel limit and warnings, until it is closed.

    The caller is to `check_size`. Both belong to the whole process: the first
    thread that comes in lifts them, the last that leaves puts them back.
    """
    with _lifting:
        if not _inside:
            _lifted.enter_context(_lift())
        _inside.append(data)
    try:
        with Image.open(io.BytesIO(data), formats=formats) as picture:
            yield picture
    finally:
        with _lifting:
            _inside.pop()
            if not _inside:
                _lifted.close()


@contextmanager
def _lift() -> Iterator[None]:
    limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = limit


def write(picture: Picture, suffix: str) -> bytes:
    """Encodes a picture, without loss but in JPEG, in the format a suffix stands for.

    Raises:
      OutputError: an unknown suffix, or one that cannot hold this picture.
    """
    format_name = WRITES.get(suffix.lower())
    if format_name is None:
        raise OutputError(
            f"cannot write {suffix or 'a name without suffix'!r}. Name one of "
            f"{', '.join(WRITES)}"
        )
    if picture.alpha is not None and format_name in ("JPEG", "BMP"):
        raise OutputError(f"{format_name} has no alpha channel. Write a .png instead")
    options = _metadata_options(picture.metadata, format_name)
    if format_name == "JPEG":
        options |= {"quality": JPEG_OUT_QUALITY, "subsampling": "4:4:4"}
    elif format_name == "WEBP":
        options |= {"lossless": True, "exact": True}
    out = io.BytesIO()
    try:
        Image.fromarray(picture.to_array()).save(out, format_name, **options)
    except (OSError, ValueError, RuntimeError) as err:
        raise OutputError(f"cannot be written as {format_name} ({err})") from err
    return out.getvalue()


def _metadata_options(metadata: Metadata, format_name: str) -> dict[str, object]:
    if format_name == "BMP":
        return {}
    options: dict[str, object] = {}
    if metadata.icc:
        options["icc_profile"] = metadata.icc
    if format_name == "TIFF":
        tags = _tiff_tags(metadata)
        # libtiff cannot write the directories inside EXIF; without it there is no
        # compression.
        nested = {ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop}
        method = "raw" if nested & set(tags) else "tiff_adobe_deflate"
        return options | {"exif": tags, "compression": method}
    if metadata.exif:
        options["exif"] = b"Exif\0\0" + metadata.exif
    if format_name == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Software", "comrec")
        if metadata.xmp:
            info.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
        options["pnginfo"] = info
    elif metadata.xmp:
        options["xmp"] = metadata.xmp
    return options


def _tiff_tags(metadata: Metadata) -> Image.Exif:
    """A TIFF's own tags are its EXIF, and hold the XMP as well."""
    tags = Image.Exif()
    tags.load(metadata.exif or b"")
    if metadata.xmp:
        tags[XMP_TAG] = metadata.xmp
    return tags
