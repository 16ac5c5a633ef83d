"""The alternating scheme of Jiang et al. 2017: RecCNN and ComCNN learn in turn."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from comrec import resample
from comrec.errors import UsageError
from comrec.models import build_comcnn, build_reccnn
from comrec.models.comcnn import SCALE
from comrec.train.compact import CompactStep, half_square_error
from comrec.train.config import Phase, TrainConfig
from comrec.train.data import coded_pairs, patch_batches, turned

Validate = Callable[[keras.Model, keras.Model], dict[str, float]]


class OutOfTime(Exception):
    """The budget is spent. Everything up to the last epoch is in the checkpoint."""


@dataclass
class Progress:
    """Where a run stands: the next epoch to train. Phase -1 is the warm-up."""

    phase: int = -1
    epoch: int = 0


def versions() -> dict[str, str]:
    """What a run was made with, for its log."""
    names = ("comrec", "keras", keras.backend.backend(), "numpy", "PIL")
    found = {name: importlib.import_module(name).__version__ for name in names}
    git = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    return found | {"source": git.stdout.strip() or "not under git"}


class AlternatingRun:
    """One run in its folder; every epoch ends in a checkpoint that `resume` takes up.

    All randomness of an epoch comes from (seed, phase, epoch), so a run that was
    stopped and resumed sees what an unbroken one would have seen.
    """

    def __init__(
        self, config: TrainConfig, folder: Path, crops: np.ndarray, validate: Validate
    ) -> None:
        self.config, self.folder, self.crops = config, folder, crops
        self.validate = validate
        self.progress = Progress()
        self._optimizer_state: list[np.ndarray] = []
        keras.utils.set_random_seed(config.seed)
        keras.config.set_dtype_policy(config.precision)
        self.comcnn = build_comcnn(config.channels, config.width)
        self.reccnn = build_reccnn(config.channels, config.width, config.depth)
        self._claim_folder()

    def _claim_folder(self) -> None:
        """Writes the config, or refuses a folder that holds another config's run."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / "config.json"
        if path.exists() and TrainConfig.load(path) != self.config:
            raise UsageError(
                f"{path}: holds the config of another run. Name another folder, or "
                f"take the run up with its own config"
            )
        temporary = path.with_suffix(".tmp")
        temporary.write_text(self.config.dump())
        os.replace(temporary, path)

    def train(self, budget_s: float = float("inf")) -> None:
        """Trains to the end of the schedule; OutOfTime when the budget is spent."""
        self._deadline = time.monotonic() + budget_s
        self._log(event="start", **versions())
        warmup = Phase("comcnn", self.config.warmup_epochs, 1e-3, 1e-4)
        phases = [warmup, *self.config.phases]
        while self.progress.phase + 1 < len(phases):
            phase = phases[self.progress.phase + 1]
            self._train_phase(phase)
            self.progress = Progress(self.progress.phase + 1, 0)
            self._checkpoint(None)
            if self.progress.phase > 0:
                self._log(event="validation", **self.validate(self.comcnn, self.reccnn))

    def resume(self) -> None:
        """Takes up the checkpoint in the folder, if there is one."""
        path = self.folder / "checkpoint.npz"
        if not path.exists():
            return
        with np.load(path, allow_pickle=False) as state:
            self.progress = Progress(*(int(n) for n in state["progress"]))
            for model in (self.comcnn, self.reccnn):
                for i, variable in enumerate(model.variables):
                    variable.assign(state[f"{model.name}_{i}"])
            self._optimizer_state = [
                state[f"optimizer_{i}"] for i in range(int(state["optimizer_count"]))
            ]

    def _train_phase(self, phase: Phase) -> None:
        model, batches = self._step(phase)
        optimizer = keras.optimizers.Adam(
            phase.rate_start, epsilon=1e-8, weight_decay=self.config.weight_decay
        )
        optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        # On TensorFlow and a CPU, compiling halves the speed; JAX is nothing without.
        jit = False if keras.backend.backend() == "tensorflow" else "auto"
        model.compile(optimizer, loss=half_square_error, jit_compile=jit)
        optimizer.build(model.trainable_variables)
        if self.progress.epoch:
            for variable, value in zip(
                optimizer.variables, self._optimizer_state, strict=True
            ):
                variable.assign(value)
        for epoch in range(self.progress.epoch, phase.epochs):
            optimizer.learning_rate = phase.rate(epoch / max(phase.epochs - 1, 1))
            seed = [self.config.seed, self.progress.phase + 1, epoch]
            self._train_epoch(model, batches(np.random.default_rng(seed)), phase, epoch)
            self.progress.epoch = epoch + 1
            self._checkpoint(optimizer)

    def _train_epoch(
        self, model: keras.Model, batches: Iterator, phase: Phase, epoch: int
    ) -> None:
        started = time.monotonic()
        losses: list[float] = []
        for inputs, target in batches:
            loss = float(model.train_on_batch(inputs, target))
            if not np.isfinite(loss):
                raise FloatingPointError(
                    f"{phase.network}, phase {self.progress.phase}, epoch {epoch}, "
                    f"batch {len(losses)}: the loss is {loss}"
                )
            losses.append(loss)
            if time.monotonic() > self._deadline:
                raise OutOfTime
        if not losses:
            raise UsageError(
                f"the training pictures make fewer than {self.config.batch} patches, "
                f"which is one batch. Add pictures, or make the batch smaller"
            )
        self._log(
            event="epoch",
            network=phase.network,
            epoch=epoch,
            steps=len(losses),
            loss=float(np.mean(losses)),
            rate=float(model.optimizer.learning_rate),
            duration_s=round(time.monotonic() - started, 1),
        )

    def _step(self, phase: Phase) -> tuple[keras.Model, Callable[..., Iterator]]:
        """The trainable model of a phase, and what yields one epoch for it."""
        learns_rec = phase.network == "reccnn"
        self.reccnn.trainable, self.comcnn.trainable = learns_rec, not learns_rec
        if learns_rec:
            return self.reccnn, self._reconstruction_batches
        if self.progress.phase < 0:
            return self.comcnn, self._warmup_batches
        step = CompactStep(self.comcnn, self.reccnn, self.config.estimator, SCALE)
        return step, lambda rng: self._compact_batches(step, rng)

    def _reconstruction_batches(self, rng: np.random.Generator) -> Iterator:
        """(enlarged, residual): ComCNN stands still, the JPEG is a real one."""
        crops = turned(self.crops, rng)
        enlarged = coded_pairs(
            self.comcnn.predict_on_batch, crops, self.config.compact_quality, SCALE
        )
        arrays = (enlarged, crops)
        for x, image in patch_batches(
            arrays, self.config.patch_px, self.config.batch, rng
        ):
            yield x, image - x

    def _compact_batches(self, step: CompactStep, rng: np.random.Generator) -> Iterator:
        """((image, codec error), image): RecCNN stands still."""
        crops = turned(self.crops, rng)
        for (image,) in patch_batches(
            (crops,), self.config.patch_px, self.config.batch, rng
        ):
            error = step.codec_error(image, self.config.compact_quality)
            yield (image, error), image

    def _warmup_batches(self, rng: np.random.Generator) -> Iterator:
        """(image, reduced): ComCNN learns the plain reduction."""
        crops = turned(self.crops, rng)
        for (image,) in patch_batches(
            (crops,), self.config.patch_px, self.config.batch, rng
        ):
            matrix = resample.bicubic_matrix(image.shape[1], image.shape[1] // SCALE)
            yield image, np.einsum("hH,bHWc,wW->bhwc", matrix, image, matrix)

    def _checkpoint(self, optimizer: keras.Optimizer | None) -> None:
        state: dict[str, np.ndarray] = {
            "progress": np.array([self.progress.phase, self.progress.epoch])
        }
        for model in (self.comcnn, self.reccnn):
            for i, variable in enumerate(model.variables):
                state[f"{model.name}_{i}"] = keras.ops.convert_to_numpy(variable)
        variables = optimizer.variables if optimizer else []
        state["optimizer_count"] = np.array(len(variables))
        for i, variable in enumerate(variables):
            state[f"optimizer_{i}"] = keras.ops.convert_to_numpy(variable)
        temporary = self.folder / "checkpoint.tmp.npz"
        np.savez(temporary, **state)  # type: ignore[arg-type]
        os.replace(temporary, self.folder / "checkpoint.npz")

    def _log(self, **row: object) -> None:
        row = {"time_s": round(time.time(), 1), **asdict(self.progress), **row}
        with open(self.folder / "metrics.jsonl", "a") as log:
            log.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)
