"""One picture: its row, its outputs, and what a kill leaves."""

from pathlib import Path

import fake_pair
import pictures
import pytest
import pyvips
from bulk_trees import KEYS, rows

import comrec
from comrec.apps.bulk import places, worker
from comrec.apps.bulk.places import PlaceError
from comrec.apps.bulk.plan import Task
from comrec.apps.bulk.worker import Work
from comrec.encoder.options import Options
from comrec.image import metadata, xmp
from comrec.image.metadata import Metadata
from comrec.system import files

pytestmark = pytest.mark.usefixtures("here")


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


def test_a_full_disk_is_said_without_options_that_bulk_has_not(
    monkeypatch, bulk, tmp_path
):
    rename = files._rename_new

    def full(old, new):
        if Path(new).suffix == ".jpg":
            raise OSError(28, "No space left on device")
        rename(old, new)

    monkeypatch.setattr(files, "_rename_new", full)
    bulk(status=3)
    said = {row["error"].split(": ", 1)[1] for row in rows(tmp_path / "dst")}
    cannot = "cannot be written (the disk is full)"
    assert said == {f"{cannot}. Nothing was left there; choose another DST"}


def test_a_bad_picture_is_a_row_and_not_the_end(bulk, source, tmp_path):
    (source / "b" / "bad.png").write_bytes(b"no picture")
    summary = bulk(status=3)
    assert (summary["done"], summary["failed"]) == (len(KEYS), 1)
    (row,) = (row for row in rows(tmp_path / "dst") if row["state"] == "failed")
    assert row["input"] == "b/bad.png"
    assert row["error"].startswith(f"{source}/b/bad.png: ")
    assert (row["outputs"], row["fault"]) == ({}, "picture")
    assert bulk(status=3)["failed"] == 1  # it is tried again


def test_what_a_png_cannot_hold_is_in_the_row_of_a_restored_picture(tmp_path):
    main = xmp.stub_for(b"extended").replace(b"</rdf:RDF>", b"")  # to join nothing to
    blocks = Metadata(xmp=main, extended_xmp=b"extended")
    (tmp_path / "x.jpg").write_bytes(
        metadata.insert(pictures.photo_file(".jpg"), blocks, [])
    )
    task = Task("x.jpg", "", "1", "x.restored.png", size=1)
    work = Work(places.Local(tmp_path), places.Local(tmp_path), worker.Restoring())
    row = worker.run_task(work, task)
    assert row["state"] == "done", row
    assert row["notes"] == ["extended XMP left out: it cannot be joined to its XMP"]


def test_a_store_is_guarded_as_a_folder_is(bulk, source, memory):
    to = places.open_place(f"{memory}/dst")
    to.write("a.comrec.json", b"mine")
    ran = bulk("-f", to=to.url, status=3)
    assert (ran["done"], ran["failed"]) == (len(KEYS) - 1, 1)
    assert to.read("a.comrec.json") == b"mine"


STOPS = range(4)


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("new", ["pair", "plain"])
@pytest.mark.parametrize("old", ["pair", "plain", "nothing"])
def test_a_kill_between_two_objects_leaves_the_old_pair_or_the_new(
    monkeypatch, memory, old, new, stop
):
    place = places.open_place(memory)
    place.write("in/x.png", pictures.photo_file(".png"))
    coding = {
        "pair": {"preset": fake_pair.NAME, "jpeg_quality": 50, "scale": 2},
        "plain": {"preset": "plain", "jpeg_quality": 30},
        "new pair": {"preset": fake_pair.NAME, "jpeg_quality": 20, "scale": 2},
        "new plain": {"preset": "plain", "jpeg_quality": 10},
    }
    source, to = places.open_place(f"{memory}/in"), places.open_place(f"{memory}/out")
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
        assert worker.run_task(work(old), task)["state"] == "done"
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
            worker.run_task(
                work(f"new {new}"), task._replace(replaces=old != "nothing")
            )
            done = True
        except Killed:
            pass
    after = restored()
    again = worker.run_task(work(f"new {new}"), task._replace(replaces=True))
    assert again["state"] == "done"
    legal.append(restored())
    assert after in legal
    assert not done or after == legal[1]
    names = set(to.list("").files)
    assert names == set(again["outputs"])


def test_a_worker_holds_libvips_to_its_threads():
    before = pyvips.concurrency_get()
    worker._limit_threads.cache_clear()
    try:
        worker._limit_threads(1)
        assert pyvips.concurrency_get() == 1
    finally:
        worker._limit_threads.cache_clear()
        pyvips.concurrency_set(before)
