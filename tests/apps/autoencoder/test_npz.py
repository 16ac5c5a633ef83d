"""Reading .npz files of strangers: arrays or one refusal, and nothing large."""

import io
import struct
import zipfile

import numpy as np
import pytest

from comrec.apps.autoencoder import bitstream, npz
from comrec.cli import main
from comrec.format import provenance

ARRAYS = {"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.uint8([1, 2])}
MOST = 10**6


def packed(**arrays: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def archive(name: str, content: bytes, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as made:
        made.writestr(name, content)
    return out.getvalue()


def npy(header: str, content: bytes) -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + content


def test_what_numpy_wrote_comes_back(tmp_path):
    (tmp_path / "x.npz").write_bytes(packed(**ARRAYS))
    for file in (tmp_path / "x.npz", packed(**ARRAYS)):
        found = npz.read(file, MOST)
        assert found.keys() == ARRAYS.keys()
        for name, array in ARRAYS.items():
            assert found[name].dtype == array.dtype
            assert np.array_equal(found[name], array)


def test_whatever_byte_is_damaged_it_is_refused_or_read():
    whole, refused = packed(**ARRAYS), 0
    for i in range(len(whole)):
        damaged = whole[:i] + bytes([whole[i] ^ 0x55]) + whole[i + 1 :]
        try:
            npz.read(damaged, MOST)
        except ValueError:
            refused += 1
    assert refused > len(whole) / 2
    for length in range(len(whole)):
        with pytest.raises(ValueError, match=r"."):
            npz.read(whole[:length], MOST)


HUGE = "{'descr': '|u1', 'fortran_order': False, 'shape': (100000000000000,), }"
THREE = "{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }"
OBJECTS = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"


@pytest.mark.parametrize(
    "data",
    [
        b"", b"no zip", archive("a.npy", b"no array"), archive("a.npy", npy(HUGE, b"")),
        archive("a.npy", npy(OBJECTS, b"8 bytes.")), archive("a.npy", npy("{", b"")),
        packed(a=np.zeros(MOST + 1, np.uint8)),
        archive("a.npy", npy(THREE, b"abc"), zipfile.ZIP_LZMA),
    ],
    ids=["empty", "no zip", "no array", "huge", "objects", "half", "a bomb", "lzma"],
)  # fmt: skip
def test_what_is_no_arrays_is_refused(data):
    with pytest.raises(ValueError, match=r"\w"):
        npz.read(data, MOST)


def test_a_text_that_begins_like_an_autoencoders_file_is_not_ours(tmp_path):
    (tmp_path / "letter.txt").write_bytes(b"CRAE is a word")
    assert not provenance.is_ours(tmp_path / "letter.txt", [bitstream.is_stream])


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_a_folder_is_no_picture(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main.main(["autoencoder", command, "."]) == 1
    said = capsys.readouterr().err.strip()
    assert "cannot be read" in said
    assert "\n" not in said
