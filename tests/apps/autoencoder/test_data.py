"""Data sets are read, or refused with the legal ones."""

import gzip
import os
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from allocations import peak_bytes
from PIL import Image

from comrec.apps.autoencoder import data
from comrec.errors import ComrecError, ImageError, UsageError


def idx(pixels: np.ndarray) -> bytes:
    head = np.array([0x803, *pixels.shape], ">u4").tobytes()
    return head + pixels.tobytes()


@pytest.fixture
def digits() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 28, 28)).astype(np.uint8)


@pytest.fixture
def mnist(tmp_path, digits):
    folder = tmp_path / "mnist"
    folder.mkdir()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(digits)))
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(digits[:5]))
    return folder


def test_idx_is_read_plain_and_packed_and_a_tenth_is_held_back(mnist, digits):
    images = data.load(mnist, 1)
    np.testing.assert_array_equal(images.test[..., 0], digits[:5])
    np.testing.assert_array_equal(images.validation[..., 0], digits[9::10])
    assert len(images.train) == 27
    held = {picture.tobytes() for picture in images.validation}
    assert not held & {picture.tobytes() for picture in images.train}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d[:-1], "cut off"),
        (lambda d: d[:10], "not an IDX file of pictures"),
        (lambda d: d + b"x", "too long"),
        (lambda d: b"\0\0\x08\x01" + d[4:], "not an IDX file of pictures"),
        (lambda d: d[:4] + b"\xff" * 12 + d[16:], "states 4294967295 pictures"),
        (lambda d: b"", "not an IDX file of pictures"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_idx_that_is_cut_off_or_something_else_is_refused(
    tmp_path, digits, change, words, packed
):
    path = tmp_path / ("x-idx3-ubyte.gz" if packed else "x-idx3-ubyte")
    changed = change(idx(digits))
    path.write_bytes(gzip.compress(changed) if packed else changed)
    with pytest.raises(UsageError, match=f"{path.name}.*{words}"):
        data.read_idx(path)


def test_a_packed_file_that_is_cut_off_or_damaged_is_refused(tmp_path, digits):
    path = tmp_path / "x-idx3-ubyte.gz"
    packed = gzip.compress(idx(digits))
    for bad in (packed[:-500], packed[:200] + b"\0" * 9 + packed[209:], b"plain"):
        path.write_bytes(bad)
        with pytest.raises(UsageError, match="cut off"):
            data.read_idx(path)


def test_one_file_of_two_is_refused(mnist):
    (mnist / "t10k-images-idx3-ubyte").unlink()
    with pytest.raises(UsageError, match="is missing"):
        data.load(mnist, 1)


def test_an_npz_is_read_and_a_wrong_one_refused(tmp_path, digits):
    path = tmp_path / "d.npz"
    np.savez(path, x_train=digits, x_test=digits[:3])
    assert data.load(path, 1).test.shape == (3, 28, 28, 1)
    for wrong in (
        {"x_train": digits},
        {"x_train": digits, "x_test": digits[:, :5]},
        {"x_train": digits.astype(float), "x_test": digits.astype(float)},
        {"x_train": digits[0], "x_test": digits[0]},
        {"x_train": np.array([{}], dtype=object), "x_test": digits},
    ):
        np.savez(path, **wrong)
        with pytest.raises(UsageError, match=r"d\.npz: "):
            data.load(path, 1)


def test_three_pictures_of_a_folder_are_one_for_each_use(tmp_path):
    for i in range(3):
        Image.new("L", (28, 28), i).save(tmp_path / f"{i}.png")
    assert [len(part) for part in data.load(tmp_path, 1, (28, 28))] == [1, 1, 1]


def test_pictures_of_any_size_are_reduced_and_cut_to_one(tmp_path):
    rng = np.random.default_rng(0)
    for i, size in enumerate([(40, 90, 3), (33, 32), (5, 7, 3), (100, 100)] * 3):
        pixels = rng.integers(0, 256, size).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i:02}.png")
    (tmp_path / "README.md").write_text("notes")
    images = data.load(tmp_path, 3, (32, 24))
    assert images.train.shape[1:] == images.test.shape[1:] == (32, 24, 3)
    assert sum(map(len, images)) == 12
    assert data.load(tmp_path, 1, (8, 8)).train.shape[1:] == (8, 8, 1)
    (tmp_path / "._00.png").write_bytes(b"of macOS")
    (tmp_path / "Thumbs.db").write_bytes(b"of Windows")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
    assert sum(map(len, data.load(tmp_path, 3, (32, 24)))) == 12
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(ImageError, match=r"bad\.png"):
        data.load(tmp_path, 3)


def test_a_picture_is_cut_in_its_middle():
    pixels = np.zeros((10, 30, 3), np.uint8)
    pixels[:, 10:20] = 200
    assert (data.fit(pixels, 3, (10, 10)) == 200).all()


@pytest.mark.parametrize("name", ["none", "notes.txt", "empty"])
def test_what_is_no_data_set_is_refused_with_what_is_legal(tmp_path, name):
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ComrecError, match="Legal: a folder of MNIST"):
        data.load(tmp_path / name, 1)


def downloads(monkeypatch, gives: Callable[[], object]) -> None:
    """Replaces the function by which Keras downloads MNIST."""
    keras = pytest.importorskip("keras", reason="needs the autoencoder extra")
    monkeypatch.setattr(keras.datasets.mnist, "load_data", gives)


def test_without_a_network_a_path_is_asked_for(monkeypatch):
    def fails():
        raise OSError("no route to host")

    downloads(monkeypatch, fails)
    with pytest.raises(
        UsageError, match=r"mnist: .*no route.* Give the path of a copy"
    ):
        data.load("mnist", 1)


def test_a_download_is_what_keras_gives(monkeypatch, digits):
    labels = np.zeros(30)
    downloads(monkeypatch, lambda: ((digits, labels), (digits[:4], labels)))
    assert data.load("mnist", 1).test.shape == (4, 28, 28, 1)


def test_a_short_file_that_says_a_thousand_million_pixels_is_refused_small(tmp_path):
    head = np.array([0x803, 2**10, 2**10, 2**10], ">u4").tobytes()
    for name, content in (("x", head), ("x.gz", gzip.compress(head + b"y"))):
        (tmp_path / name).write_bytes(content)
        refused = partial(data.read_idx, tmp_path / name)
        assert peak_bytes(refused, "cut off, or too long") < 2**23


def test_an_npz_is_read_for_its_pictures_alone(tmp_path, digits):
    path = tmp_path / "d.npz"
    names = np.array([{}], dtype=object)
    np.savez(path, x_train=digits, x_test=digits, class_names=names)
    assert len(data.load(path, 1).test) == 30
