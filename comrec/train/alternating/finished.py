"""Reads a finished round of an alternating run, to make a preset of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from comrec.errors import UsageError
from comrec.jpeg.settings import JpegSettings
from comrec.networks.models import build_exact
from comrec.networks.models.jiang2017 import REACH_PX, SCALE
from comrec.train.alternating.config import TrainConfig
from comrec.train.run import checkpoint
from comrec.train.run.finished import PAPER, PICTURES, Table, TrainedPair
from comrec.train.run.log import Row, RunLog


@dataclass(frozen=True)
class FinishedRound(TrainedPair):
    """Describes a round that has weights and a score on the validation pictures.

    Attributes:
      folder: of the run.
      config: of the run.
      rows: the whole log of the run.
      number: of the round, from 0.
      is_best: whether no other finished round has a higher score.
    """

    folder: Path
    config: TrainConfig
    rows: tuple[Row, ...]
    number: int
    is_best: bool

    @classmethod
    def find(cls, folder: Path, number: int | None = None) -> FinishedRound:
        """Finds a round of the run in a folder.

        Args:
          folder: of the run.
          number: of the round; None for the round with the highest score.

        Raises:
          UsageError: the folder holds no run, or the round is not finished.
        """
        config = TrainConfig.load(folder / "config.json")
        rows = RunLog(folder / "metrics.jsonl").rows()
        scores = _read_scores(folder, rows)
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

    table_note = "The round in bold is the one released."

    @property
    def weights_note(self) -> str:  # type: ignore[override]
        """Names the round in a sentence."""
        chosen = (
            "the best one on the validation pictures" if self.is_best else "as asked"
        )
        return f"Those after round {self.number}: {chosen}."

    @property
    def path(self) -> Path:
        """Returns the path of the weights, for `checkpoint.load`."""
        return self.folder / f"round-{self.number}.npz"

    def load_models(self) -> tuple[keras.Model, keras.Model]:
        """Loads ComCNN and RecCNN in float32, with the weights of the round.

        Raises:
          UsageError: the weights cannot be read, or are those of other networks.
        """
        sizes = self.config.sizes
        pair = (
            build_exact("jiang2017", "comcnn", **sizes["comcnn"]),
            build_exact("jiang2017", "reccnn", **sizes["reccnn"]),
        )
        try:
            checkpoint.assign(pair, checkpoint.load(self.path))
        except ValueError as err:
            raise UsageError(
                f"{self.path}: not of the config beside it ({err}). Name another run"
            ) from err
        return pair

    def derive_preset(self) -> dict[str, Any]:
        """Returns the settings of a `Preset` that follow from the config.

        Raises:
          UsageError: the run trained RecCNN alone.
        """
        config = self.config
        if config.reduction != "comcnn":
            raise UsageError(
                f"{self.folder}: its ComCNN never learned (reduction is "
                f"{config.reduction!r}), so the run has no pair. Name another run"
            )
        return {
            "channels": config.channels,
            "scales": (SCALE,),
            "compact_scales": (SCALE,),
            "compact_quality": config.compact_quality,
            "jpeg": JpegSettings(),  # those of the validation
            "sizes": config.sizes,
            "reach_px": {"comcnn": REACH_PX, "reccnn": config.depth},
        }

    def describe(self, parameters: Mapping[str, int]) -> str:
        """Returns a paragraph for the card.

        Args:
          parameters: trainable parameters of each network.
        """
        config = self.config
        return (
            f"ComCNN ({parameters['comcnn']:,} parameters) and RecCNN "
            f"({parameters['reccnn']:,}) of Jiang et al., {PAPER}, {config.width} maps "
            f"wide and {config.depth} convolutions deep, for a compact image of half "
            f"size as a JPEG of quality {config.compact_quality}, "
            f"{PICTURES[config.channels]}"
        )

    def tabulate_validation(self) -> Table:
        """Returns the head and the lines of the table of rounds, with the warm-up."""
        config = self.config
        head = (
            "round", "epochs of ComCNN", "of RecCNN", "minutes",
            f"dB at the bytes of plain JPEG QF {config.plain_quality}",
            "dB of that JPEG",
            f"dB at quality {config.compact_quality}", "its bytes / plain bytes",
        )  # fmt: skip
        epochs = [row for row in self.rows if row["event"] == "epoch"]
        scores = {r["round"]: r for r in self.rows if r["event"] == "validation"}
        lines: list[Iterable[str]] = []
        for number in sorted({row["round"] for row in epochs} | scores.keys()):
            name = "warm-up" if number < 0 else f"{number}"
            trained = [row for row in epochs if row["round"] == number]
            networks = [row["network"] for row in trained]
            minutes = sum(row["duration_s"] for row in trained) / 60
            lines.append(
                (
                    f"**{name}**" if number == self.number else name,
                    f"{networks.count('comcnn')}", f"{networks.count('reccnn')}",
                    f"{minutes:.1f}", *_format_score(scores.get(number)),
                )
            )  # fmt: skip
        return head, lines


def _format_score(score: Mapping[str, float] | None) -> tuple[str, ...]:
    if score is None:
        return ("",) * 4
    return (
        f"{score['psnr_db']:.2f}", f"{score['plain_psnr_db']:.2f}",
        f"{score['fixed_psnr_db']:.2f}", f"{score['fixed_bytes_ratio']:.3f}",
    )  # fmt: skip


def _read_scores(folder: Path, rows: list[Row]) -> dict[int, float]:
    """Returns {round: psnr_db} of the finished rounds; NaN becomes -inf."""
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
