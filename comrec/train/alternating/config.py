"""What a training run is told, as one frozen record that is saved with the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from comrec.train.run.config import (
    EVERY_RUN,
    LearningRate,
    Legal,
    check,
    known,
    load,
    number,
    sound,
    whole,
)

REDUCTIONS = ("comcnn", "bicubic")
ESTIMATORS = ("bypass", "released", "ste")


@dataclass(frozen=True)
class Round:
    """ComCNN learns while RecCNN stands still, then the other way round.

    RecCNN has the last word, so a round ends with a pair that fits together. The
    first round of the paper has no `compact` stretches.
    """

    compact: tuple[LearningRate, ...]
    reconstruction: tuple[LearningRate, ...]


@dataclass(frozen=True)
class Phase:
    """One stretch at its place in the schedule. Round -1 is ComCNN's warm-up."""

    round: int
    network: str  # the one that learns: "comcnn" or "reccnn"
    stretch: LearningRate

    @property
    def epochs(self) -> int:
        return self.stretch.epochs

    def rate(self, progress: float) -> float:
        return self.stretch.rate(progress)

    def __str__(self) -> str:
        return "warm-up" if self.round < 0 else f"round {self.round}, {self.network}"


def paper_rounds(count: int = 4) -> tuple[Round, ...]:
    """Rounds of the paper: 30 epochs of each network, in two stretches.

    The paper repeats them "until nothing moves" and does not say how often.
    """
    compact = (LearningRate(20, 1e-4, 1e-5), LearningRate(10, 1e-5, 1e-5))
    reconstruction = (LearningRate(20, 1e-3, 1e-4), LearningRate(10, 1e-4, 1e-5))
    return (Round((), reconstruction), *[Round(compact, reconstruction)] * (count - 1))


@dataclass(frozen=True)
class TrainConfig:
    """One run. The defaults follow Jiang et al. 2017, but for these things.

    The 64,000 patches of an epoch are drawn anew every time, from pictures turned at
    random, where the paper fixes them beforehand, and for RecCNN takes fewer. Weight
    decay is Adam's decoupled one, and its moments start anew with every stretch. There
    is a warm-up, and arithmetic is mixed bfloat16.
    """

    preset: str = "jiang2017-gray-q50"
    rounds: tuple[Round, ...] = paper_rounds()
    # The run ends early with the first round that gains less than this, at the
    # bytes of plain JPEG, on the validation pictures.
    gain_min_db: float = 0.02
    start: str = ""  # preset or run to begin from; none: random weights and a warm-up
    # What makes the compact image: "comcnn", or "bicubic" for RecCNN alone, as the
    # paper's tables have it for comparison.
    reduction: str = "comcnn"
    estimator: str = "bypass"  # how the compact step sees the codec; see compact.py
    # Squared error (halved, of pixels in [0, 1]) that a bit is worth; the paper
    # has no such term. See rate_term.py.
    rate_weight: float = 0.0
    compact_quality: int = 50  # of the JPEG in the loop
    plain_quality: int = 10  # plain JPEG whose bytes a round is judged at
    channels: int = 1
    width: int = 64
    depth: int = 20
    crop_px: int = 180  # pictures are cut into squares of this side once
    patch_px: int = 40
    stride_px: int = 20  # between patches; less than patch_px and they overlap
    epoch_patches: int = 64_000  # at most, in one epoch
    batch: int = 128
    weight_decay: float = 1e-4
    # Not in the paper, which does not say how ComCNN starts: epochs in which it
    # first learns plain bicubic reduction, so that RecCNN has something to see.
    warmup_epochs: int = 1
    seed: int = 1708
    # float32 is faster on CPUs without bfloat16 instructions (step_speed.py).
    precision: str = "mixed_bfloat16"

    def __post_init__(self) -> None:
        check(self, _LEGAL)
        if self.reduction == "bicubic" and any(r.compact for r in self.rounds):
            raise ValueError("rounds: with reduction bicubic no compact step can be")
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
        """Of the networks, as presets have them."""
        comcnn = {"channels": self.channels, "width": self.width}
        return {"comcnn": comcnn, "reccnn": comcnn | {"depth": self.depth}}

    def phases(self) -> Iterator[Phase]:
        """Everything to be trained, in order."""
        if self.warmup_epochs and not self.start and self.reduction == "comcnn":
            yield Phase(-1, "comcnn", LearningRate(self.warmup_epochs, 1e-3, 1e-4))
        for i, round_ in enumerate(self.rounds):
            for network, stretches in (
                ("comcnn", round_.compact), ("reccnn", round_.reconstruction),
            ):  # fmt: skip
                for stretch in stretches:
                    yield Phase(i, network, stretch)

    def limited(self, rounds: int) -> TrainConfig:
        """The same for so many rounds; more than there are repeat the last one."""
        more = [self.rounds[-1]] * (rounds - len(self.rounds))
        return replace(self, rounds=(*self.rounds[:rounds], *more))

    def continues(self, old: TrainConfig) -> bool:
        """Whether a run that began with `old` may go on with this: more rounds may."""
        return replace(self, rounds=self.rounds[: len(old.rounds)]) == old

    def quick(self) -> TrainConfig:
        """The same scheme in seconds, to see that everything works together."""
        second = LearningRate(1, 1e-3, 1e-4)
        learn = (second,) if self.reduction == "comcnn" else ()
        return replace(
            self, rounds=(Round((), (second,)), Round(learn, (second,))),
            start="", width=4, depth=3, batch=8, epoch_patches=64, warmup_epochs=1,
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> TrainConfig:
        """Reads the JSON that `dump` writes.

        Raises:
          UsageError: unreadable, an unknown or missing setting, an illegal value.
        """

        def build(record: Any) -> TrainConfig:
            record = known(cls, record)
            if "rounds" in record:
                record["rounds"] = tuple(map(_round, _list(record["rounds"])))
            return cls(**record)

        return load(path, build)

    def dump(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"


def _round(record: Any) -> Round:
    return Round(
        **{
            step: tuple(
                LearningRate(**known(LearningRate, item)) for item in _list(stretches)
            )
            for step, stretches in known(Round, record).items()
        }
    )


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"rounds and their stretches are lists. Received: {value!r}")
    return value


# What the configs of other schedules need too


def _even(value: object) -> bool:
    return type(value) is int and value > 0 and value % 2 == 0


_LEGAL: Legal = {
    "rounds": (
        lambda v: v and all(
            r.reconstruction and all(map(sound, (*r.compact, *r.reconstruction)))
            for r in v
        ),
        "one or more, each with reconstruction stretches of whole epochs and "
        "learning rates between 0 and 1",
    ),
    "gain_min_db": (number, "a number"),
    "reduction": (lambda v: v in REDUCTIONS, f"one of {', '.join(REDUCTIONS)}"),
    "estimator": (lambda v: v in ESTIMATORS, f"one of {', '.join(ESTIMATORS)}"),
    "rate_weight": (lambda v: number(v) and v >= 0, "a number from 0"),
    "compact_quality": whole(1, 100),
    "plain_quality": whole(1, 100),
    "channels": (lambda v: type(v) is int and v in (1, 3), "1 (luma) or 3 (colour)"),
    "width": whole(1),
    "depth": whole(2),
    "crop_px": whole(8),
    "patch_px": (lambda v: _even(v) and v >= 8, "an even number from 8"),
    "stride_px": (_even, "an even number from 2"),
    "epoch_patches": whole(1),
    "batch": whole(1),
    "weight_decay": (lambda v: number(v) and 0 <= v < 1, "a number from 0 to 1"),
    "warmup_epochs": whole(0),
    **EVERY_RUN,
}  # fmt: skip
