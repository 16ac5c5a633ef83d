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


def paper_round() -> tuple[Phase, ...]:
    """One round of the paper: 30 epochs of each network, in two stretches."""
    return (
        Phase("reccnn", 20, 1e-3, 1e-4),
        Phase("reccnn", 10, 1e-4, 1e-5),
        Phase("comcnn", 20, 1e-4, 1e-5),
        Phase("comcnn", 10, 1e-5, 1e-5),
    )


@dataclass(frozen=True)
class TrainConfig:
    """One run. The defaults follow Jiang et al. 2017, but for three things.

    An epoch takes each picture once, turned at random, cut on a grid with a random
    origin: about an eighth of the paper's overlapping patches, but new ones every
    time. Weight decay is Adam's decoupled one. And the moments of Adam start anew
    with every phase.
    """

    preset: str = "jiang2017-gray-q50"
    # The paper repeats its round "until nothing moves"; RecCNN has the last word.
    phases: tuple[Phase, ...] = (*paper_round() * 2, *paper_round()[:2])
    estimator: str = "bypass"  # how the compact step sees the codec; see compact.py
    compact_quality: int = 50  # of the JPEG in the loop
    plain_quality: int = 10  # plain JPEG whose bytes a round is judged at
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
