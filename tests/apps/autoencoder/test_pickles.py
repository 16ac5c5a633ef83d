"""Pickles of arrays are read as data, and others are refused."""

import os
import pickle
from functools import partial

import numpy as np
import pytest
from allocations import peak_bytes
from cifar_archives import archive, record
from PIL import Image

from comrec.apps.autoencoder import cifar, data, pickles
from comrec.errors import UsageError


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
