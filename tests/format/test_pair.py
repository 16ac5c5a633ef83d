"""A pair on disk: the old one or the new one, whenever the power goes."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import time
from functools import cache

import numpy as np
import pictures
import processes
import pytest

import comrec
from comrec.errors import OutputError
from comrec.format import names, pair
from comrec.system import files

PAYS = {"jpeg_quality": 50}  # the networks are used, whatever they are worth


class Killed(BaseException):
    """What a dead process raises: nothing after it has an effect."""


@pytest.fixture(scope="module")
def kinds():
    """Name to (.jpg, sidecar or None) of one picture each."""
    photo = pictures.photo(24, 32)
    made = {
        "pair": comrec.compress(photo, **PAYS),
        "other pair": comrec.compress(pictures.with_alpha(photo[::-1]), **PAYS),
        "embedded": comrec.compress(photo[::-1, ::-1], **PAYS, embed=True),
        "plain": comrec.compress(photo // 2, quality=75),
    }
    assert made["plain"].sidecar is None
    turned = pictures.file_of(photo, "JPEG", quality=50, exif=pictures.exif(6))
    return {name: (m.jpeg, m.sidecar) for name, m in made.items()} | {
        "turned": (turned, None)  # a camera's .jpg that was left as it is
    }


CHANGES = [
    (old, new)
    for old in (None, "pair", "embedded", "plain", "turned")
    for new in ("other pair", "embedded", "plain", "turned")
    if old != new
]


@cache
def restored(jpeg: bytes, sidecar: bytes | None) -> np.ndarray:
    return comrec.decompress(jpeg, sidecar)


DECODED: dict[tuple[bytes, bytes | None], np.ndarray] = {}


def decode(path) -> np.ndarray:
    """Restores the pair at a path; equal files once."""
    beside = names.sidecar_of(path)
    key = path.read_bytes(), beside.read_bytes() if beside.exists() else None
    if key not in DECODED:
        DECODED[key] = comrec.decompress(path)
    return DECODED[key]


def start_with(path, old):
    if old:
        path.write_bytes(old[0])
        if old[1]:
            names.sidecar_of(path).write_bytes(old[1])


def make_the_nth_step_fail(monkeypatch, n: int, error: BaseException, end: str):
    """The n-th step fails, as a rule without effect; after a kill, all others too."""
    count = 0

    def wrapped(name, module, function):
        def step(*args, **kwargs):
            nonlocal count
            count += 1
            late = end == "late" and name != "open"  # an open file would be lost
            if (count == n and not late) or (end == "killed" and count > n):
                raise error
            result = function(*args, **kwargs)
            if count == n:
                raise error
            return result

        monkeypatch.setattr(module, name, step, raising=False)

    for name in ("replace", "unlink"):
        wrapped(name, os, getattr(os, name))
    wrapped("open", files, open)
    wrapped("fsync", os, os.fsync)
    return lambda: count >= n


def assert_old_or_new(path, old, new):
    expected = [restored(*pair) for pair in (old, new) if pair]
    if old is None and not path.exists():
        return
    found = decode(path)
    assert any(np.array_equal(found, picture) for picture in expected)


@pytest.mark.parametrize(("old", "new"), CHANGES)
@pytest.mark.parametrize("end", ["killed", "refused", "interrupted", "late"])
def test_a_failure_at_any_step_leaves_the_old_pair_or_the_new(
    kinds, tmp_path, monkeypatch, old, new, end
):
    old, new = kinds.get(old), kinds[new]
    error = {
        "killed": Killed(),
        "refused": OSError(errno.EACCES, "Permission denied"),
        "interrupted": KeyboardInterrupt(),
        "late": KeyboardInterrupt(),  # the step has had its effect
    }[end]
    for n in range(1, 30):
        path = tmp_path / f"{n}" / "photo.comrec.jpg"
        path.parent.mkdir()
        start_with(path, old)
        with monkeypatch.context() as patched:
            reached = make_the_nth_step_fail(patched, n, error, end)
            with contextlib.suppress(Killed, OutputError, KeyboardInterrupt):
                pair.write_pair(path, *new)
        assert_old_or_new(path, old, new)
        if end != "killed":
            assert not list(path.parent.glob(".*"))
        if not reached():
            break
    assert 3 <= n < 29  # every step there is has had its turn


@pytest.mark.parametrize(("old", "new"), CHANGES)
def test_a_pair_is_replaced_by_exactly_the_new_files(kinds, tmp_path, old, new):
    path = tmp_path / "photo.comrec.jpg"
    start_with(path, kinds.get(old))
    pair.write_pair(path, *kinds[new])
    wanted = {path.name: kinds[new][0], "photo.comrec.json": kinds[new][1]}
    found = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    assert found == {name: data for name, data in wanted.items() if data}


def test_a_killed_replacement_can_be_replaced_again(kinds, tmp_path, monkeypatch):
    path = tmp_path / "photo.comrec.jpg"
    start_with(path, kinds["pair"])
    with monkeypatch.context() as patched:
        make_the_nth_step_fail(patched, 6, Killed(), "killed")
        with pytest.raises(Killed):
            pair.write_pair(path, *kinds["other pair"])
    sidecar = names.sidecar_of(path)
    assert len(sidecar.read_bytes().splitlines()) == 2
    pair.write_pair(path, *kinds["other pair"])
    assert (path.read_bytes(), sidecar.read_bytes()) == kinds["other pair"]


def test_a_sidecar_shared_with_another_pair_is_never_replaced(kinds, tmp_path):
    start_with(tmp_path / "photo.comrec.jpg", kinds["pair"])
    with pytest.raises(OutputError, match=r"photo\.jpg: its sidecar would be .*belong"):
        pair.refuse_shared(tmp_path / "photo.jpg")
    pair.refuse_shared(tmp_path / "photo.comrec.jpg")  # its own: no complaint


KILLS = 20
WRITER = """
import sys
from pathlib import Path
from comrec.format import pair
path = Path(sys.argv[1])
a, b = [tuple(Path(f"{p}.{k}").read_bytes() for k in ("jpg", "json"))
        for p in sys.argv[2:]]
print("ready", flush=True)
while True:
    pair.write_pair(path, *a)
    pair.write_pair(path, *b)
"""


@pytest.mark.slow
def test_a_pair_survives_being_killed_at_any_moment(kinds, tmp_path):
    path = tmp_path / "out" / "photo.comrec.jpg"
    path.parent.mkdir()
    names = []
    for name in ("pair", "other pair"):
        stem = tmp_path / name.replace(" ", "-")
        for suffix, data in zip(("jpg", "json"), kinds[name], strict=True):
            stem.with_name(f"{stem.name}.{suffix}").write_bytes(data)
        names.append(str(stem))
    delays = np.random.default_rng(0).uniform(0.01, 0.2, KILLS)
    start_with(path, kinds["pair"])
    for delay in delays:
        writer = processes.start(
            [sys.executable, "-c", WRITER, path, *names], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(delay)
        writer.kill()
        writer.wait()
        writer.stdout.close()
        assert_old_or_new(path, kinds["pair"], kinds["other pair"])
