"""Runs tasks on Dask workers: processes of this machine, or an existing cluster."""

from __future__ import annotations

import logging
import queue
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import comrec
from comrec.apps.bulk import worker
from comrec.apps.bulk.manifest import Row
from comrec.apps.bulk.plan import Task
from comrec.apps.bulk.runners import POLL_S, Prefetch
from comrec.apps.bulk.summary import Tally
from comrec.apps.bulk.worker import Work
from comrec.errors import ComrecError, UsageError

if TYPE_CHECKING:
    from distributed import Client, Future

PER_THREAD = 2  # tasks submitted for each thread, so that no worker is idle
SCHEDULER_S = 20.0  # longest wait for the scheduler, at the start and after a loss
WORKERS_S = 60.0  # longest wait for a first worker
TRIES = 3  # for a picture whose row does not arrive
COUNT_S = 2.0  # between two requests for the number of workers
# Settings of a Dask that this process starts. By default its workers sample their own
# stacks 100 times a second and keep the samples (40 MB after 1,000 pictures), and they
# return the memory of each freed array to the system.
LOCAL_SETTINGS = {
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}


class Cluster:
    """Runs tasks on the workers of a Dask cluster.

    Args:
      workers: number of processes, if the cluster is started on this machine.
      scheduler: address of an existing cluster; None starts one here.

    Raises:
      UsageError: Dask is not installed.
    """

    def __init__(self, workers: int, scheduler: str | None = None) -> None:
        try:
            import distributed  # noqa: F401
        except ImportError as err:
            raise UsageError("Dask: pip install comrec[cluster]") from err
        self._count, self._scheduler = workers, scheduler

    def run(self, work: Work, tasks: Iterator[Task], tally: Tally) -> Iterator[Row]:
        """Yields a row for each task, in the order of completion.

        If a worker ends, Dask gives its picture to another one. If a scheduler is lost
        and restarted at its address, the unfinished tasks are submitted to it again.

        Raises:
          ComrecError: no scheduler or worker answers, or the scheduler was lost.
        """
        client = self._connect()
        prefetch, pending = Prefetch(tasks), _Pending(client, work)
        try:
            while True:
                while pending.has_room:
                    task = prefetch.take(wait=not pending.tasks)
                    if task is None:
                        break
                    pending.submit(task)
                if not pending.tasks:
                    return
                yield from pending.collect(None if prefetch.ended else POLL_S)
        finally:
            prefetch.close()
            _close(client)

    def _connect(self) -> Client:
        """Returns a client of a cluster whose workers have this version of comrec."""
        from dask import config
        from distributed import Client, LocalCluster

        where = self._scheduler or "Dask"
        _silence_logs()
        client = None
        try:
            with config.set(LOCAL_SETTINGS):  # its workers inherit them
                client = Client(
                    self._scheduler
                    or LocalCluster(
                        n_workers=self._count, threads_per_worker=1, memory_limit=0,
                        host="127.0.0.1", dashboard_address=None,
                        silence_logs=logging.CRITICAL,
                    ),
                    timeout=SCHEDULER_S,
                )  # fmt: skip
            client.wait_for_workers(1, timeout=WORKERS_S)
            versions = set(client.run(_get_version).values())
        except Exception as err:  # Dask, the network or an import on a worker
            if client:
                _close(client)
            raise ComrecError(
                f"{where}: no worker answers ({type(err).__name__}: {_one_line(err)}). "
                f"Start scheduler and workers, with comrec installed; check the address"
            ) from err
        if versions != {comrec.__version__}:
            _close(client)
            raise ComrecError(
                f"{where}: its workers have comrec {', '.join(sorted(versions))}, and "
                f"this is {comrec.__version__}. Install the same version everywhere"
            )
        return client


class _Pending:
    """Holds the tasks that were submitted to Dask and have no row yet.

    Attributes:
      tasks: by their futures.
    """

    def __init__(self, client: Client, work: Work) -> None:
        self._client, self._work = client, work
        self.tasks: dict[Future, Task] = {}
        self._completed: queue.Queue[Future] = queue.Queue()
        self._capacity, self._counted_s = 0, -COUNT_S
        self._number = 0
        self._lost_rows: Counter[str] = Counter()

    @property
    def has_room(self) -> bool:
        """Tells whether a worker could soon be idle."""
        if time.monotonic() - self._counted_s >= COUNT_S:
            with suppress(OSError):  # a lost scheduler cancels its futures
                threads = sum(self._client.nthreads().values())
                self._capacity = PER_THREAD * max(threads, 1)
            self._counted_s = time.monotonic()
        return len(self.tasks) < self._capacity

    def submit(self, task: Task) -> None:
        """Submits a task to the scheduler.

        Raises:
          ComrecError: the scheduler was lost.
        """
        if self._client.status == "closed":
            raise _lost_scheduler()
        self._number += 1
        future = self._client.submit(
            worker.run_task, self._work, task, key=f"comrec-{id(self)}-{self._number}",
            pure=False,
        )  # fmt: skip
        self.tasks[future] = task
        future.add_done_callback(self._completed.put)

    def collect(self, timeout_s: float | None) -> Iterator[Row]:
        """Yields the row of the next completed task; nothing after the timeout."""
        try:
            future = self._completed.get(timeout=timeout_s)
        except queue.Empty:
            return
        task = self.tasks.pop(future, None)
        if task is None:  # a future of a lost scheduler
            return
        if future.status == "finished":
            yield from self._fetch_row(future, task)
        elif future.status == "error":
            yield self._make_failed_row(task, future.exception())
        else:
            self._submit_again([task, *self.tasks.values()])

    def _fetch_row(self, future: Future, task: Task) -> Iterator[Row]:
        """Yields the row of a task, or submits the task again if its row was lost."""
        try:
            yield future.result()
        except Exception as err:  # raised by Dask: `run_task` raises none
            self._lost_rows[task.key] += 1
            if self._lost_rows[task.key] == TRIES:
                yield self._make_failed_row(task, err)
            else:
                self.submit(task._replace(is_retry=True))

    def _submit_again(self, tasks: list[Task]) -> None:
        """Submits the tasks of a lost scheduler to its successor."""
        end_s = time.monotonic() + 2 * SCHEDULER_S
        while self._client.status != "running":
            if self._client.status == "closed" or time.monotonic() > end_s:
                raise _lost_scheduler()
            time.sleep(POLL_S)
        self.tasks.clear()
        for task in tasks:
            self.submit(task._replace(is_retry=True))

    def _make_failed_row(self, task: Task, err: BaseException) -> Row:
        error = (
            f"{self._work.source.where(task.key)}: {type(err).__name__} "
            f"({_one_line(err)}). Try it alone with `comrec {self._work.direction}`"
        )
        return worker.make_failed_row(self._work, task, error, "worker")


def _silence_logs() -> None:
    """Silences the loggers of Dask, since rows and errors report every failure."""
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.split(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _lost_scheduler() -> ComrecError:
    return ComrecError(
        "Dask: the scheduler was lost. Start it and its workers again; the same "
        "command then continues from here"
    )


def _get_version() -> str:
    return comrec.__version__


def _close(client: Client) -> None:
    cluster = client.cluster
    with suppress(OSError, TimeoutError):
        client.close()
        if cluster:
            cluster.close()


def _one_line(err: BaseException) -> str:
    return " ".join(str(err).split())[:200]
