"""Defines the config of an autoencoder's training run, which is saved with the run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from comrec.apps.autoencoder.architecture import Architecture
from comrec.errors import UsageError
from comrec.train.run.config import (
    EVERY_RUN,
    Legal,
    check,
    check_record,
    is_number,
    load,
    whole,
)

LOSSES = ("mse", "psnr")
ESTIMATORS = ("noise", "ste", "none")
# A smaller squared error, of pixels in [0, 1], counts as this one, so that a blank
# picture does not dominate the mean of logarithms.
ERROR_MIN = 1e-6


@dataclass(frozen=True)
class Phase:
    """Describes epochs in which the learning rate falls along half a cosine.

    Attributes:
      epochs: how many, from 1.
      peak: learning rate at the begin.
      quantised: whether the decoder learns from a quantised latent.
    """

    epochs: int
    peak: float
    quantised: bool

    def rate(self, progress: float) -> float:
        """Returns the learning rate after `progress`, 0 to 1, of the phase."""
        return self.peak * max((1 + math.cos(math.pi * progress)) / 2, 1e-3)

    def __str__(self) -> str:
        return "quantised" if self.quantised else "plain"


@dataclass(frozen=True)
class AutoencoderConfig:
    """Holds the settings of one run.

    Attributes:
      preset: name of the model.
      architecture: of the networks.
      epochs: with the latent in float; then the ranges of the latent are measured.
      quantised_epochs: with the latent quantised to `quantised_bits`, and its ranges
        learned.
      quantised_bits: of each latent value, 1 to 8.
      estimator: of the quantisation: "noise" (uniform, a step wide), "ste" (straight
        through), or "none" (the latent in float, for comparison).
      rate: learning rate of Adam at the begin of the first phase.
      quantised_rate: learning rate of Adam at the begin of the quantised phase.
      loss: "mse", squared error, or "psnr", the mean over pictures of its logarithm,
        which is proportional to the mean PSNR.
      batch: pictures in a step.
      flips: whether half of the pictures are mirrored, at random.
      start: empty: every run begins with random weights.
      seed: of all randomness.
      precision: of the arithmetic, see `comrec.train.run.config.PRECISIONS`.
    """

    preset: str
    architecture: Architecture
    epochs: int = 40
    quantised_epochs: int = 0
    quantised_bits: int = 8
    estimator: str = "noise"
    rate: float = 1e-3
    quantised_rate: float = 2e-4
    loss: str = "mse"
    batch: int = 256
    flips: bool = False
    start: str = ""
    seed: int = 1
    precision: str = "float32"

    def __post_init__(self) -> None:
        check(self, _LEGAL)

    def phases(self) -> Iterator[Phase]:
        """Yields the phases of the schedule, in order."""
        yield Phase(self.epochs, self.rate, False)
        if self.quantised_epochs:
            quantised = self.estimator != "none"
            yield Phase(self.quantised_epochs, self.quantised_rate, quantised)

    def continues(self, old: AutoencoderConfig) -> bool:
        """Returns whether a run of the config `old` may continue with this config.

        The number of epochs may differ; `AutoencoderRun` checks the progress of the
        run. A run without a quantised phase may get one, and then another name.
        """
        free = ["epochs"]
        if self.quantised_epochs and not old.quantised_epochs:
            free += ["preset", "quantised_epochs", "quantised_bits", "estimator"]
            free += ["quantised_rate"]
        return replace(self, **{name: getattr(old, name) for name in free}) == old

    def quick(self) -> AutoencoderConfig:
        """Returns a config of the same scheme that trains in seconds, for a trial."""
        a = self.architecture
        small = replace(a, latent=min(a.latent, 8), widths=(8,) * len(a.widths))
        return replace(
            self, architecture=small, epochs=2, batch=16,
            quantised_epochs=min(self.quantised_epochs, 1),
        )  # fmt: skip

    def sized(self, latent: int) -> AutoencoderConfig:
        """Returns the config with a number of latent values, which its name states.

        Raises:
          UsageError: the number is illegal.
        """
        try:
            architecture = replace(self.architecture, latent=latent)
        except ValueError as err:
            raise UsageError(f"{self.preset}: {err}") from err
        return replace(
            self, architecture=architecture, preset=f"{self.preset}-{latent}"
        )

    @classmethod
    def load(cls, path: Path, changes: Sequence[str] = ()) -> AutoencoderConfig:
        """Reads the JSON of a config.

        Args:
          path: of the file.
          changes: settings that replace those of the file, such as "batch=8".

        Raises:
          UsageError: the file cannot be read, a setting is unknown or missing, or a
            value is illegal.
        """

        def build(record: Any) -> AutoencoderConfig:
            record = check_record(cls, record)
            architecture = record["architecture"]
            if not isinstance(architecture, dict):
                raise ValueError("architecture must be an object")
            return cls(
                **record | {"architecture": Architecture.from_record(architecture)}
            )

        return load(path, build, changes)

    def dump(self) -> str:
        """Returns the config as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"


_RATE = (lambda v: is_number(v) and 0 < v < 1, "a number between 0 and 1")
_LEGAL: Legal = {
    "epochs": whole(1),
    "quantised_epochs": whole(0),
    "quantised_bits": whole(1, 8),
    "estimator": (lambda v: v in ESTIMATORS, f"one of {', '.join(ESTIMATORS)}"),
    "rate": _RATE,
    "quantised_rate": _RATE,
    "loss": (lambda v: v in LOSSES, f"one of {', '.join(LOSSES)}"),
    "batch": whole(1),
    "flips": (lambda v: type(v) is bool, "true or false"),
    **EVERY_RUN,
    "start": (lambda v: v == "", "empty: every run begins with random weights"),
}
