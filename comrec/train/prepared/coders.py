"""Codes crops of pictures as JPEGs of many origins, for RecCNN to learn from.

Each kind in `KINDS` is one origin of a JPEG. Only comrec writes compact images, so the
kinds of other encoders all have scale 1.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image

from comrec.errors import UsageError
from comrec.image import resample
from comrec.jpeg import coding
from comrec.jpeg.colour import luma
from comrec.jpeg.settings import JpegSettings
from comrec.train.joint import samples
from comrec.train.prepared import own as own_files

VERSION = 2  # of what the kinds draw: crops of others are not mixed with these
ORDINARY_QUALITIES = (5, 95)
FIRST_QUALITIES = (20, 95)  # of the first of two compressions
LOSSLESS_QUALITIES = (93, 100)
SUBSAMPLINGS = {"4:2:0": 0.6, "4:2:2": 0.15, "4:4:4": 0.25}  # share of each
FLAT_QUALITIES = {1: (3, 92), 1.5: (5, 92), 2: (6, 92)}  # by scale
SHIFT_PX = 16  # above the offset between the first grid and the second
RESIZED = (1.1, 1.8)  # linear size before : after, between two compressions

Take = Callable[[int], np.ndarray]  # from a side to a clean square, grey or RGB


@dataclass(frozen=True)
class Coded:
    """Holds one crop and its JPEG.

    Attributes:
      image: uint8 (S, S, 1 or 3), the target of RecCNN.
      jpeg: the whole file.
      scale: linear size ratio image : compact.
      coder: the encoder and its settings, in words.
      quality: on the scale of that encoder; the step of luma for comrec's own.
    """

    image: np.ndarray
    jpeg: bytes
    scale: float
    coder: str
    quality: int


def own(take: Take, side_px: int, scale: float, rng: np.random.Generator) -> Coded:
    """Codes as comrec's encoder does, by rounds through a network, at any scale."""
    image, settings = take(side_px), own_files.draw_settings(rng)
    data = own_files.encode(image, scale, settings)
    name = f"comrec 4:2:0, {settings.rounds} rounds"
    return Coded(image, data, scale, name, round(settings.luma_step))


def flat(take: Take, side_px: int, scale: float, rng: np.random.Generator) -> Coded:
    """Codes with the flat table and the trellis of mozjpeg, at any scale."""
    image = take(side_px)
    small = resample.reduce(image.astype(np.float32) / 255, scale)
    low, high = FLAT_QUALITIES[scale]
    quality = round(low + (high - low) * rng.random() ** samples.COARSE)
    data = coding.encode(
        samples.to_uint8(small), quality, samples.build_settings("flat")
    )
    return Coded(image, data, scale, "mozjpeg flat 4:2:0", quality)


def ordinary(take: Take, side_px: int, scale: float, rng: np.random.Generator) -> Coded:
    """Codes with libjpeg-turbo, mozjpeg or jpegli and their standard tables."""
    image = take(side_px)
    return Coded(image, *_code_by_any(image, ORDINARY_QUALITIES, rng))


def twice(take: Take, side_px: int, scale: float, rng: np.random.Generator) -> Coded:
    """Codes a picture that was a JPEG before, on a shifted grid or at another size.

    The target is the picture before both compressions.
    """
    if rng.random() < 0.5:
        y, x = rng.integers(1, SHIFT_PX, size=2)
        large = take(side_px + SHIFT_PX)
        decoded = coding.decode(_code_by_any(large, FIRST_QUALITIES, rng)[0])
        place = slice(y, y + side_px), slice(x, x + side_px)
        image, seen = large[place].copy(), decoded[place].copy()
    else:
        large = take(round(side_px * rng.uniform(*RESIZED)))
        decoded = coding.decode(_code_by_any(large, FIRST_QUALITIES, rng)[0])
        image, seen = resize(large, side_px), resize(decoded, side_px)
    if rng.random() < 0.5:
        second = flat(lambda _: seen, side_px, 1, rng)
        data, coder, quality = second.jpeg, second.coder, second.quality
    else:
        data, _, coder, quality = _code_by_any(seen, ORDINARY_QUALITIES, rng)
    return Coded(image, data, 1, f"{coder}, compressed before", quality)


def nearly_lossless(
    take: Take, side_px: int, scale: float, rng: np.random.Generator
) -> Coded:
    """Codes at qualities that leave hardly any error to restore."""
    image = take(side_px)
    return Coded(image, *_code_by_any(image, LOSSLESS_QUALITIES, rng))


Kind = Callable[[Take, int, float, np.random.Generator], Coded]
KINDS: dict[str, Kind] = {
    "own": own, "ordinary": ordinary, "twice": twice,
    "nearly_lossless": nearly_lossless, "flat": flat,
}  # fmt: skip
SCALED = ("own", "flat")  # kinds that are drawn at all scales


def draw(
    pictures: Sequence[tuple[np.ndarray, float]],
    weights: np.ndarray,
    kind: str,
    scale: float,
    grey: bool,
    side_px: int,
    rng: np.random.Generator,
) -> Coded:
    """Draws a square of one of the pictures, and codes it.

    Args:
      pictures: uint8 (H, W, 3) each, and the largest linear factor by which a square
        of it is reduced; 1 for a picture that is never reduced.
      weights: probability of each picture.
      kind: one of KINDS.
      scale: linear size ratio image : compact, for kinds of SCALED.
      grey: whether the square is converted to luma first.
      side_px: of the square.
      rng: source of all other draws.
    """
    pixels, reduction = pictures[rng.choice(len(pictures), p=weights)]
    factor = rng.uniform(1 + (reduction - 1) / 4, reduction)

    def take(side: int) -> np.ndarray:
        wide = min(round(side * factor), *pixels.shape[:2])
        if wide < side:
            raise UsageError(
                f"a picture of {pixels.shape[1]}x{pixels.shape[0]} pixels is smaller "
                f"than {side}x{side}. Leave it out, or make `side_px` smaller"
            )
        y, x = (int(rng.integers(n - wide + 1)) for n in pixels.shape[:2])
        square = resize(pixels[y : y + wide, x : x + wide], side)
        return luma(square) if grey else square

    return KINDS[kind](take, side_px, scale, rng)


def least_side_px(side_px: int) -> int:
    """Returns the least side of a picture in which every kind finds a square."""
    return max(round(side_px * RESIZED[1]) + 1, side_px + SHIFT_PX)


def resize(pixels: np.ndarray, side_px: int) -> np.ndarray:
    """Resizes a square, uint8 (S, S, 1 or 3), by an antialiased bicubic kernel."""
    if pixels.shape[0] == side_px:
        return pixels.copy()
    picture = Image.fromarray(np.ascontiguousarray(pixels).squeeze())
    made = picture.resize((side_px, side_px), Image.Resampling.BICUBIC)
    return np.asarray(made).reshape(side_px, side_px, pixels.shape[2])


def enlarge(coded: np.ndarray, scale: float, side_px: int) -> np.ndarray:
    """Returns the input of RecCNN for a decoded JPEG.

    Args:
      coded: uint8 (h, w, 1 or 3).
      scale: linear size ratio image : compact.
      side_px: of the enlarged square.

    Returns:
      float32 (side_px, side_px, 3), pixels about [0, 1].
    """
    pixels = coded.astype(np.float32) / 255
    pixels = pixels.repeat(3, axis=2) if pixels.shape[2] == 1 else pixels
    return resample.enlarge(pixels, scale, (side_px, side_px))


def _code_by_any(
    pixels: np.ndarray, qualities: tuple[int, int], rng: np.random.Generator
) -> tuple[bytes, float, str, int]:
    """Draws an encoder and its settings; returns the other fields of a `Coded`."""
    quality = int(rng.integers(qualities[0], qualities[1] + 1))
    names = list(SUBSAMPLINGS)
    subsampling = str(rng.choice(names, p=[SUBSAMPLINGS[name] for name in names]))
    name = str(rng.choice(list(ENCODERS)))
    if subsampling not in ENCODERS[name].subsamplings:
        name = FALLBACK
    data = ENCODERS[name].encode(pixels, quality, subsampling)
    return data, 1, f"{name} {subsampling}", quality


def _encode_libjpeg_turbo(pixels: np.ndarray, quality: int, subsampling: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels.squeeze()).save(
        out, "JPEG", quality=quality, subsampling=subsampling, optimize=True
    )
    return out.getvalue()


def _encode_mozjpeg(pixels: np.ndarray, quality: int, subsampling: str) -> bytes:
    settings = JpegSettings(
        "mozjpeg", "standard", subsampling=subsampling, scans="baseline"
    )
    return coding.encode(pixels, quality, settings)


def _encode_jpegli(pixels: np.ndarray, quality: int, subsampling: str) -> bytes:
    try:
        import ajpegli
    except ImportError as err:
        raise UsageError(
            "jpegli: ajpegli is not installed (pip install comrec[eval])"
        ) from err
    given = np.ascontiguousarray(pixels.squeeze())
    digits = "444" if given.ndim == 2 else subsampling.replace(":", "")
    return bytes(ajpegli.encode(given, quality=quality, subsampling=digits))


class Encoder(NamedTuple):
    """Holds an encoder as other programs use it, and the subsamplings that it has."""

    encode: Callable[[np.ndarray, int, str], bytes]
    subsamplings: tuple[str, ...] = tuple(SUBSAMPLINGS)


FALLBACK = "libjpeg-turbo"  # has all subsamplings
ENCODERS = {
    FALLBACK: Encoder(_encode_libjpeg_turbo),
    "mozjpeg": Encoder(_encode_mozjpeg, ("4:2:0", "4:4:4")),  # what libvips can set
    "jpegli": Encoder(_encode_jpegli),
}
