"""Colour spaces said by numbers become profiles that colour engines agree with."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from comrec.image import colour_space
from comrec.image.notes import Notes

SRGB_CHRM = (31_270, 32_900, 64_000, 33_000, 30_000, 60_000, 15_000, 6_000)
P3_CHRM = (31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000)


def chunks(gamma: int | None = None, chrm: tuple[int, ...] = (), cicp: bytes = b""):
    found = {
        b"gAMA": struct.pack(">I", gamma) if gamma is not None else b"",
        b"cHRM": struct.pack(">8I", *chrm) if chrm else b"",
        b"cICP": cicp,
    }
    return {kind: data for kind, data in found.items() if data}


def to_srgb(profile: bytes, levels: list[int], mode: str = "RGB") -> np.ndarray:
    array = np.array([levels], np.uint8)
    array = array[..., None].repeat(3, 2) if mode == "RGB" else array
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    srgb = ImageCms.createProfile("sRGB")
    return np.asarray(
        ImageCms.profileToProfile(
            Image.fromarray(array), source, srgb, outputMode="RGB"
        )
    )[0]


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_linear_picture_is_shown_as_light(mode):
    notes = Notes()
    profile = colour_space.of_png(chunks(100_000), mode == "L", notes)
    found = to_srgb(profile, [0, 55, 128, 255], mode)
    # The sRGB curve of 55/255 and 128/255, by hand: 128 and 188.
    np.testing.assert_allclose(found[:, 0], [0, 128, 188, 255], atol=1)
    assert notes == Notes()


def test_srgb_said_in_full_changes_no_colour():
    profile = colour_space.profile(
        colour_space.SRGB, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045), False
    )
    array = np.random.default_rng(1).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    found = ImageCms.profileToProfile(
        Image.fromarray(array), source, ImageCms.createProfile("sRGB")
    )
    assert np.abs(np.asarray(found).astype(int) - array).max() <= 1


@pytest.mark.parametrize(
    "said",
    [
        chunks(45_455),
        chunks(45_455, SRGB_CHRM),
        chunks(cicp=b"\1\x0d\0\1"),
        {},
        chunks(None, SRGB_CHRM),
        chunks(100_000) | {b"sRGB": b"\0"},
    ],
)
def test_what_viewers_assume_needs_no_profile(said):
    notes = Notes()
    assert colour_space.of_png(said, False, notes) is None
    assert notes == Notes()


@pytest.mark.parametrize(
    "said", [chunks(45_455, P3_CHRM), chunks(cicp=b"\x0c\x0d\0\1")]
)
def test_a_wide_space_is_named_by_its_primaries(said):
    profile = colour_space.of_png(said, False, Notes())
    red = ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.red_colorant
    # Display P3's red under D50, as Apple's profile has it.
    np.testing.assert_allclose(red[0], (0.5151, 0.2412, -0.0011), atol=0.0005)


@pytest.mark.parametrize(
    "said",
    [
        chunks(cicp=b"\x09\x10\0\1"),
        chunks(cicp=b"\x09\x12\0\1"),
        chunks(cicp=b"\x01\x0d\1\1"),
        chunks(cicp=b"\xf0\x0d\0\1"),
        chunks(0),
        chunks(45_455, (0,) * 8),
        chunks(45_455, (1,) * 8),
    ],
)
def test_what_no_plain_profile_can_say_is_told(said):
    notes = Notes()
    assert colour_space.of_png(said, False, notes) is None
    assert notes.left_out == ["colour space"]
