"""Implements `comrec bulk`: checks, then one pass over missing or changed pictures."""

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
from comrec.apps.bulk.places import Local, MissingError, Place, TooLargeError
from comrec.apps.bulk.plan import Plan
from comrec.apps.bulk.pool import Pool
from comrec.apps.bulk.runners import InProcess, Runner
from comrec.apps.bulk.summary import Tally
from comrec.apps.bulk.worker import Packing, Restoring, Work
from comrec.encoder.options import Options
from comrec.errors import ComrecError, OutputError, UsageError
from comrec.jpeg import lepton
from comrec.networks import engine, presets, weights
from comrec.system.checks import parse_json

MANIFEST = "comrec-manifest"  # below DST
SOURCE = "source.json"
SOURCE_BYTES_MAX = 2**20
STREAK = 20  # consecutive failures without a fault of the picture that end the run
PROBE_BYTES = 2**20  # about a picture's: a full disk may have space for less
LOCAL, DASK = RUNNERS = ("local", "dask")


@dataclass(frozen=True)
class BulkRequest:
    """Describes a run: source, destination, options and workers.

    Attributes:
      source: SRC, a folder or URL, with or without a glob at its end.
      destination: DST, a folder or URL.
      options: for compression, for decompression or for packing.
      jobs: number of workers of this machine.
      shard: the part of the pictures that this run processes.
      runner: one of RUNNERS.
      scheduler: address of a Dask scheduler; None starts Dask here if it is needed.
      manifest: folder or URL of the manifest; None means MANIFEST below DST.
      force: whether DST may hold files of other commands or of another SRC.
    """

    source: str
    destination: str
    options: Options | Restoring | Packing = field(default_factory=Options)
    jobs: int = 1
    shard: Shard = ALL
    runner: str = LOCAL
    scheduler: str | None = None
    manifest: str | None = None
    force: bool = False


class Run:
    """Carries out one request.

    Attributes:
      manifest: the place of the manifest.
      tally: counts over the pictures that this run has processed.

    Raises:
      UsageError: the request contradicts itself.
    """

    def __init__(self, request: BulkRequest) -> None:
        self._request = request
        root, pattern = walking.split_glob(request.source)
        source = places.open_place(root)
        destination = places.open_place(request.destination)
        where = request.manifest or destination.where(MANIFEST)
        self.manifest, self.tally = places.open_place(where), Tally()
        for place in (destination, self.manifest):
            places.check_writable(place)
        _check_apart(source, destination)
        self._work = Work(source, destination, request.options)
        self._plan = Plan(
            source, destination, pattern, self._work.direction,
            self._work.fingerprint, request.shard,
        )  # fmt: skip
        self._runner = _make_runner(request, (source, destination))
        self._count: threading.Thread | None = None
        self._total: int | None = None

    def rows(self) -> Generator[Row, None, None]:
        """Processes missing and changed pictures; yields each row once it is written.

        Raises:
          OutputError: DST holds files that `comrec bulk` did not make from SRC.
          PlaceError: SRC cannot be listed, or DST cannot be written.
          ComrecError: STREAK consecutive failures had other causes than the pictures,
            and a place or the workers do not work.
        """
        self._check_codec()
        self._work.source.list("")  # before anything is written anywhere
        self._claim()
        log = Log(self.manifest, self._request.shard)
        try:
            index = Index(manifest.read(self.manifest, self._request.shard))
            log.latest_s, faults = index.latest_s, list[str]()
            tasks = self._plan.tasks(index, self.tally)
            with _terminable():
                for row in self._runner.run(self._work, tasks, self.tally):
                    log.add(row)
                    self.tally.add(row)
                    yield row
                    if row["state"] not in ("done", "failed"):
                        continue  # says nothing about places and workers
                    fault = row.get("fault", "picture")
                    faults = [*faults, fault] if fault != "picture" else []
                    if len(faults) == STREAK:
                        faults = self._check_faults(faults)
        finally:
            log.close()

    def progress(self) -> str:
        """Describes the progress; the first call starts to count the pictures."""
        if self._count is None:
            self._count = threading.Thread(target=self._count_pictures, daemon=True)
            self._count.start()
        return self.tally.progress(self._total)

    def status(self) -> Tally:
        """Counts the pictures of the manifest, over all runs and shards."""
        return Tally().add_all(manifest.read_latest(self.manifest))

    def _check_faults(self, faults: list[str]) -> list[str]:
        """Returns the faults of workers in a streak, if both places work.

        Raises:
          ComrecError: a place does not work, or all faults are of workers.
        """
        found = [fault for fault in faults if fault != "place"]
        # A place that works from here may not work from other machines.
        is_seen = self.tally.done or not self._request.scheduler
        if len(found) < STREAK and is_seen and self._places_work():
            return found
        raise ComrecError(
            f"{STREAK} consecutive failures without a fault of the picture. Correct "
            f"their cause; the same command continues from here"
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

    def _count_pictures(self) -> None:
        try:
            self._total = self._plan.count()
        except ComrecError:  # the run itself reports it
            return

    def _check_codec(self) -> None:
        """Raises ComrecError for an engine, preset or library that cannot be used."""
        options = self._request.options
        if isinstance(options, Packing):
            lepton.require()
            return
        engine.choose(options.engine)
        if isinstance(options, Options):
            weights.verify(presets.find(options.preset))
        else:
            presets.add_folders(options.presets)

    def _claim(self) -> None:
        """Records SRC and the options in the manifest, if DST is free for them."""
        destination, source = self._work.destination, self._work.source
        url = str(source.root) if isinstance(source, Local) else source.url.rstrip("/")
        listing = destination.children("")
        owner = self._read_owner()
        known = {MANIFEST} if not self._request.manifest else set()
        found = {*listing.files, *listing.folders} - known
        if owner not in (None, url) and not self._request.force:
            raise OutputError(
                f"{destination.url}: holds outputs of {owner}, not of {url}. Name "
                f"another DST, or add -f if the pictures are the same"
            )
        is_filled = any(not name.startswith(".") for name in found)
        if owner is None and is_filled and not self._request.force:
            raise OutputError(
                f"{destination.url}: holds files that `comrec bulk` did not make. Name "
                f"an empty place, or add -f to replace files of comrec"
            )
        if owner != url:
            self.manifest.write(SOURCE, _json({"source": url}))
        name = f"options-{self._work.fingerprint}.json"
        if name not in self.manifest.children("").files:
            self.manifest.write(name, _json(self._work.output_settings))

    def _read_owner(self) -> str | None:
        """Returns the SRC that the manifest names; None without a manifest."""
        try:
            found = parse_json(self.manifest.read(SOURCE, SOURCE_BYTES_MAX))
            return str(found["source"])
        except MissingError:
            return None
        except (ValueError, KeyError, TypeError, TooLargeError) as err:
            raise OutputError(
                f"{self.manifest.where(SOURCE)}: damaged. Remove it, and run with -f"
            ) from err


def _make_runner(request: BulkRequest, ends: tuple[Place, Place]) -> Runner:
    in_memory = any(end.url.startswith("memory://") for end in ends)
    if request.runner == DASK or request.scheduler:
        if in_memory:
            raise UsageError(
                "memory:// exists in one process only. Use it without Dask"
            )
        from comrec.apps.bulk.cluster import Cluster

        return Cluster(request.jobs, request.scheduler)
    return InProcess() if in_memory else Pool(request.jobs)


def _check_apart(source: Place, destination: Place) -> None:
    """Raises UsageError if one of the two places contains the other."""
    ends = []
    for place in (source, destination):
        is_local = isinstance(place, Local)
        root = os.path.realpath(place.root) if isinstance(place, Local) else place.url
        ends.append((is_local, f"{root.rstrip('/')}/"))
    (kind, one), (other_kind, other) = ends
    if kind == other_kind and (one.startswith(other) or other.startswith(one)):
        raise UsageError(
            f"{destination.url}: lies inside SRC ({source.url}), or contains it. Name "
            f"a separate place"
        )


def _json(value: dict[str, object]) -> bytes:
    return json.dumps(value).encode() + b"\n"


@contextmanager
def _terminable() -> Iterator[None]:
    """Makes SIGTERM, which clusters send, end a run as Ctrl-C does."""

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
