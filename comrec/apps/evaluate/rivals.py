"""Defines the codecs that comrec is compared with.

The codecs have options for small files that a user could choose: the slow method of
WebP, the colour transform of JPEG 2000, and for AVIF and JPEG XL the speeds at which
they are usually quoted. Their setting is the documented quality, or the rate if they
have no quality.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import PIL
from PIL import Image, features
from PIL.JpegImagePlugin import JpegImageFile

from comrec.apps.evaluate.interface import Files, Peer, PeerError, Setting
from comrec.image import resample
from comrec.jpeg import coding, quantisation
from comrec.jpeg.settings import PLAIN, JpegSettings
from comrec.system.pillow import open_picture

ANCHOR = "jpeg"
BASELINE = JpegSettings(scans="baseline")
# The defaults of Pillow and of most cameras.
STANDARD = JpegSettings(scans="baseline", huffman="standard")
MOZJPEG = JpegSettings(encoder="mozjpeg", tables="imagemagick")  # its default
MOZJPEG_FLAT = JpegSettings(encoder="mozjpeg", tables="flat")
HALF = 2
JXL_EFFORT = 7

# Settings of rising rate, which take photos from the smallest rate of a codec, or 0.05
# bpp, to about 2.2 bpp.
JPEG_GRID = (5, 7, 10, 14, 19, 26, 35, 46, 58, 69, 78, 85, 89, 91)
JPEGLI_GRID = (1, 5, 10, 18, 27, 36, 45, 54, 63, 72, 80, 86, 90, 94)
MOZJPEG_GRID = (3, 5, 7, 10, 14, 20, 28, 38, 50, 62, 73, 82, 88, 93)
FLAT_GRID = (3, 5, 7, 10, 14, 19, 25, 32, 40, 49, 58, 67, 75, 81)
HALF_GRID = (3, 5, 8, 12, 18, 26, 36, 48, 60, 72, 82, 90, 95, 98)
WEBP_GRID = (0, 3, 6, 11, 18, 27, 38, 50, 62, 73, 81, 87, 91, 93)
AVIF_GRID = (0, 8, 14, 20, 26, 33, 40, 47, 54, 61, 68, 75, 82, 88)
JPEG2000_GRID = (0.05, 0.07, 0.1, 0.14, 0.19, 0.26, 0.36, 0.5, 0.68, 0.9, 1.2, 1.7, 2.2)
JXL_GRID = (25.0, 15.0, 12.0, 9.5, 7.5, 6.0, 4.7, 3.7, 2.9, 2.2, 1.6, 1.2, 0.8)


def _make_libjpeg(settings: JpegSettings, name: str) -> Peer:
    detail = settings.scans if settings.huffman == "optimised" else "standard Huffman"
    return _make_jpeg(name, f"{_libjpeg_version()} {detail}", JPEG_GRID, settings)


def _make_mozjpeg(settings: JpegSettings, grid: tuple[Setting, ...], name: str) -> Peer:
    try:
        version = f"libvips {libvips_version()} {settings.tables} tables"
        probe = coding.encode(np.zeros((8, 8, 1), np.uint8), 50, MOZJPEG_FLAT)
    except (ImportError, OSError) as err:  # OSError: pyvips without its library
        raise PeerError(f"{name} (pyvips cannot be loaded: {err})") from err
    with JpegImageFile(io.BytesIO(probe)) as picture:
        if set(picture.quantization[0]) != {quantisation.FLAT_STEP}:
            raise PeerError(f"{name} (this libvips was built without mozjpeg)")
    return _make_jpeg(name, version, grid, settings)


def _make_jpeg(
    name: str, version: str, grid: tuple[Setting, ...], settings: JpegSettings
) -> Peer:
    return Peer(
        name, version, grid,
        lambda pixels, quality: (coding.encode(pixels, int(quality), settings),),
        lambda files: coding.decode(files[0]),
    )  # fmt: skip


def _make_jpegli(adaptive: bool, name: str) -> Peer:
    """Makes jpegli, with or without its adaptive quantisation for visual quality."""
    try:
        import ajpegli
    except ImportError as err:
        raise PeerError(
            f"{name} (ajpegli is not installed: pip install comrec[eval])"
        ) from err

    def encode(pixels: np.ndarray, quality: Setting) -> Files:
        plane_or_rgb = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        coded = ajpegli.encode(
            np.ascontiguousarray(plane_or_rgb), quality=int(quality), subsampling="420",
            adaptive_quantization=adaptive,
        )  # fmt: skip
        return (bytes(coded),)

    detail = "adaptive" if adaptive else "not adaptive"
    version = f"jpegli {ajpegli.__jpegli_commit__[:8]} {detail}"
    return Peer(
        name, version, JPEGLI_GRID, encode, lambda files: coding.decode(files[0])
    )


def _make_half_size(name: str) -> Peer:
    """Makes the anchor's JPEG at half size, with bicubic reduction and enlargement."""

    def encode(pixels: np.ndarray, quality: Setting) -> Files:
        reduced = resample.reduce(pixels.astype(np.float32), HALF)
        coded = coding.encode(_to_uint8(reduced), int(quality), BASELINE)
        odd = bytes(side % HALF for side in pixels.shape[:2])
        return (coded, odd) if any(odd) else (coded,)  # two bytes only for an odd side

    def decode(files: Files) -> np.ndarray:
        coded = coding.decode(files[0]).astype(np.float32)
        odd = files[1] if len(files) > 1 else bytes(2)
        size = coded.shape[0] * HALF - odd[0], coded.shape[1] * HALF - odd[1]
        return _to_uint8(resample.enlarge(coded, HALF, size))

    version = f"{_libjpeg_version()} {BASELINE.scans} bicubic"
    return Peer(name, version, HALF_GRID, encode, decode)


def _make_pillow(
    feature: str, kind: str, detail: str, grid: tuple[Setting, ...],
    options: Callable[[int, Setting], dict[str, Any]], name: str,
    unit: str = Peer.unit,
) -> Peer:  # fmt: skip
    """Makes a codec of Pillow.

    Args:
      feature: name in `PIL.features`.
      kind: name of the format.
      detail: the options of all settings, for the version in rows.
      grid: settings.
      options: maps channels and a setting to options of `Image.save`.
      name: of the codec.
      unit: words for a setting.

    Raises:
      PeerError: Pillow was built without the codec.
    """
    if not features.check(feature):
        raise PeerError(f"{name} (Pillow {PIL.__version__} was built without it)")

    def encode(pixels: np.ndarray, setting: Setting) -> Files:
        plane_or_rgb = pixels[..., 0] if pixels.shape[2] == 1 else pixels
        out = io.BytesIO()
        chosen = options(pixels.shape[2], setting)
        Image.fromarray(plane_or_rgb).save(out, kind, **chosen)
        return (out.getvalue(),)

    def decode(files: Files) -> np.ndarray:
        with open_picture(files[0], (kind,)) as picture:
            return np.atleast_3d(np.asarray(picture))

    version = f"{kind} {features.version(feature)} {detail}"
    return Peer(name, version, grid, encode, decode, unit)


def _make_jxl(name: str) -> Peer:
    try:
        import imagecodecs

        version = imagecodecs.jpegxl_version()
    except (ImportError, AttributeError) as err:
        raise PeerError(
            f"{name} (imagecodecs is not installed: pip install comrec[eval])"
        ) from err

    def encode(pixels: np.ndarray, distance: Setting) -> Files:
        coded = imagecodecs.jpegxl_encode(
            pixels, distance=distance, effort=JXL_EFFORT, numthreads=1
        )
        return (bytes(coded),)

    def decode(files: Files) -> np.ndarray:
        return np.atleast_3d(imagecodecs.jpegxl_decode(files[0], numthreads=1))

    return Peer(
        name, f"{version} effort {JXL_EFFORT}", JXL_GRID, encode, decode,
        "Butteraugli distance {:.3g}",
    )  # fmt: skip


def _webp_options(channels: int, quality: Setting) -> dict[str, Any]:
    return {"quality": int(quality), "method": 6}


def _avif_options(channels: int, quality: Setting) -> dict[str, Any]:
    subsampling = "4:0:0" if channels == 1 else "4:2:0"
    return {
        "quality": int(quality), "speed": 6, "subsampling": subsampling,
        "max_threads": 1,
    }  # fmt: skip


def _jpeg2000_options(channels: int, bpp: Setting) -> dict[str, Any]:
    return {
        "quality_mode": "rates", "quality_layers": [8 * channels / bpp],
        "irreversible": True, "mct": int(channels == 3),
    }  # fmt: skip


def libvips_version() -> str:
    """Returns the version of libvips, which contains mozjpeg."""
    import pyvips

    return ".".join(str(pyvips.version(i)) for i in range(3))


def _libjpeg_version() -> str:
    return f"libjpeg-turbo {features.version('libjpeg_turbo')}"


def _to_uint8(levels: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


MAKERS: dict[str, Callable[[str], Peer]] = {
    ANCHOR: partial(_make_libjpeg, BASELINE),
    "jpeg-smaller": partial(_make_libjpeg, PLAIN),  # "plain JPEG" in comrec
    "jpeg-standard": partial(_make_libjpeg, STANDARD),
    "jpegli": partial(_make_jpegli, True),
    "jpegli-psnr": partial(_make_jpegli, False),
    "mozjpeg": partial(_make_mozjpeg, MOZJPEG, MOZJPEG_GRID),
    "mozjpeg-flat": partial(_make_mozjpeg, MOZJPEG_FLAT, FLAT_GRID),
    "half-jpeg": _make_half_size,
    "webp": partial(_make_pillow, "webp", "WEBP", "method 6", WEBP_GRID, _webp_options),
    "jpeg2000": partial(
        _make_pillow,
        "jpg_2000",
        "JPEG2000",
        "irreversible",
        JPEG2000_GRID,
        _jpeg2000_options,
        unit="a rate of {:.3g} bits per pixel",
    ),
    "avif": partial(_make_pillow, "avif", "AVIF", "speed 6", AVIF_GRID, _avif_options),
    "jxl": _make_jxl,
}
