"""Stores ICC profiles of well-known colour spaces in few bytes.

A profile is known by its primaries and curves, never by its name, and is replaced only
where LittleCMS shows the same colours, to one level of 255. Source: ICC.1:2010.
"""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

from comrec.image import colour_space
from comrec.image.colour_space import SRGB, SRGB_CURVE, VIDEO_CURVE, Primaries
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes

_D65, _D50 = SRGB.white, (0.3457, 0.3585)
SPACES = {
    "sRGB": SRGB,
    "Display P3": Primaries(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    "Adobe RGB": Primaries(_D65, (0.64, 0.33), (0.21, 0.71), (0.15, 0.06)),
    "BT.2020": Primaries(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "ProPhoto RGB": Primaries(
        _D50, (0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)
    ),
}
CURVES: dict[str, tuple[float, ...]] = {
    "": SRGB_CURVE, "gamma 2.2": (563 / 256,), "gamma 1.8": (461 / 256,),
    "gamma 2.4": (2.4,), "linear": (1.0,), "video curve": VIDEO_CURVE,
}  # fmt: skip
# The curves with which a space goes without saying.
_OWN_CURVES = {
    "Adobe RGB": "gamma 2.2", "ProPhoto RGB": "gamma 1.8", "BT.2020": "video curve",
}  # fmt: skip
_MATRIX_SLACK, _CURVE_SLACK = 0.003, 0.01  # what LittleCMS then looks at
_SAME_LEVELS = 1
# Tags by which colours are computed in place of primaries and curves.
_TABLES = tuple(a + bytes((48 + n,)) for a in (b"A2B", b"D2B") for n in range(4))
_OTHER_RULES = (*_TABLES, b"cicp")


class Known(NamedTuple):
    """Holds the name of a colour space, and the profile that says it in few bytes."""

    name: str
    profile: bytes


def compact(metadata: Metadata, notes: Notes) -> Metadata:
    """Returns metadata with a smaller profile of the same colours, and notes it."""
    known = identify(metadata.icc) if metadata.icc else None
    if not known or not metadata.icc or len(known.profile) >= len(metadata.icc):
        return metadata
    notes.add(
        f"ICC profile of {len(metadata.icc):,} bytes stored in {len(known.profile)}: "
        f"{known.name}, the same colours"
    )
    return replace(metadata, icc=known.profile)


def is_srgb(profile: bytes) -> bool:
    """Tells whether a profile says what viewers assume without one."""
    known = identify(profile)
    return known is not None and known.name in ("sRGB", "grey")


@lru_cache(maxsize=16)
def identify(profile: bytes) -> Known | None:
    """Returns the well-known space that has the colours of a profile, or None."""
    try:
        found = _parse(profile)
        if found is None:
            return None
        for known in _near(*found):
            if known.profile == profile or _looks_same(profile, known.profile):
                return known
    except (ValueError, struct.error, IndexError, OSError, ImageCms.PyCMSError):
        pass  # damaged: kept as it is
    return None


def _parse(profile: bytes) -> tuple[np.ndarray | None, list[np.ndarray]] | None:
    """Returns matrix and curves of a profile; None for one that has others rules."""
    if profile[36:40] != b"acsp" or profile[20:24] != b"XYZ ":
        return None
    tags = {}
    (count,) = struct.unpack_from(">I", profile, 128)
    for at in range(132, 132 + 12 * min(count, 100), 12):
        name, start, size = struct.unpack_from(">4sII", profile, at)
        tags[name] = profile[start : start + size]
    if not tags.keys().isdisjoint(_OTHER_RULES):
        return None
    if profile[16:20] == b"GRAY" and b"kTRC" in tags:
        return None, [_curve(tags[b"kTRC"])]
    wanted = [bytes((c,)) + end for end in (b"XYZ", b"TRC") for c in b"rgb"]
    if profile[16:20] != b"RGB " or not tags.keys() >= set(wanted):
        return None
    columns = [struct.unpack_from(">3i", tags[name], 8) for name in wanted[:3]]
    matrix = np.array(columns).T / 65_536
    return matrix, [_curve(tags[name]) for name in wanted[3:]]


def _curve(tag: bytes) -> np.ndarray:
    """Returns the light of 256 levels, float64 in [0, 1]."""
    levels = np.linspace(0, 1, 256)
    if tag[:4] == b"para":
        (kind,) = struct.unpack_from(">H", tag, 8)
        count = (1, 3, 4, 5, 7)[kind]
        return _parametric(kind, *struct.unpack_from(f">{count}i", tag, 12))
    if tag[:4] != b"curv":
        raise ValueError("no curve")
    (count,) = struct.unpack_from(">I", tag, 8)
    values = struct.unpack_from(f">{min(count, 2**16)}H", tag, 12)
    if count < 2:
        return levels ** (values[0] / 256 if count else 1)
    return np.interp(levels, np.linspace(0, 1, count), np.array(values) / 65_535)


def _parametric(kind: int, *fixed: int) -> np.ndarray:
    g, a, b, c, d, e, f = (*(n / 65_536 for n in fixed), *[0.0] * 7)[:7]
    if kind == 0:
        return _light((g,))
    if kind in (1, 2):  # straight, at the level `c`, below -b / a
        a, b, c, d, e, f = a, b, 0.0, -b / a if a else 0.0, c, c
        if kind == 1:
            e = f = 0.0
    return _light((g, a, b, c, d, e, f))


def _light(curve: tuple[float, ...]) -> np.ndarray:
    """Returns the light of 256 levels by a gamma or by parameters g, a to f."""
    levels = np.linspace(0, 1, 256)
    g, a, b, c, d, e, f = (*curve, *(1.0, 0, 0, 0, 0, 0)[len(curve) - 1 :], 0, 0)[:7]
    power = np.maximum(a * levels + b, 0) ** g + e
    return np.where(levels >= d, power, c * levels + f)


def _near(matrix: np.ndarray | None, curves: list[np.ndarray]) -> Iterator[Known]:
    """Yields the known spaces whose numbers are near those of a profile."""
    spaces = {"grey": SRGB} if matrix is None else SPACES
    for (name, space), (curve_name, curve) in itertools.product(
        spaces.items(), CURVES.items()
    ):
        light = _light(curve)
        if max(np.abs(light - each).max() for each in curves) > _CURVE_SLACK:
            continue
        if matrix is not None:
            ours = colour_space.matrix(space)
            if np.abs(ours - matrix).max() > _MATRIX_SLACK:
                continue
        own = _OWN_CURVES.get(name, "")
        full = name if curve_name == own else f"{name}, {curve_name or 'sRGB curve'}"
        yield Known(full, colour_space.profile(space, curve, matrix is None, name))


def _looks_same(ours: bytes, other: bytes) -> bool:
    """Tells whether LittleCMS converts all colours to the same levels, but for one."""
    mode = "L" if ours[16:20] == b"GRAY" else "RGB"
    image = Image.fromarray(_samples(mode))
    wide = colour_space.profile(SPACES["ProPhoto RGB"], CURVES["gamma 1.8"], False)
    srgb = colour_space.profile(SRGB, SRGB_CURVE, False)
    targets: tuple[tuple[ImageCms.ImageCmsProfile, ImageCms.Intent], ...] = (
        (_opened(srgb), ImageCms.Intent.PERCEPTUAL),
        (_opened(srgb), ImageCms.Intent.RELATIVE_COLORIMETRIC),
        (_opened(wide), ImageCms.Intent.RELATIVE_COLORIMETRIC),
    )
    for target, intent in targets:
        a, b = (
            np.asarray(
                ImageCms.profileToProfile(
                    image, _opened(profile), target, intent, outputMode="RGB"
                ),
                np.int16,
            )
            for profile in (ours, other)
        )
        if np.abs(a - b).max() > _SAME_LEVELS:
            return False
    return True


def _opened(profile: bytes) -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile))


def _samples(mode: str) -> np.ndarray:
    """Returns every grey level, and for RGB a lattice and a ramp of each channel."""
    ramp = np.arange(256, dtype=np.uint8)
    if mode == "L":
        return ramp[None]
    steps = np.arange(0, 256, 17, dtype=np.uint8)
    lattice = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
    ramps = [ramp[:, None] * np.array(on, np.uint8) for on in
             ((1, 1, 1), (1, 0, 0), (0, 1, 0), (0, 0, 1))]  # fmt: skip
    return np.concatenate([lattice, *ramps])[None]
