"""Runs one function over many pictures, several at a time, past those that fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from comrec.errors import ComrecError, ImageError
from comrec.system import memory

Row = dict[str, object]


def run_all(
    jobs: Sequence[Job], work: Callable[[Job], Row], at_once: int
) -> Iterator[tuple[Job, Row | ComrecError]]:
    """Runs `work` on every job and yields the results in the order of the jobs.

    Args:
      jobs: pictures to work on.
      work: takes a job, returns its row.
      at_once: jobs that run at the same time, in threads.

    Yields:
      Each job with its row, or with the ComrecError that ended it. Errors of another
      kind are reported as a ComrecError that names the picture.

    Raises:
      BrokenPipeError: nobody reads stdout any more. The remaining jobs are cancelled.
    """

    def one(job: Job) -> Row | ComrecError:
        try:
            return work(job)
        except ComrecError as err:
            return err
        except BrokenPipeError:  # nobody reads the results of further jobs
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


def describe_failure(job: Job, err: ComrecError) -> Row:
    """Returns the row of a job that failed."""
    return {"input": job.name, "outcome": "failed", "error": str(err)}


def read_notes(row: Row) -> list[str]:
    """Returns the notes of a row: one for each change that the output format forced."""
    found = row.get("notes", [])
    return list(found) if isinstance(found, list) else []


@dataclass(frozen=True)
class Job:
    """Holds the paths of an input and of its output; None is stdin or stdout.

    Attributes:
      source, target: the two paths.
      other: path of the output while other files were in the folder of the source.
      rivals: other files of the folder to which a file at `other` may belong.
    """

    source: Path | None
    target: Path | None
    other: Path | None = field(default=None, compare=False)
    rivals: tuple[Path, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """Returns the name of the input for messages."""
        return str(self.source) if self.source else "stdin"
