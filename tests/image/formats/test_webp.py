"""WebP: metadata, frames and what else stands in a file."""

from __future__ import annotations

import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.errors import ImageError
from comrec.image import reader
from comrec.image.formats import webp
from comrec.image.notes import Notes

FULL = pictures.file_of(
    pictures.with_alpha(pictures.photo()), "WEBP", lossless=True, exact=True,
    exif=pictures.exif(), icc_profile=pictures.icc(), xmp=pictures.XMP % 1,
)  # fmt: skip


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("size", [(1, 1), (40, 56)])
def test_the_size_is_read_from_every_kind_of_header(lossless, size):
    data = pictures.file_of(pictures.photo(*size), "WEBP", lossless=lossless)
    parsed = webp.parse(data, Notes())
    assert (parsed.height_px, parsed.width_px) == size


def test_the_decoder_gets_no_metadata_and_the_picture_has_them():
    parsed = webp.parse(FULL, Notes())
    assert not any(kind in parsed.clean for kind in (b"ICCP", b"EXIF", b"XMP "))
    picture = reader.read(FULL)
    np.testing.assert_array_equal(
        picture.to_array(), pictures.with_alpha(pictures.photo())
    )
    assert picture.metadata.kinds() == ["exif", "icc", "xmp"]


def test_of_an_animation_the_decoder_gets_the_first_frame_alone():
    frames = [Image.fromarray(pictures.photo()[::step].copy()).resize((56, 40))
              for step in (1, -1, 1)]  # fmt: skip
    data = pictures.file_of(frames[0], "WEBP", lossless=True, save_all=True,
                            append_images=frames[1:])  # fmt: skip
    parsed = webp.parse(data, Notes())
    assert parsed.clean.count(b"ANMF") == 1
    np.testing.assert_array_equal(reader.read(data).pixels, pictures.photo())


def test_unknown_chunks_and_trailing_data_are_named():
    unknown = b"C2PA" + (4).to_bytes(4, "little") + b"abcd"
    size = int.from_bytes(FULL[4:8], "little") + len(unknown)
    data = FULL[:4] + size.to_bytes(4, "little") + FULL[8:] + unknown
    assert reader.read(data).left_out == ("application data",)
    assert reader.read(FULL + b"zip").left_out == ("trailing data",)


@pytest.mark.parametrize("cut", [3, 40, 2000])
def test_a_file_that_is_cut_off_is_refused(cut):
    with pytest.raises(ImageError, match="damaged or cut off"):
        reader.read(FULL[:-cut])


def test_of_repeated_blocks_the_first_is_taken_with_a_note():
    place = FULL.index(b"EXIF")
    again = FULL[place:].replace(b"Somebody", b"Somewhat")
    size = int.from_bytes(FULL[4:8], "little") + len(again)
    data = FULL[:4] + size.to_bytes(4, "little") + FULL[8:] + again
    picture = reader.read(data)
    assert "exif" in picture.left_out
    assert b"Somebody" in picture.metadata.exif


def test_an_empty_header_is_damage():
    data = FULL[:12] + b"VP8X\0\0\0\0" + FULL[12:]
    data = data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]
    with pytest.raises(ImageError, match="damaged or cut off"):
        reader.read(data)
