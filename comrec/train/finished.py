"""A finished round of a run: its config, its log, its weights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import keras

from comrec.errors import UsageError
from comrec.models import build_exact
from comrec.train import checkpoint
from comrec.train.config import TrainConfig
from comrec.train.runlog import Row, RunLog


@dataclass(frozen=True)
class FinishedRound:
    """One round of a run that has weights and a score on the validation pictures.

    Attributes:
      folder: of the run.
      config: of the run.
      rows: the whole log of the run.
      number: of the round, from 0.
      is_best: whether no other finished round scored higher.
    """

    folder: Path
    config: TrainConfig
    rows: tuple[Row, ...]
    number: int
    is_best: bool

    @classmethod
    def find(cls, folder: Path, number: int | None = None) -> FinishedRound:
        """A round of the run in a folder; the best one when no number is given.

        Raises:
          UsageError: not the folder of a run, or the round is not finished.
        """
        config = TrainConfig.load(folder / "config.json")
        rows = RunLog(folder / "metrics.jsonl").rows()
        scores = _scores(folder, rows)
        if not scores:
            raise UsageError(
                f"{folder}: no finished round in it, one with round-N.npz and its "
                f"validation row in metrics.jsonl. Train on, or name another run"
            )
        best = max(scores, key=lambda n: scores[n])
        number = best if number is None else number
        if number not in scores:
            raise UsageError(
                f"{folder}: the round must be a finished one, "
                f"{', '.join(map(str, sorted(scores)))}. Received: {number}"
            )
        return cls(folder, config, tuple(rows), number, scores[number] == scores[best])

    @property
    def path(self) -> Path:
        """Of its weights, as `checkpoint.load` reads them."""
        return self.folder / f"round-{self.number}.npz"

    def models(self) -> tuple[keras.Model, keras.Model]:
        """ComCNN and RecCNN in float32, with the weights of the round.

        Raises:
          UsageError: the weights cannot be read, or are those of other networks.
        """
        config = self.config
        pair = (
            build_exact("comcnn", config.channels, config.width),
            build_exact("reccnn", config.channels, config.width, config.depth),
        )
        try:
            checkpoint.assign(pair, checkpoint.load(self.path))
        except ValueError as err:
            raise UsageError(
                f"{self.path}: not of the config beside it ({err}). Name another run"
            ) from err
        return pair


def _scores(folder: Path, rows: list[Row]) -> dict[int, float]:
    """{round: psnr_db} of the finished ones; not a number counts as the worst."""
    try:
        scores = {
            int(row["round"]): float(row["psnr_db"])
            for row in rows
            if row["event"] == "validation"
        }
    except (KeyError, TypeError, ValueError) as err:
        raise UsageError(
            f"{folder / 'metrics.jsonl'}: a validation row must have round and psnr_db "
            f"({type(err).__name__}: {err}). Name the folder of a run"
        ) from err
    return {
        n: -math.inf if math.isnan(score) else score
        for n, score in scores.items()
        if (folder / f"round-{n}.npz").is_file()
    }
