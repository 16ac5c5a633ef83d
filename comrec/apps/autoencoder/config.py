"""What a training run of an autoencoder is told; saved with the run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from comrec.apps.autoencoder.architecture import Architecture
from comrec.errors import UsageError
from comrec.train.run.config import EVERY_RUN, Legal, check, known, load, number, whole

LOSSES = ("mse", "psnr")
ESTIMATORS = ("noise", "ste", "none")
# Of pixels in [0, 1]: what is closer than this in squared error counts as equal, so
# that a blank picture does not rule the mean of logarithms.
ERROR_MIN = 1e-6


@dataclass(frozen=True)
class Phase:
    """Epochs in which the learning rate falls along half a cosine, to nothing.

    Attributes:
      quantised: whether the decoder sees what quantisation will do to the latent.
    """

    epochs: int
    peak: float
    quantised: bool

    def rate(self, progress: float) -> float:
        """Learning rate after `progress` (0 to 1) of the phase."""
        return self.peak * max((1 + math.cos(math.pi * progress)) / 2, 1e-3)

    def __str__(self) -> str:
        return "quantised" if self.quantised else "plain"


@dataclass(frozen=True)
class AutoencoderConfig:
    """One run.

    Attributes:
      preset: what the model is to be called.
      architecture: the network.
      epochs: with the latent as it is; then its ranges are measured.
      quantised_epochs: with the latent quantised, to `quantised_bits`, in the way that
        `estimator` names, and its ranges learned: "noise" (uniform, a step wide), "ste"
        (straight through), or "none": the latent as it is, to compare with.
      rate: learning rate of Adam where a phase begins; it falls along a cosine.
      quantised_rate: the same for the quantised phase.
      loss: "mse", squared error, or "psnr", the mean of its logarithm over pictures,
        which is what the mean PSNR is.
      batch: pictures in a step.
      flips: whether half of the pictures are mirrored, at random.
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
        """Everything to be trained, in order."""
        yield Phase(self.epochs, self.rate, False)
        if self.quantised_epochs:
            quantised = self.estimator != "none"
            yield Phase(self.quantised_epochs, self.quantised_rate, quantised)

    def continues(self, old: AutoencoderConfig) -> bool:
        """Whether a run that began with `old` may go on: for other epochs it may.

        One without a quantised phase may get one, and then another name. How far the
        run is, `AutoencoderRun` looks at.
        """
        free = ["epochs"]
        if self.quantised_epochs and not old.quantised_epochs:
            free += ["preset", "quantised_epochs", "quantised_bits", "estimator"]
            free += ["quantised_rate"]
        return replace(self, **{name: getattr(old, name) for name in free}) == old

    def quick(self) -> AutoencoderConfig:
        """The same in seconds, to see that everything works together."""
        a = self.architecture
        small = replace(a, latent=min(a.latent, 8), widths=(8,) * len(a.widths))
        return replace(
            self, architecture=small, epochs=2, batch=16,
            quantised_epochs=min(self.quantised_epochs, 1),
        )  # fmt: skip

    def sized(self, latent: int) -> AutoencoderConfig:
        """The same with so many latent values, under a name that says so.

        Raises:
          UsageError: no network has so many.
        """
        try:
            architecture = replace(self.architecture, latent=latent)
        except ValueError as err:
            raise UsageError(f"{self.preset}: {err}") from err
        return replace(
            self, architecture=architecture, preset=f"{self.preset}-{latent}"
        )

    @classmethod
    def load(cls, path: Path) -> AutoencoderConfig:
        """Reads the JSON that `dump` writes.

        Raises:
          UsageError: unreadable, an unknown or missing setting, an illegal value.
        """

        def build(record: Any) -> AutoencoderConfig:
            record = known(cls, record)
            architecture = record["architecture"]
            if not isinstance(architecture, dict):
                raise ValueError("architecture must be an object")
            return cls(**record | {"architecture": Architecture.of(architecture)})

        return load(path, build)

    def dump(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"


_RATE = (lambda v: number(v) and 0 < v < 1, "a number between 0 and 1")
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
