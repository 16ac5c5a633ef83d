"""What goes in: every format and mode, upright, 8 bits, with its metadata."""

from __future__ import annotations

import io
import struct

import numpy as np
import pictures
import pytest
from PIL import ExifTags, Image, ImageOps

from comrec.errors import ImageError
from comrec.image import reader
from comrec.jpeg import segments as seg

EXACT = pictures.exact_inputs()
FRAMES = pictures.animations()
SAVES = {
    "PNG": {}, "JPEG": {"quality": 90}, "TIFF": {}, "WEBP": {"lossless": True},
}  # fmt: skip


def shown(data: bytes) -> np.ndarray:
    """The picture as a viewer that knows EXIF shows it."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(ImageOps.exif_transpose(picture))


@pytest.mark.parametrize("name", EXACT)
def test_every_8_bit_mode_is_read_exactly_and_without_a_note(name):
    data, expected = EXACT[name]
    picture = reader.read(data)
    np.testing.assert_array_equal(picture.to_array(), expected)
    assert picture.notes == ()


@pytest.mark.parametrize("name", FRAMES)
def test_of_several_frames_the_first_is_taken_with_one_note(name):
    picture = reader.read(FRAMES[name])
    with Image.open(io.BytesIO(FRAMES[name])) as first:
        expected = np.asarray(first.convert("RGB"))
    np.testing.assert_array_equal(picture.pixels, expected)
    kind = {"two.mpo.jpg": "further pictures", "two.tif": "pages"}.get(name, "frames")
    assert picture.left_out == (kind,)
    assert len(picture.notes) == 1


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_becomes_rgb_with_one_note(kind):
    picture = reader.read(pictures.file_of(pictures.cmyk(), kind))
    assert picture.notes == ("CMYK came, RGB is kept",)
    error = picture.pixels.astype(int) - pictures.photo()
    assert np.abs(error).mean() < 6  # JPEG at 75, four channels without subsampling


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", SAVES)
def test_exif_orientation_is_applied_and_reset(kind, orientation):
    data = pictures.file_of(
        pictures.photo(), kind, exif=pictures.exif(orientation), **SAVES[kind]
    )
    picture = reader.read(data)
    np.testing.assert_array_equal(picture.pixels, shown(data))
    kept = Image.Exif()
    kept.load(picture.metadata.exif)
    assert kept.get(pictures.EXIF_ORIENTATION, 1) == 1
    assert kept[pictures.EXIF_ARTIST] == "Somebody"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("bits", [8, 16])
def test_a_tiff_is_turned_once_whatever_decodes_it(orientation, bits):
    pixels = pictures.photo() if bits == 8 else pictures.deep(pictures.photo())
    data = pictures.deep_file(pixels, ".tif")
    picture = reader.read(with_tiff_orientation(data, orientation))
    expected = reader.read(data).pixels
    same = pictures.file_of(expected, "PNG", exif=pictures.exif(orientation))
    np.testing.assert_array_equal(picture.pixels, shown(same))


def with_tiff_orientation(data: bytes, orientation: int) -> bytes:
    """Adds the tag to the directory of a little-endian TIFF, moved to the end."""
    assert data[:2] == b"II"
    start = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, start)[0]
    entries = [data[start + 2 + 12 * i : start + 14 + 12 * i] for i in range(count)]
    entries = [e for e in entries if e[:2] != struct.pack("<H", 0x0112)]
    entries.append(struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0))
    entries.sort(key=lambda e: struct.unpack("<H", e[:2]))
    pad = b"\0" * (len(data) % 2)
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + b"\0" * 4
    place = struct.pack("<I", len(data) + len(pad))
    return data[:4] + place + data[8:] + pad + directory


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_xmp_orientation_is_applied_and_reset(kind):
    xmp = pictures.XMP % 6
    if kind == "JPEG":
        data = pictures.file_of(pictures.photo(), kind, xmp=xmp)
    else:
        from PIL.PngImagePlugin import PngInfo

        info = PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        data = pictures.file_of(pictures.photo(), kind, pnginfo=info)
    picture = reader.read(data)
    np.testing.assert_array_equal(picture.pixels, shown(data))
    assert picture.size == (56, 40)
    assert picture.metadata.xmp == pictures.XMP % 1


def test_xmp_that_contradicts_exif_turns_nothing_and_is_reset():
    data = pictures.file_of(
        pictures.photo(), "PNG", exif=pictures.exif(1), xmp=pictures.XMP % 6
    )
    xmp = reader.read(data).metadata.xmp
    assert xmp is None or b'Orientation="1"' in xmp


@pytest.mark.parametrize("kind", SAVES)
def test_icc_exif_and_xmp_are_read_from(kind):
    blocks = {"exif": pictures.exif(), "icc_profile": pictures.icc()}
    if kind == "TIFF":
        tags = Image.Exif()
        tags.load(blocks["exif"])
        tags[700] = pictures.XMP % 1
        blocks["exif"] = tags
    elif kind != "PNG":
        blocks["xmp"] = pictures.XMP % 1
    data = pictures.file_of(pictures.photo(), kind, **blocks, **SAVES[kind])
    found = reader.read(data).metadata
    assert found.icc == pictures.icc()
    assert b"Somebody" in found.exif
    assert kind == "PNG" or found.xmp == pictures.XMP % 1


def test_damaged_exif_costs_the_exif_and_one_note_only():
    jpeg = pictures.file_of(pictures.photo(), "JPEG")
    bad = seg.insert(jpeg, [(seg.APP1, seg.EXIF_PREFIX + b"rubbish, not a TIFF")])
    picture = reader.read(bad)
    np.testing.assert_array_equal(picture.pixels, reader.read(jpeg).pixels)
    assert picture.metadata.exif is None
    assert picture.notes == ("EXIF left out: it is damaged",)


NOT_A_NUMBER = struct.pack("<HHIf", 0x011A, 11, 1, float("nan"))  # XResolution
XMP_AS_TEXT = struct.pack("<HHI4s", 0x02BC, 2, 4, b"xmp\0")


def damaged_exif(orientation: int, entry: bytes) -> bytes:
    """EXIF that Pillow reads an Orientation from and cannot write again."""
    turn = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    entries = sorted([turn, entry], key=lambda e: struct.unpack("<H", e[:2]))
    directory = struct.pack("<H", 2) + b"".join(entries) + b"\0" * 4
    return b"Exif\0\0II*\0\x08\0\0\0" + directory


@pytest.mark.parametrize("orientation", [3, 6, 7])
@pytest.mark.parametrize("entry", [NOT_A_NUMBER, XMP_AS_TEXT], ids=["NaN", "700"])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_the_orientation_in_odd_exif_turns_and_the_rest_is_kept(
    kind, entry, orientation
):
    pixels, options = pictures.photo(), SAVES[kind]
    exif = damaged_exif(orientation, entry)
    data = pictures.file_of(pixels, kind, exif=exif, **options)
    same = pictures.file_of(pixels, kind, exif=pictures.exif(orientation), **options)
    picture = reader.read(data)
    np.testing.assert_array_equal(picture.pixels, reader.read(same).pixels)
    assert picture.metadata.exif == damaged_exif(1, entry)[6:]
    assert picture.notes == ()
    assert reader.orientation(data) == orientation


def test_odd_exif_of_a_tiff_is_kept_as_it_is():
    data = pictures.file_of(pictures.photo(), "TIFF", dpi=(72, 72))
    place = data.index(struct.pack("<HHI", 0x011A, 5, 1))
    picture = reader.read(data[:place] + NOT_A_NUMBER + data[place + 12 :])
    np.testing.assert_array_equal(picture.pixels, pictures.photo())
    assert NOT_A_NUMBER in picture.metadata.exif
    assert picture.notes == ()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_of_the_exif_of_a_turned_picture_only_the_orientation_changes(kind):
    block = Image.Exif()
    block[pictures.EXIF_ORIENTATION] = 6
    inner = block.get_ifd(ExifTags.IFD.Exif)
    inner[0x927C], inner[0x829A] = b"maker's note", 0.5
    raw = block.tobytes().replace(b"maker's", "Jos\xe9\0\xff\xfe".encode("latin-1"))
    data = pictures.file_of(pictures.photo(), kind, exif=raw, **SAVES[kind])
    kept = reader.read(data).metadata.exif
    changed = [i for i, (a, b) in enumerate(zip(raw[6:], kept, strict=True)) if a != b]
    assert len(changed) == 1  # the high byte of the two is 0 in both
    assert (raw[6 + changed[0]], kept[changed[0]]) == (6, 1)


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (17, 1)])
@pytest.mark.parametrize("kind", SAVES)
def test_the_smallest_sizes_are_read(kind, size):
    data = pictures.file_of(pictures.photo(*size), kind, **SAVES[kind])
    assert reader.read(data).size == size


def test_the_limit_of_pillow_is_the_callers_and_neither_used_nor_changed(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for kind, options in SAVES.items():
        reader.read(pictures.file_of(pictures.photo(), kind, **options))
    assert Image.MAX_IMAGE_PIXELS == 10


@pytest.mark.parametrize("mode", ["F", "LAB"])
def test_a_mode_without_a_meaning_here_is_refused_with_the_remedy(mode):
    data = pictures.file_of(Image.new(mode, (3, 3)), "TIFF")
    with pytest.raises(ImageError, match=r"Convert it to 8"):
        reader.read(data)
