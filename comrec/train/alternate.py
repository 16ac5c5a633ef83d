"""The alternating scheme of Jiang et al. 2017: RecCNN and ComCNN learn in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np

from comrec.errors import ComrecError, OutputError, UsageError
from comrec.models import build_comcnn, build_reccnn
from comrec.train import checkpoint, steps
from comrec.train.compact import CompactStep, half_square_error
from comrec.train.config import Phase, TrainConfig
from comrec.train.progress import Watch
from comrec.train.runlog import RunLog, versions
from comrec.train.start import load_start

# (comcnn, reccnn, round) to what the round is worth; "psnr_db" decides.
Validate = Callable[[keras.Model, keras.Model, int], dict[str, float]]


class OutOfTime(Exception):
    """The budget is spent. Everything up to the last epoch is in the checkpoint."""


class DivergedError(ComrecError):
    """A loss is no longer a finite number."""


class AlternatingRun:
    """One run in its folder; every epoch ends in a checkpoint.

    All randomness of an epoch comes from (seed, phase, epoch), so a run that was
    stopped anywhere and resumed sees what an unbroken one would have seen.

    Args:
      config: what to train, and how.
      folder: gets `config.json`, `metrics.jsonl`, `checkpoint.npz`, and at the end
        of each round its weights, `round-0.npz` and so on.
      crops: uint8 (N, crop_px, crop_px, channels).
      validate: judges the pair at the end of each round.
      resume: take up the run that is in the folder; without it, one that holds a
        run is refused.
      watch: told of every batch and every row of the log.

    Raises:
      UsageError: the folder holds another run, or `start` is no such pair.
      OutputError: the folder cannot be written.
    """

    def __init__(
        self,
        config: TrainConfig,
        folder: Path,
        crops: np.ndarray,
        validate: Validate,
        *,
        resume: bool = False,
        watch: Watch | None = None,
    ) -> None:
        self.config, self.folder, self.crops = config, folder, crops
        self.validate, self.watch = validate, watch or Watch()
        self.phases = list(config.phases())
        self.phase, self.epoch = 0, 0  # the next to be trained
        self.log = RunLog(folder / "metrics.jsonl")
        self._state: checkpoint.State = {}
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(config.precision)
        self.comcnn = build_comcnn(config.channels, config.width)
        self.reccnn = build_reccnn(config.channels, config.width, config.depth)
        self.models = (self.comcnn, self.reccnn)
        if config.start:
            load_start(self.models, config.start)
        self._claim_folder(resume)
        if resume:
            self._resume()

    def train(self, budget_s: float = float("inf")) -> None:
        """Trains until a round gains too little, or to the end of the schedule.

        Raises:
          OutOfTime: the budget is spent.
          DivergedError: a loss is not finite.
          OutputError: the disk is full.
        """
        self._deadline = time.monotonic() + budget_s
        self._record(event="start", **versions(keras.backend.backend()))
        while self.phase < len(self.phases) and not self._has_settled():
            phase = self.phases[self.phase]
            self._train_phase(phase)
            if phase.round >= 0 and self._ends_round():
                self._end_round(phase.round)
            self.phase, self.epoch = self.phase + 1, 0
            self._checkpoint(None)

    def _claim_folder(self, resume: bool) -> None:
        """Writes the config, or refuses a folder that holds another run."""
        path = self.folder / "config.json"
        if path.exists():
            if TrainConfig.load(path) != self.config:
                raise UsageError(
                    f"{path}: holds the config of another run. Name another folder, "
                    f"or take the run up with its own config"
                )
            if not resume and (self.folder / "checkpoint.npz").exists():
                raise UsageError(
                    f"{self.folder}: holds a run. Go on with it by --resume, or name "
                    f"another folder"
                )
        temporary = path.with_suffix(".tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary.write_text(self.config.dump())
            temporary.replace(path)
        except OSError as err:
            raise OutputError(f"{path}: cannot be written ({err.strerror})") from err

    def _resume(self) -> None:
        path = self.folder / "checkpoint.npz"
        if path.exists():
            self._state = checkpoint.load(path)
            try:
                checkpoint.assign(self.models, self._state)
                self.phase, self.epoch = (int(n) for n in self._state["progress"])
            except (KeyError, ValueError) as err:
                raise UsageError(f"{path}: not of this run ({err})") from err
        self.log.rewind(self.phase, self.epoch)

    def _train_phase(self, phase: Phase) -> None:
        model, batches = self._step(phase)
        stretch = phase.stretch
        optimizer = keras.optimizers.Adam(
            stretch.rate_start, epsilon=1e-8, weight_decay=self.config.weight_decay
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        # On TensorFlow and a CPU, compiling halves the speed; JAX is nothing without.
        jit = False if keras.backend.backend() == "tensorflow" else "auto"
        model.compile(optimizer, loss=half_square_error, jit_compile=jit)
        optimizer.build(model.trainable_variables)
        if self.epoch:
            checkpoint.assign_optimizer(optimizer, self._state)
        while self.epoch < stretch.epochs:
            progress = self.epoch / max(stretch.epochs - 1, 1)
            optimizer.learning_rate = stretch.rate(progress)
            seed = [self.config.seed, self.phase, self.epoch]
            self._train_epoch(model, batches(np.random.default_rng(seed)), phase)
            self.epoch += 1
            self._checkpoint(optimizer)

    def _train_epoch(
        self, model: keras.Model, batches: Iterator[steps.Batch], phase: Phase
    ) -> None:
        started = time.monotonic()
        losses: list[float] = []
        for inputs, target in batches:
            losses.append(float(model.train_on_batch(inputs, target)))
            if not np.isfinite(losses[-1]):
                raise DivergedError(
                    f"{self.folder}: {phase}, epoch {self.epoch}, batch "
                    f"{len(losses) - 1}: the loss is {losses[-1]}. Start again with "
                    f"lower learning rates"
                )
            self._tell(phase, len(losses), losses[-1])
            if time.monotonic() > self._deadline:
                raise OutOfTime
        if not losses:
            raise UsageError(
                f"the training pictures make fewer than {self.config.batch} patches, "
                f"which is one batch. Add pictures, or make the batch smaller"
            )
        self._record(
            event="epoch", round=phase.round, network=phase.network,
            steps=len(losses), loss=float(np.mean(losses)),
            rate=float(model.optimizer.learning_rate),
            duration_s=round(time.monotonic() - started, 1),
        )  # fmt: skip

    def _step(
        self, phase: Phase
    ) -> tuple[keras.Model, Callable[[np.random.Generator], Iterator[steps.Batch]]]:
        """The trainable model of a phase, and what yields one epoch for it."""
        learns_rec = phase.network == "reccnn"
        self.reccnn.trainable, self.comcnn.trainable = learns_rec, not learns_rec
        crops, config = self.crops, self.config
        if learns_rec:
            look = steps.reduction(self.comcnn.predict_on_batch, config)
            return self.reccnn, lambda rng: steps.reconstruction(
                crops, config, rng, look
            )
        if phase.round < 0:
            return self.comcnn, lambda rng: steps.warmup(crops, config, rng)
        step = CompactStep(self.comcnn, self.reccnn, config)
        return step, lambda rng: steps.compact(crops, config, rng, step)

    def _ends_round(self) -> bool:
        here, after = self.phases[self.phase], self.phases[self.phase + 1 :]
        return not after or after[0].round != here.round

    def _end_round(self, number: int) -> None:
        checkpoint.save(
            self.folder / f"round-{number}.npz", checkpoint.weights_of(self.models)
        )
        scores = self.validate(self.comcnn, self.reccnn, number)
        self._record(event="validation", round=number, **scores)

    def _has_settled(self) -> bool:
        """Whether the last round gained too little for another one."""
        if self.epoch or not self._at_round_start():
            return False
        values = [row["psnr_db"] for row in self.log.rows("validation")]
        return len(values) > 1 and values[-1] - values[-2] < self.config.gain_min_db

    def _at_round_start(self) -> bool:
        before = self.phases[self.phase - 1] if self.phase else None
        return before is None or before.round != self.phases[self.phase].round

    def _checkpoint(self, optimizer: keras.Optimizer | None) -> None:
        state = checkpoint.weights_of(self.models)
        state |= checkpoint.optimizer_state(optimizer)
        state["progress"] = np.array([self.phase, self.epoch])
        checkpoint.save(self.folder / "checkpoint.npz", state)

    def _tell(self, phase: Phase, batch: int, loss: float) -> None:
        epochs = [phase.stretch.epochs for phase in self.phases]
        each = self.config.epoch_patches // self.config.batch
        done = (sum(epochs[: self.phase]) + self.epoch) * each + batch
        self.watch.batch(str(phase), done, sum(epochs) * each, loss)

    def _record(self, **row: object) -> None:
        row = {"phase": self.phase, "epoch": self.epoch, **row}
        self.watch.row(self.log.add(row))
