"""Whatever is killed, nothing is lost, and nothing is done twice that was finished."""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import bulk_runs
import pytest
from bulk_runs import CODING, ENV, ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc"),
]
COUNT, FEW = 120, 36
KILLS = 20


@pytest.fixture(scope="module")
def given() -> dict[str, bytes]:
    return bulk_runs.sources(COUNT)


@pytest.fixture(scope="module")
def few() -> dict[str, bytes]:
    return bulk_runs.sources(FEW)


@pytest.fixture
def places(tmp_path, given):
    return bulk_runs.fill(tmp_path / "src", given), tmp_path / "dst"


@pytest.fixture
def some_places(tmp_path, few):
    return bulk_runs.fill(tmp_path / "src", few), tmp_path / "dst"


def pool_workers(run: subprocess.Popen) -> list[int]:
    """Workers are forked by a server, which the run started."""
    return [pid for child in bulk_runs.children(run.pid)
            for pid in bulk_runs.children(child)]  # fmt: skip


def dask_workers(run: subprocess.Popen) -> list[int]:
    found = bulk_runs.children(run.pid)
    return [pid for pid in found if bulk_runs.says(pid, "spawn_main")]


def kill_one(pids: list[int]) -> bool:
    try:
        os.kill(random.choice(pids), signal.SIGKILL)
    except (IndexError, ProcessLookupError):
        return False
    return True


def kill_workers(run, workers, dst: Path, times: int, every: int = 2) -> int:
    """At random, each time that a few more pictures are done: how often it could.

    A fast machine may be done with all pictures before.
    """

    def counted() -> int:
        return len(bulk_runs.lines(dst / "comrec-manifest"))

    for i in range(times):
        if not bulk_runs.wait_for(counted() + every, counted, run):
            return i
        time.sleep(random.uniform(0, 0.02))
        end_s = time.monotonic() + 60
        while not kill_one(workers(run)):
            if run.poll() is not None:
                return i
            assert time.monotonic() < end_s
            time.sleep(0.02)
    return times


def left(dst: Path) -> list[Path]:
    return list(dst.rglob(".*.tmp"))


def test_workers_killed_twenty_times_and_the_run_once(places, given):
    src, dst = places
    arguments = src, dst, *CODING, "-j", 2
    first = bulk_runs.start(*arguments)
    assert kill_workers(first, pool_workers, dst, KILLS // 4, every=1) == KILLS // 4
    orphans: list[int] = []
    end_s = time.monotonic() + 60
    while not orphans and time.monotonic() < end_s:  # one was killed just now
        orphans = pool_workers(first)
    assert orphans
    bulk_runs.kill(first)
    done = len(bulk_runs.lines(dst / "comrec-manifest"))
    assert 0 < done < COUNT
    second = bulk_runs.start(*arguments)
    assert kill_workers(second, pool_workers, dst, KILLS - KILLS // 4) >= KILLS // 4
    told = bulk_runs.end(second)
    assert (told["skipped"], told["done"]) == (done, COUNT - done)
    assert told["retried"] > 0
    assert not [pid for pid in orphans if Path(f"/proc/{pid}").exists()]
    last = bulk_runs.end(bulk_runs.start(*arguments))
    assert (last["skipped"], last["done"], last["failed"]) == (COUNT, 0, 0)
    # A kill between a file's two names leaves the first.
    assert len(left(dst)) <= KILLS
    bulk_runs.check(
        bulk_runs.lines(dst / "comrec-manifest"), given, bulk_runs.tree(dst)
    )


@pytest.fixture
def hooked(tmp_path):
    """A function: what comrec's processes do as they open p0003.png, as environment."""

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


def test_a_picture_that_ends_its_workers_is_a_row(six, hooked):
    env = hooked("os.kill(os.getpid(), 9)")
    run = bulk_runs.start(*six, *CODING, "-j", 2, env=env)
    told = bulk_runs.end(run, status=3)
    assert (told["done"], told["failed"], told["retried"]) == (5, 1, 2)


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


def test_slurm_shards_as_processes_one_of_them_killed(some_places, few):
    src, dst = some_places
    script = ROOT / "examples" / "scale" / "slurm.sh"

    def task(number: int) -> subprocess.Popen:
        env = ENV | {
            "SLURM_ARRAY_TASK_ID": str(number), "SLURM_ARRAY_TASK_COUNT": "3",
            "SLURM_CPUS_PER_TASK": "1",
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        }  # fmt: skip
        return subprocess.Popen(
            ["bash", script, src, dst, *CODING, "--json"], env=env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    tasks = [task(number) for number in range(3)]
    manifest = dst / "comrec-manifest"
    mine = "00001-of-00003.jsonl"
    assert bulk_runs.wait_for(
        4,
        lambda: sum(f.read_bytes().count(b"\n") for f in manifest.glob(mine)),
        tasks[1],
    )
    os.killpg(tasks[1].pid, signal.SIGKILL)
    tasks[1].communicate()
    done = (manifest / mine).read_bytes().count(b"\n")
    told = [bulk_runs.end(task(1)), bulk_runs.end(tasks[0]), bulk_runs.end(tasks[2])]
    assert told[0]["skipped"] == done
    assert sum(one["done"] for one in told) == FEW - done
    status = bulk_runs.end(bulk_runs.start(src, dst, *CODING, "--status"))
    assert (status["done"], status["failed"]) == (FEW, 0)
    bulk_runs.check(bulk_runs.lines(manifest), few, bulk_runs.tree(dst))


# Dask


@pytest.fixture
def dask():
    pytest.importorskip("distributed", reason="needs the cluster extra")


def test_dask_workers_killed(dask, some_places, few):
    src, dst = some_places
    run = bulk_runs.start(src, dst, *CODING, "-j", 2, "--runner", "dask")
    assert kill_workers(run, dask_workers, dst, 6) > 0
    told = bulk_runs.end(run)
    assert (told["done"], told["failed"]) == (FEW, 0)
    last = bulk_runs.end(bulk_runs.start(src, dst, *CODING, "-j", 1))
    assert last["skipped"] == FEW
    assert not left(dst)
    bulk_runs.check(bulk_runs.lines(dst / "comrec-manifest"), few, bulk_runs.tree(dst))


class Cluster:
    """A scheduler and a worker, as the recipe starts them."""

    def __init__(self, port: int) -> None:
        self.address = f"tcp://127.0.0.1:{port}"
        self._processes = [
            self._start("scheduler", "--host", "127.0.0.1", "--port", str(port)),
            self._start("worker", self.address, "--nworkers", "2", "--nthreads", "1"),
        ]

    def _start(self, *arguments: str) -> subprocess.Popen:
        quiet = ["--no-dashboard"] if arguments[0] == "scheduler" else []
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *arguments, *quiet], env=ENV,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def kill(self) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_the_scheduler_killed_and_started_again(dask, some_places, few):
    src, dst = some_places
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cluster = Cluster(port)
    manifest = dst / "comrec-manifest"
    try:
        run = bulk_runs.start(src, dst, *CODING, "--scheduler", cluster.address)
        assert bulk_runs.wait_for(10, lambda: len(bulk_runs.lines(manifest)), run)
        cluster.kill()
        cluster = Cluster(port)
        told = bulk_runs.end(run)
    finally:
        cluster.kill()
    assert (told["done"], told["failed"], told["skipped"]) == (FEW, 0, 0)
    bulk_runs.check(bulk_runs.lines(manifest), few, bulk_runs.tree(dst))


def test_no_scheduler_is_one_line(dask, some_places):
    src, dst = some_places
    run = bulk_runs.start(src, dst, *CODING, "--scheduler", "tcp://127.0.0.1:9")
    out, err = run.communicate(timeout=bulk_runs.END_S)
    assert run.returncode == 1
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("comrec: tcp://127.0.0.1:9: ")
