"""Makes an ICC profile of a colour space that a file says by numbers.

Sources: ITU-T H.273 (code points), ICC.1:2010 (profiles), the PNG specification (gAMA,
cHRM, cICP).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from comrec.image.notes import Notes

D50 = (0.9642, 1.0, 0.8249)
_D65 = (0.3127, 0.3290)
_DCI_WHITE = (0.314, 0.351)
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)


class Primaries(NamedTuple):
    """Holds x, y of white, red, green and blue."""

    white: tuple[float, float]
    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]


SRGB = Primaries(_D65, (0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
# By the code points of H.273.
_PRIMARIES = {
    1: SRGB,
    5: Primaries(_D65, (0.64, 0.33), (0.29, 0.60), (0.15, 0.06)),
    6: Primaries(_D65, (0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    9: Primaries(_D65, (0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: Primaries(_DCI_WHITE, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: Primaries(_D65, (0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
}
# Parameters g, a, b, c, d of a curve in a profile: (a x + b)^g from d on, else c x.
SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
VIDEO_CURVE = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
_TRANSFERS: dict[int, tuple[float, ...]] = {
    1: VIDEO_CURVE, 4: (2.2,), 5: (2.8,), 6: VIDEO_CURVE, 8: (1.0,),
    13: SRGB_CURVE, 14: VIDEO_CURVE, 15: VIDEO_CURVE,
}  # fmt: skip
_HDR = {16: "PQ", 18: "HLG"}
_UNSAID = 2  # the code point for "unspecified"
_WEB_GAMMA, _GAMMA_SLACK = 45_455, 700  # of gAMA, which sRGB is close to
_CHRM_SLACK = 0.002


def of_codes(
    primaries: int, transfer: int, is_grey: bool, notes: Notes, source: str
) -> bytes | None:
    """Returns a profile for code points of H.273; None where viewers assume them.

    A note says where no profile can say the same.
    """
    if {primaries, transfer} <= {_UNSAID, 1, 13} and transfer != 1:
        return None  # sRGB
    space = _PRIMARIES.get(SRGB_CODE if primaries == _UNSAID else primaries)
    curve = _TRANSFERS.get(13 if transfer == _UNSAID else transfer)
    if space is None or curve is None:
        named = _HDR.get(transfer, f"{primaries}/{transfer}")
        notes.leave_out("colour space", f"the colour space ({source}: {named}) is lost")
        return None
    return profile(space, curve, is_grey)


SRGB_CODE = 1


def of_png(chunks: Mapping[bytes, bytes], is_grey: bool, notes: Notes) -> bytes | None:
    """Returns a profile for cICP, or else gAMA and cHRM, of a PNG without iCCP."""
    if len(code := chunks.get(b"cICP", b"")) == 4:
        if code[2] != 0 or code[3] != 1:
            notes.leave_out("colour space", "the colour space (cICP) is lost")
            return None
        return of_codes(code[0], code[1], is_grey, notes, "cICP")
    gamma, chrm = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    if b"sRGB" in chunks or not (len(gamma) == 4 or len(chrm) == 32):
        return None
    level = int.from_bytes(gamma, "big") if len(gamma) == 4 else _WEB_GAMMA
    space = SRGB
    if len(chrm) == 32:
        n = [value / 100_000 for value in struct.unpack(">8I", chrm)]
        space = Primaries((n[0], n[1]), (n[2], n[3]), (n[4], n[5]), (n[6], n[7]))
    is_web = abs(level - _WEB_GAMMA) <= _GAMMA_SLACK
    if is_web and np.allclose(space, SRGB, atol=_CHRM_SLACK):
        return None
    try:
        curve = SRGB_CURVE if is_web else (100_000 / level,)
        if not 0.1 <= curve[0] <= 10:
            raise ValueError("no gamma")
        return profile(space, curve, is_grey)
    except (ValueError, ZeroDivisionError, np.linalg.LinAlgError):
        notes.leave_out("colour space", "the colour space (gAMA, cHRM) is lost")
        return None


def profile(
    space: Primaries, curve: tuple[float, ...], is_grey: bool, name: str = "comrec"
) -> bytes:
    """Returns an ICC profile, version 4.

    Args:
      space: white and primaries; of grey only the white counts.
      curve: a gamma, or the five parameters of a curve with a straight start.
      is_grey: of a picture of one channel.
      name: for people.

    Raises:
      ValueError, numpy.linalg.LinAlgError: no such colours exist.
    """
    if not all(0 < y <= 1 and 0 <= x <= 1 for x, y in space):
        raise ValueError("primaries outside of the plane of colours")
    adapt = _adaptation(space.white)
    trc = b"para\0\0\0\0" + struct.pack(">HH", 3 if len(curve) > 1 else 0, 0)
    trc += b"".join(_fixed(n) for n in curve)
    tags = {
        b"desc": _text(name), b"cprt": _text("CC0"),
        b"wtpt": _point(np.array(D50)),
        b"chad": b"sf32\0\0\0\0" + b"".join(_fixed(n) for n in adapt.ravel()),
    }  # fmt: skip
    if is_grey:
        tags[b"kTRC"] = trc
    else:
        for letter, column in zip(b"rgb", matrix(space).T, strict=True):
            tags[bytes((letter,)) + b"XYZ"] = _point(column)
            tags[bytes((letter,)) + b"TRC"] = trc
    return _assembled(tags, b"GRAY" if is_grey else b"RGB ")


def matrix(space: Primaries) -> np.ndarray:
    """Returns the matrix (3, 3) from light of RGB to XYZ under D50."""
    columns = np.stack([_xyz(p) for p in space[1:]], axis=1)
    columns = columns * np.linalg.solve(columns, _xyz(space.white))
    return _adaptation(space.white) @ columns


def _assembled(tags: dict[bytes, bytes], space: bytes) -> bytes:
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    places: dict[bytes, int] = {}  # tags with one value share its place
    for name, value in tags.items():
        value += b"\0" * (-len(value) % 4)
        if value not in places:
            places[value] = at + len(body)
            body += value
        table += struct.pack(">4sII", name, places[value], len(value))
    header = struct.pack(
        ">I4sI4s4s4s12s4s4sIIIQI12s4s44s",
        at + len(body), b"", 0x04300000, b"mntr", space, b"XYZ ",
        struct.pack(">6H", 2000, 1, 1, 0, 0, 0), b"acsp", b"", 0, 0, 0, 0, 0,
        b"".join(map(_fixed, D50)), b"", b"",
    )  # fmt: skip
    return header + table + body


def _adaptation(white: tuple[float, float]) -> np.ndarray:
    """Returns the matrix that takes colours under a white to those under D50."""
    ratio = (_BRADFORD @ np.array(D50)) / (_BRADFORD @ _xyz(white))
    return np.linalg.inv(_BRADFORD) @ np.diag(ratio) @ _BRADFORD


def _xyz(point: tuple[float, float]) -> np.ndarray:
    x, y = point
    return np.array([x / y, 1, (1 - x - y) / y])


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65_536))


def _point(xyz: np.ndarray) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(_fixed(n) for n in xyz)


def _text(text: str) -> bytes:
    coded = text.encode("utf-16-be")
    return (
        b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(coded), 28) + coded
    )
