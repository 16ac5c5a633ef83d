"""A training run in its folder, whatever its schedule: log, checkpoints, the clock."""

from __future__ import annotations

import time
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from comrec.errors import ComrecError, OutputError, UsageError
from comrec.train.run import checkpoint
from comrec.train.run.log import RunLog, versions
from comrec.train.run.parallel import Parallel
from comrec.train.run.progress import ProgressListener

Batches = Iterator[tuple[Any, ...]]  # each what `train_on_batch` takes
Trainable = Any  # a keras.Model, or what can be compiled and trained on batches as one
CHECKPOINT = "checkpoint.npz"


class OutOfTime(Exception):
    """The budget is spent. Everything up to the last epoch is in the checkpoint."""

    def __init__(self, epochs: int) -> None:
        words = "--resume goes on from the last epoch"
        if not epochs:
            words = "not one epoch was done, so nothing is gained: give it longer"
        super().__init__(f"out of time; {words}")


class DivergedError(ComrecError):
    """A loss is no longer a finite number."""


class Run(ABC):
    """One run in its folder; every epoch ends in a checkpoint.

    A schedule is a list of phases. It says here what learns in one, from what, by which
    optimiser, and what is done at the end of an epoch or a phase. All randomness of an
    epoch comes from `_seed`, so a run that was stopped anywhere and resumed sees what
    an unbroken one would have seen.

    Args:
      config: what to train, and how.
      folder: gets `config.json`, `metrics.jsonl` and `checkpoint.npz`.
      resume: take up the run that is in the folder; without it, one that holds a
        run is refused.
      watch: told of every batch and every row of the log.
      pictures: what identifies those trained and judged on; goes into the log, and
        must be the same on `resume`.
      parallel: the devices, and the processes, that train together. Process 0 alone
        reads and writes the folder, validates, and has its eye on the clock.

    Raises:
      UsageError: the folder holds another run, or `start` is no such pair.
      OutputError: the folder cannot be written.
    """

    models: tuple[keras.Model, ...]

    def __init__(
        self,
        config: Any,
        folder: Path,
        *,
        resume: bool = False,
        watch: ProgressListener | None = None,
        pictures: Mapping[str, int] | None = None,
        parallel: Parallel | None = None,
    ) -> None:
        self.config, self.folder = config, folder
        self.watch, self.parallel = watch or ProgressListener(), parallel or Parallel()
        self.phases: Sequence[Any] = list(config.phases())
        self.phase, self.epoch = 0, 0  # the next to be trained
        self.log = RunLog(folder / "metrics.jsonl")
        self.pictures = dict(pictures or {})
        self._deadline, self._epochs_done = float("inf"), 0
        self.learner: Trainable = None  # compiled, of the phase that is trained
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(config.precision)
        with self.parallel.scope():
            self.models = self._build()
        for model in self.models:  # the same before and after it was trained
            model.jit_compile = _jit()
        if config.start and not (resume and (folder / CHECKPOINT).exists()):
            self._load_start(config.start)
        self._state = self.parallel.first(lambda: self._claim_folder(resume))
        if self._state:
            self._restore()
        self.parallel.first(lambda: self.log.rewind(self.phase, self.epoch))

    def train(self, budget_s: float = float("inf")) -> None:
        """Trains to the end of the schedule, or until a further phase is no use.

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
            self._end_phase(phase)
            self.phase, self.epoch = self.phase + 1, 0
            self._checkpoint(None)

    # What a schedule says

    @abstractmethod
    def _build(self) -> tuple[keras.Model, ...]:
        """The networks, untrained."""

    @abstractmethod
    def _load_start(self, start: str) -> None:
        """Puts the weights that the config begins with into the networks."""

    @abstractmethod
    def _step(
        self, phase: Any
    ) -> tuple[Trainable, Callable[[np.random.Generator], Batches]]:
        """The trainable model of a phase, and what yields one epoch for it."""

    @abstractmethod
    def _optimizer(self, phase: Any) -> keras.Optimizer: ...

    @abstractmethod
    def _loss(self, image: Any, restored: Any) -> Any:
        """Of each patch."""

    @abstractmethod
    def _seed(self, phase: Any) -> list[int]:
        """Of this epoch."""

    @abstractmethod
    def _progress(self, phase: Any, batch: int) -> float:
        """How far the phase is, 0 to 1, as its learning rate takes it."""

    @abstractmethod
    def _epoch_batches(self) -> int:
        """At most."""

    @abstractmethod
    def _words(self, phase: Any) -> str:
        """The phase, as people are told of it."""

    @abstractmethod
    def _columns(self, phase: Any) -> dict[str, object]:
        """What the row of an epoch says of its phase."""

    def _end_epoch(self, phase: Any) -> None:
        """After the row of an epoch, before its checkpoint."""
        return

    def _end_phase(self, phase: Any) -> None:
        """After the last checkpoint of a phase."""
        return

    def _has_settled(self) -> bool:
        """Whether a further phase is no use."""
        return False

    # The folder

    def _claim_folder(self, resume: bool) -> checkpoint.State:
        """Writes the config; the checkpoint to go on from, if there is one.

        A folder that holds another run is refused.
        """
        path, saved = self.folder / "config.json", self.folder / CHECKPOINT
        if path.exists() and saved.exists():
            if not self.config.continues(type(self.config).load(path)):
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

    def _assign(self, state: checkpoint.State) -> None:
        """Puts the weights of a checkpoint into the networks."""
        checkpoint.assign(self.models, state)

    def _restore(self) -> None:
        try:
            self._assign(self._state)
            self.phase, self.epoch = (int(n) for n in self._state["progress"])
        except (KeyError, ValueError) as err:
            raise UsageError(
                f"{self.folder / CHECKPOINT}: not of this run ({err})"
            ) from err

    def _checkpoint(self, optimizer: keras.Optimizer | None) -> None:
        state = checkpoint.weights_of(self.models)
        state |= checkpoint.optimizer_state(optimizer)
        state["progress"] = np.array([self.phase, self.epoch])
        path = self.folder / CHECKPOINT
        self.parallel.first(lambda: checkpoint.save(path, state))

    # Training

    def _train_phase(self, phase: Any) -> None:
        model, batches = self._step(phase)
        with self.parallel.scope():
            optimizer = self._optimizer(phase)
            model.compile(optimizer, loss=self._loss, jit_compile=_jit())
            optimizer.build(model.trainable_variables)
        self.learner = model
        if self.epoch:
            checkpoint.assign_optimizer(optimizer, self._state)
        while self.epoch < phase.epochs:
            rng = np.random.default_rng(self._seed(phase))
            self._train_epoch(model, batches(rng), phase)
            self._end_epoch(phase)
            self.epoch += 1
            self._epochs_done += 1
            self._checkpoint(optimizer)

    def _train_epoch(self, model: Trainable, batches: Batches, phase: Any) -> None:
        started = time.monotonic()
        losses: list[float] = []
        for i, batch in enumerate(batches):
            model.optimizer.learning_rate = phase.rate(self._progress(phase, i))
            with self.parallel.scope():
                losses.append(float(model.train_on_batch(*batch)))
            if not np.isfinite(losses[-1]):
                raise DivergedError(
                    f"{self.folder}: {self._words(phase)}, epoch {self.epoch}, batch "
                    f"{i}: the loss is {losses[-1]}. Start again with lower learning "
                    f"rates"
                )
            self._tell(phase, i + 1, losses[-1])
            if self._is_late():
                raise OutOfTime(self._epochs_done)
        self._record(
            event="epoch", **self._columns(phase),
            steps=len(losses), loss=float(np.mean(losses)),
            rate=float(model.optimizer.learning_rate),
            duration_s=round(time.monotonic() - started, 1),
        )  # fmt: skip

    def _is_late(self) -> bool:
        """All processes stop at the same batch."""
        if self._deadline == float("inf"):
            return False
        return self.parallel.first(lambda: time.monotonic() > self._deadline)

    def _tell(self, phase: Any, batch: int, loss: float) -> None:
        epochs = [phase.epochs for phase in self.phases]
        each = self._epoch_batches()
        done = (sum(epochs[: self.phase]) + self.epoch) * each + batch
        self.watch.batch(self._words(phase), done, sum(epochs) * each, loss)

    def _record(self, **row: object) -> None:
        row = {"phase": self.phase, "epoch": self.epoch, **row}
        self.parallel.first(lambda: self.watch.row(self.log.add(row)))


def fingerprint(name: str, pictures: Iterable[np.ndarray]) -> dict[str, int]:
    """How many pictures, and a checksum of their pixels, for the log."""
    count, checksum = 0, 0
    for picture in pictures:
        count, checksum = count + 1, zlib.crc32(picture.tobytes(), checksum)
    return {name: count, f"{name}_crc32": checksum}


def _jit() -> bool | str:
    # TensorFlow on a CPU is twice as slow compiled; JAX is nothing without.
    return False if keras.backend.backend() == "tensorflow" else "auto"
