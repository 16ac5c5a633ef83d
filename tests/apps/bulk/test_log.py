"""Rows that are written once, in order, and survive a kill."""

import os
import time

import pytest
from bulk_trees import CODING, KEYS, row_of, rows

from comrec.apps.bulk import command, manifest, places, transfer
from comrec.apps.bulk.log import Log
from comrec.apps.bulk.manifest import Shard
from comrec.apps.bulk.places import Local

pytestmark = pytest.mark.usefixtures("here")


def test_a_line_that_a_crash_cut_off_is_done_again(bulk, tmp_path):
    bulk()
    path = tmp_path / "dst" / command.MANIFEST / "00000-of-00001.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert (bulk()["done"], len(rows(tmp_path / "dst"))) == (1, len(KEYS))
    path.write_bytes(whole[: whole.index(b"\n") // 2])  # not even one line
    assert (bulk()["done"], len(rows(tmp_path / "dst"))) == (len(KEYS), len(KEYS))


def test_times_go_on_where_another_clock_is_ahead(tmp_path):
    place, now = Local(tmp_path), time.time()
    log = Log(place, Shard())
    log.latest_s = now + 1000
    for key in "ab":
        log.add(row_of(key, 0))
    log.close()
    one, other = manifest.read(place)
    assert now + 1000 < one["at"] < other["at"] < now + 1001


def test_two_runs_at_once_are_refused(bulk, refused, source, tmp_path):
    bulk()
    place = Local(tmp_path / "dst" / command.MANIFEST)
    log = Log(place, Shard())
    path = place.path("00000-of-00001.jsonl")
    refused("bulk", source, tmp_path / "dst", *CODING, names=path)
    log.close()
    bulk()


def test_stores_get_rows_in_objects_of_so_many(monkeypatch, memory):
    monkeypatch.setattr("comrec.apps.bulk.log.SEGMENT_ROWS", 3)
    monkeypatch.setattr("comrec.apps.bulk.log.FLUSH_S", 0)
    place = places.open_place(f"{memory}/rows")
    log = Log(place, Shard(2, 7))
    for number in range(1, 8):
        log.add(row_of(f"p{number}", 0))
        assert len(list(manifest.read(place))) == number  # as soon as it is added
        assert len(place.list("").files) == -(-number // 3)
    log.close()
    assert [row["input"] for row in manifest.read(place)] == [
        f"p{number}" for number in range(1, 8)
    ]
    assert not list(manifest.read(place, Shard(3, 7)))  # which has rows of its own
    assert len(list(manifest.read(place, Shard(3, 8)))) == 7


def test_rows_that_a_store_has_not_got_yet_go_there_at_the_end(memory):
    place = places.open_place(f"{memory}/rows")
    log = Log(place, Shard())
    log.add(row_of("a", 0))
    assert not place.children("").files
    log.close()
    assert len(list(manifest.read(place))) == 1


@pytest.mark.parametrize("call", ["fsync", "pread", "ftruncate"])
def test_a_manifest_that_cannot_be_written_is_refused_in_one_line(
    monkeypatch, run, bulk, source, tmp_path, call
):
    bulk()
    path = tmp_path / "dst" / command.MANIFEST / "00000-of-00001.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    opened, closed, open_, close = [], [], os.open, os.close

    def fail(*_):
        raise OSError(5, "Input/output error")

    def note(name, *rest):
        handle = open_(name, *rest)
        opened.extend([handle] if name == path else [])
        return handle

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        patched.setattr(os, "open", note)
        patched.setattr(
            os, "close", lambda handle: closed.append(handle) or close(handle)
        )
        if call == "fsync":  # of pictures it is another matter
            patched.setattr(transfer.pair, "write_pair", lambda *_: None)
        ran = run("bulk", source, tmp_path / "dst", *CODING)
    assert (ran.status, len(ran.err.splitlines())) == (1, 1), ran
    assert ran.err.startswith(f"comrec: {path}: cannot be written (Input/output error)")
    assert opened
    assert set(opened) <= set(closed)
    path.write_bytes(path.read_bytes()[:-20])
    assert bulk()["done"] >= 1
