"""Trains RecCNN of a pair on prepared crops, and scores it on others."""

from __future__ import annotations

import collections
from pathlib import Path

import numpy as np

from comrec.train.joint.config import JointConfig
from comrec.train.joint.schedule import JointRun, Validate
from comrec.train.joint.validate import ERROR_MIN, measure_psnr_db
from comrec.train.prepared.shards import PreparedCrops
from comrec.train.run.log import Row
from comrec.train.run.progress import Display, ProgressListener
from comrec.train.run.run import Batches


class TuneRun(JointRun):
    """Trains as a `JointRun`, but on prepared crops.

    The settings of the config on codings are not used: the recipe of the crops says
    how they are coded.

    Args:
      config: of the networks and the training; RecCNN alone learns.
      folder: gets the files of a `JointRun`; a run in the folder is continued.
      crops: to train on.
      validate, listener: as for a `JointRun`.
    """

    def __init__(
        self,
        config: JointConfig,
        folder: Path,
        crops: PreparedCrops,
        validate: Validate,
        listener: ProgressListener | None = None,
    ) -> None:
        self.crops = crops
        super().__init__(
            config, folder, crops.images, validate, resume=True, listener=listener
        )

    def train(self, budget_s: float = float("inf")) -> None:
        """Trains as every `Run`, and scores the start first."""
        if not self.log.rows("reference"):
            self._record(event="reference", **self.validate(self))
        super().train(budget_s)

    def _draw_reconstruction(self, rng: np.random.Generator) -> Batches:
        config = self.config
        return self.crops.draw_batches(
            config.epoch_batches, config.batch, config.patch_px, rng
        )


class CropValidation:
    """Measures the dB gained over the decoded JPEGs of prepared crops.

    Args:
      crops: of pictures that are held back.
    """

    def __init__(self, crops: PreparedCrops) -> None:
        self.codings = [crops.get_coding(i) for i in range(len(crops))]
        self.kinds = crops.kinds

    def __call__(self, run: JointRun) -> dict[str, float]:
        """Measures the gains of RecCNN of a run.

        Returns:
          {"gain_db": mean over all crops, "KIND_gain_db": of each kind, ...}.
        """
        restored_db = measure_psnr_db(run, self.codings)
        gains = collections.defaultdict(list)
        for coding, reached_db, kind in zip(
            self.codings, restored_db, self.kinds, strict=True
        ):
            error = max(coding.error * 255**2, ERROR_MIN)
            gained_db = reached_db - 10 * np.log10(255**2 / error)
            gains["gain_db"].append(gained_db)
            gains[f"{kind}_gain_db"].append(gained_db)
        return {
            name: round(float(np.mean(values)), 4)
            for name, values in sorted(gains.items())
        }


class TuneDisplay(Display):
    """Prints the gains over decoded JPEGs, where `Display` has those at equal bytes."""

    def on_row(self, row: Row) -> None:
        if row["event"] not in ("reference", "validation"):
            super().on_row(row)
            return
        gains = [f"{k} {v:+.4f}" for k, v in row.items() if k.endswith("gain_db")]
        print(
            f"{row['event']}, stage {row['phase']}, epoch {row['epoch']}: "
            f"{', '.join(gains)}",
            flush=True,
        )
