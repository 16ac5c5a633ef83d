"""Shows the progress of a run: a bar on a terminal, and a line for each epoch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from comrec.train.run.log import Row

if TYPE_CHECKING:
    from rich.progress import Progress


class ProgressListener:
    """Receives every batch and every row of the log; the base class does nothing."""

    def on_batch(self, phase: str, done: int, total: int, loss: float) -> None:
        """Receives a finished batch.

        Args:
          phase: in words.
          done: batches of the whole run that are finished.
          total: batches of the whole run.
          loss: of the batch.
        """

    def on_row(self, row: Row) -> None:
        """Receives a row of the log, after the row was written."""


class ProgressListeners(ProgressListener):
    """Passes on what it receives to several listeners."""

    def __init__(self, listeners: Sequence[ProgressListener]) -> None:
        self._listeners = listeners

    def on_batch(self, phase: str, done: int, total: int, loss: float) -> None:
        for listener in self._listeners:
            listener.on_batch(phase, done, total, loss)

    def on_row(self, row: Row) -> None:
        for listener in self._listeners:
            listener.on_row(row)


class Display(ProgressListener):
    """Prints rows in words on stdout, and shows a bar on stderr if a terminal.

    The display is a context: the bar is shown inside.

    Args:
      after_validation: called when the row of a validation is in the log.
    """

    def __init__(self, after_validation: Callable[[], None] = lambda: None) -> None:
        self._after_validation = after_validation
        self._bar: Progress | None = None

    def __enter__(self) -> Display:
        if sys.stderr.isatty():
            from rich import progress
            from rich.console import Console

            self._bar = progress.Progress(
                progress.TextColumn("{task.description}"),
                progress.BarColumn(),
                progress.TaskProgressColumn(),
                progress.TimeElapsedColumn(),
                progress.TimeRemainingColumn(),
                console=Console(stderr=True),
                redirect_stdout=sys.stdout.isatty(),  # a file gets what it is sent
            )
            self._task = self._bar.add_task("starting", total=None)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._bar:
            self._bar.stop()

    def on_batch(self, phase: str, done: int, total: int, loss: float) -> None:
        if self._bar:
            words = f"{phase}, loss {loss:.3f}"
            self._bar.update(self._task, description=words, completed=done, total=total)

    def on_row(self, row: Row) -> None:
        if row["event"] == "epoch":
            print(
                f"{_describe_phase(row)}, epoch {row['epoch']}: "
                f"loss {row['loss']:.4f}, learning rate {row['rate']:.1e}, "
                f"{row['duration_s']:.0f} s",
                flush=True,
            )
        elif row["event"] == "validation":
            is_joint = "gain_db" in row
            words = _describe_gains(row) if is_joint else _describe_round(row)
            print(words, flush=True)
            self._after_validation()


def read_gains(row: Row) -> dict[str, float]:
    """Returns the dB above plain JPEG at each scale and rate.

    Args:
      row: of a validation of an end-to-end run.

    Returns:
      {"scale 2, 0.15 bpp": dB, ...}.
    """
    places = [name.split("_")[2:] for name in row if name.startswith("gain_db_")]
    return {
        f"scale {scale}, {rate_bpp} bpp": row[f"gain_db_{scale}_{rate_bpp}"]
        for scale, rate_bpp in places
    }


def _describe_phase(row: Row) -> str:
    if "learns" in row:
        return f"stage {row['phase']}, {row['learns']}"
    where = "warm-up" if row["round"] < 0 else f"round {row['round']}"
    return f"{where}, {row['network']}"


def _describe_round(row: Row) -> str:
    return (
        f"round {row['round']}: {row['psnr_db']:.2f} dB at the bytes of plain "
        f"JPEG ({row['plain_psnr_db']:.2f} dB); at its own quality "
        f"{row['fixed_psnr_db']:.2f} dB and {100 * row['fixed_bytes_ratio']:.0f} % of "
        f"those bytes"
    )


def _describe_gains(row: Row) -> str:
    each = "; ".join(
        f"{place}: {gain_db:+.2f}" for place, gain_db in read_gains(row).items()
    )
    return (
        f"stage {row['phase']}, epoch {row['epoch']}: {row['gain_db']:+.2f} dB above "
        f"plain JPEG at its bytes ({each})"
    )
