"""TIFF: the decoder gets one directory, and the picture is the one that is meant."""

from __future__ import annotations

import io
import struct

import numpy as np
import pictures
import pytest
from PIL import Image, TiffImagePlugin

from comrec.errors import ImageError
from comrec.image import ifd, reader
from comrec.image.formats import decoders, tiff
from comrec.image.notes import Notes

PHOTO = pictures.file_of(pictures.photo(), "TIFF")


def with_tags(data: bytes, **tags: tuple[int, ...]) -> bytes:
    """Adds tags of whole numbers, each named t and its number."""
    page = ifd.first(data)
    more = {int(t[1:]): ifd.whole(ifd.LONG, page.order, *n) for t, n in tags.items()}
    return ifd.with_directory(data, page.entries | more)


def test_the_decoder_gets_one_directory_of_the_layout_alone():
    data = pictures.file_of(pictures.photo(), "TIFF", exif=pictures.exif(),
                            icc_profile=pictures.icc())  # fmt: skip
    clean = tiff.parse(with_tags(data, t65000=(1,)), Notes()).clean
    page = ifd.first(clean)
    assert page.next == 0
    assert set(page.entries) <= set(tiff._LAYOUT)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_every_byte_order_and_bigtiff_are_read(order, big):
    data = pictures.scientific_tiff(
        pictures.photo(), photometric="rgb", byteorder=order, bigtiff=big
    )
    np.testing.assert_array_equal(reader.read(data).pixels, pictures.photo())


def test_a_preview_first_gives_way_to_the_full_picture():
    small, full = (
        Image.fromarray(pictures.photo()[::4, ::4]),
        Image.fromarray(pictures.photo()),
    )
    out, info = io.BytesIO(), TiffImagePlugin.ImageFileDirectory_v2()
    info[254] = 1
    small.encoderinfo = {"tiffinfo": info}
    small.save(out, "TIFF", save_all=True, append_images=[full], tiffinfo=info)
    data = out.getvalue()
    pages = list(ifd.chain(data, 5))
    assert pages[0].number(254) == 1
    picture = reader.read(with_second_full(data))
    np.testing.assert_array_equal(picture.pixels, pictures.photo())
    assert picture.left_out == ("previews",)


def with_second_full(data: bytes) -> bytes:
    """Says of the second page that it is no smaller version."""
    second = list(ifd.chain(data, 5))[1].entries.get(254)
    if second is None:
        return data
    return data[: second.place] + bytes(4) + data[second.place + 4 :]


def test_a_full_picture_in_a_nested_directory_is_taken():
    page = ifd.first(PHOTO)
    nested = ifd.packed(page.entries, page.order, False, len(PHOTO) + len(PHOTO) % 2)
    data = PHOTO + b"\0" * (len(PHOTO) % 2) + nested
    first = with_tags(data, t254=(1,), t256=(7,), t330=(len(data) - len(nested),))
    picture = reader.read(first)
    np.testing.assert_array_equal(picture.pixels, pictures.photo())
    assert picture.left_out == ("previews",)


@pytest.mark.parametrize(
    "tags", [{"t50706": (1,)}, {"t262": (32803,)}, {"t259": (34713,)}]
)
def test_camera_raw_is_refused_by_name_with_what_to_do(tags):
    with pytest.raises(ImageError, match=r"camera raw \(.*Develop it to TIFF"):
        reader.read(with_tags(PHOTO, **tags))


@pytest.mark.parametrize("part", [0.5, 0.99])
def test_strips_beyond_the_end_are_refused(part):
    data = pictures.scientific_tiff(pictures.photo(), photometric="rgb")
    with pytest.raises(ImageError, match="damaged or cut off"):
        reader.read(data[: int(part * len(data))])


def test_damaged_data_inside_are_refused_in_silence(capfd):
    data = pictures.file_of(pictures.photo(), "TIFF", compression="jpeg")
    place = ifd.first(data).number(273) + 40
    with pytest.raises(ImageError, match="damaged or cut off"):
        reader.read(data[:place] + b"\xff\xba\xff\xd9" + data[place + 4 :])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("method", [34676, 50000, 9])
def test_methods_that_no_decoder_here_has_are_refused_by_number(method):
    with pytest.raises(ImageError, match=f"compressed by method {method}"):
        reader.read(with_tags(PHOTO, t259=(method,)))


def test_old_layouts_have_a_row_of_their_own_in_the_table():
    pixels = np.ascontiguousarray(np.moveaxis(pictures.photo(), 2, 0))
    data = pictures.scientific_tiff(
        pixels, photometric="rgb", planarconfig="separate", tile=(16, 16)
    )
    name = tiff.parse(data, Notes()).format
    assert decoders.TABLE[name].library == "Pillow (libtiff)"


def test_iptc_and_photoshops_blocks_are_read():
    block = b"8BIM\x04\x04\0\0\0\0\0\4\x1c\2\x19\0"
    page = ifd.first(PHOTO)
    photoshop = {tiff.PHOTOSHOP: ifd.Entry(7, len(block), block, 0)}
    iptc = {tiff.IPTC: ifd.Entry(7, 4, block[-4:], 0)}
    for tags in (photoshop, iptc):
        data = ifd.with_directory(PHOTO, page.entries | tags)
        assert reader.read(data).metadata.iptc == block


def test_a_value_that_leads_out_of_the_file_costs_its_tag_alone():
    page = ifd.first(PHOTO)
    data = ifd.with_directory(
        PHOTO, page.entries | {0x010E: ifd.Entry(2, 9, bytes(9), 0)}
    )
    entry = struct.pack(page.order + "HHI", 0x010E, 2, 9)
    place = data.rindex(entry) + 8
    data = data[:place] + b"\xff\xff\xff\x7f" + data[place + 4 :]
    np.testing.assert_array_equal(reader.read(data).pixels, pictures.photo())


def test_text_of_any_encoding_and_unknown_types_come_through_exif():
    text = "José\0".encode()
    page = ifd.first(PHOTO)
    more = {0x013B: ifd.Entry(2, len(text), text, 0)}
    exif = reader.read(ifd.with_directory(PHOTO, page.entries | more)).metadata.exif
    assert ifd.first(exif).entries[0x013B][:3] == (2, len(text), text)


def test_tags_of_no_known_kind_are_named():
    picture = reader.read(with_tags(PHOTO, t33550=(1,), t42112=(2,)))
    assert picture.notes == ("tags of TIFF left out: 33550, 42112",)
    assert picture.left_out == ("application data",)


def test_old_layouts_of_16_bits_are_refused_with_the_remedy():
    pixels = np.ascontiguousarray(np.moveaxis(pictures.deep(pictures.photo()), 2, 0))
    data = pictures.scientific_tiff(
        pixels, photometric="rgb", planarconfig="separate", tile=(16, 16)
    )
    with pytest.raises(ImageError, match=r"separate planes of tiles.* Save it interle"):
        reader.read(data)
