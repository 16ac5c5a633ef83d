"""Which pictures a run processes, and which names it refuses."""

import os
import shutil

import pytest
from bulk_trees import CODING, KEYS, all_rows, files, rows

from comrec.apps.bulk import worker
from comrec.apps.bulk.manifest import Index
from comrec.apps.bulk.places import Local, PlaceError
from comrec.apps.bulk.plan import Plan
from comrec.apps.bulk.summary import Tally
from comrec.apps.bulk.worker import Work
from comrec.format import names
from comrec.system.listing import Entry, Listing

pytestmark = pytest.mark.usefixtures("here")


def test_a_changed_sidecar_counts_as_a_changed_picture(bulk, run, tmp_path):
    bulk()
    dst, back = tmp_path / "dst", tmp_path / "back"
    assert run("bulk", dst, back, "--decompress", "--json").status == 0
    path = dst / "a.comrec.json"
    path.write_bytes(path.read_bytes())
    ran = run("bulk", dst, back, "--decompress", "--json")
    assert (ran.rows[0]["done"], ran.rows[0]["skipped"]) == (1, len(KEYS) - 1)


def test_two_pictures_with_one_name_keep_their_suffix(bulk, source, tmp_path):
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    assert bulk()["done"] == len(KEYS) + 1
    made = {path.name for path in (tmp_path / "dst").glob("a.*")}
    assert made == {
        f"a.{kind}.comrec.{end}" for kind in ("png", "jpg") for end in ("jpg", "json")
    }
    assert bulk()["skipped"] == len(KEYS) + 1


def test_a_glob_does_not_change_names(run, source, tmp_path):
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    given = source / "**" / "*.jpg"
    ran = run("bulk", given, tmp_path / "jpg", *CODING, "--json")
    assert (ran.status, ran.rows[0]["done"]) == (0, 2)
    assert (tmp_path / "jpg" / "a.jpg.comrec.jpg").exists()


def test_a_resumed_run_knows_both_names(bulk, source, tmp_path):
    bulk()
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    for _ in range(2):
        summary = bulk()
        assert summary["skipped"] + summary["done"] == len(KEYS) + 1
    assert summary["done"] == 0
    assert (tmp_path / "dst" / "a.comrec.jpg").exists()
    assert not (tmp_path / "dst" / "a.png.comrec.jpg").exists()
    assert (tmp_path / "dst" / "a.jpg.comrec.jpg").exists()
    (source / "a.png").unlink()
    assert bulk()["skipped"] == len(KEYS)


def test_an_output_of_another_picture_is_never_replaced(run, source, tmp_path):
    dst = tmp_path / "dst"

    def call(kind: str, *more: object, status: int = 0):
        ran = run("bulk", source / kind, dst, *CODING, *more, "--json")
        assert ran.status == status, ran
        return ran

    call("*.png")
    before = files(dst)
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    picture = (source / "a.png").read_bytes()
    (source / "a.png").unlink()
    ran = call("*.jpg", "--metadata", "none", status=3)
    assert f"{dst}/a.comrec.jpg is the output of another picture" in ran.err
    assert files(dst) == before
    # A later failure of the other picture leaves its output in place.
    (source / "a.jpg").rename(tmp_path / "a.jpg")
    (source / "a.png").write_bytes(b"no picture")
    call("*.png", status=3)
    (source / "a.png").unlink()
    (tmp_path / "a.jpg").rename(source / "a.jpg")
    call("*.jpg", "-f", status=3)
    assert files(dst) == before
    for path in dst.glob("a.*"):
        path.unlink()
    assert call("*.jpg").rows[0]["done"] == 1
    assert picture


def test_pictures_with_one_name_are_of_one_shard(run, source, tmp_path):
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    dst = tmp_path / "dst"
    summary = []
    for number in range(3):
        shard = ["--shard", f"{number}/3", "--json"]
        ran = run("bulk", source / "a.*", dst, *CODING, *shard)
        summary.append(ran.rows[0]["done"])
    assert sorted(summary) == [0, 0, 2]
    assert len(list(dst.glob("a.*"))) == 4


def test_the_summary_adds_up_and_the_manifest_lists_what_is_left_out(
    bulk, source, tmp_path
):
    for name in ("x.heic", "b/._f.jpg", "notes.txt", "a.restored.png", "d.NEF"):
        (source / name).write_bytes(b"x")
    os.mkfifo(source / "pipe.png")
    (source / "up").symlink_to("..")
    (source / "lost.png").symlink_to("none")
    for skipped in (0, len(KEYS)):
        summary = bulk(status=3)
        assert summary["skipped"] == skipped
        parts = ("done", "failed", "skipped", "left_out")
        assert summary["listed"] == sum(summary[part] for part in parts)
        assert summary["listed"] == len(KEYS) + 9
        assert summary["left_out_by_reason"] == {
            "HEIC files": 1, "files of macOS (._*)": 1, "no pictures": 2,
            "outputs of comrec": 1, "camera raw files": 1, "pipes and devices": 1,
            "links to folders": 1,
        }  # fmt: skip
    found = [row for row in all_rows(tmp_path / "dst") if row["state"] == "left_out"]
    assert len(found) == 8  # by one run, and not again
    assert {row["input"]: row["reason"] for row in found}["x.heic"] == "HEIC files"
    assert bulk("--status", status=3)["left_out"] == 8


def test_a_file_that_was_left_out_is_done_once_its_kind_is_read(
    bulk, source, monkeypatch
):
    (source / "a.png").rename(source / "a.heic")
    assert bulk()["left_out"] == 2
    monkeypatch.setattr(names, "PICTURES", (*names.PICTURES, ".heic"))
    assert bulk()["done"] == 1


def test_originals_beside_pairs_are_no_rivals_of_them(run, source, tmp_path):
    assert run("compress", "-r", source, *CODING).status == 0
    ran = run("bulk", source, tmp_path / "back", "--decompress", "--json")
    assert (ran.status, ran.rows[0]["done"]) == (0, len(KEYS))
    assert ran.rows[0]["left_out"] == len(KEYS) + 1  # and notes.txt


def test_outputs_of_comrec_are_no_input(bulk, source):
    shutil.copy(source / "a.png", source / "a.restored.png")
    summary = bulk()
    assert (summary["done"], summary["left_out"]) == (len(KEYS), 2)


def test_a_folder_that_cannot_be_listed_is_a_row(monkeypatch, bulk, tmp_path):
    ask = Local.list

    def refuse(place, folder):
        if folder == "b" and place.url.endswith("src"):
            raise PlaceError(f"{place.where(folder)}: cannot be listed (reasons)")
        return ask(place, folder)

    monkeypatch.setattr(Local, "list", refuse)
    summary = bulk(status=3)
    assert (summary["done"], summary["failed"]) == (2, 1)
    assert [row["input"] for row in rows(tmp_path / "dst")][-2:] == ["g.webp", "b/"]
    assert bulk("--status", status=3)["failed"] == 1
    # And no longer once it can be.
    monkeypatch.setattr(Local, "list", ask)
    for done in (len(KEYS) - 2, 0):
        assert bulk()["done"] == done
        summary = bulk("--status")
        assert (summary["done"], summary["failed"]) == (len(KEYS), 0)
    assert [row["state"] for row in rows(tmp_path / "dst")].count("listed") == 1


def test_a_name_that_leads_elsewhere_is_refused(monkeypatch, source, tmp_path):
    evil = Listing({"..": Entry(1, "1")}, [])
    evil.files["ok.png"] = Entry(1, "1")
    place = Local(source)
    monkeypatch.setattr(
        place, "list", lambda folder: evil if folder else Listing({}, [".."])
    )
    plan = Plan(place, Local(tmp_path / "dst"))
    (task,) = (t for t in plan.tasks(Index(iter([])), Tally()) if not t.left_out)
    assert "leads outside" in task.problem
    row = worker.run_task(Work(place, Local(tmp_path / "dst")), task)
    assert (row["state"], row["input"]) == ("failed", "../ok.png")
    assert not (tmp_path / "dst").exists()


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
