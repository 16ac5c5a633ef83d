"""A bucket into another over HTTP, killed, resumed, and verified object by object."""

import time

import bulk_runs
import pytest

pytest.importorskip("moto", reason="needs the dev extra")
fsspec = pytest.importorskip("fsspec", reason="needs the bulk extra")
pytest.importorskip("s3fs", reason="needs the bulk extra")

import s3_server
from bulk_runs import CODING

pytestmark = pytest.mark.slow
COUNT = 30
MANIFEST = "comrec-manifest"


@pytest.fixture
def store():
    with s3_server.serving() as server:
        yield server


@pytest.fixture
def s3(store):
    """Returns a client of the store that shares no cache."""
    return fsspec.filesystem(
        "s3", key="key", secret="x", endpoint_url=store.url,
        use_listings_cache=False, skip_instance_cache=True,
    )  # fmt: skip


@pytest.fixture
def given(s3):
    """Makes a bucket of pictures, and an empty one."""
    s3.mkdir("pictures")
    s3.mkdir("out")
    found = bulk_runs.sources(COUNT)
    for key, data in found.items():
        s3.pipe_file(f"pictures/in/{key}", data)
    return found


@pytest.fixture
def bulk(store, monkeypatch):
    """Starts `comrec bulk` of one bucket into the other, in a process."""

    def call(*arguments: object, source="s3://pictures/in", to="s3://out", **env: str):
        env = {"AWS_ENDPOINT_URL": store.url, **env}
        return bulk_runs.start(source, to, *CODING, "-j", 2, *arguments, env=env)

    return call


def objects(s3, root: str) -> dict[str, bytes]:
    return {
        path.removeprefix(f"{root}/"): s3.cat_file(path)
        for path in s3.find(root)
        if MANIFEST not in path
    }


def lines(s3) -> list[bytes]:
    found = []
    for path in sorted(s3.find(f"out/{MANIFEST}")):
        if path.endswith(".jsonl"):
            found += s3.cat_file(path).splitlines(keepends=True)
    return found


def test_a_bucket_into_another_killed_and_resumed(store, s3, given, bulk):
    run = bulk()
    assert bulk_runs.wait_for(store.written + 24, lambda: store.written, run)
    bulk_runs.kill(run)
    seen = objects(s3, "out")
    expected = bulk_runs.outputs(given)
    assert all(expected[key] == data for key, data in seen.items())
    written = len(lines(s3))
    summary = bulk_runs.end(bulk())
    assert (summary["done"], summary["skipped"]) == (COUNT - written, written)
    assert summary["failed"] == 0
    again = bulk_runs.end(bulk())
    assert (again["done"], again["skipped"]) == (0, COUNT)
    bulk_runs.check(lines(s3), given, objects(s3, "out"))


def test_a_terminated_run_leaves_all_its_rows(store, s3, given, bulk):
    run = bulk()
    assert bulk_runs.wait_for(store.written + 24, lambda: store.written, run)
    run.terminate()
    out, err = run.communicate(timeout=bulk_runs.END_S)
    assert (run.returncode, out) == (130, "")
    assert len(err.splitlines()) == 1
    written = len(lines(s3))
    jpegs = [path for path in s3.find("out") if path.endswith(".jpg")]
    assert len(jpegs) - 2 <= written <= len(jpegs)  # two workers were at it
    assert bulk_runs.end(bulk())["skipped"] == written


def test_a_store_that_is_busy_or_slow_is_waited_for(store, s3, given, bulk):
    calls = iter(range(10**6))
    store.is_busy = lambda method, path: next(calls) % 8 == 3
    store.wait = lambda: time.sleep(0.02)
    summary = bulk_runs.end(bulk())
    assert (summary["done"], summary["failed"]) == (COUNT, 0)
    assert store.refused > COUNT / 8
    store.is_busy = lambda method, path: False
    bulk_runs.check(lines(s3), given, objects(s3, "out"))


def test_wrong_credentials_are_one_line(monkeypatch, given, bulk):
    from moto import settings

    monkeypatch.setattr(settings, "INITIAL_NO_AUTH_ACTION_COUNT", 0)
    refused(bulk(), "s3://pictures/in: access refused (")


@pytest.mark.parametrize(
    ("ends", "named"),
    [
        ({"source": "s3://none/in"}, "s3://none/in"),
        ({"to": "s3://none/x"}, "s3://none/x"),
    ],
)
def test_no_such_bucket_is_one_line(given, bulk, ends, named):
    said = refused(bulk(**ends), f"{named}")
    assert "no such bucket, folder or object" in said


def test_no_credentials_are_one_line(given, bulk):
    run = bulk(
        AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="",
        AWS_SHARED_CREDENTIALS_FILE="/nonexistent", AWS_CONFIG_FILE="/nonexistent",
    )  # fmt: skip
    refused(run, "s3://pictures/in: access refused (")


def refused(run, start: str) -> str:
    out, err = run.communicate(timeout=bulk_runs.END_S)
    assert (run.returncode, out) == (1, ""), err
    assert len(err.splitlines()) == 1, err
    assert err.startswith(f"comrec: {start}")
    return err


def test_a_new_picture_under_an_old_name_replaces_its_pair(s3, given, bulk):
    few = dict(list(given.items())[:3])
    s3.rm("pictures/in", recursive=True)
    for key, data in few.items():
        s3.pipe_file(f"pictures/in/{key}", data)
    assert bulk_runs.end(bulk())["done"] == 3
    first, other = list(few)[:2]
    s3.pipe_file(f"pictures/in/{first}", few[other])
    summary = bulk_runs.end(bulk())
    assert (summary["done"], summary["skipped"]) == (1, 2)
    few[first] = few[other]
    assert objects(s3, "out") == bulk_runs.outputs(few)
