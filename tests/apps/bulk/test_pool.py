"""Processes: the same outputs as one, and nothing lost when they are killed."""

import shutil
import time
from pathlib import Path

import bulk_runs
import pytest
from bulk_runs import (
    CODING,
    COUNT,
    ROOT,
    in_processes,
    kill_workers,
    left,
    pool_workers,
)
from bulk_trees import KEYS, files


def test_processes_do_what_one_does(monkeypatch, run, source, tmp_path):
    monkeypatch.undo()  # the pool is the pool
    coding = ["-p", "plain", "--jpeg-quality", 30]
    shutil.copy(source / "b" / "f.jpg", source / "z.jpg")
    (source / "bad.png").write_bytes(b"no picture")
    ran = run("bulk", source, tmp_path / "dst", *coding, "-j", 2, "--json")
    summary = ran.rows[0]
    assert (summary["done"], summary["failed"]) == (len(KEYS) + 1, 1), ran
    run("compress", "-r", source, "-o", f"{tmp_path}/one/", *coding)
    assert files(tmp_path / "dst") == files(tmp_path / "one")


@pytest.fixture(scope="module")
def given() -> dict[str, bytes]:
    return bulk_runs.sources(COUNT)


@pytest.fixture
def places(tmp_path, given):
    return bulk_runs.fill(tmp_path / "src", given), tmp_path / "dst"


@in_processes
def test_workers_killed_twenty_times_and_the_run_once(places, given):
    src, dst = places
    arguments = src, dst, *CODING, "-j", 2
    first = bulk_runs.start(*arguments)
    assert kill_workers(first, pool_workers, dst, 5, every=1) == 5
    orphans: list[int] = []
    end_s = time.monotonic() + 60
    while not orphans and time.monotonic() < end_s:  # one was killed just now
        orphans = pool_workers(first)
    assert orphans
    bulk_runs.kill(first)
    done = len(bulk_runs.lines(dst / "comrec-manifest"))
    assert 0 < done < COUNT
    second = bulk_runs.start(*arguments)
    assert kill_workers(second, pool_workers, dst, 15) >= 5
    summary = bulk_runs.end(second)
    assert (summary["skipped"], summary["done"]) == (done, COUNT - done)
    assert summary["retried"] > 0
    assert not [pid for pid in orphans if Path(f"/proc/{pid}").exists()]
    last = bulk_runs.end(bulk_runs.start(*arguments))
    assert (last["skipped"], last["done"], last["failed"]) == (COUNT, 0, 0)
    # A kill between a file's two names leaves the first.
    assert len(left(dst)) <= 20
    bulk_runs.check(
        bulk_runs.lines(dst / "comrec-manifest"), given, bulk_runs.tree(dst)
    )


@pytest.fixture
def hooked(tmp_path):
    """Returns a function: the environment in which opening p0003.png runs code."""

    def call(does: str) -> dict[str, str]:
        folder = tmp_path / "hook"
        folder.mkdir()
        (folder / "sitecustomize.py").write_text(
            "import os, sys, time\n"
            "def hook(event, arguments):\n"
            "    if event == 'open' and str(arguments[0]).endswith('p0003.png'):\n"
            f"        {does}\n"
            "sys.addaudithook(hook)\n"
        )
        return {"PYTHONPATH": f"{folder}:{ROOT}"}

    return call


@pytest.fixture
def six(tmp_path):
    given = bulk_runs.sources(6)
    return bulk_runs.fill(tmp_path / "src", given), tmp_path / "dst"


@in_processes
def test_a_picture_that_ends_its_workers_is_a_row(six, hooked):
    env = hooked("os.kill(os.getpid(), 9)")
    run = bulk_runs.start(*six, *CODING, "-j", 2, env=env)
    summary = bulk_runs.end(run, status=3)
    assert (summary["done"], summary["failed"], summary["retried"]) == (5, 1, 2)


@in_processes
def test_workers_do_not_outlive_a_run_that_was_killed(six, hooked):
    src, dst = six
    run = bulk_runs.start(src, dst, *CODING, "-j", 2, env=hooked("time.sleep(60)"))
    rows = dst / "comrec-manifest"
    assert bulk_runs.wait_for(5, lambda: len(bulk_runs.lines(rows)), run)
    orphans = pool_workers(run)
    assert orphans
    bulk_runs.kill(run)
    end_s = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in orphans):
        assert time.monotonic() < end_s
        time.sleep(0.05)
    assert not list(dst.rglob("p0003*"))
