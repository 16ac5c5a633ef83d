"""`comrec bulk`: the bytes of `compress`, and only missing or changed pictures."""

import io
import json
import shutil
import threading
from pathlib import Path

import pictures
import pytest
from bulk_trees import CODING, KEYS, files, memory_files, rows

import comrec
from comrec.apps.bulk import command, worker
from comrec.cli import console
from comrec.errors import OutputError, WeightsError
from comrec.format import pair
from comrec.system import files as system_files
from comrec.system.files import write

pytestmark = pytest.mark.usefixtures("here")


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


def test_other_options_do_all_again_and_other_limits_do_not(bulk, tmp_path):
    bulk()
    assert bulk("--max-pixels", 10**6, "--threads", 1)["skipped"] == len(KEYS)
    assert bulk("--metadata", "none")["done"] == len(KEYS)
    options = (tmp_path / "dst" / command.MANIFEST).glob("options-*.json")
    assert sorted(json.loads(p.read_text())["metadata"] for p in options) == [
        [], list(worker.Options().metadata)
    ]  # fmt: skip


def test_shards_have_every_picture_once_and_their_rows_are_one_manifest(
    bulk, run, source, tmp_path
):
    whole = tmp_path / "whole"
    bulk(to=whole)
    summary = [bulk("--shard", f"{i}/3") for i in range(3)]
    assert sum(one["done"] for one in summary) == len(KEYS)
    assert files(tmp_path / "dst") == files(whole)
    assert sorted(row["input"] for row in rows(tmp_path / "dst")) == KEYS
    status = bulk("--status")
    assert (status["done"], status["failed"]) == (len(KEYS), 0)
    assert status["output_bytes"] == sum(map(len, files(whole).values()))
    # Split in another way, there is nothing left to do.
    assert sum(bulk("--shard", f"{i}/2")["skipped"] for i in range(2)) == len(KEYS)
    assert bulk()["skipped"] == len(KEYS)


@pytest.mark.parametrize("shard", ["3/3", "1", "a/b", "-1/2", "0/0", "1/2/3"])
def test_a_shard_that_makes_no_sense_is_refused(run, shard):
    ran = run("bulk", "src", "dst", f"--shard={shard}")
    assert ran.status == 2
    assert "must be i/n, with i from 0 to n - 1" in ran.err


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
    summary = bulk("-f", status=3)
    assert (summary["done"], summary["failed"]) == (len(KEYS) - 1, 1)
    assert (dst / "a.comrec.json").read_text() == "mine"
    assert not (dst / "a.comrec.jpg").exists()


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


def test_failures_that_are_no_pictures_end_the_run(monkeypatch, bulk, source, tmp_path):
    for number in range(30):
        shutil.copy(source / "g.webp", source / f"p{number}.webp")
        (source / f"p{number}.txt").touch()  # ends no streak

    def full(path, data, **options):
        if command.MANIFEST in path.parts:
            return write(path, data, **options)
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
        (source / f"c{number}.txt").touch()
    read = system_files.read

    def refuse(path, *more, **options):
        if path.name.startswith("c") and path.suffix == ".webp":
            raise PermissionError(13, "Permission denied")
        return read(path, *more, **options)

    monkeypatch.setattr(system_files, "read", refuse)
    summary = bulk(status=3)
    assert (summary["done"], summary["failed"]) == (len(KEYS), 25)
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


@pytest.mark.parametrize("content", [b"", b"[" * 100_000, b'{"source":', b"7"])
def test_a_damaged_record_of_the_source_is_one_line(run, source, tmp_path, content):
    path = tmp_path / "dst" / command.MANIFEST / command.SOURCE
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    ran = run("bulk", source, tmp_path / "dst", *CODING)
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 1
    assert f"{path}: damaged" in ran.err
