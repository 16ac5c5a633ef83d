"""The CIFAR-100 archive is read in bounded memory, and others are refused."""

import gzip
import io
import pickle
import tarfile
from functools import partial

import numpy as np
import pytest
from allocations import peak_bytes
from cifar_archives import archive, members, record

from comrec.apps.autoencoder import cifar, data
from comrec.errors import UsageError


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_the_archive_is_read_whatever_wrote_its_pickles(tmp_path, protocol):
    path = archive(tmp_path / "c.tar.gz", members(protocol))
    train, test = cifar.read_archive(path)
    assert train.shape == test.shape == (4, 32, 32, 3)
    rows = record()[b"data"]
    assert train[2, 5, 7, 1] == rows[2, 1024 + 5 * 32 + 7]


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
