"""Bytes of picture files, from paths, bytes and file objects, within the limits."""

from __future__ import annotations

import io

import packing
import pytest

from comrec.errors import ImageError, JpegError
from comrec.image import source
from comrec.image.source import is_jpeg, load
from comrec.jpeg import lepton
from comrec.system import files


def test_paths_bytes_and_file_objects_give_the_bytes_and_a_name(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"data")
    for given in (path, str(path)):
        assert load(given) == (b"data", str(path))
    for given in (
        b"data",
        bytearray(b"data"),
        memoryview(b"data"),
        io.BytesIO(b"data"),
    ):
        assert load(given) == (b"data", "picture")
    with path.open("rb") as file:
        assert load(file) == (b"data", str(path))


def test_a_file_object_is_read_from_where_it_stands():
    stream = io.BytesIO(b"head data")
    stream.seek(5)
    assert load(stream) == (b"data", "picture")


def closed() -> io.BytesIO:
    stream = io.BytesIO()
    stream.close()
    return stream


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (io.StringIO("text"), r"picture: cannot be read .*binary mode"),
        (closed(), r"picture: cannot be read .*closed"),
        (7, r"a path, bytes or a file object\. Received: int"),
        ("gone.png", r"gone\.png: cannot be read .*Check its name"),
    ],
    ids=["text", "closed", "number", "missing"],
)
def test_what_cannot_be_read_is_refused_with_the_remedy(given, message):
    with pytest.raises(ImageError, match=message):
        load(given)


def test_a_file_larger_than_its_pixels_can_be_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "picture_bytes", lambda max_pixels: 3)
    path = tmp_path / "x.png"
    path.write_bytes(b"data")
    for given in (path, io.BytesIO(b"data")):
        with pytest.raises(ImageError, match=r"larger than 3 bytes.*`max_pixels`"):
            load(given)


def test_a_jpeg_is_known_by_its_start():
    assert is_jpeg(b"\xff\xd8\xff")
    assert not is_jpeg(b"\x89PNG")


def test_of_a_packed_file_the_jpeg_is_loaded(tmp_path):
    pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")
    path = tmp_path / "x.lep"
    path.write_bytes(lepton.pack(packing.jpeg()))
    assert source.load(path)[0] == packing.jpeg()
    assert source.read(path) == path.read_bytes()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(JpegError, match=r"x\.lep: damaged or cut off"):
        source.load(path)
