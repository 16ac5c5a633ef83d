"""Writes the rows of a run as event files, which TensorBoard shows."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from comrec.errors import OutputError, UsageError
from comrec.train.run.log import Row
from comrec.train.run.progress import ProgressListener

FOLDER = "tensorboard"  # in the folder of a run
NO_SCORES = ("time_s", "phase", "epoch", "round", "steps")


class TensorBoard(ProgressListener):
    """Writes the numbers of each epoch and each validation at its batch.

    The listener is a context: the file is open inside.

    Args:
      folder: of the run; gets `tensorboard/`, which `tensorboard --logdir` shows.

    Raises:
      UsageError: TensorBoard is not installed.
      OutputError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from tensorboard.compat.proto import event_pb2, summary_pb2
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError as err:
            raise UsageError(
                "`tensorboard`: not installed. pip install tensorboard, or leave it out"
            ) from err
        self._event, self._summary = event_pb2.Event, summary_pb2.Summary
        self._done = 0
        try:
            self._writer = EventFileWriter(str(folder / FOLDER))
        except OSError as err:
            raise OutputError(
                f"{folder / FOLDER}: cannot be written ({err.strerror})"
            ) from err

    def __enter__(self) -> TensorBoard:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._writer.close()

    def on_batch(self, phase: str, done: int, total: int, loss: float) -> None:
        self._done = done

    def on_row(self, row: Row) -> None:
        scores = [
            self._summary.Value(tag=f"{row['event']}/{name}", simple_value=value)
            for name, value in row.items()
            if isinstance(value, int | float) and name not in NO_SCORES
        ]
        if row["event"] != "start":
            self._writer.add_event(
                self._event(
                    wall_time=row["time_s"],
                    step=self._done,
                    summary=self._summary(value=scores),
                )
            )
            self._writer.flush()
