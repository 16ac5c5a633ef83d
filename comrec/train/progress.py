"""What a person sees of a run: a bar on a terminal, and one line an epoch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from comrec.train.runlog import Row

if TYPE_CHECKING:
    from rich.progress import Progress


class Watch:
    """Is told of every batch and of every row of the log; this one keeps silent."""

    def batch(self, words: str, done: int, total: int, loss: float) -> None:
        """After each batch: the phase in words, batches of the whole run, its loss."""

    def row(self, row: Row) -> None:
        """After each row of the log."""


class Display(Watch):
    """A context: rows in words on stdout, a bar on stderr where that is a terminal.

    Args:
      after_round: called when a round is in the log, to draw it, say.
    """

    def __init__(self, after_round: Callable[[], None] = lambda: None) -> None:
        self._after_round = after_round
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
            where = "warm-up" if row["round"] < 0 else f"round {row['round']}"
            print(
                f"{where}, {row['network']}, epoch {row['epoch']}: "
                f"loss {row['loss']:.4f}, learning rate {row['rate']:.1e}, "
                f"{row['duration_s']:.0f} s",
                flush=True,
            )
        elif row["event"] == "validation":
            print(
                f"round {row['round']}: {row['psnr_db']:.2f} dB at the bytes of plain "
                f"JPEG ({row['plain_psnr_db']:.2f} dB); at its own quality "
                f"{row['fixed_psnr_db']:.2f} dB and {row['fixed_bytes_ratio']:.0%} of "
                f"those bytes",
                flush=True,
            )
            self._after_round()
