"""Trains one candidate of a race on prepared crops."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from candidates import build, from_record

from comrec.errors import UsageError
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.quantisation import read_tables
from comrec.jpeg.settings import JpegSettings
from comrec.networks.alignment import MCU_PX
from comrec.networks.conditioning import condition
from comrec.train.joint import samples
from comrec.train.joint.schedule import CLIP_NORM, Restoration, square_error
from comrec.train.joint.validate import Validation, measure_psnr_db
from comrec.train.prepared.shards import PreparedCrops
from comrec.train.run import checkpoint
from comrec.train.run.config import LearningRate
from comrec.train.run.progress import ProgressListener
from comrec.train.run.run import Batches, Run, Trainable

ORDINARY = JpegSettings(scans="baseline", huffman="standard")  # the defaults of Pillow
ORDINARY_QUALITIES = (10, 20, 30, 40)


@dataclass(frozen=True)
class RaceConfig:
    """Holds the settings of the training of one candidate.

    Attributes:
      candidate: a record of `Candidate`.
      codings: checksum of the recipe of the prepared crops.
      epochs: how many.
      epoch_batches, batch, patch_px: batches in an epoch, patches in a batch, side of
        a patch.
      rate_start, rate_end: learning rates at both ends; they fall geometrically.
      seed, precision, start: as for every run.
    """

    candidate: dict[str, Any]
    codings: str
    epochs: int
    epoch_batches: int = 50
    batch: int = 16
    patch_px: int = 96
    rate_start: float = 1e-3
    rate_end: float = 2e-5
    seed: int = 2026
    precision: str = "float32"
    start: str = ""

    scales = (1,)  # of the validation

    @property
    def steps(self) -> int:
        """Returns the number of training steps."""
        return self.epochs * self.epoch_batches

    def phases(self) -> Iterator[LearningRate]:
        """Yields the one phase."""
        return iter([LearningRate(self.epochs, self.rate_start, self.rate_end)])

    def continues(self, old: RaceConfig) -> bool:
        """Returns whether a run of the config `old` may continue with this config."""
        return self.dump() == old.dump()  # tuples of JSON come back as lists

    def dump(self) -> str:
        """Returns the config as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"

    @classmethod
    def load(cls, path: Path) -> RaceConfig:
        """Reads a config that `dump` wrote.

        Raises:
          UsageError: the file cannot be read, or is no such config.
        """
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError) as err:
            raise UsageError(f"{path}: not the config of a candidate ({err})") from err


class RaceRun(Run):
    """Trains one network on prepared crops, and scores it once, at the end.

    Args:
      config: of the candidate and its training.
      folder: gets the files of every `Run`; a run in the folder is continued.
      crops: to train on.
      validate: scores the trained network.
      listener: as for every `Run`.
    """

    config: RaceConfig
    reccnn: keras.Model

    def __init__(
        self,
        config: RaceConfig,
        folder: Path,
        crops: PreparedCrops,
        validate: RaceValidation,
        listener: ProgressListener | None = None,
    ) -> None:
        self.crops, self.validate = crops, validate
        super().__init__(config, folder, resume=True, listener=listener)

    def get_change(self, scale: float) -> None:
        """Returns None: no scale has a ComCNN."""

    def _build(self) -> tuple[keras.Model, ...]:
        self.reccnn = build(from_record(self.config.candidate))
        return (self.reccnn,)

    def _load_start(self, start: str) -> None:
        checkpoint.assign(self.models, checkpoint.load(Path(start)))

    def _build_step(
        self, phase: LearningRate
    ) -> tuple[Trainable, Callable[[np.random.Generator], Batches]]:
        config = self.config
        size = config.epoch_batches, config.batch, config.patch_px
        return Restoration(self.reccnn), lambda rng: self.crops.draw_batches(*size, rng)

    def _build_optimizer(self, phase: LearningRate) -> keras.Optimizer:
        return keras.optimizers.Adam(phase.rate(0), beta_2=0.99, clipnorm=CLIP_NORM)

    def _loss(self, image: Any, restored: Any) -> Any:
        return square_error(image, restored)

    def _seed(self, phase: LearningRate) -> list[int]:
        return [self.config.seed, self.epoch]

    def _progress(self, phase: LearningRate, batch: int) -> float:
        return (self.epoch + batch / self.config.epoch_batches) / phase.epochs

    def _epoch_batches(self) -> int:
        return self.config.epoch_batches

    def _describe(self, phase: LearningRate) -> str:
        return str(self.config.candidate["name"])

    def _log_columns(self, phase: LearningRate) -> dict[str, object]:
        return {"learns": "reccnn"}

    def _end_epoch(self, phase: LearningRate) -> None:
        if self.epoch + 1 == phase.epochs:
            self._record(event="validation", **self.validate(self))


class RaceValidation:
    """Measures the dB gained on files of comrec and on ordinary JPEGs.

    Args:
      pictures: uint8 (H, W, 3) each; small ones are left out.

    Raises:
      UsageError: no picture is large enough.
    """

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        self._flat = Validation(pictures)
        self._ordinary = {
            quality: [
                _code_ordinary(picture, quality) for picture in self._flat.pictures
            ]
            for quality in ORDINARY_QUALITIES
        }

    def __call__(self, run: Any) -> dict[str, float]:
        """Measures the gains of the network of a run.

        Returns:
          {"gain_db_1_0.25": dB above plain JPEG at a scale and a rate, ...,
          "jpeg_gain_db_10": dB above the decoded JPEG of a quality, by libjpeg-turbo,
          4:2:0, ...}.
        """
        row = self._flat(run)
        for quality, found in self._ordinary.items():
            restored = measure_psnr_db(run, [coded for coded, _ in found])
            gained = np.mean(restored) - np.mean([level for _, level in found])
            row[f"jpeg_gain_db_{quality}"] = round(float(gained), 4)
        return row


def _code_ordinary(picture: np.ndarray, quality: int) -> tuple[samples.Coding, float]:
    """Codes a picture; returns the coding and its PSNR before restoration."""
    data = coding.encode(picture, quality, ORDINARY)
    coded = coding.decode(data)
    enlarged = coded.astype(np.float32) / 255
    known = condition(read_tables(data), 1)
    made = samples.Coding(picture, enlarged, known, MCU_PX, 0, len(data))
    return made, psnr_db(picture, coded)
