"""Dask: tasks survive the loss of rows, workers and the scheduler."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import bulk_runs
import processes
import pytest
from bulk_runs import (
    CODING,
    ENV,
    FEW,
    dask_workers,
    in_processes,
    kill_workers,
    left,
)

from comrec.apps.bulk import cluster
from comrec.apps.bulk.places import Local
from comrec.apps.bulk.plan import Task
from comrec.apps.bulk.worker import Work
from comrec.errors import ComrecError, UsageError

# Rows and futures, without a cluster


class Future:
    """Stands for a future of Dask: finished, failed or lost."""

    def __init__(self, status: str, row: object = None) -> None:
        self.status, self._row = status, row

    def add_done_callback(self, call) -> None:
        call(self)

    def result(self):
        if isinstance(self._row, Exception):
            raise self._row
        return self._row

    def exception(self):
        return self._row


class Client:
    """Stands for a client: completes each submitted task as the script says."""

    def __init__(self, *script: Future, status: str = "running", threads: int = 1):
        self.status, self.keys, self.tasks = status, [], []
        self._script, self._threads = list(script), threads

    def nthreads(self) -> dict[str, int]:
        if not self._threads:
            raise OSError("no answer")
        return {"worker": self._threads}

    def submit(self, call, work, task, key, pure) -> Future:
        self.keys.append(key)
        self.tasks.append(task)
        return self._script.pop(0)


WORK = Work(Local("src"), Local("dst"))
TASK = Task("a.png", "", "1", "a.comrec.jpg")
ROW = {"input": "a.png", "state": "done"}


def collect(client: Client) -> list[dict]:
    """Submits TASK and collects rows until no task is pending."""
    pending, found = cluster._Pending(client, WORK), []
    pending.submit(TASK)
    while pending.tasks:
        found += pending.collect(1)
    return found


def test_a_lost_row_is_computed_again():
    client = Client(Future("finished", OSError("lost")), Future("finished", ROW))
    assert collect(client) == [ROW]
    assert [task.is_retry for task in client.tasks] == [False, True]
    assert len(set(client.keys)) == 2, "Dask computes each key once"


def test_a_row_that_is_lost_every_time_is_a_failure_of_the_worker():
    lost = [Future("finished", OSError("two\n lines")) for _ in range(cluster.TRIES)]
    (row,) = collect(Client(*lost))
    assert (row["state"], row["fault"]) == ("failed", "worker")
    assert row["error"].endswith(
        "a.png: OSError (two lines). Try it alone with `comrec compress`"
    )


def test_a_task_that_ends_its_workers_is_a_failure_of_the_worker():
    (row,) = collect(Client(Future("error", RuntimeError("KilledWorker"))))
    assert (row["input"], row["fault"]) == ("a.png", "worker")


def test_tasks_of_a_lost_scheduler_are_submitted_to_its_successor():
    client = Client(Future("lost"), Future("finished", ROW))
    assert collect(client) == [ROW]
    assert client.tasks == [TASK, TASK._replace(is_retry=True)]


def test_a_scheduler_that_stays_lost_ends_the_run():
    with pytest.raises(ComrecError, match="the scheduler was lost"):
        collect(Client(status="closed"))


def test_each_thread_has_a_task_in_reserve():
    futures = [Future("pending") for _ in range(9)]
    for future in futures:
        future.add_done_callback = lambda call: None
    pending = cluster._Pending(Client(*futures, threads=3), WORK)
    for _ in range(3 * cluster.PER_THREAD):
        assert pending.has_room
        pending.submit(TASK)
    assert not pending.has_room


def test_a_scheduler_without_an_answer_gets_no_task():
    assert not cluster._Pending(Client(threads=0), WORK).has_room


def test_without_dask_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(UsageError, match=r"pip install comrec\[cluster\]"):
        cluster.Cluster(1)


# Processes that are killed


@pytest.fixture(scope="module")
def few() -> dict[str, bytes]:
    return bulk_runs.sources(FEW)


@pytest.fixture
def some_places(tmp_path, few):
    return bulk_runs.fill(tmp_path / "src", few), tmp_path / "dst"


@pytest.fixture
def dask():
    pytest.importorskip("distributed", reason="needs the cluster extra")


@in_processes
def test_dask_workers_killed(dask, some_places, few):
    src, dst = some_places
    run = bulk_runs.start(src, dst, *CODING, "-j", 2, "--runner", "dask")
    assert kill_workers(run, dask_workers, dst, 6) > 0
    summary = bulk_runs.end(run)
    assert (summary["done"], summary["failed"]) == (FEW, 0)
    last = bulk_runs.end(bulk_runs.start(src, dst, *CODING, "-j", 1))
    assert last["skipped"] == FEW
    assert not left(dst)
    bulk_runs.check(bulk_runs.lines(dst / "comrec-manifest"), few, bulk_runs.tree(dst))


class Processes:
    """Runs a scheduler and a worker, as the recipe starts them."""

    def __init__(self, port: int) -> None:
        self.address = f"tcp://127.0.0.1:{port}"
        self._processes = [
            self._start("scheduler", "--host", "127.0.0.1", "--port", str(port)),
            self._start("worker", self.address, "--nworkers", "2", "--nthreads", "1"),
        ]

    def _start(self, *arguments: str) -> subprocess.Popen:
        quiet = ["--no-dashboard"] if arguments[0] == "scheduler" else []
        return processes.start(
            [sys.executable, "-m", "dask", *arguments, *quiet], env=ENV,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip

    def kill(self) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@in_processes
def test_the_scheduler_killed_and_started_again(dask, some_places, few):
    src, dst = some_places
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dask_cluster = Processes(port)
    manifest = dst / "comrec-manifest"
    try:
        run = bulk_runs.start(src, dst, *CODING, "--scheduler", dask_cluster.address)
        assert bulk_runs.wait_for(10, lambda: len(bulk_runs.lines(manifest)), run)
        dask_cluster.kill()
        dask_cluster = Processes(port)
        summary = bulk_runs.end(run)
    finally:
        dask_cluster.kill()
    assert (summary["done"], summary["failed"], summary["skipped"]) == (FEW, 0, 0)
    bulk_runs.check(bulk_runs.lines(manifest), few, bulk_runs.tree(dst))


@in_processes
def test_no_scheduler_is_one_line(dask, some_places):
    src, dst = some_places
    run = bulk_runs.start(src, dst, *CODING, "--scheduler", "tcp://127.0.0.1:9")
    out, err = run.communicate(timeout=bulk_runs.END_S)
    assert run.returncode == 1
    assert out == ""
    assert len(err.splitlines()) == 1
    assert err.startswith("comrec: tcp://127.0.0.1:9: ")
