"""Reads picture files: modes, orientation, alpha, metadata, damage, limits."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import ExifTags, Image, ImageCms

from comrec.errors import ImageError, JpegError
from comrec.image import depth
from comrec.image.metadata import Metadata, descriptive, drop_structure
from comrec.image.picture import MAX_PIXELS, Picture, check_size
from comrec.jpeg import segments
from comrec.system.pillow import from_pillow, open_picture

# Listed, since Pillow would also open EPS, which runs Ghostscript. MPO opens as JPEG.
READS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
FRAMES_COUNTED = 1000
_GREY_MODES = {"1", "L", "LA", "La"} | depth.GREY_MODES
_COLOUR_MODES = {"P", "PA", "RGB", "RGBA", "RGBa", "RGBX", "YCbCr", "HSV", "CMYK"}
# Tags of a TIFF for the layout of its pixels.
_PLANES, _EXTRA, _SAMPLE_FORMAT = 284, 338, 339
_TURNS = {
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: np.swapaxes(a, 0, 1),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.swapaxes(a[::-1, ::-1], 0, 1),
    8: lambda a: np.rot90(a),
}


def read(data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    """Decodes a picture file.

    Args:
      data: the whole file.
      max_pixels: limit, checked in the header before pixels are decoded.

    Raises:
      ImageError: the data are no picture, damaged, cut off, or beyond the limit.
    """
    with _opened(data, max_pixels) as picture:
        _check_whole(data, picture.format)
        if picture.mode not in _GREY_MODES | _COLOUR_MODES:
            raise ImageError(
                f"mode {picture.mode!r} is not one comrec knows. Convert it to 8-bit "
                f"grey or RGB first"
            )
        notes: list[str] = []
        _check_tiff(picture, notes)
        frames = _frames(picture)
        if frames > 1:
            many = frames if frames <= FRAMES_COUNTED else f"over {FRAMES_COUNTED}"
            notes.append(f"the first of {many} frames was taken")
        pixels, alpha = _to_arrays(picture, data, notes)
        exif, asked = _exif(picture, notes)
        turn = _TURNS.get(asked)
        if turn:
            pixels = turn(pixels)
            alpha = None if alpha is None else turn(alpha)
        metadata = _metadata(picture, exif, turned=turn is not None)
        return Picture(
            np.ascontiguousarray(pixels),
            None if alpha is None else np.ascontiguousarray(alpha),
            metadata,
            tuple(notes),
        )


@contextmanager
def _opened(data: bytes, max_pixels: int) -> Iterator[Image.Image]:
    if not data:
        raise ImageError("empty file. A picture is expected")
    try:
        with open_picture(data, READS) as picture:
            check_size(picture.height, picture.width, max_pixels)
            yield picture
    except Image.UnidentifiedImageError as err:
        raise ImageError(
            f"not a picture comrec reads, or its header is damaged, or its pixels are "
            f"of a kind comrec does not read (8- and 16-bit grey, RGB and CMYK are). "
            f"Convert it to one of {', '.join(READS)}"
        ) from err
    except ImageError:
        raise
    except MemoryError as err:
        raise ImageError("not enough memory for this picture. Reduce it first") from err
    except Exception as err:  # decoders' errors on damaged data are undocumented
        reason = " ".join(str(err).split()) or type(err).__name__
        raise ImageError(f"damaged or cut off ({reason}). Use another copy") from err


def _check_whole(data: bytes, format_name: str | None) -> None:
    """Raises ImageError for damage that Pillow decodes without an error."""
    if format_name == "PNG":
        with open_picture(data, ("PNG",)) as picture:
            picture.verify()  # every chunk's CRC
    elif format_name in ("JPEG", "MPO"):
        import pyvips

        try:
            segments.parse(data)  # checks its limits before data are decoded
        except JpegError as err:
            raise ImageError(f"{err}. Use another copy") from err
        try:
            pyvips.Image.jpegload_buffer(
                data, fail_on="warning", access="sequential", unlimited=True
            ).avg()
        except pyvips.Error as err:
            reason = err.detail.strip().splitlines()[-1]
            raise ImageError(
                f"damaged or cut off ({reason}). Use another copy"
            ) from err


def _frames(picture: Image.Image) -> int:
    """Counts the frames, up to FRAMES_COUNTED + 1.

    Pillow compares each directory of a TIFF with all directories before it, so a
    hostile file of some megabytes would take an hour to count.
    """
    if picture.format != "TIFF":
        return getattr(picture, "n_frames", 1)
    count = 1
    try:
        while count <= FRAMES_COUNTED:
            picture.seek(count)
            count += 1
    except EOFError:
        pass
    picture.seek(0)
    return count


def _check_tiff(picture: Image.Image, notes: list[str]) -> None:
    """Raises ImageError for TIFF layouts that Pillow or OpenCV decode wrongly."""
    tags = getattr(picture, "tag_v2", {})  # of a TIFF
    bits = max(tags.get(depth.BITS, (8,)))
    if bits > 8 and bits != 16:
        raise ImageError(f"{bits} bits a channel. Convert it to 8 or 16 bits first")
    if set(tags.get(_SAMPLE_FORMAT, (1,))) != {1}:
        raise ImageError(
            "its values are signed or of no known type. Convert it to unsigned 8 or "
            "16 bits first"
        )
    if bits == 16 and len(tags[depth.BITS]) > 1 and tags.get(_PLANES) == 2:
        raise ImageError(
            "16 bits a channel in separate planes. Save it interleaved (contiguous) "
            "or with 8 bits a channel first"
        )
    if 0 in tags.get(_EXTRA, ()):
        notes.append("a fourth or other channel that is not alpha was left out")


def _to_arrays(
    picture: Image.Image, data: bytes, notes: list[str]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns pixels, uint8 (H, W, 1|3), and alpha, uint8 (H, W) or None."""
    if picture.mode in depth.GREY_MODES:
        notes.append(depth.NOTE)
        return depth.read_grey(picture)
    if picture.mode != "CMYK" and depth.is_deep(picture, data):
        notes.append(depth.NOTE)
        if picture.format == "TIFF":  # OpenCV has turned the pixels
            picture.getexif().pop(ExifTags.Base.Orientation, None)
        pixels, alpha = depth.read_colour(data)
        return pixels, alpha if picture.has_transparency_data else None
    if depth.is_deep_ppm(picture):
        notes.append(depth.NOTE)
    if picture.mode == "CMYK":
        notes.append("CMYK came, RGB is kept")
        picture = _from_cmyk(picture)
    grey = picture.mode in _GREY_MODES
    mode = ("L" if grey else "RGB") + ("A" if picture.has_transparency_data else "")
    array = from_pillow(picture if picture.mode == mode else picture.convert(mode))
    if mode.endswith("A"):
        return array[..., :-1], array[..., -1]
    return array, None


def _from_cmyk(picture: Image.Image) -> Image.Image:
    profile = picture.info.pop("icc_profile", None)  # describes inks, not RGB
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(
                picture, source, target, outputMode="RGB"
            )
            if converted is not None:
                return converted
        except (ImageCms.PyCMSError, OSError):
            pass  # a broken profile: viewers use the plain formula below
    return picture.convert("RGB")


def orientation(data: bytes) -> int:
    """Returns the EXIF orientation of a picture file, 1 to 8; 1 is upright."""
    with open_picture(data, READS) as picture:
        turn = _exif(picture, [])[1]
    return turn if turn in _TURNS else 1


def _exif(picture: Image.Image, notes: list[str]) -> tuple[Image.Exif, int]:
    """Reads EXIF and the orientation, which XMP gives where EXIF has none.

    Of damaged EXIF the orientation alone is kept, since viewers apply it.
    """
    exif, turn, damaged = Image.Exif(), 1, False
    try:
        exif = picture.getexif()
        turn = exif.get(ExifTags.Base.Orientation, 1)
        if picture.format == "TIFF":
            exif = descriptive(exif)
        exif.tobytes()
    except Exception:  # Pillow's errors on damaged EXIF are undocumented
        exif, damaged = Image.Exif(), True
    found = picture.info.pop("exif", None) if damaged or not len(exif) else None
    if damaged or found:
        notes.append("EXIF left out: it is damaged")
    return exif, turn


def _metadata(picture: Image.Image, exif: Image.Exif, turned: bool) -> Metadata:
    raw = None if picture.format == "TIFF" else picture.info.get("exif")
    if turned and len(exif):
        exif[ExifTags.Base.Orientation] = 1
        drop_structure(exif)
        raw = None
    if raw is None and len(exif):
        raw = exif.tobytes()
    xmp = picture.info.get("xmp") or picture.info.get("XML:com.adobe.xmp")
    if isinstance(xmp, str):
        xmp = xmp.encode()
    if xmp:
        xmp = re.sub(rb'(tiff:Orientation(?:="|>))[2-8]', rb"\g<1>1", xmp)
    return Metadata(
        exif=raw.removeprefix(b"Exif\0\0") if raw else None,
        icc=picture.info.get("icc_profile") or None,
        xmp=xmp or None,
    )
