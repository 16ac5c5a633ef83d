"""Profiles of well-known spaces are known by their numbers, and take few bytes."""

from __future__ import annotations

import io
import struct

import numpy as np
import pictures
import profiles
import pytest
from PIL import Image, ImageCms

from comrec.image import colour_space, icc
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes


def with_tables(space: colour_space.Primaries, gamma: float) -> bytes:
    """A profile with sampled curves, as scanners and editors write them."""
    made = colour_space.profile(space, (gamma,), False, "any name at all")
    bits = 1024
    levels = np.linspace(0, 1, bits)
    if gamma:
        values = levels**gamma
    else:
        values = np.where(levels <= 0.04045, levels / 12.92,
                          ((levels + 0.055) / 1.055) ** 2.4)  # fmt: skip
    table = b"curv\0\0\0\0" + struct.pack(">I", bits)
    table += np.rint(values * 65_535).astype(">u2").tobytes()
    count = struct.unpack_from(">I", made, 128)[0]
    out = bytearray(made)
    for at in range(132, 132 + 12 * count, 12):
        if out[at + 1 : at + 4] == b"TRC":
            struct.pack_into(">II", out, at + 4, len(made), len(table))
    out += table
    struct.pack_into(">I", out, 0, len(out))
    return bytes(out)


def in_srgb(profile: bytes, pixels: np.ndarray) -> np.ndarray:
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    srgb = ImageCms.createProfile("sRGB")
    done = ImageCms.profileToProfile(
        Image.fromarray(pixels), source, srgb, outputMode="RGB"
    )
    return np.asarray(done, np.int16)


CASES = {
    "sRGB by LittleCMS": (pictures.srgb(), "sRGB"),
    "sRGB by a table": (with_tables(colour_space.SRGB, 0), "sRGB"),
    "Display P3": (profiles.display_p3(), "Display P3"),
    "Adobe RGB": (with_tables(icc.SPACES["Adobe RGB"], 563 / 256), "Adobe RGB"),
    "ProPhoto RGB": (with_tables(icc.SPACES["ProPhoto RGB"], 1.8), "ProPhoto RGB"),
    "grey": (colour_space.profile(colour_space.SRGB, (2.2,), True), "grey, gamma 2.2"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_known_space_takes_less_than_500_bytes_and_has_the_same_colours(case):
    profile, name = CASES[case]
    known = icc.identify(profile)
    assert known.name == name
    assert len(known.profile) < 500
    pixels = pictures.grey() if profile[16:20] == b"GRAY" else pictures.photo()
    apart = in_srgb(profile, pixels) - in_srgb(known.profile, pixels)
    assert np.abs(apart).max() <= 1
    assert icc.identify(known.profile) == known  # and is known itself


@pytest.mark.parametrize("space", icc.SPACES)
@pytest.mark.parametrize("curve", icc.CURVES)
def test_every_profile_that_may_be_stored_is_small(space, curve):
    profile = colour_space.profile(icc.SPACES[space], icc.CURVES[curve], False, space)
    assert len(profile) < 500


NEARLY = colour_space.SRGB._replace(red=(0.645, 0.33))


@pytest.mark.parametrize(
    "profile",
    [
        b"", b"x" * 200, pictures.srgb()[:300],
        with_tables(NEARLY, 0), with_tables(colour_space.SRGB, 2.3),
        pictures.srgb().replace(b"chrm", b"A2B0"),
        pictures.srgb().replace(b"RGB ", b"CMYK"),
    ],
    ids=["empty", "noise", "cut off", "other red", "other curve", "tables", "CMYK"],
)  # fmt: skip
def test_other_profiles_are_kept_as_they_are(profile):
    assert icc.identify(profile) is None
    metadata, notes = Metadata(icc=profile), Notes()
    assert icc.compact(metadata, notes) is metadata
    assert notes == Notes()


def test_the_name_of_a_profile_does_not_count():
    named = colour_space.profile(icc.SPACES["Adobe RGB"], (563 / 256,), False, "sRGB")
    assert icc.identify(named).name == "Adobe RGB"
    assert not icc.is_srgb(named)


def test_what_was_replaced_is_noted_and_a_small_profile_stays():
    notes = Notes()
    large = with_tables(colour_space.SRGB, 0)
    small = icc.compact(Metadata(icc=large), notes)
    assert notes.lines == [
        f"ICC profile of {len(large):,} bytes stored in {len(small.icc)}: sRGB, the "
        f"same colours"
    ]
    assert icc.compact(small, notes) is small


def test_parametric_curves_of_all_kinds_have_the_same_light():
    levels = np.linspace(0, 1, 256)
    expected = np.where(levels >= 0.04045, ((levels + 0.055) / 1.055) ** 2.4,
                        levels / 12.92)  # fmt: skip
    g, a, b, c, d = colour_space.SRGB_CURVE
    for kind, numbers in ((3, (g, a, b, c, d)), (4, (g, a, b, c, d, 0, 0))):
        fixed = struct.pack(f">{len(numbers)}i", *(round(n * 65_536) for n in numbers))
        found = icc._curve(b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed)
        np.testing.assert_allclose(found, expected, atol=2e-4)
    for kind, numbers, light in (
        (1, (2, 1, -0.5), np.where(levels >= 0.5, (levels - 0.5) ** 2, 0)),
        (2, (2, 1, -0.5, 0.1), np.where(levels >= 0.5, (levels - 0.5) ** 2, 0) + 0.1),
    ):
        fixed = struct.pack(f">{len(numbers)}i", *(round(n * 65_536) for n in numbers))
        found = icc._curve(b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + fixed)
        np.testing.assert_allclose(found, light, atol=2e-4)
