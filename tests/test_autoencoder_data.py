"""Data of the autoencoders: IDX, the CIFAR-100 archive, .npz, folders; and refusals."""

import gzip
import io
import os
import pickle
import tarfile

import numpy as np
import pytest
from PIL import Image

from comrec.autoencoder import cifar, data
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
        (lambda d: d[:4] + b"\xff" * 12 + d[16:], "says 4294967295 pictures"),
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


# CIFAR-100


def record(count: int = 4) -> dict:
    rows = np.arange(count * 3072).reshape(count, 3072) % 251
    return {
        b"data": rows.astype(np.uint8),
        b"fine_labels": [1, 2],
        b"batch_label": b"x",
    }


def archive(path, members: dict, kind=None):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if kind:
                info.type, info.linkname, info.size = kind, "/etc/passwd", 0
            tar.addfile(info, io.BytesIO(content))
    return path


def members(protocol: int = 2) -> dict:
    packed = pickle.dumps(record(), protocol=protocol)
    return dict.fromkeys(cifar.MEMBERS, packed)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_archive_is_read_whatever_wrote_its_pickles(tmp_path, protocol):
    path = archive(tmp_path / "c.tar.gz", members(protocol))
    train, test = cifar.read_archive(path)
    assert train.shape == test.shape == (4, 32, 32, 3)
    rows = record()[b"data"]
    assert train[2, 5, 7, 1] == rows[2, 1024 + 5 * 32 + 7]


def test_a_pickle_of_python_2_is_read():
    # As Python 2 spells strings: SHORT_BINSTRING; encoding="bytes" keeps them so.
    spelled = b"\x80\x02}q\x01U\x04dataq\x02U\x02hiq\x03s."
    assert cifar.unpickle(spelled) == {b"data": b"hi"}


class Evil:
    def __reduce__(self):
        return os.system, ("exit 3",)


@pytest.mark.parametrize(
    "packed",
    [
        pickle.dumps(Evil()),
        pickle.dumps({b"data": Evil()}),
        pickle.dumps(np.array([Evil()], dtype=object)),
        pickle.dumps(Image.Image),
        b"",
        b"\x80\x02",
        b"cbuiltins\neval\n(S'1+1'\ntR.",
        b"cnumpy\ndtype\n(S'O8'\ntR.",
    ],
)
def test_a_pickle_of_anything_else_is_refused_and_not_run(packed, tmp_path):
    with pytest.raises(ValueError, match="pickle"):
        cifar.unpickle(packed)
    path = archive(tmp_path / "c.tar.gz", dict.fromkeys(cifar.MEMBERS, packed))
    with pytest.raises(UsageError, match=r"c\.tar\.gz: "):
        data.load(path, 3)


def test_every_cut_of_a_pickle_is_refused():
    packed = pickle.dumps(record(1), protocol=2)
    for size in [*range(300), *range(300, len(packed), 97)]:
        with pytest.raises(ValueError, match=r"."):
            cifar.unpickle(packed[:size])


def test_another_archive_links_and_nonsense_are_refused(tmp_path):
    path = tmp_path / "c.tar.gz"
    archive(path, {"cifar-10-batches-py/data_batch_1": b"x"})
    with pytest.raises(UsageError, match="another archive"):
        data.load(path, 3)
    archive(path, members(), kind=tarfile.SYMTYPE)
    with pytest.raises(UsageError, match="plain file"):
        data.load(path, 3)
    whole = archive(path, members()).read_bytes()
    for bad in (b"no", whole[: len(whole) // 2]):
        path.write_bytes(bad)
        with pytest.raises(UsageError, match=r"c\.tar\.gz: "):
            data.load(path, 3)
    wrong = pickle.dumps({b"data": np.zeros((2, 5), np.uint8)})
    archive(path, dict.fromkeys(cifar.MEMBERS, wrong))
    with pytest.raises(UsageError, match="no data of uint8"):
        data.load(path, 3)


# .npz, folders, downloads


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


def test_without_a_network_a_path_is_asked_for(monkeypatch):
    keras = pytest.importorskip("keras", reason="needs the autoencoder extra")

    def fails():
        raise OSError("no route to host")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fails)
    with pytest.raises(
        UsageError, match=r"mnist: .*no route.* Give the path of a copy"
    ):
        data.load("mnist", 1)


def test_a_download_is_what_keras_gives(monkeypatch, digits):
    keras = pytest.importorskip("keras", reason="needs the autoencoder extra")
    labels = np.zeros(30)
    both = (digits, labels), (digits[:4], labels)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: both)
    assert data.load("mnist", 1).test.shape == (4, 28, 28, 1)
