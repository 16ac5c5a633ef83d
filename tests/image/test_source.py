"""The bytes of picture files are loaded, those of packed ones as their JPEG."""

from __future__ import annotations

import packing
import pytest

from comrec.errors import ImageError, JpegError
from comrec.image import source
from comrec.jpeg import lepton


def test_bytes_and_files_are_loaded_as_they_are(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(packing.jpeg())
    assert source.load(path) == (packing.jpeg(), str(path))
    assert source.load(packing.jpeg()) == (packing.jpeg(), "picture")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ImageError, match=r"x\.jpg: cannot be read"):
        source.load(tmp_path / "x.jpg")


def test_of_a_packed_file_the_jpeg_is_loaded(tmp_path):
    pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")
    path = tmp_path / "x.lep"
    path.write_bytes(lepton.pack(packing.jpeg()))
    assert source.load(path)[0] == packing.jpeg()
    assert source.read(path) == path.read_bytes()
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(JpegError, match=r"x\.lep: damaged or cut off"):
        source.load(path)
