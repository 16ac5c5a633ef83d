"""`comrec bulk`: checks, then one pass over what is missing or has changed."""

from __future__ import annotations

import json
import os
import secrets
import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NoReturn

from comrec.apps.bulk import manifest, places, walking
from comrec.apps.bulk.log import Log
from comrec.apps.bulk.manifest import ALL, Index, Row, Shard
from comrec.apps.bulk.places import Local, MissingError, Place
from comrec.apps.bulk.plan import Plan
from comrec.apps.bulk.pool import Pool
from comrec.apps.bulk.runners import Here, Runner
from comrec.apps.bulk.summary import Tally
from comrec.apps.bulk.worker import Restoring, Work
from comrec.encoder.options import Options
from comrec.errors import ComrecError, OutputError, UsageError
from comrec.networks import engine, presets, weights

MANIFEST = "comrec-manifest"  # below DST
SOURCE = "source.json"
STREAK = 20  # failures in a row for which no picture is to blame, and the run ends
PROBE_BYTES = 2**20  # as a picture's: a full disk may have room for less
LOCAL, DASK = RUNNERS = ("local", "dask")


@dataclass(frozen=True)
class BulkRequest:
    """What to do, from where to where, by whom.

    Attributes:
      source: SRC, with a glob at its end or not.
      destination: DST.
      options: how to compress, or how to decompress.
      jobs: workers of this machine.
      shard: which of the pictures.
      runner: one of RUNNERS.
      scheduler: address of Dask's; None starts one here.
      manifest: where it is; None for below DST.
      force: whether DST may hold what other commands, or another SRC, put there.
    """

    source: str
    destination: str
    options: Options | Restoring = field(default_factory=Options)
    jobs: int = 1
    shard: Shard = ALL
    runner: str = LOCAL
    scheduler: str | None = None
    manifest: str | None = None
    force: bool = False


class Run:
    """One run, from its checks to its tally.

    Attributes:
      tally: of what this run has done so far.

    Raises:
      UsageError: the request makes no sense.
    """

    def __init__(self, asked: BulkRequest) -> None:
        self._asked = asked
        root, pattern = walking.split_glob(asked.source)
        source, destination = places.place(root), places.place(asked.destination)
        where = asked.manifest or destination.where(MANIFEST)
        self.manifest, self.tally = places.place(where), Tally()
        for place in (destination, self.manifest):
            places.check_writable(place)
        _check_apart(source, destination)
        self._work = Work(source, destination, asked.options)
        self._plan = Plan(
            source, destination, pattern, self._work.direction,
            self._work.fingerprint, asked.shard,
        )  # fmt: skip
        self._runner = _runner(asked, (source, destination))
        self._count: threading.Thread | None = None
        self._total: int | None = None

    def rows(self) -> Generator[Row, None, None]:
        """Does what is missing or has changed; a row for each picture once it is safe.

        Raises:
          OutputError: DST holds what `comrec bulk` did not put there from SRC.
          PlaceError: SRC cannot be listed, or DST not be written.
          ComrecError: STREAK failures in a row were no picture's fault, and a place
            does not work, or workers do not.
        """
        self._check_codec()
        self._work.source.list("")  # before anything is written anywhere
        self._claim()
        log = Log(self.manifest, self._asked.shard)
        try:
            index = Index(manifest.read(self.manifest, self._asked.shard))
            log.after, faults = index.latest, list[str]()
            tasks = self._plan.tasks(index, self.tally)
            with _terminable():
                for row in self._runner.run(self._work, tasks, self.tally):
                    log.add(row)
                    self.tally.add(row)
                    yield row
                    fault = row.get("fault", "picture")
                    faults = [*faults, fault] if fault != "picture" else []
                    if len(faults) == STREAK:
                        faults = self._pardoned(faults)
        finally:
            log.close()

    def progress(self) -> str:
        """How far it is; the first call begins to count the pictures."""
        if self._count is None:
            self._count = threading.Thread(target=self._find_total, daemon=True)
            self._count.start()
        return self.tally.progress(self._total)

    def status(self) -> Tally:
        """What the manifest says of all pictures, whichever runs did them."""
        return Tally().of(manifest.merged(self.manifest))

    def _pardoned(self, faults: list[str]) -> list[str]:
        """Those of a streak that count on where both places work: not of the places.

        Raises:
          ComrecError: a place does not work, or all faults are of workers.
        """
        found = [fault for fault in faults if fault != "place"]
        # What works from here need not work from other machines.
        is_seen = self.tally.done or not self._asked.scheduler
        if len(found) < STREAK and is_seen and self._places_work():
            return found
        raise ComrecError(
            f"{STREAK} failures in a row, none for its picture. Mend what they say; "
            f"the same command goes on from here"
        )

    def _places_work(self) -> bool:
        try:
            self._work.source.list("")
            name = f".comrec-probe-{secrets.token_hex(4)}.tmp"
            self._work.destination.write(name, os.urandom(PROBE_BYTES))
            self._work.destination.remove(name)
        except ComrecError:
            return False
        return True

    def _find_total(self) -> None:
        try:
            self._total = self._plan.count()
        except ComrecError:  # the run itself says so
            return

    def _check_codec(self) -> None:
        """What can be known before the first picture."""
        options = self._asked.options
        engine.choose(options.engine)
        if isinstance(options, Options):
            weights.verify(presets.find(options.preset))

    def _claim(self) -> None:
        """Makes DST this SRC's, and says in the manifest what was asked."""
        destination, source = self._work.destination, self._work.source
        url = str(source.root) if isinstance(source, Local) else source.url.rstrip("/")
        there = destination.children("")
        owner = self._owner()
        known = {MANIFEST} if not self._asked.manifest else set()
        found = {*there.files, *there.folders} - known
        if owner not in (None, url) and not self._asked.force:
            raise OutputError(
                f"{destination.url}: holds what came from {owner}, not {url}. Name "
                f"another DST, or add -f if the pictures are the same"
            )
        is_filled = any(not name.startswith(".") for name in found)
        if owner is None and is_filled and not self._asked.force:
            raise OutputError(
                f"{destination.url}: holds what `comrec bulk` did not put there. Name "
                f"an empty place, or add -f to replace what comrec made"
            )
        if owner != url:
            self.manifest.write(SOURCE, _json({"source": url}))
        name = f"options-{self._work.fingerprint}.json"
        if name not in self.manifest.children("").files:
            self.manifest.write(name, _json(self._work.asked))

    def _owner(self) -> str | None:
        try:
            found = json.loads(self.manifest.read(SOURCE))
            return str(found["source"])
        except MissingError:
            return None
        except (ValueError, KeyError, TypeError) as err:
            raise OutputError(
                f"{self.manifest.where(SOURCE)}: damaged. Remove it, and run with -f"
            ) from err


def _runner(asked: BulkRequest, ends: tuple[Place, Place]) -> Runner:
    in_memory = any(end.url.startswith("memory://") for end in ends)
    if asked.runner == DASK or asked.scheduler:
        if in_memory:
            raise UsageError("memory:// is of one process alone. Leave Dask out")
        from comrec.apps.bulk.cluster import Cluster

        return Cluster(asked.jobs, asked.scheduler)
    return Here() if in_memory else Pool(asked.jobs)


def _check_apart(source: Place, destination: Place) -> None:
    """Raises UsageError where outputs would lie among the pictures, or around them."""
    ends = []
    for place in (source, destination):
        is_local = isinstance(place, Local)
        root = os.path.realpath(place.root) if isinstance(place, Local) else place.url
        ends.append((is_local, f"{root.rstrip('/')}/"))
    (kind, one), (other_kind, other) = ends
    if kind == other_kind and (one.startswith(other) or other.startswith(one)):
        raise UsageError(
            f"{destination.url}: lies in SRC ({source.url}), or around it. Name a "
            f"place apart from it"
        )


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value).encode() + b"\n"


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM, with which clusters take back a machine, ends a run as Ctrl-C does."""

    def stop(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
