"""Refusals are one line with file, reason and remedy, and change no file."""

from __future__ import annotations

import io
import json
import subprocess

import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.errors import ImageError
from comrec.image import reader
from comrec.jpeg import segments

NOT_IMAGES = {
    "text": b"not a picture at all\n" * 20,
    "empty": b"",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "pdf": b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF",
    "header only": b"\x89PNG\r\n\x1a\n",
    "start only": b"\xff\xd8\xff",
}


@pytest.mark.parametrize("content", NOT_IMAGES.values(), ids=NOT_IMAGES)
def test_a_file_that_is_no_picture_is_refused(refused, tmp_path, content):
    path = tmp_path / "odd.png"
    path.write_bytes(content)
    refused("compress", path, names=path)


@pytest.mark.parametrize("content", NOT_IMAGES.values(), ids=NOT_IMAGES)
def test_a_file_that_is_no_jpeg_is_not_decompressed(refused, tmp_path, content):
    path = tmp_path / "odd.comrec.jpg"
    path.write_bytes(content)
    refused("decompress", path, names=path)


def test_eps_does_not_reach_ghostscript(tmp_path, run, monkeypatch):
    def no_process(*args, **kwargs):
        pytest.fail("a process was started")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    monkeypatch.setattr(subprocess, "check_call", no_process)
    path = tmp_path / "drawing.eps"
    path.write_bytes(pictures.file_of(pictures.photo(), "EPS"))
    assert run("compress", path).status == 1


@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9, 0.99])
@pytest.mark.parametrize("suffix", pictures.SAVES)
def test_a_truncated_picture_is_refused(refused, tmp_path, suffix, part):
    data = pictures.photo_file(suffix)
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(data[: int(part * len(data))])
    refused("compress", path, names=path)


@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9, 0.99])
def test_a_truncated_comrec_jpg_is_refused(refused, pair, part):
    data = pair[0].read_bytes()
    pair[0].write_bytes(data[: int(part * len(data))])
    refused("decompress", pair[0], names=pair[0])


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_a_changed_byte_in_a_png_is_refused(refused, tmp_path, part):
    path = tmp_path / "flipped.png"
    path.write_bytes(flipped(pictures.photo_file(".png"), part))
    refused("compress", path, names=path)


def test_a_changed_marker_in_the_scan_of_a_jpeg_is_refused(refused, tmp_path):
    data = bytearray(pictures.photo_file(".jpg"))
    data[-200:-196] = b"\xff\xc4\x00\x09"
    path = tmp_path / "broken.jpg"
    path.write_bytes(data)
    refused("compress", path, names=path)


def with_a_false_checksum() -> bytes:
    data = bytearray(pictures.photo_file(".png"))
    data[data.rindex(b"IEND") - 8] ^= 1  # in the CRC of the last IDAT
    return bytes(data)


def with_bytes_missing() -> bytes:
    data = pictures.photo_file(".jpg")
    place = int(0.9 * len(data))
    return data[:place] + data[place + 60 :]


@pytest.mark.parametrize("damage", [with_a_false_checksum, with_bytes_missing])
def test_damage_that_pillow_ignores_is_refused(refused, tmp_path, damage):
    Image.open(io.BytesIO(damage())).load()  # else Pillow would do
    path = tmp_path / "damaged.bin"
    path.write_bytes(damage())
    refused("compress", path, names=path)


@pytest.mark.parametrize("part", np.linspace(0.05, 0.99, 12))
def test_a_changed_byte_in_a_comrec_jpg_is_refused(refused, pair, part):
    data = pair[0].read_bytes()
    coded = [s for s in segments.parse(data) if not s.is_metadata]
    start, end = coded[0].start + 4, coded[-1].end
    place = int(start + part * (end - start - 1))
    pair[0].write_bytes(flipped(data, place / len(data), place))
    refused("decompress", pair[0], names=pair[0])


def flipped(data: bytes, part: float, place: int | None = None) -> bytes:
    changed = bytearray(data)
    changed[place if place is not None else int(part * len(data))] ^= 0x10
    return bytes(changed)


def test_random_damage_is_refused_or_read_and_never_a_surprise():
    chance = np.random.default_rng(5)
    inputs = [data for data, _ in pictures.exact_inputs().values()]
    inputs += [pictures.photo_file(suffix) for suffix in pictures.SAVES]
    refusals = []
    for data in inputs:
        for _ in range(12):
            changed = bytearray(data)
            for place in chance.integers(0, min(len(data), 400), 3):
                changed[place] = chance.integers(256)
            try:
                reader.read(bytes(changed), max_pixels=10**5)
            except ImageError as err:
                refusals.append(str(err))
    assert len(refusals) > 100
    assert not any("\n" in message for message in refusals)


def edits(jpeg: bytes) -> dict[str, bytes]:
    """Returns a .jpg as other software writes it after an edit."""
    picture = Image.open(io.BytesIO(jpeg))
    marker = [
        (s.marker, bytes(s.payload)) for s in segments.parse(jpeg) if s.marker == 0xEB
    ]
    saved = pictures.file_of(picture, "JPEG", quality=75)
    turned = pictures.file_of(picture.rotate(180), "JPEG", quality=90)
    return {"saved": saved, "turned": turned, "kept": segments.insert(saved, marker)}


@pytest.mark.parametrize("edit", ["saved", "turned", "kept"])
def test_a_picture_edited_after_compression_is_refused(refused, pair, edit):
    pair[0].write_bytes(edits(pair[0].read_bytes())[edit])
    line = refused("decompress", pair[0], names=pair[1])
    assert "does not belong to" in line


def test_a_jpg_whose_metadata_was_stripped_still_restores(run, pair, tmp_path):
    before = comrec.decompress(pair[0])
    pair[0].write_bytes(segments.without_metadata(pair[0].read_bytes()))
    np.testing.assert_array_equal(comrec.decompress(pair[0]), before)
    assert run("decompress", pair[0]).status == 0


ADDED = {
    "another colour space": (0xEE, b"Adobe\0\x64\0\0\0\0\0"),
    "half an Adobe": (0xEE, b"Adobe"),
    "half a JFIF": (0xE0, b"JFIF\0\1"),
    "half a profile": (0xE2, b"ICC_PROFILE\0\1"),
    "broken EXIF": (0xE1, b"Exif\0\0MM\0*" + b"\xff" * 30),
    "broken XMP": (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:\xff\0"),
    "a comment": (0xFE, b""),
}


@pytest.mark.parametrize("stripped", [False, True])
@pytest.mark.parametrize("segment", ADDED.values(), ids=ADDED)
def test_no_added_segment_changes_a_pixel(run, pair, segment, stripped):
    before, data = comrec.decompress(pair[0]), pair[0].read_bytes()
    data = segments.coded_only(data) if stripped else data
    pair[0].write_bytes(segments.insert(data, [segment]))
    ran = run("decompress", pair[0])
    assert (ran.status, ran.err) == (0, "")
    with Image.open(pair[0].with_name("photo.restored.png")) as restored:
        np.testing.assert_array_equal(np.asarray(restored), before)


def scans(count: int) -> bytes:
    """Returns a progressive JPEG with `count` copies of its second scan."""
    data = pictures.file_of(pictures.grey(), "JPEG", progressive=True)
    first, second, *_ = [s for s in segments.parse(data) if s.marker == segments.SOS]
    again = data[second.start : second.end] * count
    return data[: first.end] + again + data[first.end :]


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_a_jpeg_of_endless_scans_is_refused_undecoded(refused, tmp_path, command):
    path = tmp_path / "endless.jpg"
    path.write_bytes(scans(101))
    assert "more than 100 scans" in refused(command, path, names=path)


def test_a_missing_sidecar_is_refused_by_its_name(refused, pair):
    pair[1].unlink()
    line = refused("decompress", pair[0], names=pair[0])
    assert f"its sidecar {pair[1]} is missing" in line


def sidecar_changes() -> dict[str, dict]:
    return {
        "later version": {"comrec": 2}, "no version": {"comrec": None},
        "text version": {"comrec": "1"}, "preset": {"preset": "plain"},
        "unknown preset": {"preset": "nobody2030"}, "no preset": {"preset": 7},
        "width": {"size": [57, 40]}, "height": {"size": [56, 39]},
        "even size": {"size": [58, 42]}, "zero": {"size": [0, 40]},
        "minus": {"size": [-56, -40]}, "one side": {"size": [56]},
        "fraction": {"size": [56.0, 40]}, "huge": {"size": [10**9, 10**9]},
        "crc": {"crc": "00000000"}, "short crc": {"crc": "12"}, "no crc": {"crc": 5},
        "unknown field": {"quality": 3}, "alpha": {"alpha": "AAAA"},
        "bad alpha": {"alpha": "!"}, "alpha number": {"alpha": 4},
        "scale": {"scale": 1.5},
    }  # fmt: skip


@pytest.mark.parametrize("change", sidecar_changes().values(), ids=sidecar_changes())
def test_each_changed_field_of_a_sidecar_is_refused(refused, pair, change):
    record = json.loads(pair[1].read_bytes()) | change
    pair[1].write_text(json.dumps(record) + "\n")
    refused("decompress", pair[0], names=pair[1])


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"{", b"[]", b"\xff\xfe", b"1\n2\n3\n", b"[" * 10**5, b"{}\n{}"],
    ids=["empty", "line", "cut", "list", "bytes", "lines", "deep", "two"],
)
def test_a_sidecar_that_is_none_is_refused(refused, pair, content):
    pair[1].write_bytes(content)
    refused("decompress", pair[0], names=pair[1])
