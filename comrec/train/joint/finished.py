"""Reads the best epoch of an end-to-end run, to make a preset of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from comrec.errors import UsageError
from comrec.jpeg.settings import JpegSettings
from comrec.networks import families
from comrec.networks.models import build_exact
from comrec.system.checks import parse_json
from comrec.train.joint.config import FAMILY, JointConfig
from comrec.train.run import checkpoint
from comrec.train.run.finished import Table, TrainedPair
from comrec.train.run.log import Row, RunLog

BEST = "best.npz"


@dataclass(frozen=True)
class FinishedJoint(TrainedPair):
    """Describes the epoch of an end-to-end run with the highest validation score.

    Attributes:
      folder: of the run.
      config: of the run.
      rows: the whole log of the run.
    """

    folder: Path
    config: JointConfig
    rows: tuple[Row, ...]

    weights_note = "Those after the epoch that gained most on the validation pictures."
    table_note = (
        "dB above plain JPEG (libjpeg-turbo, optimised Huffman tables) at the same "
        "mean bytes; the compact JPEG is mozjpeg's, with flat tables."
    )

    @staticmethod
    def is_in(folder: Path) -> bool:
        """Returns whether a folder holds an end-to-end run."""
        try:
            return "stages" in parse_json((folder / "config.json").read_bytes())
        except (OSError, ValueError, TypeError):
            return False

    @classmethod
    def find(cls, folder: Path, number: int | None = None) -> FinishedJoint:
        """Finds the best epoch of the run in a folder.

        Args:
          folder: of the run.
          number: of a round, which an end-to-end run does not have.

        Raises:
          UsageError: the folder holds no such run, no epoch is finished, or `number`
            is not None.
        """
        if number is not None:
            raise UsageError(
                f"{folder}: an end-to-end run has no rounds to choose from"
            )
        config = JointConfig.load(folder / "config.json")
        rows = RunLog(folder / "metrics.jsonl").rows()
        if not (folder / BEST).is_file():
            raise UsageError(
                f"{folder}: no finished epoch in it ({BEST} is missing). Train on, or "
                f"name another run"
            )
        return cls(folder, config, tuple(rows))

    def load_models(self) -> tuple[keras.Model, ...]:
        """Loads the networks in float32 with the weights of the best epoch.

        Raises:
          UsageError: the weights cannot be read, or are those of other networks.
        """
        models = tuple(
            build_exact(FAMILY, name, **size)
            for name, size in self.config.sizes.items()
        )
        path = self.folder / BEST
        try:
            checkpoint.assign(models, checkpoint.load(path))
        except ValueError as err:
            raise UsageError(
                f"{path}: not of the config beside it ({err}). Name another run"
            ) from err
        return models

    def derive_preset(self) -> dict[str, Any]:
        """Returns the settings of a `Preset` that follow from the config."""
        sizes, family = self.config.sizes, families.find(FAMILY)
        flat, visual = self.config.tables[0], self.config.tables[-1]
        return {
            "channels": 3,
            "scales": self.config.scales,
            "compact_quality": None,
            "jpeg": JpegSettings("mozjpeg", flat),
            "jpeg_visual": JpegSettings("mozjpeg", visual),
            "sizes": sizes,
            "compact_scales": self.config.compact_scales,
            "reach_px": family.reach_px(sizes),
            "family": FAMILY,
            "multiple_px": family.multiple_px(sizes),
        }

    def describe(self, parameters: Mapping[str, int]) -> str:
        """Returns a paragraph for the card.

        Args:
          parameters: trainable parameters of each network.
        """
        counts = ", ".join(f"{name} {n:,}" for name, n in parameters.items())
        *others, last = map(str, self.config.scales)
        scales = " and ".join(filter(None, (", ".join(others), last)))
        return (
            f"a pair of the comrec family (`comrec/networks/models/pyramid.py`) for "
            f"colour and grey pictures, every JPEG quality, and scales {scales}, "
            f"trained end to end. Trainable parameters: {counts}."
        )

    def tabulate_validation(self) -> Table:
        """Returns a line for each stage, with the scores of its last epoch.

        Raises:
          ValueError: the log has no validation.
        """
        scores = [row for row in self.rows if row["event"] == "validation"]
        if not scores:
            raise ValueError("no epoch was validated")
        names = [name for name in scores[-1] if name.startswith("gain_db_")]
        columns = [_name_column(name) for name in names]
        head = ("stage", "learned", "epochs", "minutes", "mean dB", *columns)
        lines: list[Iterable[str]] = []
        for number, stage in enumerate(self.config.stages):
            rows = [row for row in self.rows if row["phase"] == number]
            epochs = [row for row in rows if row["event"] == "epoch"]
            validations = [row for row in rows if row["event"] == "validation"]
            if epochs and validations:
                minutes = sum(row["duration_s"] for row in epochs) / 60
                figures = [validations[-1].get(name) for name in ("gain_db", *names)]
                lines.append(
                    (
                        f"{number}", stage.learns, f"{len(epochs)}", f"{minutes:.0f}",
                        *("" if value is None else f"{value:.2f}" for value in figures),
                    )
                )  # fmt: skip
        return head, lines


def _name_column(name: str) -> str:
    """Returns "scale 2, 0.15 bpp" for "gain_db_2_0.15"."""
    scale, rate_bpp = name.removeprefix("gain_db_").split("_")
    return f"scale {scale}, {rate_bpp} bpp"
