"""Which pictures a run processes, and which names it refuses."""

import shutil

import pytest
from bulk_trees import CODING, KEYS, files, rows

from comrec.apps.bulk import worker
from comrec.apps.bulk.manifest import Index
from comrec.apps.bulk.places import Entry, Listing, Local, PlaceError
from comrec.apps.bulk.plan import Plan
from comrec.apps.bulk.summary import Tally
from comrec.apps.bulk.worker import Work

pytestmark = pytest.mark.usefixtures("here")


def test_a_changed_sidecar_counts_as_a_changed_picture(bulk, run, tmp_path):
    bulk()
    dst, back = tmp_path / "dst", tmp_path / "back"
    assert run("bulk", dst, back, "--decompress", "--json").status == 0
    path = dst / "a.comrec.json"
    path.write_bytes(path.read_bytes())
    ran = run("bulk", dst, back, "--decompress", "--json")
    assert (ran.rows[0]["done"], ran.rows[0]["skipped"]) == (1, len(KEYS) - 1)


def test_two_pictures_with_one_output_are_both_refused(bulk, source, tmp_path):
    shutil.copy(source / "b" / "f.jpg", source / "a.jpg")
    summary = bulk(status=3)
    assert (summary["done"], summary["failed"]) == (len(KEYS) - 1, 2)
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
    assert f"{dst}/a.comrec.jpg is the output of another picture" in ran.err
    assert files(dst) == before
    # A later failure of the other picture leaves its output in place.
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
    summary = []
    for kind in ("png", "jpg"):
        for number in range(3):
            shard = ["--shard", f"{number}/3", "--json"]
            ran = run("bulk", source / f"a.{kind[0]}*", dst, *CODING, *shard)
            summary.append((ran.rows[0]["done"], ran.rows[0]["failed"]))
    assert sorted(summary) == [(0, 0)] * 4 + [(0, 1), (1, 0)]
    assert len(list(dst.glob("a.*"))) == 2


def test_outputs_of_comrec_are_no_input(bulk, source):
    shutil.copy(source / "a.png", source / "a.restored.png")
    summary = bulk()
    assert (summary["done"], summary["left_out"]) == (len(KEYS), 1)


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
    (task,) = plan.tasks(Index(iter([])), Tally())
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
