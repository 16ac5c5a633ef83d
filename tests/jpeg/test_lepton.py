"""JPEGs come back from Lepton files to the byte; damage and excess are refused."""

from __future__ import annotations

import zlib

import numpy as np
import packing
import pytest
from packing import GOLDEN, KINDS

from comrec.errors import JpegError, UsageError
from comrec.jpeg import lepton, lepton_calls

pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")


@pytest.fixture(scope="module")
def packed() -> bytes:
    return lepton.pack(packing.jpeg())


ODD = {
    "data behind the picture": lambda data: data + b"more" * 100,
    "cut off": lambda data: data[: len(data) // 2],
    "zeros in the picture": lambda data: data[:-200] + bytes(198) + data[-2:],
}


@pytest.mark.parametrize("kind", [*KINDS, "grey", "tiny"])
def test_a_jpeg_comes_back_to_the_byte(kind):
    data = packing.jpeg(kind)
    assert lepton.unpack(lepton.pack(data)) == data


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_jpeg_comes_back_or_is_refused(kind):
    data = ODD[kind](packing.jpeg())
    try:
        found = lepton.pack(data)
    except JpegError:
        return
    assert lepton.unpack(found) == data


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_what_was_packed_before_opens_for_ever(path):
    assert lepton.unpack(path.read_bytes()) == GOLDEN[path].read_bytes()


def test_a_packed_file_is_smaller_and_states_its_size():
    data = packing.jpeg("quality 100")
    found = lepton.pack(data)
    assert len(found) < 0.95 * len(data)
    assert lepton.original_bytes(found) == len(data)


REFUSED = {
    "no JPEG": (b"\x89PNG", "not a JPEG"),
    "nothing": (b"", "not a JPEG"),
    "no frame": (b"\xff\xd8\xff\xd9", "no frame header"),
    "only fill": (b"\xff\xd8" + b"\xff" * 10**6, "no frame header"),
    "packed": (b"\xcf\x84\x01Z", "packed already"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_jpeg_is_not_packed(kind):
    data, said = REFUSED[kind]
    with pytest.raises(JpegError, match=said):
        lepton.pack(data)


def test_cmyk_is_refused_in_words():
    with pytest.raises(JpegError, match=r"4 color channels\)\. Leave it as it is$"):
        lepton.pack(packing.jpeg("cmyk"))


def test_a_jpeg_that_would_come_back_otherwise_is_refused(monkeypatch):
    """Lepton adds the end of the picture where a file lacks it."""
    with pytest.raises(JpegError, match="would not come back to the byte"):
        lepton.pack(packing.jpeg()[:-2])


def test_too_many_bytes_and_pixels_are_refused_unread(monkeypatch, packed):
    monkeypatch.setattr(lepton, "_library", lambda: pytest.fail("was called"))
    for call, data in ((lepton.pack, packing.jpeg()), (lepton.unpack, packed)):
        with pytest.raises(JpegError, match="56x40 is beyond the limit of 100 pixels"):
            call(data, 100)
    monkeypatch.setattr(lepton, "JPEG_BYTES_MAX", 100)
    with pytest.raises(JpegError, match="at most 100 bytes"):
        lepton.pack(packing.jpeg())
    with pytest.raises(JpegError, match="more than Lepton takes"):
        lepton.unpack(packed)


def test_a_bomb_in_the_header_is_refused_unread(monkeypatch, packed):
    monkeypatch.setattr(lepton, "_library", lambda: pytest.fail("was called"))
    header = zlib.compress(b"HDR" + (2**24).to_bytes(4, "little") + bytes(2**24))
    bomb = bytearray(packed[:24] + len(header).to_bytes(4, "little") + header + b"CMP")
    bomb += (len(bomb) + 4).to_bytes(4, "little")
    with pytest.raises(JpegError, match=r"damaged \(its header\)"):
        lepton.unpack(bytes(bomb))


@pytest.mark.parametrize("kept", [0, 2, 3, 27, 28, 29, 100, -1])
def test_a_file_that_was_cut_off_is_refused(packed, kept):
    with pytest.raises(JpegError, match=r"damaged or cut off|not a Lepton file"):
        lepton.unpack(packed[:kept])


def test_every_damage_is_refused_or_does_no_harm(packed):
    chance, refused = np.random.default_rng(1), 0
    for _ in range(150):
        damaged = bytearray(packed)
        damaged[int(chance.integers(len(packed)))] ^= 1 << int(chance.integers(8))
        try:
            assert lepton.unpack(bytes(damaged)) == packing.jpeg()
        except JpegError:
            refused += 1
    assert refused > 130


def test_the_checksum_finds_what_lepton_does_not(packed):
    other = lepton.pack(packing.jpeg("quality 1"))
    forged = bytearray(packed)
    forged[lepton_calls.CRC_AT] = other[lepton_calls.CRC_AT]
    with pytest.raises(JpegError, match="unpacks to another JPEG"):
        lepton.unpack(bytes(forged))


def test_files_of_other_programs_have_no_checksum(packed):
    foreign = bytearray(packed)
    foreign[lepton_calls.CHECK_AT] = bytes(3)
    foreign[lepton_calls.CRC_AT] = b"rev1"
    assert lepton.unpack(bytes(foreign)) == packing.jpeg()


def test_without_the_library_the_extra_is_named(monkeypatch, packed):
    monkeypatch.setattr(lepton, "find_spec", lambda _: None)
    lepton._library.cache_clear()
    for call, data in ((lepton.pack, packing.jpeg()), (lepton.unpack, packed)):
        with pytest.raises(UsageError, match=r"pip install comrec\[pack\]"):
            call(data)


def test_the_frame_is_found_behind_metadata_that_hold_one():
    thumbnail = b"\xff\xd8\xff\xc0\0\x11\x08\0\x01\0\x02" + bytes(10)
    inside = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    data = packing.jpeg()
    assert lepton.frame_size(data[:2] + b"\xff\xff" + inside + data[2:]) == (40, 56)
