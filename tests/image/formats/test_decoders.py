"""The table says which library decodes what; nothing else decodes."""

from __future__ import annotations

import struct

import numpy as np
import pictures
import pytest

from comrec.errors import ImageError
from comrec.image import reader
from comrec.image.formats import decoders, table
from comrec.image.notes import Notes
from comrec.system import vips

FILES = {
    name: data
    for name, (data, _) in (pictures.exact_inputs() | pictures.deep_inputs()).items()
} | {"photo.jpg": pictures.photo_file(".jpg"), "photo.avif": pictures.file_of(
    pictures.photo(), "AVIF")}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_every_file_has_a_row_in_the_table(name):
    parsed = table.parse(FILES[name], Notes())
    assert parsed.bits in decoders.TABLE[parsed.format].bits


@pytest.mark.parametrize("name", decoders.TABLE)
def test_a_depth_without_a_row_is_refused(name):
    with pytest.raises(ImageError, match=f"{name} of 64 bits a channel. Convert"):
        decoders.decode(name, 64, b"")


def test_colours_and_alpha_are_told_apart():
    samples = np.arange(8, dtype=np.uint8).reshape(1, 2, 4)
    colours, alpha = decoders.split(decoders.Decoded(samples, decoders.RGB))
    assert colours.shape == (1, 2, 3)
    assert alpha.tolist() == [[3, 7]]
    assert decoders.split(decoders.Decoded(samples, decoders.CMYK))[1] is None


@pytest.mark.parametrize("profile", [None, b"rubbish", pictures.icc()])
def test_inks_become_rgb_with_any_profile(profile):
    inks = np.asarray(pictures.cmyk())
    found = decoders.from_cmyk(inks, profile)
    np.testing.assert_array_equal(found, np.asarray(pictures.cmyk().convert("RGB")))


@pytest.mark.parametrize("error", [IndexError, struct.error, vips.VipsError])
def test_any_error_of_a_library_is_damage(monkeypatch, error):
    def fails(data):
        raise error("no such row")

    row = decoders.Decoder((8,), "a library", fails)
    monkeypatch.setitem(decoders.TABLE, "PNG", row)
    with pytest.raises(ImageError, match=r"damaged or cut off \(no such row\)"):
        reader.read(pictures.photo_file(".png"))


def test_a_fault_of_comrec_is_not_called_damage(monkeypatch):
    monkeypatch.setattr(reader.depth, "to_8_bits", None)
    with pytest.raises(TypeError):
        reader.read(pictures.photo_file(".png"))
