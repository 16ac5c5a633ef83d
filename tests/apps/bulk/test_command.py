"""`comrec bulk`: the bytes of `compress`, a row a picture, and only what is due."""

import glob
import io
import json
import os
import shutil
import threading
import time
from pathlib import Path

import cv2
import fake_pair
import pictures
import pytest
import pyvips

import comrec
from comrec.apps.bulk import command, manifest, places, walking, worker
from comrec.apps.bulk.log import Log
from comrec.apps.bulk.manifest import Index, Shard
from comrec.apps.bulk.places import Entry, Listing, Local, PlaceError
from comrec.apps.bulk.plan import Plan, Task
from comrec.apps.bulk.runners import AHEAD, Here, Prefetch
from comrec.apps.bulk.summary import Tally
from comrec.apps.bulk.worker import Work
from comrec.cli import console
from comrec.cli.commands.bulk import SHOWN
from comrec.encoder.options import Options
from comrec.errors import ComrecError, OutputError, UsageError, WeightsError
from comrec.format import names, pair
from comrec.system.files import write

CODING = ["-p", fake_pair.NAME, "--jpeg-quality", 50, "--scale", 2]
KEYS = ["a.png", "b/c.tif", "b/d/e.png", "b/f.jpg", "g.webp"]


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """The networks cost nothing, and all is done in this process."""
    monkeypatch.setattr(command, "Pool", lambda _: Here())
    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setattr(os, "fsync", lambda _: None)
    with fake_pair.installed():
        yield


@pytest.fixture
def source(tmp_path):
    """A tree with pictures of several kinds, and what is no picture."""
    folder = tmp_path / "src"
    for key in KEYS:
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pictures.photo_file(path.suffix))
    clear = pictures.with_alpha(pictures.photo())
    (folder / "a.png").write_bytes(pictures.file_of(clear, "PNG"))
    (folder / "b" / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture
def bulk(run, source, tmp_path):
    """`comrec bulk` from the tree to tmp_path/dst: what it says, as --json has it."""

    def call(*arguments: object, status: int = 0, to: object = tmp_path / "dst"):
        ran = run("bulk", source, to, *CODING, "--json", *arguments)
        assert ran.status == status, ran
        return ran.rows[0]

    return call


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and command.MANIFEST not in path.parts
    }


def rows(folder: Path) -> list[dict]:
    found = sorted((folder / command.MANIFEST).glob("*.jsonl"))
    return [
        json.loads(line) for path in found for line in path.read_text().splitlines()
    ]


def memory_files(url: str) -> dict[str, bytes]:
    import fsspec

    system = fsspec.filesystem("memory")
    root = url.removeprefix("memory:/")
    return {
        path.removeprefix(f"{root}/"): system.cat_file(path)
        for path in system.find(root)
        if command.MANIFEST not in path
    }


@pytest.fixture
def memory():
    """Somewhere in memory://, empty again afterwards."""
    fsspec = pytest.importorskip("fsspec", reason="needs the bulk extra")
    system = fsspec.filesystem("memory")
    yield "memory://test"
    system.store.clear()
    system.pseudo_dirs[:] = [""]


# The same bytes


def test_outputs_are_those_of_compress(bulk, run, source, tmp_path):
    assert bulk()["done"] == len(KEYS)
    assert run("compress", "-r", source, "-o", f"{tmp_path}/one/", *CODING).status == 0
    ours = files(tmp_path / "dst")
    assert ours == files(tmp_path / "one")
    assert len(ours) == 2 * len(KEYS)


def test_decompress_gives_what_decompress_gives(bulk, run, tmp_path):
    bulk()
    dst = tmp_path / "dst"
    ran = run("bulk", dst, tmp_path / "back", "--decompress", "--json")
    assert ran.rows[0]["done"] == len(KEYS)
    assert run("decompress", "-r", dst, "-o", f"{tmp_path}/one/").status == 0
    assert files(tmp_path / "back") == files(tmp_path / "one")


def test_stores_hold_what_folders_do(bulk, run, source, tmp_path, memory):
    bulk()
    assert bulk(to=f"{memory}/dst")["done"] == len(KEYS)
    ours = memory_files(f"{memory}/dst")
    assert ours == files(tmp_path / "dst")
    assert bulk(to=f"{memory}/dst")["skipped"] == len(KEYS)
    ran = run("bulk", f"{memory}/dst", f"{memory}/back", "--decompress", "--json")
    assert (ran.status, ran.rows[0]["done"]) == (0, len(KEYS))
    assert run("bulk", f"{memory}/dst", tmp_path / "there", "--decompress").status == 0
    assert memory_files(f"{memory}/back") == files(tmp_path / "there")


def test_embedded_sidecars_need_no_second_file(bulk, tmp_path):
    bulk("--embed")
    assert {path.suffix for path in map(Path, files(tmp_path / "dst"))} == {".jpg"}


# The manifest


def test_a_row_says_what_became_of_its_picture(bulk, source, tmp_path):
    bulk()
    found = {row["input"]: row for row in rows(tmp_path / "dst")}
    assert sorted(found) == KEYS
    jpeg, sidecar = (
        tmp_path / "dst" / f"a.comrec.{kind}" for kind in ("jpg", "json")
    )  # fmt: skip
    row = found["a.png"]
    assert row["state"] == "done"
    assert row["outputs"] == {
        jpeg.name: jpeg.stat().st_size, sidecar.name: sidecar.stat().st_size
    }  # fmt: skip
    assert row["input_bytes"] == (source / "a.png").stat().st_size
    restored = comrec.decompress(jpeg)
    assert restored.shape == (40, 56, 4)
    assert (row["height_px"], row["width_px"]) == (40, 56)
    assert 20 < row["psnr_db"] < 50
    assert row["seconds"] >= 0


def test_the_summary_is_the_sum_of_the_rows(bulk, tmp_path):
    told = bulk()
    found = rows(tmp_path / "dst")
    sizes = [sum(row["outputs"].values()) for row in found]
    assert told["output_bytes"] == sum(sizes)
    assert told["output_bytes"] == sum(map(len, files(tmp_path / "dst").values()))
    assert told["input_bytes"] == sum(row["input_bytes"] for row in found)
    assert told["megapixels"] == round(len(KEYS) * 40 * 56 / 1e6, 3)


def test_a_second_run_does_nothing(bulk, listing, tmp_path):
    bulk()
    before = listing()
    again = bulk()
    assert (again["done"], again["skipped"]) == (0, len(KEYS))
    assert listing() == before


@pytest.mark.parametrize("lost", ["a.comrec.jpg", "a.comrec.json"])
def test_what_is_missing_is_done_again_and_nothing_else(bulk, tmp_path, lost):
    bulk()
    before = files(tmp_path / "dst")
    (tmp_path / "dst" / lost).unlink()
    again = bulk()
    assert (again["done"], again["skipped"]) == (1, len(KEYS) - 1)
    assert files(tmp_path / "dst") == before


def test_an_output_of_another_size_is_done_again(bulk, tmp_path):
    bulk()
    before = files(tmp_path / "dst")
    path = tmp_path / "dst" / "a.comrec.json"
    path.write_bytes(path.read_bytes()[:-9])
    assert bulk()["done"] == 1
    assert files(tmp_path / "dst") == before


def test_what_has_changed_is_done_again_and_nothing_else(bulk, source, tmp_path):
    bulk()
    (source / "a.png").write_bytes(pictures.photo_file(".png"))
    assert bulk()["done"] == 1
    assert comrec.decompress(tmp_path / "dst" / "a.comrec.jpg").shape == (40, 56, 3)
    assert len(rows(tmp_path / "dst")) == len(KEYS) + 1


def test_a_changed_sidecar_counts_as_a_changed_picture(bulk, run, tmp_path):
    bulk()
    dst, back = tmp_path / "dst", tmp_path / "back"
    assert run("bulk", dst, back, "--decompress", "--json").status == 0
    path = dst / "a.comrec.json"
    path.write_bytes(path.read_bytes())
    ran = run("bulk", dst, back, "--decompress", "--json")
    assert (ran.rows[0]["done"], ran.rows[0]["skipped"]) == (1, len(KEYS) - 1)


def test_other_options_do_all_again_and_other_limits_do_not(bulk, tmp_path):
    bulk()
    assert bulk("--max-pixels", 10**6, "--threads", 1)["skipped"] == len(KEYS)
    assert bulk("--metadata", "none")["done"] == len(KEYS)
    options = (tmp_path / "dst" / command.MANIFEST).glob("options-*.json")
    assert sorted(json.loads(p.read_text())["metadata"] for p in options) == [
        [], ["exif", "icc", "xmp"]
    ]  # fmt: skip


def test_a_line_that_a_crash_cut_off_is_done_again(bulk, tmp_path):
    bulk()
    path = tmp_path / "dst" / command.MANIFEST / "00000-of-00001.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert (bulk()["done"], len(rows(tmp_path / "dst"))) == (1, len(KEYS))
    path.write_bytes(whole[: whole.index(b"\n") // 2])  # not even one line
    assert (bulk()["done"], len(rows(tmp_path / "dst"))) == (len(KEYS), len(KEYS))


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


def row_of(key: str, at: float, state: str = "done", version: str = "1") -> dict:
    return {
        "input": key, "state": state, "version": version, "options": "o",
        "outputs": {"x": 1} if state == "done" else {}, "at": at,
    }  # fmt: skip


@pytest.mark.parametrize("at", [1e400, float("nan"), 10**400, -1.0, 1e11, "1", None])
def test_a_row_of_no_time_that_can_be_is_none(at):
    line = json.dumps(row_of("a", at)).encode()
    assert manifest._parsed(line) is None
    assert manifest._parsed(json.dumps(row_of("a", 1.5)).encode()) is not None


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


def test_times_go_on_where_another_clock_is_ahead(tmp_path):
    place, now = Local(tmp_path), time.time()
    log = Log(place, Shard())
    log.after = now + 1000
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
    place = places.place(f"{memory}/rows")
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
    place = places.place(f"{memory}/rows")
    log = Log(place, Shard())
    log.add(row_of("a", 0))
    assert not place.children("").files
    log.close()
    assert len(list(manifest.read(place))) == 1


def test_a_name_that_is_no_text_has_a_row_all_the_same(bulk, source, tmp_path):
    name = b"caf\xe9.png".decode("utf-8", "surrogateescape")
    shutil.copy(source / "a.png", source / name)
    bulk()
    assert name in {row["input"] for row in rows(tmp_path / "dst")}
    assert bulk()["skipped"] == len(KEYS) + 1


# Shards


def test_shards_have_every_picture_once_and_their_rows_are_one_manifest(
    bulk, run, source, tmp_path
):
    whole = tmp_path / "whole"
    bulk(to=whole)
    told = [bulk("--shard", f"{i}/3") for i in range(3)]
    assert sum(one["done"] for one in told) == len(KEYS)
    assert files(tmp_path / "dst") == files(whole)
    assert sorted(row["input"] for row in rows(tmp_path / "dst")) == KEYS
    status = bulk("--status")
    assert (status["done"], status["failed"]) == (len(KEYS), 0)
    assert status["output_bytes"] == sum(map(len, files(whole).values()))
    # Split in another way, there is nothing left to do.
    assert sum(bulk("--shard", f"{i}/2")["skipped"] for i in range(2)) == len(KEYS)
    assert bulk()["skipped"] == len(KEYS)


def test_status_counts_the_last_row_of_each_picture(bulk, source):
    (source / "a.png").write_bytes(b"no picture")
    bulk(status=3)
    assert bulk("--status", status=3)["failed"] == 1
    (source / "a.png").write_bytes(pictures.photo_file(".png"))
    bulk()
    told = bulk("--status")
    assert (told["done"], told["failed"]) == (len(KEYS), 0)


def test_shards_are_of_equal_size():
    count = [0] * 5
    for number in range(5000):
        takers = [i for i in range(5) if Shard(i, 5).takes(f"photos/{number}.png")]
        (taker,) = takers
        count[taker] += 1
    assert min(count) > 900
    assert max(count) < 1100


@pytest.mark.parametrize("shard", ["3/3", "1", "a/b", "-1/2", "0/0", "1/2/3"])
def test_a_shard_that_makes_no_sense_is_refused(run, shard):
    ran = run("bulk", "src", "dst", f"--shard={shard}")
    assert ran.status == 2
    assert "must be i/n, with i from 0 to n - 1" in ran.err


# What fails


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
            patched.setattr(worker.pair, "write_pair", lambda *_: None)
        ran = run("bulk", source, tmp_path / "dst", *CODING)
    assert (ran.status, len(ran.err.splitlines())) == (1, 1), ran
    assert ran.err.startswith(f"comrec: {path}: cannot be written (Input/output error)")
    assert opened
    assert set(opened) <= set(closed)
    path.write_bytes(path.read_bytes()[:-20])
    assert bulk()["done"] >= 1


def test_a_full_disk_is_said_without_options_that_bulk_has_not(
    monkeypatch, bulk, tmp_path
):
    replace = os.replace

    def full(old, new):
        if Path(new).suffix == ".jpg":
            raise OSError(28, "No space left on device")
        replace(old, new)

    monkeypatch.setattr(os, "replace", full)
    bulk(status=3)
    said = {row["error"].split(": ", 1)[1] for row in rows(tmp_path / "dst")}
    cannot = "cannot be written (the disk is full)"
    assert said == {f"{cannot}. Nothing was left there; choose another DST"}


def test_a_bad_picture_is_a_row_and_not_the_end(bulk, source, tmp_path):
    (source / "b" / "bad.png").write_bytes(b"no picture")
    told = bulk(status=3)
    assert (told["done"], told["failed"]) == (len(KEYS), 1)
    (row,) = (row for row in rows(tmp_path / "dst") if row["state"] == "failed")
    assert row["input"] == "b/bad.png"
    assert row["error"].startswith(f"{source}/b/bad.png: ")
    assert (row["outputs"], row["fault"]) == ({}, "picture")
    assert bulk(status=3)["failed"] == 1  # it is tried again


def test_two_pictures_with_one_output_are_both_refused(bulk, source, tmp_path):
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    told = bulk(status=3)
    assert (told["done"], told["failed"]) == (len(KEYS) - 1, 2)
    assert not list((tmp_path / "dst").glob("a.*"))
    (source / "a.jpg").unlink()
    assert bulk()["done"] == 1


def test_a_glob_takes_one_of_two_pictures_with_one_output(run, source, tmp_path):
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    given = source / "**" / "*.jpg"
    ran = run("bulk", given, tmp_path / "jpg", *CODING, "--json")
    assert (ran.status, ran.rows[0]["done"]) == (0, 2)


def test_an_output_of_another_picture_is_never_replaced(run, source, tmp_path):
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    dst = tmp_path / "dst"

    def call(kind: str, *more: object, status: int = 0):
        ran = run("bulk", source / kind, dst, *CODING, *more, "--json")
        assert ran.status == status, ran
        return ran

    call("*.png")
    before = files(dst)
    ran = call("*.jpg", "--metadata", "none", status=3)
    assert f"{dst}/a.comrec.jpg is what another picture came to" in ran.err
    assert files(dst) == before
    # Nor where the rival has failed since: what it once came to is there yet.
    (source / "a.png").write_bytes(b"no picture")
    call("*.png", status=3)
    call("*.jpg", "-f", status=3)
    assert files(dst) == before
    for path in dst.glob("a.*"):
        path.unlink()
    assert call("*.jpg").rows[0]["done"] == 1


def test_pictures_with_one_output_are_of_one_shard(run, source, tmp_path):
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    dst = tmp_path / "dst"
    told = []
    for kind in ("png", "jpg"):
        for number in range(3):
            shard = ["--shard", f"{number}/3", "--json"]
            ran = run("bulk", source / f"a.{kind[0]}*", dst, *CODING, *shard)
            told.append((ran.rows[0]["done"], ran.rows[0]["failed"]))
    assert sorted(told) == [(0, 0)] * 4 + [(0, 1), (1, 0)]
    assert len(list(dst.glob("a.*"))) == 2


def test_outputs_of_comrec_are_no_input(bulk, source):
    shutil.copy(source / "a.png", source / "a.restored.png")
    told = bulk()
    assert (told["done"], told["left_out"]) == (len(KEYS), 1)


def test_a_place_in_the_other_is_refused(refused, source):
    for dst in (source, source / "b", source / "..", source / "new"):
        refused("bulk", source, dst, *CODING, names=dst, status=2)


def test_a_filled_place_is_refused_and_with_force_only_ours_is_replaced(
    bulk, refused, source, tmp_path
):
    dst = tmp_path / "dst"
    dst.mkdir()
    (dst / "a.comrec.json").write_text("mine")
    (dst / "g.comrec.jpg").write_bytes(pictures.photo_file(".jpg"))
    refused("bulk", source, dst, *CODING, names=dst)
    told = bulk("-f", status=3)
    assert (told["done"], told["failed"]) == (len(KEYS) - 1, 1)
    assert (dst / "a.comrec.json").read_text() == "mine"
    assert not (dst / "a.comrec.jpg").exists()


def test_a_store_is_guarded_as_a_folder_is(bulk, source, memory):
    to = places.place(f"{memory}/dst")
    to.write("a.comrec.json", b"mine")
    ran = bulk("-f", to=to.url, status=3)
    assert (ran["done"], ran["failed"]) == (len(KEYS) - 1, 1)
    assert to.read("a.comrec.json") == b"mine"


def test_pictures_from_elsewhere_do_not_replace_those_there(
    bulk, refused, source, tmp_path
):
    bulk()
    dst = tmp_path / "dst"
    said = refused("bulk", source / "b", dst, *CODING, names=dst)
    assert str(source) in said


def test_a_source_that_is_not_there_leaves_no_destination(refused, tmp_path):
    none = tmp_path / "none"
    refused("bulk", none, tmp_path / "dst", *CODING, names=none)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--decompress", "-q", 10], "--quality does not go with --decompress"),
        (["--decompress", "--embed"], "--embed does not go with --decompress"),
        (["--exact"], "--exact goes with --decompress"),
        (["--memory", 100], "--memory goes with --decompress"),
        (["-p", "none-such"], "none-such"),
    ],
)
def test_options_that_make_no_sense_are_refused(run, source, arguments, named):
    ran = run("bulk", source, source.parent / "dst", *arguments)
    assert ran.status == 2
    assert named in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.parametrize("url", ["http://example.org/x", "nonsense://x"])
def test_urls_that_cannot_be_written_whole_are_refused(run, source, url):
    pytest.importorskip("fsspec", reason="needs the bulk extra")
    ran = run("bulk", source, url, *CODING)
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1
    assert url in ran.err


def test_failures_that_are_no_pictures_end_the_run(monkeypatch, bulk, source, tmp_path):
    for number in range(30):
        shutil.copy(source / "g.webp", source / f"p{number}.webp")

    def full(path, *data):
        if command.MANIFEST in path.parts:
            return write(path, *data)
        raise OutputError(f"{path}: cannot be written (the disk is full)")

    monkeypatch.setattr(pair, "write", full)
    monkeypatch.setattr("comrec.system.files.write", full)
    with pytest.raises(IndexError):  # no summary
        bulk(status=1)
    found = rows(tmp_path / "dst")
    assert len(found) == command.STREAK
    assert {row["fault"] for row in found} == {"place"}
    monkeypatch.undo()


def test_many_pictures_that_cannot_be_read_are_rows(
    monkeypatch, bulk, source, tmp_path
):
    for number in range(25):
        shutil.copy(source / "g.webp", source / f"c{number}.webp")
    read = Path.read_bytes

    def refuse(path):
        if path.name.startswith("c") and path.suffix == ".webp":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    told = bulk(status=3)
    assert (told["done"], told["failed"]) == (len(KEYS), 25)
    assert not list((tmp_path / "dst").glob(".comrec-probe*"))


def test_workers_that_fail_end_the_run_though_the_places_work(
    monkeypatch, bulk, source, tmp_path
):
    for number in range(25):
        shutil.copy(source / "g.webp", source / f"c{number}.webp")

    def fail(*_):
        raise WeightsError("damaged")

    monkeypatch.setattr(worker, "_compress", fail)
    with pytest.raises(IndexError):  # no summary
        bulk(status=1)
    assert len(rows(tmp_path / "dst")) == command.STREAK


def test_a_file_that_cannot_be_looked_at_is_a_row_and_one_that_has_gone_is_none(
    monkeypatch, bulk, source, tmp_path
):
    (source / "loop.png").symlink_to("loop.png")
    (source / "gone.png").symlink_to("a.png")
    add = places._add

    def slow(found, entry):
        if entry.name == "gone.png":
            raise FileNotFoundError(2, "No such file or directory")
        add(found, entry)

    monkeypatch.setattr(places, "_add", slow)
    told = bulk(status=3)
    assert (told["done"], told["failed"]) == (len(KEYS), 1)
    (row,) = (row for row in rows(tmp_path / "dst") if row["state"] == "failed")
    assert row["error"].startswith(f"{source}/loop.png: cannot be read (")


def test_an_object_is_no_folder(run, memory, tmp_path):
    place = places.place(memory)
    place.write("in/x.png", pictures.photo_file(".png"))
    ran = run("bulk", f"{memory}/in/x.png", tmp_path / "dst", *CODING)
    assert ran.status == 1
    said = "an object, not a folder. Name its folder, or a glob"
    assert ran.err == f"comrec: {memory}/in/x.png: {said}\n"
    assert not (tmp_path / "dst").exists()


def test_a_folder_that_cannot_be_listed_is_a_row(monkeypatch, bulk, tmp_path):
    ask = Local.list

    def refuse(place, folder):
        if folder == "b" and place.url.endswith("src"):
            raise PlaceError(f"{place.where(folder)}: cannot be listed (reasons)")
        return ask(place, folder)

    monkeypatch.setattr(Local, "list", refuse)
    told = bulk(status=3)
    assert (told["done"], told["failed"]) == (2, 1)
    assert [row["input"] for row in rows(tmp_path / "dst")][-2:] == ["g.webp", "b/"]
    assert bulk("--status", status=3)["failed"] == 1
    # And no longer once it can be.
    monkeypatch.setattr(Local, "list", ask)
    for done in (len(KEYS) - 2, 0):
        assert bulk()["done"] == done
        told = bulk("--status")
        assert (told["done"], told["failed"]) == (len(KEYS), 0)
    assert [row["state"] for row in rows(tmp_path / "dst")].count("listed") == 1


def test_a_name_that_leads_elsewhere_is_refused(monkeypatch, source, tmp_path):
    evil = Listing({"..": Entry(1, "1")}, [])
    evil.files["ok.png"] = Entry(1, "1")
    place = Local(source)
    monkeypatch.setattr(
        place, "list", lambda folder: evil if folder else Listing({}, [".."])
    )
    plan = Plan(place, Local(tmp_path / "dst"))
    (task,) = plan.tasks(Index(iter([])), Tally())
    assert "leads elsewhere" in task.problem
    row = worker.do(Work(place, Local(tmp_path / "dst")), task)
    assert (row["state"], row["input"]) == ("failed", "../ok.png")
    assert not (tmp_path / "dst").exists()


# What a person sees


def test_progress_says_what_is_done_and_how_long_the_rest_takes(monkeypatch):
    row = row_of("a", 1) | {"input_bytes": 10**6, "width_px": 1000, "height_px": 500}
    tally = Tally(skipped=5, started_s=100).of([row, row, row_of("b", 1, "failed")])
    monkeypatch.setattr(time, "monotonic", lambda: 106.0)
    said = "2 done, 1 failed, 5 were done already, 0.17 MP/s, 2.0 MB saved (100%)"
    assert tally.progress(None) == said
    assert tally.progress(38) == f"{said}, 0:01:00 left"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_a_line_that_is_kept_up_to_date(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    monkeypatch.setattr(console, "BAR_AFTER_S", 0)
    shown = threading.Event()

    def says() -> str:
        shown.set()
        return "7 done"

    def results():
        assert shown.wait(20)
        yield "row"

    assert list(console.Output().watch(results(), says)) == ["row"]
    assert "7 done" in screen.getvalue()


def test_the_summary_is_said_in_words(run, source, tmp_path):
    (source / "bad.png").write_bytes(b"no picture")
    ran = run("bulk", source, tmp_path / "dst", *CODING)
    lines = ran.out.decode().splitlines()
    assert lines[0] == f"{len(KEYS)} done, 1 failed, 0 were done already"
    assert lines[-1].endswith(" MP/s")
    assert ran.err.startswith(f"comrec: {source}/bad.png: ")
    quiet = run("bulk", source, tmp_path / "dst", *CODING, "--quiet")
    assert quiet.out == b""


def test_many_failures_are_not_all_said(run, tmp_path):
    source = tmp_path / "bad"
    source.mkdir()
    for number in range(SHOWN + 5):
        (source / f"{number}.png").write_bytes(b"no picture")
    ran = run("bulk", source, tmp_path / "dst", *CODING)
    lines = ran.err.splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[-1].endswith(f"see {tmp_path}/dst/{command.MANIFEST}")
    assert len(rows(tmp_path / "dst")) == SHOWN + 5


# Kept in bounds


def test_processes_do_what_one_does(monkeypatch, run, source, tmp_path):
    monkeypatch.undo()  # the pool is the pool
    coding = ["-p", "plain", "-q", 30]
    shutil.copy(source / "b" / "f.jpg", source / "z.jpg")
    (source / "bad.png").write_bytes(b"no picture")
    ran = run("bulk", source, tmp_path / "dst", *coding, "-j", 2, "--json")
    told = ran.rows[0]
    assert (told["done"], told["failed"]) == (len(KEYS) + 1, 1), ran
    run("compress", "-r", source, "-o", f"{tmp_path}/one/", *coding)
    assert files(tmp_path / "dst") == files(tmp_path / "one")


def test_what_a_killed_writer_left_goes(bulk, tmp_path):
    bulk()
    dst = tmp_path / "dst"
    left, also = (
        dst / f".a.comrec.{kind}.0123abcd.comrec.tmp" for kind in ("jpg", "json")
    )
    foreign = dst / ".a.comrec.jpg.0123abcd.tmp"
    for path in (left, also, foreign):
        path.write_bytes(b"half")
    assert bulk()["skipped"] == len(KEYS)
    assert [p.exists() for p in (left, also, foreign)] == [False, False, True]
    left.write_bytes(b"half")
    (dst / "a.comrec.jpg").unlink()
    assert bulk()["done"] == 1
    assert not left.exists()


def test_listings_are_not_read_far_ahead():
    taken = []
    coming = Prefetch(taken.append(i) or i for i in range(10 * AHEAD))
    assert coming.take(wait=True) == 0
    end_s = time.monotonic() + 20
    while not coming._ready.full():
        assert time.monotonic() < end_s
    coming.close()
    coming._thread.join()
    assert AHEAD < len(taken) <= AHEAD + 3


def test_what_a_listing_raises_is_raised_where_it_is_taken():
    def items():
        yield 1
        raise ComrecError("gone")

    coming = Prefetch(items())
    assert coming.take(wait=True) == 1
    with pytest.raises(ComrecError, match="gone"):
        coming.take(wait=True)
    assert coming.take(wait=True) is None


PATTERNS = ["*", "*.png", "**", "**/*.png", "b/*", "b/**/e.*", "*/d/*", "b/**", "?.png",
            "b/[c-d]*", "**/d/**", "*/nothing/*"]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_globs_find_what_glob_finds(source, pattern):
    root, rest = walking.split_glob(f"{source}/{pattern}")
    assert rest
    plan = Plan(places.place(root), Local(source.parent / "dst"), rest)
    ours = {f"{root}/{task.key}" for task in plan.tasks(Index(iter([])), Tally())}
    theirs = glob.glob(f"{source}/{pattern}", recursive=True)
    assert ours == {
        path for path in theirs
        if Path(path).is_file() and Path(path).suffix in names.PICTURES
    }  # fmt: skip
    assert plan.count() == len(ours)


def test_a_glob_looks_into_no_folder_that_it_cannot_mean(source):
    place, looked = Local(source), []
    ask = place.list
    place.list = lambda folder: looked.append(folder) or ask(folder)
    assert Plan(place, Local(source.parent / "dst"), ("*", "c.*")).count() == 1
    assert sorted(looked) == ["", "b"]


def test_wildcards_in_the_name_of_a_folder_that_is_there_are_none(tmp_path):
    (tmp_path / "a[1]").mkdir()
    assert walking.split_glob(f"{tmp_path}/a[1]") == (f"{tmp_path}/a[1]", ())
    assert walking.split_glob("s3://bucket/a*/b") == ("s3://bucket", ("a*", "b"))


# Stores that are not at their best


class Busy(OSError):
    """What a store says that has too much to do."""


def test_a_busy_store_is_asked_again_after_ever_longer_waits(monkeypatch):
    waits, left = [], iter(range(4))
    monkeypatch.setattr(time, "sleep", waits.append)

    def call():
        if next(left) < 3:
            raise Busy("503 SlowDown")
        return "found"

    assert places.patiently(call, "s3://b/x") == "found"
    assert len(waits) == 3
    for wait_s, about_s in zip(waits, (0.5, 1, 2), strict=True):
        assert 0.5 * about_s <= wait_s <= 1.5 * about_s


class NoCredentialsError(Exception):
    """As botocore calls it."""


@pytest.mark.parametrize(
    ("error", "said", "tries"),
    [
        (Busy("503"), "does not answer as it should (Busy: 503), 6 times", 6),
        (PermissionError("Forbidden"), "access refused", 1),
        (NoCredentialsError("Unable to locate credentials"), "access refused", 1),
        (FileNotFoundError("b"), "no such bucket, folder or object", 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_asking_again_does_not_help_is_one_line(error, said, tries):
    asked = []

    def call():
        asked.append(1)
        raise error

    with pytest.raises(PlaceError) as caught:
        places.patiently(call, "s3://b/x")
    assert str(caught.value).startswith(f"s3://b/x: {said}")
    assert len(asked) == tries


STOPS = range(4)


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("new", ["pair", "plain"])
@pytest.mark.parametrize("old", ["pair", "plain", "nothing"])
def test_a_kill_between_two_objects_leaves_the_old_pair_or_the_new(
    monkeypatch, memory, old, new, stop
):
    place = places.place(memory)
    place.write("in/x.png", pictures.photo_file(".png"))
    coding = {
        "pair": {"preset": fake_pair.NAME, "jpeg_quality": 50, "scale": 2},
        "plain": {"preset": "plain", "jpeg_quality": 30},
        "new pair": {"preset": fake_pair.NAME, "jpeg_quality": 20, "scale": 2},
        "new plain": {"preset": "plain", "jpeg_quality": 10},
    }
    source, to = places.place(f"{memory}/in"), places.place(f"{memory}/out")
    task = Task("x.png", "", "1", "x.comrec.jpg")

    def work(kind: str) -> Work:
        return Work(source, to, Options(**coding[kind]))

    def restored() -> bytes | None:
        try:
            jpeg = to.read("x.comrec.jpg")
        except PlaceError:
            return None
        try:
            sidecar = to.read("x.comrec.json")
        except PlaceError:
            sidecar = None
        return comrec.decompress(jpeg, sidecar).tobytes()

    legal = [None]
    if old != "nothing":
        assert worker.do(work(old), task)["state"] == "done"
        legal = [restored()]
    calls = iter(range(100))

    class Killed(BaseException):
        pass

    def killed(method):
        def call(*args):
            if next(calls) == stop:
                raise Killed
            return method(*args)

        return call

    with monkeypatch.context() as patch:
        patch.setattr(to, "write", killed(to.write))
        patch.setattr(to, "remove", killed(to.remove))
        done = False
        try:
            worker.do(work(f"new {new}"), task._replace(replaces=old != "nothing"))
            done = True
        except Killed:
            pass
    after = restored()
    again = worker.do(work(f"new {new}"), task._replace(replaces=True))
    assert again["state"] == "done"
    legal.append(restored())
    assert after in legal
    assert not done or after == legal[1]
    names = set(to.list("").files)
    assert names == set(again["outputs"])


def test_without_fsspec_a_url_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"pip install comrec\[bulk\]"):
        places.place("s3://not-asked-before/x")


def test_a_worker_holds_every_library_to_its_threads():
    before = cv2.getNumThreads(), pyvips.concurrency_get()
    worker._hold_threads.cache_clear()
    try:
        worker._hold_threads(1)
        assert (cv2.getNumThreads(), pyvips.concurrency_get()) == (1, 1)
    finally:
        worker._hold_threads.cache_clear()
        cv2.setNumThreads(before[0])
        pyvips.concurrency_set(before[1])
