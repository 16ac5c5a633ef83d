"""Pictures for the tests: a small photo in every mode and format that comes in."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from comrec.image import colour_space

EXIF_ORIENTATION = 0x0112
EXIF_ARTIST = 0x013B
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description xmlns:tiff="http://'
    b'ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/></x:xmpmeta>'
)


@cache
def photo(height: int = 40, width: int = 56) -> np.ndarray:
    """A crop of a real photo, uint8 (H, W, 3)."""
    astronaut = pytest.importorskip("skimage.data").astronaut()
    return np.ascontiguousarray(astronaut[30 : 30 + height, 180 : 180 + width])


def grey(height: int = 40, width: int = 56) -> np.ndarray:
    return np.asarray(Image.fromarray(photo(height, width)).convert("L"))


def alpha(height: int = 40, width: int = 56) -> np.ndarray:
    y, x = np.mgrid[:height, :width]
    return ((7 * x + 5 * y) % 256).astype(np.uint8)


def with_alpha(pixels: np.ndarray) -> np.ndarray:
    return np.dstack([pixels, alpha(*pixels.shape[:2])])


def deep(pixels: np.ndarray) -> np.ndarray:
    """16 bits a channel, with low bytes that rounding has to get right."""
    noise = np.random.default_rng(1).integers(-120, 121, pixels.shape)
    return np.clip(pixels.astype(np.int64) * 257 + noise, 0, 65_535).astype(np.uint16)


def file_of(pixels: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    """A picture file of a Pillow format, in memory."""
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


SAVES = {
    ".png": ("PNG", {}), ".jpg": ("JPEG", {"quality": 90}), ".tif": ("TIFF", {}),
    ".webp": ("WEBP", {"lossless": True}),
}  # fmt: skip


def photo_file(suffix: str) -> bytes:
    """The photo in the format of a suffix."""
    kind, options = SAVES[suffix]
    return file_of(photo(), kind, **options)


def deep_file(pixels: np.ndarray, suffix: str) -> bytes:
    """A 16-bit PNG or TIFF, which Pillow cannot write in colour."""
    if pixels.ndim == 3:  # OpenCV wants BGR, BGRA
        pixels = pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    done, data = cv2.imencode(suffix, pixels)
    assert done
    return data.tobytes()


def cmyk() -> Image.Image:
    return Image.fromarray(photo()).convert("CMYK")


def exif(orientation: int | None = None, artist: str = "Somebody") -> bytes:
    block = Image.Exif()
    block[EXIF_ARTIST] = artist
    if orientation is not None:
        block[EXIF_ORIENTATION] = orientation
    return block.tobytes()


@cache
def icc() -> bytes:
    """A profile of a space that has no name."""
    red = (0.66, 0.33)
    return colour_space.profile(colour_space.SRGB._replace(red=red), (2.3,), False)


@cache  # it holds the second at which it was made
def srgb() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def palette(transparent: bool = False) -> Image.Image:
    picture = Image.fromarray(photo()).quantize(16)
    if transparent:
        picture.info["transparency"] = 3
    return picture


def exact_inputs() -> dict[str, tuple[bytes, np.ndarray]]:
    """Name to (file, the array it holds), 8 bits a channel and lossless."""
    pixels, clear = photo(), palette(transparent=True)
    bits = Image.fromarray(grey()).convert("1")
    arrays = {
        "grey": grey(), "rgb": pixels, "rgba": with_alpha(pixels),
        "la": with_alpha(grey()),
    }  # fmt: skip
    cases = {f"{n}.png": (file_of(a, "PNG"), a) for n, a in arrays.items()}
    cases |= {f"{n}.tif": (file_of(a, "TIFF"), a) for n, a in arrays.items()}
    for name in ("rgb", "rgba"):
        data = file_of(arrays[name], "WEBP", lossless=True, exact=True)
        cases[f"{name}.webp"] = (data, arrays[name])
    return cases | {
        "palette.png": (
            file_of(palette(), "PNG"),
            np.asarray(palette().convert("RGB")),
        ),
        "clear.png": (
            file_of(clear, "PNG", transparency=3),
            np.asarray(clear.convert("RGBA")),
        ),
        "bits.png": (file_of(bits, "PNG"), np.asarray(bits.convert("L"))),
        "bits.tif": (file_of(bits, "TIFF"), np.asarray(bits.convert("L"))),
        "rgb.bmp": (file_of(pixels, "BMP"), pixels),
        "grey.bmp": (file_of(grey(), "BMP"), grey()),
        "palette.gif": (
            file_of(palette(), "GIF"),
            np.asarray(palette().convert("RGB")),
        ),
        "rgb.ppm": (file_of(pixels, "PPM"), pixels),
        "grey.pgm": (file_of(grey(), "PPM"), grey()),
    }


def deep_inputs() -> dict[str, tuple[bytes, np.ndarray]]:
    """Name to (16-bit file, the nearest 8-bit array)."""
    cases = {}
    for name, array in (
        ("grey", grey()), ("rgb", photo()), ("rgba", with_alpha(photo())),
    ):  # fmt: skip
        for suffix in (".png", ".tif"):
            levels = deep(array)
            nearest = np.rint(levels / 257).astype(np.uint8)
            cases[f"{name}16{suffix}"] = (deep_file(levels, suffix), nearest)
    levels = deep(photo())
    cases["rgb16.ppm"] = (
        b"P6 56 40 65535\n" + levels.astype(">u2").tobytes(),
        np.rint(levels / 257).astype(np.uint8),
    )
    return cases


def animations() -> dict[str, bytes]:
    """Name to a file of two frames, the first of which is the photo."""
    first, second = Image.fromarray(photo()), Image.fromarray(photo()[::-1].copy())
    both: dict[str, object] = {"save_all": True, "append_images": [second]}
    return {
        "two.gif": file_of(palette(), "GIF", **(both | {"append_images": [
            second.quantize(16)
        ]})),
        "two.webp": file_of(first, "WEBP", lossless=True, **both),
        "two.tif": file_of(first, "TIFF", **both),
        "two.png": file_of(first, "PNG", **both),
        "two.mpo.jpg": file_of(first, "MPO", quality=95, **both),
    }  # fmt: skip


def scientific_tiff(pixels: np.ndarray, **options: object) -> bytes:
    """A TIFF of a layout that neither Pillow nor OpenCV writes."""
    out = io.BytesIO()
    tifffile = pytest.importorskip("tifffile", reason="comes with the dev extra")
    tifffile.imwrite(out, pixels, metadata=None, **options)
    return out.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    """A chunk of a PNG."""
    crc = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def png_of(
    width: int, height: int, bits: int, colour: int, rows: bytes,
    *extra: tuple[bytes, bytes], after: tuple[tuple[bytes, bytes], ...] = (),
) -> bytes:  # fmt: skip
    """A PNG by hand, of filtered rows, with more chunks before or after the pixels."""
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), *after]
    parts = [chunk(*each) for each in [*body, (b"IEND", b"")]]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
