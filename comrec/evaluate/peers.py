"""Codecs behind one interface: the anchor, its rivals, and comrec itself.

Rivals get what a user could give them for small files: the slow method of WebP, the
transform between colours in JPEG 2000; AVIF and JPEG XL the speeds that they are quoted
at. All are set by the quality that they document, or by the rate where they have none.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np
import PIL
from PIL import Image, features
from PIL.JpegImagePlugin import JpegImageFile

import comrec
from comrec import container, engine, jpeg, presets, resample
from comrec.codec import Codec
from comrec.errors import UsageError
from comrec.evaluate import Files, Peer, PeerError, Setting
from comrec.jpeg import JpegSettings
from comrec.metadata import Metadata
from comrec.opening import opened
from comrec.sidecar import Sidecar

ANCHOR = "jpeg"
# comrec:PRESET, then @SCALE, :TUNE and +embed as wanted.
COMREC = re.compile(
    r"comrec:(?P<preset>[^@:+]+)(@(?P<scale>\d+(\.5)?|auto))?"
    r"(:(?P<tune>psnr|visual))?(?P<embed>\+embed)?"
)
BASELINE = JpegSettings(scans="baseline")
MOZJPEG = JpegSettings(encoder="mozjpeg", tables="imagemagick")  # its own default
MOZJPEG_FLAT = JpegSettings(encoder="mozjpeg", tables="flat")
HALF = 2
JXL_EFFORT = 7

# Settings of rising rate, which take photos from the least that a codec can do, or 0.05
# bpp, to about 2.2 bpp.
JPEG_GRID = (5, 7, 10, 14, 19, 26, 35, 46, 58, 69, 78, 85, 89, 91)
MOZJPEG_GRID = (3, 5, 7, 10, 14, 20, 28, 38, 50, 62, 73, 82, 88, 93)
FLAT_GRID = (3, 5, 7, 10, 14, 19, 25, 32, 40, 49, 58, 67, 75, 81)
HALF_GRID = (3, 5, 8, 12, 18, 26, 36, 48, 60, 72, 82, 90, 95, 98)
WEBP_GRID = (0, 3, 6, 11, 18, 27, 38, 50, 62, 73, 81, 87, 91, 93)
AVIF_GRID = (0, 8, 14, 20, 26, 33, 40, 47, 54, 61, 68, 75, 82, 88)
JPEG2000_GRID = (0.05, 0.07, 0.1, 0.14, 0.19, 0.26, 0.36, 0.5, 0.68, 0.9, 1.2, 1.7, 2.2)
JXL_GRID = (25.0, 15.0, 12.0, 9.5, 7.5, 6.0, 4.7, 3.7, 2.9, 2.2, 1.6, 1.2, 0.8)
COMREC_GRID = (3, 5, 8, 12, 18, 26, 36, 48, 60, 72, 82, 90, 95)


def find(name: str) -> Peer:
    """The codec of that name: one of NAMES, or COMREC with a scale.

    Raises:
      UsageError: there is none; the message lists those there are.
      PeerError: its library is not here.
    """
    own = COMREC.fullmatch(name)
    if own and own["scale"] not in (None, "auto"):
        tune, embed = own["tune"] or "psnr", bool(own["embed"])
        return comrec_peer(own["preset"], float(own["scale"]), tune, embed)
    if name not in _MAKERS:
        raise UsageError(
            f"no codec is called {name!r}. Codecs: {', '.join(NAMES)}, and "
            f"comrec:PRESET@SCALE, which :visual and +embed may follow"
        )
    return _MAKERS[name](name)


def load(names: Iterable[str]) -> tuple[list[Peer], list[str]]:
    """Codecs, and a line for each that is not here.

    Args:
      names: see `find`; without a scale, or with "auto", a preset has all its scales.

    Raises:
      UsageError: a name is unknown.
    """
    found: list[Peer] = []
    notes: list[str] = []
    for name in names:
        try:
            found += [find(one) for one in _spread(name)]
        except PeerError as err:
            notes.append(f"Left out: {err}.")
    return found, notes


def comrec_peer(
    preset_name: str, scale: float, tune: str = "psnr", embed: bool = False
) -> Peer:
    """One preset at one scale; its settings are the compact JPEG's own quality.

    The files are those that `comrec compress` writes, and decoding begins at them.

    Args:
      preset_name: which pair.
      scale: one of the preset's.
      tune: "psnr" or "visual"; see `Codec`.
      embed: the sidecar goes into the .jpg.

    Raises:
      UsageError: there is no such preset, or it has no such scale or tune.
    """
    preset = presets.find(preset_name)
    if scale not in preset.scales:
        raise UsageError(
            f"preset {preset_name} has scale {' or '.join(map(str, preset.scales))}. "
            f"Received: {scale:g}"
        )
    scale = preset.scales[preset.scales.index(scale)]  # whole ones as whole numbers
    if not preset.weights:
        raise UsageError(f"preset {preset_name} has no networks. Name another")
    if tune == "visual" and not preset.jpeg_visual:
        raise UsageError(f"preset {preset_name} is not tuned for eyes: no :visual")
    codec = Codec(preset, scale, tune=tune)

    def encode(pixels: np.ndarray, quality: Setting) -> Files:
        coded = codec.encode(codec.compact(pixels), int(quality))
        record = Sidecar(preset.name, pixels.shape[1], pixels.shape[0], scale)
        packed, sidecar = container.pack(coded, Metadata(), record, embed)
        return (packed,) if sidecar is None else (packed, sidecar)

    def decode(files: Files) -> np.ndarray:
        sidecar = files[1] if len(files) > 1 else None
        found = container.unpack(files[0], "the .jpg", sidecar, "its sidecar")
        assert found.sidecar is not None  # encode has put it there
        size = found.sidecar.height_px, found.sidecar.width_px
        return codec.restore(found.jpeg, size)

    name = f"comrec:{preset.name}@{scale:g}{f':{tune}' if tune != 'psnr' else ''}"
    version = f"{comrec.__version__} {preset.hash} {engine.choose()}"
    name += "+embed" if embed else ""
    return Peer(name, version, COMREC_GRID, encode, decode)


def _spread(name: str) -> list[str]:
    """The names of a preset's scales, one by one, where the name stands for all."""
    own = COMREC.fullmatch(name)
    if not own or own["scale"] not in (None, "auto"):
        return [name]
    end = f":{own['tune']}" if own["tune"] else ""
    end += own["embed"] or ""
    scales = presets.find(own["preset"]).scales
    return [f"comrec:{own['preset']}@{scale:g}{end}" for scale in scales]


# The peers


def _libjpeg(settings: JpegSettings, name: str) -> Peer:
    return _jpeg_peer(
        name, f"{_libjpeg_version()} {settings.scans}", JPEG_GRID, settings
    )


def _mozjpeg(settings: JpegSettings, grid: tuple[Setting, ...], name: str) -> Peer:
    try:
        import pyvips

        probe = jpeg.encode(np.zeros((8, 8, 1), np.uint8), 50, MOZJPEG_FLAT)
    except (ImportError, OSError) as err:  # OSError: pyvips without its library
        raise PeerError(f"{name} (pyvips cannot be loaded: {err})") from err
    with JpegImageFile(io.BytesIO(probe)) as picture:
        if set(picture.quantization[0]) != {jpeg.FLAT_STEP}:
            raise PeerError(f"{name} (this libvips was built without mozjpeg)")
    version = ".".join(str(pyvips.version(i)) for i in range(3))
    version = f"libvips {version} {settings.tables} tables"
    return _jpeg_peer(name, version, grid, settings)


def _jpeg_peer(
    name: str, version: str, grid: tuple[Setting, ...], settings: JpegSettings
) -> Peer:
    return Peer(
        name, version, grid,
        lambda pixels, quality: (jpeg.encode(pixels, int(quality), settings),),
        lambda files: jpeg.decode(files[0]),
    )  # fmt: skip


def _half(name: str) -> Peer:
    """Bicubic half size, the anchor's JPEG, bicubic enlargement."""

    def encode(pixels: np.ndarray, quality: Setting) -> Files:
        reduced = resample.reduce(pixels.astype(np.float32), HALF)
        coded = jpeg.encode(_to_uint8(reduced), int(quality), BASELINE)
        odd = bytes(side % HALF for side in pixels.shape[:2])
        return (coded, odd) if any(odd) else (coded,)  # two bytes where they tell

    def decode(files: Files) -> np.ndarray:
        coded = jpeg.decode(files[0]).astype(np.float32)
        odd = files[1] if len(files) > 1 else bytes(2)
        size = coded.shape[0] * HALF - odd[0], coded.shape[1] * HALF - odd[1]
        return _to_uint8(resample.enlarge(coded, HALF, size))

    version = f"{_libjpeg_version()} {BASELINE.scans} bicubic"
    return Peer(name, version, HALF_GRID, encode, decode)


def _pillow(
    feature: str, kind: str, told: str, grid: tuple[Setting, ...],
    options: Callable[[int, Setting], dict[str, Any]], name: str,
) -> Peer:  # fmt: skip
    """A codec that Pillow was built with; `options` takes channels and a setting.

    `told` is what they say at all settings, for the version in rows.
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
        with opened(files[0], (kind,)) as picture:
            return np.atleast_3d(np.asarray(picture))

    version = f"{kind} {features.version(feature)} {told}"
    return Peer(name, version, grid, encode, decode)


def _jxl(name: str) -> Peer:
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

    return Peer(name, f"{version} effort {JXL_EFFORT}", JXL_GRID, encode, decode)


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


def _libjpeg_version() -> str:
    return f"libjpeg-turbo {features.version('libjpeg_turbo')}"


def _to_uint8(levels: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(levels, 0, 255)).astype(np.uint8)


_MAKERS: dict[str, Callable[[str], Peer]] = {
    ANCHOR: partial(_libjpeg, BASELINE),
    "jpeg-smaller": partial(_libjpeg, jpeg.PLAIN),  # what comrec calls plain JPEG
    "mozjpeg": partial(_mozjpeg, MOZJPEG, MOZJPEG_GRID),
    "mozjpeg-flat": partial(_mozjpeg, MOZJPEG_FLAT, FLAT_GRID),
    "half-jpeg": _half,
    "webp": partial(_pillow, "webp", "WEBP", "method 6", WEBP_GRID, _webp_options),
    "jpeg2000": partial(
        _pillow,
        "jpg_2000",
        "JPEG2000",
        "irreversible",
        JPEG2000_GRID,
        _jpeg2000_options,
    ),
    "avif": partial(_pillow, "avif", "AVIF", "speed 6", AVIF_GRID, _avif_options),
    "jxl": _jxl,
}
NAMES = tuple(_MAKERS)
