"""The manifest: one state for each picture, whatever the lines of its files."""

import itertools
import json
import os
import shutil

import pictures
import pytest
from bulk_trees import KEYS, row_of, rows

from comrec.apps.bulk import command, manifest
from comrec.apps.bulk.manifest import Index, Shard
from comrec.apps.bulk.places import Local

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize(
    "damage",
    [
        b"\0" * 300 + b"\n", b"{}\n", b"[]\n", b'{"input": 1}\n', b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
    ],
    ids=lambda damage: repr(damage[:20]),
)  # fmt: skip
def test_lines_that_are_no_rows_are_passed_over(bulk, tmp_path, damage):
    bulk()
    path = tmp_path / "dst" / command.MANIFEST / "00000-of-00001.jsonl"
    _, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([damage, *rest]))
    assert bulk()["done"] == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_in_the_folder_of_the_manifest_is_not_waited_for(tmp_path):
    (tmp_path / "00001-of-00002.jsonl").write_text(json.dumps(row_of("a", 1)) + "\n")
    os.mkfifo(tmp_path / "00000-of-00002.jsonl")
    # Held open at both ends: a read would wait no longer than the test.
    held = os.open(tmp_path / "00000-of-00002.jsonl", os.O_RDWR)
    os.write(held, json.dumps(row_of("b", 1)).encode() + b"\n")
    (row,) = itertools.islice(manifest.read(Local(tmp_path)), 1)
    os.close(held)
    assert row["input"] == "a"


@pytest.mark.parametrize("at", [1e400, float("nan"), 10**400, -1.0, 1e11, "1", None])
def test_a_row_of_no_time_that_can_be_is_none(at):
    line = json.dumps(row_of("a", at)).encode()
    assert manifest._parse(line) is None
    assert manifest._parse(json.dumps(row_of("a", 1.5)).encode()) is not None


def test_the_last_row_of_a_picture_counts():
    found = [row_of("a", 2, version="2"), row_of("a", 1), row_of("b", 1)]
    found += [row_of("b", 3, "failed"), row_of("c", 1), row_of("c", 1, version="2")]
    for some in (found, found[:4][::-1] + found[4:]):
        index = Index(iter(some))
        assert ("a", "2", "o", {"x": 1}) in index
        assert ("a", "1", "o", {"x": 1}) not in index
        assert ("b", "1", "o", {"x": 1}) not in index
        assert ("c", "2", "o", {"x": 1}) in index
        assert ("a", "2", "p", {"x": 1}) not in index
        assert ("a", "2", "o", {"x": 2}) not in index
        assert ("d", "1", "o", {"x": 1}) not in index
    assert ("a", "1", "o", {"x": 1}) not in Index(iter([]))


def test_a_name_that_is_no_text_has_a_row_all_the_same(bulk, source, tmp_path):
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    shutil.copy(source / "a.png", source / name)
    bulk()
    assert name in {row["input"] for row in rows(tmp_path / "dst")}
    assert bulk()["skipped"] == len(KEYS) + 1


def test_status_counts_the_last_row_of_each_picture(bulk, source):
    (source / "a.png").write_bytes(b"no picture")
    bulk(status=3)
    assert bulk("--status", status=3)["failed"] == 1
    (source / "a.png").write_bytes(pictures.photo_file(".png"))
    bulk()
    summary = bulk("--status")
    assert (summary["done"], summary["failed"]) == (len(KEYS), 0)


def test_shards_are_of_equal_size():
    count = [0] * 5
    for number in range(5000):
        takers = [i for i in range(5) if Shard(i, 5).takes(f"photos/{number}.png")]
        (taker,) = takers
        count[taker] += 1
    assert min(count) > 900
    assert max(count) < 1100
