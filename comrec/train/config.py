"""What a training run is told, as one frozen record that is saved with the run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from comrec.errors import UsageError

ESTIMATORS = ("bypass", "released", "ste")


@dataclass(frozen=True)
class Phase:
    """One stretch of training of one network while the other one stands still.

    The learning rate falls from `rate_start` to `rate_end` along a logarithm.
    """

    network: str  # "comcnn" or "reccnn"
    epochs: int
    rate_start: float
    rate_end: float

    def rate(self, progress: float) -> float:
        """Learning rate after `progress` (0 to 1) of this phase."""
        return self.rate_start * (self.rate_end / self.rate_start) ** progress


@dataclass(frozen=True)
class TrainConfig:
    """The schedule of Jiang et al. 2017, where a comment does not say otherwise."""

    preset: str = "jiang2017-gray-q50"
    phases: tuple[Phase, ...] = (
        Phase("reccnn", 30, 1e-3, 1e-5),
        Phase("comcnn", 30, 1e-4, 1e-5),
    )
    estimator: str = "bypass"  # how the compact step sees the codec; see compact.py
    compact_quality: int = 50  # of the JPEG in the loop
    channels: int = 1
    width: int = 64
    depth: int = 20
    crop_px: int = 180  # pictures are cut into squares of this side once
    patch_px: int = 40
    batch: int = 128
    weight_decay: float = 1e-4
    # Not in the paper, which does not say how ComCNN starts: epochs in which it
    # first learns plain bicubic reduction, so that RecCNN has something to see.
    warmup_epochs: int = 4
    seed: int = 1708
    precision: str = "mixed_bfloat16"

    @classmethod
    def load(cls, path: Path) -> TrainConfig:
        """Reads the JSON that `dump` writes; unknown names are refused."""
        try:
            record = json.loads(path.read_text())
            phases = tuple(Phase(**phase) for phase in record.pop("phases"))
            unknown = record.keys() - {field.name for field in fields(cls)}
            if unknown:
                raise ValueError(f"unknown settings {sorted(unknown)}")
            return cls(phases=phases, **record)
        except (OSError, ValueError, KeyError, TypeError) as err:
            raise UsageError(f"{path}: not a training config ({err})") from err

    def dump(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"
