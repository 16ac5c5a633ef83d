"""Holds what is asked of a run, and trains the run to its end or to a limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from comrec.train.run.progress import Display, ProgressListener, ProgressListeners

if TYPE_CHECKING:
    from comrec.train.run.run import Run

R = TypeVar("R", bound="Run")
QUICK = (
    "a smoke test: tiny networks and a few steps, which learn nothing of use. Leave "
    "`quick` out to train"
)


class OutOfTime(Exception):
    """Reports that the budget is spent; the checkpoint has all finished epochs."""

    def __init__(self, epochs: int) -> None:
        words = "`resume` goes on from the last epoch"
        if not epochs:
            words = "not one epoch was done, so the run needs a larger budget"
        super().__init__(f"out of time; {words}")


@dataclass(frozen=True)
class TrainRequest:
    """Holds what is asked of a run.

    Attributes:
      config: path or name of the config; see `comrec.train.run.config.find`.
      folder: of the run.
      changes: settings that replace those of the config, such as "batch=8".
      data: folders of training pictures, or pictures.
      validation: the same of pictures to validate on; empty: some of `data`.
      every: n: takes every n-th picture of `validation`, or holds back every n-th of
        `data`; None for all, or every tenth.
      length: rounds or stages of the run; None for those of the config.
      resume: continue the run in the folder.
      minutes: after which the run stops.
      quick: train tiny networks for seconds.
      tensorboard: write event files for TensorBoard.
      processes, process, address: as of `parallel.join`.
    """

    config: str
    folder: Path
    changes: Sequence[str] = ()
    data: Sequence[Path] = ()
    validation: Sequence[Path] = ()
    every: int | None = None
    length: int | None = None
    resume: bool = False
    minutes: float = float("inf")
    quick: bool = False
    tensorboard: bool = False
    processes: int = 1
    process: int = 0
    address: str = ""

    def say_what_it_is(self, say: Callable[[str], None]) -> None:
        """Says that a run is a smoke test, and that it continues no other."""
        if self.quick:
            say(QUICK)
        if self.resume and not (self.folder / "checkpoint.npz").exists():
            say(f"{self.folder}: no run to resume. Starting a new one")

    def train(
        self,
        build: Callable[[ProgressListener], R],
        display: Display,
    ) -> R:
        """Trains to the end of the schedule.

        Args:
          build: from a listener to the run.
          display: shows the progress.

        Returns:
          The run.

        Raises:
          OutOfTime: the minutes are over.
          UsageError, DivergedError, OutputError: as of `Run`.
        """
        with ExitStack() as stack:
            listeners: list[ProgressListener] = [stack.enter_context(display)]
            if self.tensorboard:
                from comrec.train.run.tensorboard import TensorBoard

                listeners.append(stack.enter_context(TensorBoard(self.folder)))
            run = build(ProgressListeners(listeners))
            run.train(self.minutes * 60)
        return run
