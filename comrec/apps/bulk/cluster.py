"""Dask does the work: processes of this machine, or a cluster that is there."""

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

PER_THREAD = 2  # tasks in flight, so that no worker waits for its next
SCHEDULER_S = 20.0  # how long to wait for one, at first and when it was lost
WORKERS_S = 60.0  # for a first worker
TRIES = 3  # of a picture whose row does not arrive
COUNT_S = 2.0  # between looks at how many workers there are
# Where Dask is started here. Its workers would look at their own stacks 100 times a
# second, and keep what they saw: 40 MB more after 1,000 pictures. And they would give
# every array's memory back as it is freed, and fetch the next one's anew.
LOCAL = {
    "distributed.worker.profile.enabled": False,
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
}


class Cluster:
    """Workers of a Dask cluster.

    Args:
      workers: processes of a cluster on this machine.
      scheduler: address of a cluster that is there; no other is started then.

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
        """A row for each task, as they come.

        Dask gives a picture to another worker when its own has ended. A scheduler that
        is lost may come back at its address, and gets what was in flight once more.

        Raises:
          ComrecError: there is no scheduler or worker, or none any more.
        """
        client = self._connected()
        coming, flight = Prefetch(tasks), _Flight(client, work)
        try:
            while True:
                while flight.has_room:
                    task = coming.take(wait=not flight.tasks)
                    if task is None:
                        break
                    flight.start(task)
                if not flight.tasks:
                    return
                yield from flight.landed(None if coming.ended else POLL_S)
        finally:
            coming.close()
            _close(client)

    def _connected(self) -> Client:
        """A client of a cluster that has a worker with this comrec on it."""
        from dask import config
        from distributed import Client, LocalCluster

        where = self._scheduler or "Dask"
        _hush()
        client = None
        try:
            with config.set(LOCAL):  # which its workers have as well
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
            versions = set(client.run(_version).values())
        except Exception as err:  # of Dask, of what it runs on, of an import over there
            if client:
                _close(client)
            raise ComrecError(
                f"{where}: no worker answers ({type(err).__name__}: {_line(err)}). "
                f"Start scheduler and workers, with comrec installed; check the address"
            ) from err
        if versions != {comrec.__version__}:
            _close(client)
            raise ComrecError(
                f"{where}: its workers have comrec {', '.join(sorted(versions))}, and "
                f"this is {comrec.__version__}. Install the same everywhere"
            )
        return client


class _Flight:
    """The tasks that Dask has.

    Attributes:
      tasks: by what they will come to.
    """

    def __init__(self, client: Client, work: Work) -> None:
        self._client, self._work = client, work
        self.tasks: dict[Future, Task] = {}
        self._landed: queue.Queue[Future] = queue.Queue()
        self._room, self._counted_s = 0, -COUNT_S
        self._number = 0
        self._lost: Counter[str] = Counter()

    @property
    def has_room(self) -> bool:
        """Whether a worker could soon be without a task."""
        if time.monotonic() - self._counted_s >= COUNT_S:
            with suppress(OSError):  # a scheduler that is lost shows in its futures
                threads = sum(self._client.nthreads().values())
                self._room = PER_THREAD * max(threads, 1)
            self._counted_s = time.monotonic()
        return len(self.tasks) < self._room

    def start(self, task: Task) -> None:
        """Hands a task over.

        Raises:
          ComrecError: there is no scheduler any more.
        """
        if self._client.status == "closed":
            raise _gone()
        self._number += 1
        future = self._client.submit(
            worker.do, self._work, task, key=f"comrec-{id(self)}-{self._number}",
            pure=False,
        )  # fmt: skip
        self.tasks[future] = task
        future.add_done_callback(self._landed.put)

    def landed(self, timeout_s: float | None) -> Iterator[Row]:
        """Rows of what comes back first, if that is in time."""
        try:
            future = self._landed.get(timeout=timeout_s)
        except queue.Empty:
            return
        task = self.tasks.pop(future, None)
        if task is None:  # of a scheduler that was lost
            return
        if future.status == "finished":
            yield from self._row(future, task)
        elif future.status == "error":
            yield self._given_up(task, future.exception())
        else:
            self._start_again([task, *self.tasks.values()])

    def _row(self, future: Future, task: Task) -> Iterator[Row]:
        """What came of a task; it is done anew if that was lost on its way here."""
        try:
            yield future.result()
        except Exception as err:  # of Dask's, as the work itself raises none
            self._lost[task.key] += 1
            if self._lost[task.key] == TRIES:
                yield self._given_up(task, err)
            else:
                self.start(task._replace(again=True))

    def _start_again(self, tasks: list[Task]) -> None:
        """What a lost scheduler had goes to the one that takes its place."""
        end_s = time.monotonic() + 2 * SCHEDULER_S
        while self._client.status != "running":
            if self._client.status == "closed" or time.monotonic() > end_s:
                raise _gone()
            time.sleep(POLL_S)
        self.tasks.clear()
        for task in tasks:
            self.start(task._replace(again=True))

    def _given_up(self, task: Task, err: BaseException) -> Row:
        error = (
            f"{self._work.source.where(task.key)}: {type(err).__name__} "
            f"({_line(err)}). Try it alone with `comrec {self._work.direction}`"
        )
        return worker.failed(self._work, task, error, "worker")


def _hush() -> None:
    """Rows and errors say it all."""
    for name in ("distributed", *logging.root.manager.loggerDict):
        if name.split(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _gone() -> ComrecError:
    return ComrecError(
        "Dask: the scheduler has gone. Start it and its workers again; the same "
        "command then goes on from here"
    )


def _version() -> str:
    return comrec.__version__


def _close(client: Client) -> None:
    cluster = client.cluster
    with suppress(OSError, TimeoutError):
        client.close()
        if cluster:
            cluster.close()


def _line(err: BaseException) -> str:
    return " ".join(str(err).split())[:200]
