"""Defines the config of an alternating run, which is saved with the run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from comrec.train.run.config import (
    EVERY_RUN,
    LearningRate,
    Legal,
    check,
    check_record,
    is_number,
    is_sound,
    load,
    whole,
)

REDUCTIONS = ("comcnn", "bicubic")
ESTIMATORS = ("bypass", "released", "ste")


@dataclass(frozen=True)
class Round:
    """Describes a round: ComCNN learns while RecCNN is frozen, then the reverse.

    RecCNN learns last, so that the networks fit together at the end of a round. The
    first round of the paper has no `compact` epochs.

    Attributes:
      compact: learning rates of ComCNN, one after the other.
      reconstruction: learning rates of RecCNN, one after the other.
    """

    compact: tuple[LearningRate, ...]
    reconstruction: tuple[LearningRate, ...]


@dataclass(frozen=True)
class Phase:
    """Describes the epochs of one learning rate in the schedule.

    Attributes:
      round: number of the round, from 0; -1 is the warm-up of ComCNN.
      network: the one that learns, "comcnn" or "reccnn".
      learning_rate: of the epochs.
    """

    round: int
    network: str
    learning_rate: LearningRate

    @property
    def epochs(self) -> int:
        return self.learning_rate.epochs

    def rate(self, progress: float) -> float:
        """Returns the learning rate after `progress`, 0 to 1, of the epochs."""
        return self.learning_rate.rate(progress)

    def __str__(self) -> str:
        return "warm-up" if self.round < 0 else f"round {self.round}, {self.network}"


def paper_rounds(count: int = 4) -> tuple[Round, ...]:
    """Returns the rounds of the paper: 30 epochs of each network, at two rates.

    The paper repeats the rounds "until nothing moves" and gives no number.
    """
    compact = (LearningRate(20, 1e-4, 1e-5), LearningRate(10, 1e-5, 1e-5))
    reconstruction = (LearningRate(20, 1e-3, 1e-4), LearningRate(10, 1e-4, 1e-5))
    return (Round((), reconstruction), *[Round(compact, reconstruction)] * (count - 1))


@dataclass(frozen=True)
class TrainConfig:
    """Holds the settings of one run. The defaults follow Jiang et al. 2017.

    The differences from the paper: The 64,000 patches of an epoch are drawn anew for
    every epoch, from pictures turned at random; the paper draws the patches once, and
    fewer for RecCNN. Weight decay is decoupled, as in AdamW, and the moments of Adam
    start anew with every learning rate. ComCNN begins as the mean of 2x2 pixels and
    RecCNN with a residual of zero; the paper draws all kernels at random. A warm-up
    precedes the rounds, and arithmetic is mixed bfloat16.
    """

    preset: str = "jiang2017-gray-q50"
    rounds: tuple[Round, ...] = paper_rounds()
    # The run ends with the first round that gains less than this value on the
    # validation pictures, at the bytes of plain JPEG.
    gain_min_db: float = 0.02
    start: str = ""  # preset or folder of a run; empty: random weights and a warm-up
    # Maker of the compact image: "comcnn", or "bicubic" to train RecCNN alone, as for
    # the comparison in the paper's tables.
    reduction: str = "comcnn"
    estimator: str = "bypass"  # of the codec's gradient; see compact.py
    # Price of a bit, in halved squared error of pixels in [0, 1]; the paper has no
    # rate term. See rate_term.py.
    rate_weight: float = 0.0
    compact_quality: int = 50  # of the JPEG in the loop
    plain_quality: int = 10  # of the plain JPEG whose bytes a round is scored at
    channels: int = 1
    width: int = 64
    depth: int = 20
    crop_px: int = 180  # pictures are cut into squares of this side once
    patch_px: int = 40
    stride_px: int = 20  # between patches, which overlap where less than patch_px
    epoch_patches: int = 64_000  # at most, in one epoch
    batch: int = 128
    weight_decay: float = 1e-4
    # Epochs in which ComCNN learns bicubic reduction, so that RecCNN starts with
    # meaningful inputs.
    warmup_epochs: int = 1
    seed: int = 1708
    # float32 is faster on CPUs without bfloat16 instructions (step_speed.py).
    precision: str = "mixed_bfloat16"

    def __post_init__(self) -> None:
        check(self, _LEGAL)
        if self.reduction == "bicubic" and any(r.compact for r in self.rounds):
            raise ValueError("rounds: with reduction bicubic no compact step is legal")
        if self.epoch_patches < self.batch:
            raise ValueError(
                f"epoch_patches must be at least batch={self.batch}. "
                f"Received: {self.epoch_patches}"
            )
        if self.patch_px > self.crop_px:
            raise ValueError(
                f"patch_px must be at most crop_px={self.crop_px}. "
                f"Received: {self.patch_px}"
            )

    @property
    def sizes(self) -> dict[str, dict[str, Any]]:
        """Returns the sizes of the networks, as presets have them."""
        comcnn = {"channels": self.channels, "width": self.width}
        return {"comcnn": comcnn, "reccnn": comcnn | {"depth": self.depth}}

    def phases(self) -> Iterator[Phase]:
        """Yields the phases of the schedule, in order."""
        if self.warmup_epochs and not self.start and self.reduction == "comcnn":
            yield Phase(-1, "comcnn", LearningRate(self.warmup_epochs, 1e-3, 1e-4))
        for i, round_ in enumerate(self.rounds):
            for network, rates in (
                ("comcnn", round_.compact), ("reccnn", round_.reconstruction),
            ):  # fmt: skip
                for rate in rates:
                    yield Phase(i, network, rate)

    def limited(self, rounds: int) -> TrainConfig:
        """Returns the config with a number of rounds; the last round is repeated."""
        more = [self.rounds[-1]] * (rounds - len(self.rounds))
        return replace(self, rounds=(*self.rounds[:rounds], *more))

    def continues(self, old: TrainConfig) -> bool:
        """Returns whether a run of the config `old` may continue with this config.

        The config may have more rounds, and nothing else may differ.
        """
        return replace(self, rounds=self.rounds[: len(old.rounds)]) == old

    def quick(self) -> TrainConfig:
        """Returns a config of the same scheme that trains in seconds, for a trial."""
        second = LearningRate(1, 1e-3, 1e-4)
        learn = (second,) if self.reduction == "comcnn" else ()
        return replace(
            self, rounds=(Round((), (second,)), Round(learn, (second,))),
            start="", width=4, depth=3, batch=8, epoch_patches=64, warmup_epochs=1,
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path, changes: Sequence[str] = ()) -> TrainConfig:
        """Reads the JSON of a config.

        Args:
          path: of the file.
          changes: settings that replace those of the file, such as "batch=8".

        Raises:
          UsageError: the file cannot be read, a setting is unknown or missing, or a
            value is illegal.
        """

        def build(record: Any) -> TrainConfig:
            record = check_record(cls, record)
            if "rounds" in record:
                record["rounds"] = tuple(map(_read_round, _list(record["rounds"])))
            return cls(**record)

        return load(path, build, changes)

    def dump(self) -> str:
        """Returns the config as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"


def _read_round(record: Any) -> Round:
    return Round(
        **{
            step: tuple(
                LearningRate(**check_record(LearningRate, item))
                for item in _list(rates)
            )
            for step, rates in check_record(Round, record).items()
        }
    )


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"rounds and their steps are lists. Received: {value!r}")
    return value


def _is_even(value: object) -> bool:
    return type(value) is int and value > 0 and value % 2 == 0


_LEGAL: Legal = {
    "rounds": (
        lambda v: v and all(
            r.reconstruction and all(map(is_sound, (*r.compact, *r.reconstruction)))
            for r in v
        ),
        "one or more, each with reconstruction, and steps of whole epochs and "
        "learning rates between 0 and 1",
    ),
    "gain_min_db": (is_number, "a number"),
    "reduction": (lambda v: v in REDUCTIONS, f"one of {', '.join(REDUCTIONS)}"),
    "estimator": (lambda v: v in ESTIMATORS, f"one of {', '.join(ESTIMATORS)}"),
    "rate_weight": (lambda v: is_number(v) and v >= 0, "a number from 0"),
    "compact_quality": whole(1, 100),
    "plain_quality": whole(1, 100),
    "channels": (lambda v: type(v) is int and v in (1, 3), "1 (luma) or 3 (colour)"),
    "width": whole(1),
    "depth": whole(2),
    "crop_px": whole(8),
    "patch_px": (lambda v: _is_even(v) and v >= 8, "an even number from 8"),
    "stride_px": (_is_even, "an even number from 2"),
    "epoch_patches": whole(1),
    "batch": whole(1),
    "weight_decay": (lambda v: is_number(v) and 0 <= v < 1, "a number from 0 to 1"),
    "warmup_epochs": whole(0),
    **EVERY_RUN,
}  # fmt: skip
