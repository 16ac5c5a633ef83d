"""Data of the autoencoders: IDX, the CIFAR-100 archive, .npz, folders; and refusals."""

import gzip
import io
import os
import pickle
import tarfile
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from PIL import Image

from comrec.apps.autoencoder import cifar, data, pickles
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
    assert pickles.read(spelled) == {b"data": b"hi"}


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
        pickles.read(packed)
    path = archive(tmp_path / "c.tar.gz", dict.fromkeys(cifar.MEMBERS, packed))
    with pytest.raises(UsageError, match=r"c\.tar\.gz: "):
        data.load(path, 3)


def test_every_cut_of_a_pickle_is_refused():
    packed = pickle.dumps(record(1), protocol=2)
    for size in [*range(300), *range(300, len(packed), 97)]:
        with pytest.raises(ValueError, match=r"."):
            pickles.read(packed[:size])


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


# Files that would take the machine


def peak_bytes(refused: Callable[[], object], words: str) -> int:
    """What a refusal, of one line, had allocated at most."""
    tracemalloc.start()
    try:
        with pytest.raises((UsageError, ValueError), match=words) as raised:
            refused()
        assert "\n" not in str(raised.value)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_short_file_that_says_a_thousand_million_pixels_is_refused_small(tmp_path):
    head = np.array([0x803, 2**10, 2**10, 2**10], ">u4").tobytes()
    for name, content in (("x", head), ("x.gz", gzip.compress(head + b"y"))):
        (tmp_path / name).write_bytes(content)
        refused = partial(data.read_idx, tmp_path / name)
        assert peak_bytes(refused, "cut off, or too long") < 2**23


NUMPY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tK\x62tR"


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        # One place of the memo, at the far end of it.
        (b"}r\xff\xff\xff\x7f.", ""),
        # Values of objects that belong to the reader, or to NumPy.
        (b"cnumpy\nndarray\n}U\x01xK\x01sb.", "sets what is no array's"),
        (b"c_codecs\nencode\nN}U\x0c__defaults__Ns\x86b.", "sets what is no"),
        (b"cnumpy.core.multiarray\n_reconstruct\n}b.", "sets what is no array's"),
        # A billion values, of no bytes; and a text of 100 kB, spelled 1,000 times.
        (NUMPY + b"(K\x01J\x00\xca\x9a\x3b\x85cnumpy\ndtype\nU\x02u1\x85R\x89U\x00tb.",
         "does not fit its bytes"),
        (b"X\xa0\x86\x01\x00" + b"a" * 100_000 + b"q\x00U\x06latin1q\x010("
         + b"c_codecs\nencode\nh\x00h\x01\x86R" * 1000 + b"t.", "POP"),
        (b"X\xa0\x86\x01\x00" + b"a" * 100_000 + b"q\x00U\x06latin1q\x01("
         + b"c_codecs\nencode\nh\x00h\x01\x86R" * 1000 + b"t.", "more than its own"),
        (b"]" * 5001, "more than 5000 instructions"),
        (b"(" * 300 + b".", "not enough values"),
    ],
)  # fmt: skip
def test_a_pickle_made_to_harm_is_refused_small(packed, words, monkeypatch):
    monkeypatch.setattr(pickles, "STEPS_MAX", 5000)
    if words:
        refused = partial(pickles.read, packed)
        assert peak_bytes(refused, f"pickle.*{words}") < 2**20 + 100 * len(packed)
    else:
        assert pickles.read(packed) == {}


def test_values_of_two_bytes_keep_their_order():
    for kind in ("<u2", ">u2", "<f8"):
        array = np.arange(6, dtype=kind).reshape(2, 3)
        for protocol in (2, 5):
            found = pickles.read(pickle.dumps([array, array.T], protocol))
            np.testing.assert_array_equal(found[0], array)
            np.testing.assert_array_equal(found[1], array.T)


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.USTAR_FORMAT)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (header("x", 2**30 + 2**20), "beyond the limit"),
        (header("././@LongLink", 2**29, tarfile.GNUTYPE_LONGNAME), "beyond the limit"),
        (header(cifar.MEMBERS[0], 2**28 + 1), "plain file of at most"),
        (header(cifar.MEMBERS[0], 2**28), "cut off"),
        (header("x", 2**28, tarfile.XHDTYPE), "cut off"),
    ],
)
def test_an_archive_that_says_more_than_it_has_is_refused_small(tmp_path, head, words):
    path = tmp_path / "c.tar.gz"
    path.write_bytes(gzip.compress(head + bytes(2**21)))
    assert peak_bytes(partial(cifar.read_archive, path), words) < 2**24


def test_members_between_and_long_names_are_passed_over(tmp_path):
    path = tmp_path / "c.tar"
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as tar:
        for name, content in ({"y" * 300: b"notes"} | members()).items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    assert len(cifar.read_archive(path)[0]) == 4


def test_an_npz_is_read_for_its_pictures_alone(tmp_path, digits):
    path = tmp_path / "d.npz"
    names = np.array([{}], dtype=object)
    np.savez(path, x_train=digits, x_test=digits, class_names=names)
    assert len(data.load(path, 1).test) == 30
