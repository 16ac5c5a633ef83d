"""Runs one function over many pictures, several at a time; a failure is a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from comrec.errors import ComrecError, ImageError
from comrec.system import memory

Row = dict[str, object]


def run_all(
    jobs: Sequence[Job], work: Callable[[Job], Row], at_once: int
) -> Iterator[tuple[Job, Row | ComrecError]]:
    """Does every job, `at_once` of them together; a failure is a result like others."""

    def one(job: Job) -> Row | ComrecError:
        try:
            return work(job)
        except ComrecError as err:
            return err
        except BrokenPipeError:  # who read stdout has gone: so does the rest
            raise
        except MemoryError:
            return ImageError(f"{job.name}: not enough memory for this picture")
        except Exception as err:  # one picture must not end a folder's run
            kind = type(err).__name__
            return ComrecError(
                f"{job.name}: unexpected {kind} ({err}). Please report it"
            )

    memory.tune()
    with ThreadPoolExecutor(at_once) as pool:
        waiting: list[Future[Row | ComrecError]] = [
            pool.submit(one, job) for job in jobs
        ]
        try:
            for job, future in zip(jobs, waiting, strict=True):
                yield job, future.result()
        finally:
            for future in waiting:
                future.cancel()


def failed(job: Job, err: ComrecError) -> Row:
    """The row of a job that came to nothing."""
    return {"input": job.name, "outcome": "failed", "error": str(err)}


def notes(row: Row) -> list[str]:
    """What a row says was not kept as it was."""
    found = row.get("notes", [])
    return list(found) if isinstance(found, list) else []


@dataclass(frozen=True)
class Job:
    """One input and where its result goes; None is stdin or stdout."""

    source: Path | None
    target: Path | None

    @property
    def name(self) -> str:
        return str(self.source) if self.source else "stdin"
