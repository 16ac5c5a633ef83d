"""Pairs are packed and unpacked whole, and what does not belong together is refused."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.errors import JpegError, SidecarError
from comrec.format import container, sidecar
from comrec.format.sidecar import Sidecar
from comrec.image.metadata import Metadata
from comrec.jpeg import coding, segments
from comrec.networks import presets

CODED = pictures.file_of(pictures.photo(), "JPEG", quality=60)
RECORD = Sidecar("plain", 56, 40, 1, container.pack_alpha(pictures.alpha()))
KEPT = Metadata(
    exif=pictures.exif(1).removeprefix(b"Exif\0\0"),
    icc=pictures.icc(),
    xmp=pictures.XMP % 1,
)


@pytest.mark.parametrize("embed", [False, True])
def test_what_is_packed_is_unpacked(embed):
    jpeg, beside = container.pack(CODED, KEPT, RECORD, embed)
    assert (beside is None) == embed
    opened = container.unpack(jpeg, "x.jpg", beside)
    assert opened.metadata == KEPT
    assert opened.sidecar == RECORD.paired(CODED)
    np.testing.assert_array_equal(
        container.unpack_alpha(opened.sidecar), pictures.alpha()
    )


def test_alpha_of_more_than_one_segment_is_embedded_whole():
    noise = np.random.default_rng(0).integers(0, 256, (300, 300), np.uint8)
    coded = pictures.file_of(noise, "JPEG")
    record = Sidecar("plain", 300, 300, 1, container.pack_alpha(noise))
    assert len(record.alpha) > segments.PAYLOAD_MAX
    jpeg, _ = container.pack(coded, Metadata(), record, embed=True)
    opened = container.unpack(jpeg, "x.jpg")
    np.testing.assert_array_equal(container.unpack_alpha(opened.sidecar), noise)


def test_a_plain_jpeg_has_neither_marker_nor_sidecar():
    jpeg, beside = container.pack(CODED, Metadata(), None, embed=True)
    assert (jpeg, beside) == (CODED, None)
    assert not container.is_comrec(jpeg)
    assert container.unpack(jpeg, "x.jpg").sidecar is None


def test_the_marker_says_whether_a_file_beside_is_needed():
    beside, _ = container.pack(CODED, Metadata(), RECORD, embed=False)
    inside, _ = container.pack(CODED, Metadata(), RECORD, embed=True)
    assert container.is_comrec(beside)
    assert container.is_comrec(inside)
    assert container.needs_sidecar(beside)
    assert not container.needs_sidecar(inside)
    assert not container.needs_sidecar(CODED)
    assert not container.is_comrec(b"\xff\xd8 no JPEG")


def test_a_record_of_a_plain_jpeg_means_nothing_to_restore():
    record = Sidecar(presets.PLAIN, 56, 40, 1).paired(CODED)
    assert container.unpack(CODED, "x.jpg", record.to_json()).sidecar is None


def test_of_an_old_record_and_a_new_one_the_fitting_is_taken():
    other = RECORD.paired(pictures.file_of(pictures.photo() // 2, "JPEG"))
    mine = RECORD.paired(CODED)
    for lines in ((mine, other), (other, mine)):
        both = b"".join(record.to_json() for record in lines)
        assert container.unpack(CODED, "x.jpg", both).sidecar == mine


def test_a_lost_sidecar_is_noticed_and_the_rescue_is_named():
    jpeg, _ = container.pack(CODED, Metadata(), RECORD, embed=False)
    with pytest.raises(SidecarError, match=r"x\.jpg: its sidecar x\.json is missing.*"):
        container.unpack(jpeg, "x.jpg", None, "x.json")


@pytest.mark.parametrize("embed", [False, True])
def test_a_damaged_marker_does_not_make_a_compact_image_a_plain_jpeg(embed):
    jpeg, beside = container.pack(CODED, KEPT, RECORD, embed)
    start = jpeg.index(sidecar.MAGIC)
    for place in range(start, start + len(sidecar.MAGIC)):
        for bit in range(8):
            damaged = bytearray(jpeg)
            damaged[place] ^= 1 << bit
            with pytest.raises(SidecarError, match="marker in it is damaged"):
                container.unpack(bytes(damaged), "x.jpg")
            if beside:  # which has everything
                assert container.unpack(bytes(damaged), "x.jpg", beside).sidecar
    moved = bytearray(jpeg)
    moved[start - 3] = 0xEA
    with pytest.raises(SidecarError, match="marker in it is damaged"):
        container.unpack(bytes(moved), "x.jpg")


@pytest.mark.parametrize("text", [b"comrec", b"compact", b"comrec\0 is a program"])
def test_a_comment_about_comrec_is_no_damaged_marker(text):
    commented = segments.insert(CODED, [(segments.COM, text), (0xE4, b"company")])
    assert container.unpack(commented, "x.jpg").sidecar is None


def test_assume_takes_a_size_that_fits_and_no_other():
    preset = presets.find("jiang2017-gray-q50-2")
    for size in ((80, 112), (79, 111)):
        opened = container.assume(CODED, preset, size)
        assert (opened.sidecar.height_px, opened.sidecar.width_px) == size
    with pytest.raises(SidecarError, match=r"has a 57x40 compact image"):
        container.assume(CODED, preset, (80, 113))
    with pytest.raises(JpegError):
        container.assume(b"no JPEG", preset, (80, 112))


def test_a_scale_that_a_tiny_picture_does_not_tell_is_not_guessed(monkeypatch):
    several = dataclasses.replace(presets.find("plain"), scales=(1.5, 2))
    monkeypatch.setattr(presets, "PRESETS", {"plain": several})
    tiny = coding.encode(np.zeros((2, 2, 3), np.uint8), 50)
    with pytest.raises(
        SidecarError, match=r"a 3x3 image and a 2x2 \.jpg fit scales 1.5"
    ):
        container.assume(tiny, several, (3, 3))
    for scale in (1.5, 2):
        told = container.assume(tiny, several, (3, 3), scale).sidecar
        assert told is not None
        assert told.scale == scale
    with pytest.raises(SidecarError, match=r"must be one of 1.5, 2 for plain"):
        container.assume(tiny, several, (3, 3), 3)
    with pytest.raises(SidecarError, match="has a 3x3 compact image"):
        container.assume(tiny, several, (5, 5), 2)
    opened = container.assume(tiny, several, (4, 4))
    assert opened.sidecar is not None
    assert opened.sidecar.scale == 2


def test_a_sidecar_may_hold_an_old_record_and_a_new_one(tmp_path):
    noise = np.random.default_rng(3).integers(0, 256, (400, 400), np.uint8)
    record = Sidecar("plain", 400, 400, 1, container.pack_alpha(noise)).paired(CODED)
    path = tmp_path / "photo.comrec.json"
    path.write_bytes(record.to_json() * sidecar.RECORDS_MAX)
    limit = container.max_sidecar_bytes(jpeg_of(400, 400))
    assert container.read_sidecar(path, limit) == path.read_bytes()


@pytest.mark.parametrize(
    ("side_px", "max_pixels", "pixels"),
    [(16, 10**8, 4 * 256), (16, 300, 300), (1000, 10**7, 4 * 10**6)],
)
def test_the_jpg_bounds_its_sidecar(side_px, max_pixels, pixels, tmp_path):
    limit = container.max_sidecar_bytes(jpeg_of(side_px, side_px), max_pixels)
    assert limit == 2 * (2 * pixels + container.SIDECAR_SLACK_BYTES)
    path = tmp_path / "photo.comrec.json"
    with open(path, "wb") as file:
        file.truncate(limit + 1)
    with pytest.raises(SidecarError, match=r"not a comrec sidecar \(over"):
        container.read_sidecar(path, limit)


def test_what_is_no_jpeg_has_a_sidecar_of_the_least_size():
    assert container.max_sidecar_bytes(b"") == 2 * container.SIDECAR_SLACK_BYTES


def jpeg_of(height_px: int, width_px: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", (width_px, height_px)).save(out, "JPEG")
    return out.getvalue()
