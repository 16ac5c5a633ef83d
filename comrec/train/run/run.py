"""Runs a training schedule in a folder, with a log, checkpoints and a time budget."""

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
from comrec.train.run.log import RunLog, read_versions
from comrec.train.run.parallel import Parallel
from comrec.train.run.progress import ProgressListener
from comrec.train.run.request import OutOfTime as OutOfTime

Batches = Iterator[tuple[Any, ...]]  # each the arguments of `train_on_batch`
Trainable = Any  # a keras.Model, or an object with the same compile and train_on_batch
CHECKPOINT = "checkpoint.npz"


class DivergedError(ComrecError):
    """Reports that a loss is not finite."""


class Run(ABC):
    """Trains the networks of one run in a folder; every epoch ends in a checkpoint.

    A schedule is a list of phases. A subclass defines, for each phase, the model that
    learns, its batches, its optimiser, and the actions at the end of an epoch or a
    phase. All randomness of an epoch comes from `_seed`, so a run that is stopped and
    resumed uses the same batches as an unbroken run.

    Args:
      config: of the networks and the training.
      folder: gets `config.json`, `metrics.jsonl` and `checkpoint.npz`.
      resume: continue the run in the folder; otherwise a folder with a run is refused.
      listener: receives every batch and every row of the log.
      pictures: counts and checksums of the pictures for training and validation. The
        log keeps them, and they must be the same on `resume`.
      parallel: the devices and processes that train together. Process 0 alone reads
        and writes the folder, validates, and measures the time.

    Raises:
      UsageError: the folder holds another run, or `start` names no such networks.
      OutputError: the folder cannot be written.
    """

    models: tuple[keras.Model, ...]

    def __init__(
        self,
        config: Any,
        folder: Path,
        *,
        resume: bool = False,
        listener: ProgressListener | None = None,
        pictures: Mapping[str, int] | None = None,
        parallel: Parallel | None = None,
    ) -> None:
        self.config, self.folder = config, folder
        self.listener = listener or ProgressListener()
        self.parallel = parallel or Parallel()
        self.phases: Sequence[Any] = list(config.phases())
        self.phase, self.epoch = 0, 0  # that are trained next
        self.log = RunLog(folder / "metrics.jsonl")
        self.pictures = dict(pictures or {})
        self._deadline, self._epochs_done = float("inf"), 0
        self.learner: Trainable = None  # compiled, of the phase in training
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(config.precision)
        with self.parallel.scope():
            self.models = self._build()
        for model in self.models:  # the same before and after training
            model.jit_compile = _jit()
        if config.start and not (resume and (folder / CHECKPOINT).exists()):
            self._load_start(config.start)
        self._state = self.parallel.run_on_first(lambda: self._claim_folder(resume))
        if self._state:
            self._restore()
        self.parallel.run_on_first(lambda: self.log.rewind(self.phase, self.epoch))

    def train(self, budget_s: float = float("inf")) -> None:
        """Trains to the end of the schedule, or until the training has converged.

        Args:
          budget_s: seconds after which the run stops.

        Raises:
          OutOfTime: the budget is spent.
          DivergedError: a loss is not finite.
          OutputError: the disk is full.
        """
        self._deadline = time.monotonic() + self.parallel.run_on_first(lambda: budget_s)
        versions = read_versions(keras.backend.backend())
        self._record(event="start", **versions | self.pictures)
        while self.phase < len(self.phases):
            if self.parallel.run_on_first(self._has_converged):
                return
            phase = self.phases[self.phase]
            self._train_phase(phase)
            self._end_phase(phase)
            self.phase, self.epoch = self.phase + 1, 0
            self._checkpoint(None)

    # Defined by each schedule

    @abstractmethod
    def _build(self) -> tuple[keras.Model, ...]:
        """Builds the networks, untrained."""

    @abstractmethod
    def _load_start(self, start: str) -> None:
        """Sets the networks to the weights that the config names as its start."""

    @abstractmethod
    def _build_step(
        self, phase: Any
    ) -> tuple[Trainable, Callable[[np.random.Generator], Batches]]:
        """Builds the trainable model of a phase, and a function that draws an epoch."""

    @abstractmethod
    def _build_optimizer(self, phase: Any) -> keras.Optimizer:
        """Builds the optimiser of a phase."""

    @abstractmethod
    def _loss(self, image: Any, restored: Any) -> Any:
        """Returns the loss of each patch."""

    @abstractmethod
    def _seed(self, phase: Any) -> list[int]:
        """Returns the seed of the present epoch."""

    @abstractmethod
    def _progress(self, phase: Any, batch: int) -> float:
        """Returns the finished part of the phase, 0 to 1, for its learning rate."""

    @abstractmethod
    def _epoch_batches(self) -> int:
        """Returns the largest number of batches in an epoch."""

    @abstractmethod
    def _describe(self, phase: Any) -> str:
        """Returns a phase in words."""

    @abstractmethod
    def _log_columns(self, phase: Any) -> dict[str, object]:
        """Returns the columns on the phase in the row of an epoch."""

    def _end_epoch(self, phase: Any) -> None:
        """Acts after the row of an epoch, before its checkpoint."""
        return

    def _end_phase(self, phase: Any) -> None:
        """Acts after the last epoch of a phase."""
        return

    def _has_converged(self) -> bool:
        """Returns whether a further phase would gain too little."""
        return False

    # The folder

    def _claim_folder(self, resume: bool) -> checkpoint.State:
        """Writes the config, and returns the checkpoint to continue from, or {}.

        Raises:
          UsageError: the folder holds another run.
          OutputError: the folder cannot be written.
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
                    f"{self.folder}: holds a run. Go on with it by `resume`, or name "
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
        """Sets the networks to the weights of a checkpoint."""
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
        state = checkpoint.collect_weights(self.models)
        state |= checkpoint.collect_optimizer(optimizer)
        state["progress"] = np.array([self.phase, self.epoch])
        path = self.folder / CHECKPOINT
        self.parallel.run_on_first(lambda: checkpoint.save(path, state))

    # Training

    def _train_phase(self, phase: Any) -> None:
        model, batches = self._build_step(phase)
        with self.parallel.scope():
            optimizer = self._build_optimizer(phase)
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
                    f"{self.folder}: {self._describe(phase)}, epoch {self.epoch}, "
                    f"batch {i}: the loss is {losses[-1]}. Start again with lower "
                    f"learning rates"
                )
            self._report_batch(phase, i + 1, losses[-1])
            if self._is_out_of_time():
                raise OutOfTime(self._epochs_done)
        self._record(
            event="epoch", **self._log_columns(phase),
            steps=len(losses), loss=float(np.mean(losses)),
            rate=float(model.optimizer.learning_rate),
            duration_s=round(time.monotonic() - started, 1),
        )  # fmt: skip

    def _is_out_of_time(self) -> bool:
        """Returns the same in all processes, so that all stop at the same batch."""
        if self._deadline == float("inf"):
            return False
        return self.parallel.run_on_first(lambda: time.monotonic() > self._deadline)

    def _report_batch(self, phase: Any, batch: int, loss: float) -> None:
        epochs = [phase.epochs for phase in self.phases]
        each = self._epoch_batches()
        done = (sum(epochs[: self.phase]) + self.epoch) * each + batch
        self.listener.on_batch(self._describe(phase), done, sum(epochs) * each, loss)

    def _record(self, **row: object) -> None:
        row = {"phase": self.phase, "epoch": self.epoch, **row}
        self.parallel.run_on_first(lambda: self.listener.on_row(self.log.add(row)))


def fingerprint(name: str, pictures: Iterable[np.ndarray]) -> dict[str, int]:
    """Returns the number of pictures and the CRC-32 of their pixels, for the log.

    Returns:
      {name: number, f"{name}_crc32": checksum}.
    """
    count, checksum = 0, 0
    for picture in pictures:
        count, checksum = count + 1, zlib.crc32(picture.tobytes(), checksum)
    return {name: count, f"{name}_crc32": checksum}


def _jit() -> bool | str:
    # TensorFlow on a CPU is twice as slow when compiled; JAX always compiles.
    return False if keras.backend.backend() == "tensorflow" else "auto"
