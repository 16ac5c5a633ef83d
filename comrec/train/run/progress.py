"""What a person sees of a run: a bar on a terminal, and one line an epoch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from comrec.train.run.log import Row

if TYPE_CHECKING:
    from rich.progress import Progress


class ProgressListener:
    """Is told of every batch and of every row of the log; this one keeps silent."""

    def batch(self, words: str, done: int, total: int, loss: float) -> None:
        """After each batch: the phase in words, batches of the whole run, its loss."""

    def row(self, row: Row) -> None:
        """After each row of the log."""


class Display(ProgressListener):
    """A context: rows in words on stdout, a bar on stderr where that is a terminal.

    Args:
      after_validation: called when what it came to is in the log, to draw it, say.
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

    def batch(self, words: str, done: int, total: int, loss: float) -> None:
        if self._bar:
            words = f"{words}, loss {loss:.3f}"
            self._bar.update(self._task, description=words, completed=done, total=total)

    def row(self, row: Row) -> None:
        if row["event"] == "epoch":
            print(
                f"{_phase(row)}, epoch {row['epoch']}: loss {row['loss']:.4f}, "
                f"learning rate {row['rate']:.1e}, {row['duration_s']:.0f} s",
                flush=True,
            )
        elif row["event"] == "validation":
            print(_gains(row) if "gain_db" in row else _round(row), flush=True)
            self._after_validation()


def gains(row: Row) -> dict[str, float]:
    """dB above plain JPEG in the validation row of an end-to-end run, by where."""
    places = [name.split("_")[2:] for name in row if name.startswith("gain_db_")]
    return {
        f"scale {scale}, {rate_bpp} bpp": row[f"gain_db_{scale}_{rate_bpp}"]
        for scale, rate_bpp in places
    }


def _phase(row: Row) -> str:
    if "learns" in row:
        return f"stage {row['phase']}, {row['learns']}"
    where = "warm-up" if row["round"] < 0 else f"round {row['round']}"
    return f"{where}, {row['network']}"


def _round(row: Row) -> str:
    return (
        f"round {row['round']}: {row['psnr_db']:.2f} dB at the bytes of plain "
        f"JPEG ({row['plain_psnr_db']:.2f} dB); at its own quality "
        f"{row['fixed_psnr_db']:.2f} dB and {row['fixed_bytes_ratio']:.0%} of "
        f"those bytes"
    )


def _gains(row: Row) -> str:
    each = "; ".join(
        f"{place}: {gain_db:+.2f}" for place, gain_db in gains(row).items()
    )
    return (
        f"stage {row['phase']}, epoch {row['epoch']}: {row['gain_db']:+.2f} dB above "
        f"plain JPEG at its bytes ({each})"
    )
