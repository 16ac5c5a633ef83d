"""Places: what they list, how they retry, and how they fail."""

import time

import pictures
import pytest
from bulk_trees import CODING, KEYS, rows

from comrec.apps.bulk import places
from comrec.apps.bulk.manifest import Index
from comrec.apps.bulk.places import PlaceError
from comrec.apps.bulk.plan import Plan
from comrec.apps.bulk.summary import Tally
from comrec.errors import UsageError

pytestmark = pytest.mark.usefixtures("here")


@pytest.mark.parametrize("url", ["http://example.org/x", "nonsense://x"])
def test_urls_that_cannot_be_written_whole_are_refused(run, source, url):
    pytest.importorskip("fsspec", reason="needs the bulk extra")
    ran = run("bulk", source, url, *CODING)
    assert ran.status == 2
    assert len(ran.err.splitlines()) == 1
    assert url in ran.err


def test_a_file_that_cannot_be_looked_at_is_a_row(bulk, source, tmp_path):
    (source / "loop.png").symlink_to("loop.png")
    (source / "lost.png").symlink_to("none.png")
    summary = bulk(status=3)
    assert (summary["done"], summary["failed"]) == (len(KEYS), 2)
    failed = [row for row in rows(tmp_path / "dst") if row["state"] == "failed"]
    assert {row["input"] for row in failed} == {"loop.png", "lost.png"}
    assert all(": cannot be read (" in row["error"] for row in failed)


class Store:
    """Lists keys as S3 does, and answers as s3fs."""

    def __init__(self, *keys: str) -> None:
        self.keys = keys

    def ls(self, path: str, detail: bool) -> list[dict]:
        below = path.rstrip("/") + "/"
        found = {}
        for key in (key for key in self.keys if key.startswith(below)):
            name, slash, _ = key.removeprefix(below).partition("/")
            if slash:
                info = {"name": f"{below}{name}", "type": "directory", "size": 0}
            else:
                info = {"name": key, "type": "file", "size": 3}
            found[info["name"]] = info
        return list(found.values())

    def find(self, path: str, prefix: str, detail: bool) -> dict[str, dict]:
        start = f"{path.rstrip('/')}/{prefix}"
        keys = (key for key in self.keys if key.startswith(start))
        return {key: {"name": key, "type": "file", "size": 3} for key in keys}


def test_every_object_of_a_store_is_listed_also_with_empty_parts_in_its_key(
    monkeypatch, tmp_path
):
    keys = ("a.png", "x/b.png", "x//c.png", "x///d.png", "/e.png", "x//y/f.png", "y/",
            "x//notes.txt")  # fmt: skip
    store = Store(*(f"bucket/{key}" for key in keys))
    monkeypatch.setattr(places, "_open_filesystem", lambda _: (store, "bucket"))
    plan = Plan(places.Remote("s3://bucket"), places.Local(tmp_path))
    tasks = {task.key: task for task in plan.tasks(Index(iter([])), Tally())}
    assert set(tasks) == set(keys)
    fine = {key for key, t in tasks.items() if not t.problem and not t.left_out}
    assert fine == {"a.png", "x/b.png"}
    assert "its name has an empty part" in tasks["x//c.png"].problem
    assert tasks["x//notes.txt"].left_out == "no pictures"


def test_an_object_is_no_folder(run, memory, tmp_path):
    place = places.open_place(memory)
    place.write("in/x.png", pictures.photo_file(".png"))
    ran = run("bulk", f"{memory}/in/x.png", tmp_path / "dst", *CODING)
    assert ran.status == 1
    said = "an object, not a folder. Name its folder, or a glob"
    assert ran.err == f"comrec: {memory}/in/x.png: {said}\n"
    assert not (tmp_path / "dst").exists()


class Busy(OSError):
    """Stands for the error of a busy store."""


def test_a_busy_store_is_asked_again_after_ever_longer_waits(monkeypatch):
    waits, left = [], iter(range(4))
    monkeypatch.setattr(time, "sleep", waits.append)

    def call():
        if next(left) < 3:
            raise Busy("503 SlowDown")
        return "found"

    assert places.retry(call, "s3://b/x") == "found"
    assert len(waits) == 3
    for wait_s, about_s in zip(waits, (0.5, 1, 2), strict=True):
        assert 0.5 * about_s <= wait_s <= 1.5 * about_s


class NoCredentialsError(Exception):
    """Stands for the error of botocore with this name."""


@pytest.mark.parametrize(
    ("error", "said", "tries"),
    [
        (Busy("503"), "failed 6 times (Busy: 503)", 6),
        (PermissionError("Forbidden"), "access refused", 1),
        (NoCredentialsError("Unable to locate credentials"), "access refused", 1),
        (FileNotFoundError("b"), "no such bucket, folder or object", 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_asking_again_does_not_help_is_one_line(error, said, tries):
    calls = []

    def call():
        calls.append(1)
        raise error

    with pytest.raises(PlaceError) as caught:
        places.retry(call, "s3://b/x")
    assert str(caught.value).startswith(f"s3://b/x: {said}")
    assert len(calls) == tries


def test_without_fsspec_a_url_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    with pytest.raises(UsageError, match=r"pip install comrec\[bulk\]"):
        places.open_place("s3://not-asked-before/x")
