"""Decodes pictures by a second library, and compares its pixels with comrec's."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image, ImageOps

from comrec.image.picture import Picture

# Decoders differ by the upsampling of chroma and the rounding of 16 bits.
LEVELS, SHARE, MEAN = 8, 0.01, 3.0


class NotRead(Exception):
    """Says that the second library does not read a picture."""


def by_pillow(data: bytes) -> np.ndarray:
    """Decodes by Pillow, upright; 16 bits lose their low byte."""
    is_other_grey = data[:4] == b"\x89PNG" and data[24] != 8 and data[25] == 0
    if is_other_grey and b"tRNS" in data:
        raise NotRead("Pillow loses this transparency")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(data)) as opened:
            picture = ImageOps.exif_transpose(opened)
            if picture.mode in ("CMYK", "LAB", "F", "HSV"):
                raise NotRead(f"mode {picture.mode}")
            if picture.mode.startswith("I"):
                levels = np.asarray(picture)
                return _to_8_bits(levels.astype(np.float64)[..., None], 65_535)
            grey = picture.mode in ("1", "L", "LA")
            alpha = "A" if picture.has_transparency_data else ""
            mode = ("L" if grey else "RGB") + alpha
            array = np.asarray(picture.convert(mode))
    return array.reshape(*array.shape[:2], -1)


def by_tifffile(data: bytes) -> np.ndarray:
    """Decodes grey and RGB of 8 and 16 bits by tifffile."""
    import tifffile

    with tifffile.TiffFile(io.BytesIO(data)) as opened:
        page = opened.pages[0]
        if page.photometric not in (0, 1, 2) or page.bitspersample not in (8, 16):
            raise NotRead(f"{page.photometric!r} of {page.bitspersample} bits")
        array = page.asarray()
        if page.planarconfig == 2 and array.ndim == 3:
            array = np.moveaxis(array, 0, 2)
        array = array.reshape(page.imagelength, page.imagewidth, -1)
        levels = _to_8_bits(array.astype(np.float64), 2**page.bitspersample - 1)
        if page.photometric == 0:
            levels[..., :1] = 255 - levels[..., :1]
        colours = 3 if page.photometric == 2 else 1
        extra = page.extrasamples[:1]
        if extra == (1,):
            alpha = np.maximum(levels[..., colours : colours + 1].astype(float), 1)
            straight = np.minimum(levels[..., :colours] * 255.0 / alpha, 255)
            levels[..., :colours] = straight
        turn = page.tags[274].value if 274 in page.tags else 1
    kept = levels[..., : colours + (1 in extra or 2 in extra)]
    return _turned(kept, int(turn))


def by_vips(data: bytes) -> np.ndarray:
    """Decodes by libvips, upright, with what damage it forgives."""
    import pyvips

    loaders = {
        b"\xff\xd8": "jpegload", b"GI": "gifload", b"RI": "webpload",
        b"\0\0": "heifload",
    }  # fmt: skip
    try:
        load = getattr(pyvips.Image, f"{loaders[data[:2]]}_buffer")
        picture = load(data).autorot()
        if picture.interpretation == "cmyk":
            raise NotRead("CMYK")
        array = picture.numpy()
        size = picture.height, picture.width, picture.bands
    except pyvips.Error as err:
        raise NotRead(err.detail.strip().splitlines()[-1]) from err
    return _to_8_bits(array.reshape(size), np.iinfo(array.dtype).max)


def by_opencv(data: bytes) -> np.ndarray:
    """Decodes by OpenCV."""
    import cv2

    if data[:2] == b"BM" and data[28] <= 8:
        raise NotRead("OpenCV misreads palettes of other sizes, and run lengths")
    array = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if array is None or array.dtype not in (np.uint8, np.uint16):
        raise NotRead("OpenCV gives nothing")
    array = array.reshape(*array.shape[:2], -1)
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[array.shape[2]]
    return _to_8_bits(array[..., order], np.iinfo(array.dtype).max)


def by_imagecodecs(data: bytes) -> np.ndarray:
    """Decodes BMP, AVIF and JPEG 2000 by imagecodecs, not turned."""
    import imagecodecs

    if data[:2] == b"BM":
        array, most = imagecodecs.bmp_decode(data), 255
    elif data[4:8] == b"ftyp":
        array = imagecodecs.avif_decode(data)
        most = int(array.max()) if array.dtype == np.uint16 else 255
        most = next(n for n in (255, 1023, 4095, 65_535) if n >= most)
    else:
        array = imagecodecs.jpeg2k_decode(data)
        size = data.index(b"\xff\x4f\xff\x51") + 42  # of a sample, less one
        most = 2 ** ((data[size] & 127) + 1) - 1
    array = array[0] if array.ndim == 4 else array  # of a sequence the first
    return _to_8_bits(array.reshape(*array.shape[:2], -1), most)


# Formats to libraries that are not the one that comrec takes.
SECOND: dict[str, tuple[Callable[[bytes], np.ndarray], ...]] = {
    "PNG": (by_pillow,), "TIFF": (by_tifffile, by_pillow), "JPEG": (by_vips,),
    "WEBP": (by_vips,), "GIF": (by_vips, by_opencv),
    "BMP": (by_imagecodecs, by_opencv), "PNM": (by_opencv,),
    "AVIF": (by_vips, by_imagecodecs), "JPEG 2000": (by_imagecodecs,),
}  # fmt: skip


def decode(kind: str, data: bytes) -> Iterator[tuple[np.ndarray, str]]:
    """Yields uint8 (H, W, C) and the library's name, for each that reads the file."""
    for library in SECOND.get(kind, ()):
        try:
            pixels = library(data)
        except Exception:  # of any library, for any damage
            continue
        yield pixels, library.__name__.removeprefix("by_")


def compare(picture: Picture, other: np.ndarray) -> str:
    """Returns how the pixels of a picture differ from another decoder's; "" if not."""
    if picture.size != other.shape[:2]:
        return f"{picture.size} pixels, and {other.shape[:2]} by another decoder"
    ours = _with_alpha(picture.to_array().reshape(*picture.size, -1))
    theirs = _with_alpha(other)
    seen = np.maximum(ours[..., 3:], theirs[..., 3:]) / 255
    difference = np.abs(ours - theirs)
    difference[..., :3] *= seen  # clear pixels may have any colour
    mean, share = difference.mean(), (difference > LEVELS).mean()
    if mean <= MEAN and share <= SHARE:
        return ""
    most = int(difference.max())
    return f"differs by {mean:.2f} levels, at most {most}, {100 * share:.1f} % by much"


def _with_alpha(pixels: np.ndarray) -> np.ndarray:
    """Returns float32 (H, W, 4)."""
    height, width, channels = pixels.shape
    out = np.full((height, width, 4), 255, np.float32)
    out[..., :3] = pixels[..., :3] if channels > 2 else pixels[..., :1]
    if channels in (2, 4):
        out[..., 3] = pixels[..., -1]
    return out


def _to_8_bits(levels: np.ndarray, most: int) -> np.ndarray:
    if most == 255:
        return levels.astype(np.uint8)
    return np.rint(levels.astype(np.float64) * (255 / most)).astype(np.uint8)


_TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: np.fliplr, 3: lambda a: a[::-1, ::-1], 4: np.flipud,
    5: lambda a: a.transpose(1, 0, 2), 6: lambda a: np.rot90(a, -1),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2), 8: np.rot90,
}  # fmt: skip


def _turned(array: np.ndarray, turn: int) -> np.ndarray:
    return _TURNS.get(turn, lambda a: a)(array)
