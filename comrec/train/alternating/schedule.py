"""Trains RecCNN and ComCNN in turn, by the scheme of Jiang et al. 2017."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from comrec.errors import UsageError
from comrec.networks.models.jiang2017 import build_comcnn, build_reccnn
from comrec.train.alternating import steps
from comrec.train.alternating.compact import CompactStep, half_square_error
from comrec.train.alternating.config import Phase, TrainConfig
from comrec.train.alternating.start import load_start
from comrec.train.run import checkpoint
from comrec.train.run.parallel import Parallel
from comrec.train.run.progress import ProgressListener
from comrec.train.run.run import Batches, Run, Trainable

# From (comcnn, reccnn, round) to the scores of the round; the best has most "psnr_db".
Validate = Callable[[keras.Model, keras.Model, int], dict[str, float]]


class AlternatingRun(Run):
    """Trains in rounds, until a round gains too little or the schedule ends.

    Args:
      config: of the networks and the training.
      folder: gets the files of every `Run`, and the weights at the end of each round,
        `round-0.npz` and so on.
      crops: uint8 (N, crop_px, crop_px, channels).
      validate: scores the networks at the end of each round.
      resume, listener, pictures, parallel: as for every `Run`.

    Raises:
      UsageError: as for every `Run`, or the processes and devices cannot train
        together.
      OutputError: the folder cannot be written.
    """

    config: TrainConfig
    comcnn: keras.Model
    reccnn: keras.Model

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        crops: np.ndarray,
        validate: Validate,
        *,
        resume: bool = False,
        listener: ProgressListener | None = None,
        pictures: Mapping[str, int] | None = None,
        parallel: Parallel | None = None,
    ) -> None:
        self.crops, self.validate = crops, validate
        parallel = parallel or Parallel()
        parallel.check(config.batch, _checksum(config, crops))
        super().__init__(
            config, folder, resume=resume, listener=listener, pictures=pictures,
            parallel=parallel,
        )  # fmt: skip

    def _build(self) -> tuple[keras.Model, ...]:
        config = self.config
        self.comcnn = build_comcnn(config.channels, config.width)
        self.reccnn = build_reccnn(config.channels, config.width, config.depth)
        return self.comcnn, self.reccnn

    def _load_start(self, start: str) -> None:
        load_start(self.models, start)

    def _build_optimizer(self, phase: Phase) -> keras.Optimizer:
        optimizer = keras.optimizers.Adam(
            phase.rate(0), epsilon=1e-8, weight_decay=self.config.weight_decay
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        return optimizer

    def _loss(self, image: Any, restored: Any) -> Any:
        return half_square_error(image, restored)

    def _seed(self, phase: Phase) -> list[int]:
        """Returns a seed that, for RecCNN, does not depend on the phases of ComCNN."""
        before = [(p.round, p.network) for p in self.phases[: self.phase]]
        place = before.count((phase.round, phase.network))
        is_rec = int(phase.network == "reccnn")
        return [self.config.seed, phase.round + 1, is_rec, place, self.epoch]

    def _progress(self, phase: Phase, batch: int) -> float:
        return self.epoch / max(phase.epochs - 1, 1)

    def _epoch_batches(self) -> int:
        return self.config.epoch_patches // self.config.batch

    def _describe(self, phase: Phase) -> str:
        return str(phase)

    def _log_columns(self, phase: Phase) -> dict[str, object]:
        return {"round": phase.round, "network": phase.network}

    def _build_step(
        self, phase: Phase
    ) -> tuple[Trainable, Callable[[np.random.Generator], Batches]]:
        learns_rec = phase.network == "reccnn"
        self.reccnn.trainable, self.comcnn.trainable = learns_rec, not learns_rec
        crops, config, share = self.crops, self.config, self.parallel.take_share
        if learns_rec:
            comcnn = self.parallel.copy_local(self.comcnn)
            reduce = steps.choose_reduction(comcnn.predict_on_batch, config)
            return self.reccnn, lambda rng: self._refuse_none(
                steps.draw_reconstruction(crops, config, rng, share, reduce)
            )
        if phase.round < 0:
            return self.comcnn, lambda rng: self._refuse_none(
                steps.draw_warmup(crops, config, rng, share)
            )
        with self.parallel.scope():
            step = CompactStep(self.comcnn, self.reccnn, config, self.parallel)
        return step, lambda rng: self._refuse_none(
            steps.draw_compact(crops, config, rng, share, step)
        )

    def _refuse_none(self, batches: Iterator[steps.Batch]) -> Batches:
        """Yields the batches, and raises a UsageError if there is no batch."""
        batch = None
        for batch in batches:
            yield batch
        if batch is None:
            raise UsageError(
                f"the training pictures make fewer than {self.config.batch} patches, "
                f"which is one batch. Add pictures, or make the batch smaller"
            )

    def _end_phase(self, phase: Phase) -> None:
        after = self.phases[self.phase + 1 :]
        if phase.round >= 0 and not (after and after[0].round == phase.round):
            scores = self.parallel.run_on_first(lambda: self._score(phase.round))
            self._record(event="validation", round=phase.round, **scores)

    def _score(self, number: int) -> dict[str, float]:
        checkpoint.save(
            self.folder / f"round-{number}.npz", checkpoint.collect_weights(self.models)
        )
        comcnn, reccnn = map(self.parallel.copy_local, self.models)
        return self.validate(comcnn, reccnn, number)

    def _has_converged(self) -> bool:
        """Returns whether the last round gained too little for another round."""
        if self.epoch or not self._at_round_start():
            return False
        values = [row["psnr_db"] for row in self.log.rows("validation")]
        return len(values) > 1 and values[-1] - values[-2] < self.config.gain_min_db

    def _at_round_start(self) -> bool:
        before = self.phases[self.phase - 1] if self.phase else None
        return before is None or before.round != self.phases[self.phase].round


def _checksum(config: TrainConfig, crops: np.ndarray) -> int:
    """Returns the CRC-32 of the config and the pictures of a process."""
    pixels = np.ascontiguousarray(crops).data
    return zlib.crc32(pixels, zlib.crc32(config.dump().encode()))
