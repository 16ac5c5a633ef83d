"""The alternating scheme of Jiang et al. 2017: RecCNN and ComCNN learn in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np

from comrec.errors import ComrecError, OutputError, UsageError
from comrec.models import build_comcnn, build_reccnn
from comrec.train import checkpoint, steps
from comrec.train.compact import CompactStep, half_square_error
from comrec.train.config import Phase, TrainConfig
from comrec.train.parallel import Parallel
from comrec.train.progress import Watch
from comrec.train.runlog import RunLog, versions
from comrec.train.start import load_start

# (comcnn, reccnn, round) to what the round is worth; "psnr_db" decides.
Validate = Callable[[keras.Model, keras.Model, int], dict[str, float]]


class OutOfTime(Exception):
    """The budget is spent. Everything up to the last epoch is in the checkpoint."""

    def __init__(self, epochs: int) -> None:
        words = "--resume goes on from the last epoch"
        if not epochs:
            words = "not one epoch was done, so nothing is gained: give it longer"
        super().__init__(f"out of time; {words}")


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
      pictures: what identifies those trained and judged on; goes into the log, and
        must be the same on `resume`.
      parallel: the devices, and the processes, that train together. Process 0 alone
        reads and writes the folder, validates, and has its eye on the clock.

    Raises:
      UsageError: the folder holds another run, `start` is no such pair, or the
        processes and devices cannot train this together.
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
        pictures: Mapping[str, int] | None = None,
        parallel: Parallel | None = None,
    ) -> None:
        self.config, self.folder, self.crops = config, folder, crops
        self.validate, self.watch = validate, watch or Watch()
        self.parallel = parallel or Parallel()
        self.parallel.check(config, crops)
        self.phases = list(config.phases())
        self.phase, self.epoch = 0, 0  # the next to be trained
        self.log = RunLog(folder / "metrics.jsonl")
        self.pictures = dict(pictures or {})
        self._deadline, self._epochs_done = float("inf"), 0
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(config.precision)
        with self.parallel.scope():
            self.comcnn = build_comcnn(config.channels, config.width)
            self.reccnn = build_reccnn(config.channels, config.width, config.depth)
        self.models = (self.comcnn, self.reccnn)
        for model in self.models:  # the same before and after it was trained
            model.jit_compile = _jit()
        if config.start and not (resume and (folder / "checkpoint.npz").exists()):
            load_start(self.models, config.start)
        self._state = self.parallel.first(lambda: self._claim_folder(resume))
        if self._state:
            self._restore()
        self.parallel.first(lambda: self.log.rewind(self.phase, self.epoch))

    def train(self, budget_s: float = float("inf")) -> None:
        """Trains until a round gains too little, or to the end of the schedule.

        Raises:
          OutOfTime: the budget is spent.
          DivergedError: a loss is not finite.
          OutputError: the disk is full.
        """
        self._deadline = time.monotonic() + self.parallel.first(lambda: budget_s)
        made = versions(keras.backend.backend()) | self.pictures
        self._record(event="start", **made)
        while self.phase < len(self.phases):
            if self.parallel.first(self._has_settled):
                return
            phase = self.phases[self.phase]
            self._train_phase(phase)
            if phase.round >= 0 and self._ends_round():
                self._end_round(phase.round)
            self.phase, self.epoch = self.phase + 1, 0
            self._checkpoint(None)

    def _claim_folder(self, resume: bool) -> checkpoint.State:
        """Writes the config; the checkpoint to go on from, if there is one.

        A folder that holds another run is refused. More rounds at the end do not make
        it another one.
        """
        path, saved = self.folder / "config.json", self.folder / "checkpoint.npz"
        if path.exists() and saved.exists():
            old = TrainConfig.load(path)
            first = self.config.rounds[: len(old.rounds)]
            if replace(self.config, rounds=first) != old:
                raise UsageError(
                    f"{path}: holds the config of another run. Name another folder, "
                    f"or take the run up with its own config"
                )
            if not resume:
                raise UsageError(
                    f"{self.folder}: holds a run. Go on with it by --resume, or name "
                    f"another folder"
                )
            self._check_pictures()
        temporary = path.with_suffix(".tmp")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            temporary.write_text(self.config.dump())
            temporary.replace(path)
        except OSError as err:
            raise OutputError(f"{path}: cannot be written ({err.strerror})") from err
        return checkpoint.load(saved) if resume and saved.exists() else {}

    def _check_pictures(self) -> None:
        for row in self.log.rows("start"):
            for name, value in self.pictures.items():
                if row.get(name, value) != value:
                    raise UsageError(
                        f"{self.folder}: the run began with other pictures ({name} "
                        f"was {row[name]}, is {value}). Give it the same folders"
                    )

    def _restore(self) -> None:
        try:
            checkpoint.assign(self.models, self._state)
            self.phase, self.epoch = (int(n) for n in self._state["progress"])
        except (KeyError, ValueError) as err:
            raise UsageError(
                f"{self.folder / 'checkpoint.npz'}: not of this run ({err})"
            ) from err

    def _train_phase(self, phase: Phase) -> None:
        model, batches = self._step(phase)
        stretch = phase.stretch
        with self.parallel.scope():
            optimizer = keras.optimizers.Adam(
                stretch.rate_start, epsilon=1e-8, weight_decay=self.config.weight_decay
            )
            optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
            model.compile(optimizer, loss=half_square_error, jit_compile=_jit())
            optimizer.build(model.trainable_variables)
        if self.epoch:
            checkpoint.assign_optimizer(optimizer, self._state)
        while self.epoch < stretch.epochs:
            progress = self.epoch / max(stretch.epochs - 1, 1)
            optimizer.learning_rate = stretch.rate(progress)
            seed = self._seed(phase)
            self._train_epoch(model, batches(np.random.default_rng(seed)), phase)
            self.epoch += 1
            self._epochs_done += 1
            self._checkpoint(optimizer)

    def _seed(self, phase: Phase) -> list[int]:
        """Of this epoch; that of RecCNN does not depend on how ComCNN learned."""
        alike = [(p.round, p.network) for p in self.phases[: self.phase]]
        stretch = alike.count((phase.round, phase.network))
        is_rec = int(phase.network == "reccnn")
        return [self.config.seed, phase.round + 1, is_rec, stretch, self.epoch]

    def _train_epoch(
        self, model: keras.Model, batches: Iterator[steps.Batch], phase: Phase
    ) -> None:
        started = time.monotonic()
        losses: list[float] = []
        for inputs, target in batches:
            with self.parallel.scope():
                losses.append(float(model.train_on_batch(inputs, target)))
            if not np.isfinite(losses[-1]):
                raise DivergedError(
                    f"{self.folder}: {phase}, epoch {self.epoch}, batch "
                    f"{len(losses) - 1}: the loss is {losses[-1]}. Start again with "
                    f"lower learning rates"
                )
            self._tell(phase, len(losses), losses[-1])
            if self._is_late():
                raise OutOfTime(self._epochs_done)
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
        crops, config, share = self.crops, self.config, self.parallel.share
        if learns_rec:
            comcnn = self.parallel.local(self.comcnn)
            look = steps.reduction(comcnn.predict_on_batch, config)
            return self.reccnn, lambda rng: steps.reconstruction(
                crops, config, rng, share, look
            )
        if phase.round < 0:
            return self.comcnn, lambda rng: steps.warmup(crops, config, rng, share)
        with self.parallel.scope():
            step = CompactStep(self.comcnn, self.reccnn, config, self.parallel)
        return step, lambda rng: steps.compact(crops, config, rng, share, step)

    def _ends_round(self) -> bool:
        here, after = self.phases[self.phase], self.phases[self.phase + 1 :]
        return not after or after[0].round != here.round

    def _end_round(self, number: int) -> None:
        scores = self.parallel.first(lambda: self._judge(number))
        self._record(event="validation", round=number, **scores)

    def _judge(self, number: int) -> dict[str, float]:
        checkpoint.save(
            self.folder / f"round-{number}.npz", checkpoint.weights_of(self.models)
        )
        comcnn, reccnn = map(self.parallel.local, self.models)
        return self.validate(comcnn, reccnn, number)

    def _is_late(self) -> bool:
        """All processes stop at the same batch."""
        if self._deadline == float("inf"):
            return False
        return self.parallel.first(lambda: time.monotonic() > self._deadline)

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
        path = self.folder / "checkpoint.npz"
        self.parallel.first(lambda: checkpoint.save(path, state))

    def _tell(self, phase: Phase, batch: int, loss: float) -> None:
        epochs = [phase.stretch.epochs for phase in self.phases]
        each = self.config.epoch_patches // self.config.batch
        done = (sum(epochs[: self.phase]) + self.epoch) * each + batch
        self.watch.batch(str(phase), done, sum(epochs) * each, loss)

    def _record(self, **row: object) -> None:
        row = {"phase": self.phase, "epoch": self.epoch, **row}
        self.parallel.first(lambda: self.watch.row(self.log.add(row)))


def _jit() -> bool | str:
    # TensorFlow on a CPU is twice as slow compiled; JAX is nothing without.
    return False if keras.backend.backend() == "tensorflow" else "auto"
