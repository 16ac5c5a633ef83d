"""What an end-to-end training run is told, as one record that is saved with the run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from comrec.jpeg.encoders import MOZJPEG_TABLES
from comrec.networks.alignment import grid_px
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

LEARNERS = ("reccnn", "comcnn", "both")


@dataclass(frozen=True, kw_only=True)
class Stage(LearningRate):
    """Epochs, of `JointConfig.epoch_batches` each, in which the same networks learn.

    Attributes:
      learns: "reccnn" on what the real encoder wrote, ComCNN standing still;
        "comcnn" or "both" through the differentiable JPEG, at `compact_scales`
        alone. So RecCNN forgets others in "both".
      epochs, rate_start, rate_end: of a `Stretch`.
      average: share that the running mean of the weights keeps at each step, 0 to 1;
        that mean is judged, and is what the stage leaves. 0: no mean is kept.
    """

    learns: str
    average: float = 0

    @property
    def is_through_codec(self) -> bool:
        return self.learns != "reccnn"


@dataclass(frozen=True)
class JointConfig:
    """One run: the networks of a preset of the comrec family, and their schedule."""

    preset: str
    stages: tuple[Stage, ...]
    widths: tuple[int, ...]  # of RecCNN, see models/family.py
    blocks: tuple[int, ...]
    compact_width: int  # of ComCNN
    compact_blocks: int
    scales: tuple[float, ...] = (1, 2)
    scale_shares: tuple[float, ...] = (0.6, 0.4)  # of the codings drawn
    compact_scales: tuple[float, ...] = (2,)  # ComCNN is for; others reduce plainly
    qualities: tuple[tuple[int, int], ...] = ((3, 92), (6, 92))  # of each scale
    tables: tuple[str, ...] = ("flat", "imagemagick")  # mozjpeg's, drawn at random
    table_shares: tuple[float, ...] = (0.85, 0.15)
    grey_share: float = 0.15  # of the codings
    codings: int = 240  # drawn anew for each epoch
    epoch_batches: int = 500
    batch: int = 16
    patch_px: int = 96
    joint_batch: int = 4  # the same for steps through the codec
    joint_patch_px: int = 192
    # Squared error that a bit per pixel of the image is worth, over the square of
    # scale * step: measured on validation pictures, 0.10 to 0.15 at all qualities.
    bit_price: float = 0.11
    start: str = ""  # a preset of the family, or a run's folder, that it begins with
    seed: int = 2026
    precision: str = "mixed_bfloat16"

    def __post_init__(self) -> None:
        check(self, _LEGAL)
        for name, other in (
            ("scale_shares", "scales"), ("qualities", "scales"),
            ("table_shares", "tables"),
        ):  # fmt: skip
            if len(getattr(self, name)) != len(getattr(self, other)):
                raise ValueError(
                    f"{name} must be one for each of the {other}. Received: "
                    f"{getattr(self, name)!r}"
                )
        if len(self.blocks) != 2 * len(self.widths) - 1:
            raise ValueError(
                f"blocks must be 2n - 1 whole numbers for n widths. Received: "
                f"{self.blocks!r}"
            )
        if not set(self.compact_scales) <= set(self.scales):
            raise ValueError(
                f"compact_scales must be among scales. Received: "
                f"{self.compact_scales!r}"
            )
        self._check_patches()
        if not self.compact_scales and any(s.is_through_codec for s in self.stages):
            raise ValueError(
                f"compact_scales must be one or more where ComCNN learns. Received: "
                f"{self.compact_scales!r}"
            )

    def _check_patches(self) -> None:
        """Turned patches stay on the grid of the JPEG, and RecCNN can halve them."""
        side_px = math.lcm(grid_px(self.scales), 2 ** len(self.widths))
        for name in ("patch_px", "joint_patch_px"):
            if getattr(self, name) % side_px:
                raise ValueError(
                    f"{name} must be a multiple of {side_px}, for those scales and "
                    f"widths. Received: {getattr(self, name)!r}"
                )

    @property
    def sizes(self) -> dict[str, dict[str, Any]]:
        """Of the networks, as presets have them."""
        comcnn = {"width": self.compact_width, "blocks": self.compact_blocks}
        reccnn = {"widths": self.widths, "blocks": self.blocks}
        return ({"comcnn": comcnn} if self.compact_scales else {}) | {"reccnn": reccnn}

    def phases(self) -> Iterator[Stage]:
        """Everything to be trained, in order."""
        return iter(self.stages)

    def limited(self, stages: int) -> JointConfig:
        """The same with the first so many stages; no more than there are."""
        return replace(self, stages=self.stages[:stages])

    def continues(self, old: JointConfig) -> bool:
        """Whether a run that began with `old` may go on with this.

        There may be more stages; and settings of the step through the codec may be
        others where none of the old stages took one.
        """
        same = replace(self, stages=self.stages[: len(old.stages)])
        if not any(stage.is_through_codec for stage in old.stages):
            settings = {name: getattr(old, name) for name in THROUGH_CODEC}
            same = replace(same, **settings)
        return same == old

    def quick(self) -> JointConfig:
        """The same scheme in seconds, to see that everything works together."""
        stages = tuple(replace(stage, epochs=1) for stage in self.stages)
        side = grid_px(self.scales)
        return replace(
            self, stages=stages, widths=(4, 6), blocks=(1, 1, 1), compact_width=4,
            compact_blocks=1, codings=4, epoch_batches=3, batch=2, patch_px=side,
            joint_batch=2, joint_patch_px=side, start="",
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> JointConfig:
        """Reads the JSON that `dump` writes.

        Raises:
          UsageError: unreadable, an unknown or missing setting, an illegal value.
        """

        def build(record: Any) -> JointConfig:
            record = known(cls, record)
            if isinstance(record["stages"], list):  # else refused for what it is
                record["stages"] = [
                    Stage(**known(Stage, stage)) for stage in record["stages"]
                ]
            return cls(**{name: _tuples(value) for name, value in record.items()})

        return load(path, build)

    def dump(self) -> str:
        return json.dumps(asdict(self), indent=2) + "\n"


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_tuples, value))
    return value


def _is_stage(stage: Any) -> bool:
    return (
        isinstance(stage, Stage) and sound(stage) and stage.learns in LEARNERS
        and number(stage.average) and 0 <= stage.average < 1
    )  # fmt: skip


def _each(is_legal: Any, value: Any, least: int = 1) -> bool:
    """A tuple of at least so many, each of them legal."""
    return (
        isinstance(value, tuple) and len(value) >= least and all(map(is_legal, value))
    )


def _are_shares(value: Any) -> bool:
    return _each(lambda v: number(v) and v >= 0, value) and abs(sum(value) - 1) < 1e-8


def _is_range(value: Any) -> bool:
    return _each(whole(1, 100)[0], value) and len(value) == 2 and value[0] <= value[1]


def _wholes(least: int = 1) -> tuple[Any, str]:
    return lambda v: _each(whole(1)[0], v, least), "whole numbers from 1"


def _scales(least: int) -> tuple[Any, str]:
    def is_scale(value: Any) -> bool:
        return number(value) and 1 <= value <= 8 and value * 2 % 1 == 0

    return (
        lambda v: _each(is_scale, v, least) and len({*v}) == len(v),
        "different multiples of a half from 1 to 8",
    )


# What nothing but a step through the codec depends on.
THROUGH_CODEC = ("joint_batch", "joint_patch_px", "bit_price")
_LEGAL: Legal = {
    "stages": (
        lambda v: _each(_is_stage, v),
        f"one or more, each with learns of {', '.join(LEARNERS)}, whole epochs, "
        f"learning rates between 0 and 1, and an average from 0 to below 1",
    ),
    "widths": _wholes(),
    "blocks": _wholes(),
    "compact_width": whole(1),
    "compact_blocks": whole(1),
    "scales": _scales(1),
    "scale_shares": (_are_shares, "numbers from 0 whose sum is 1"),
    "compact_scales": _scales(0),
    "qualities": (
        lambda v: _each(_is_range, v), "pairs of whole numbers, 1 <= low <= high <= 100"
    ),
    "tables": (
        lambda v: _each(lambda t: isinstance(t, str) and t in MOZJPEG_TABLES, v),
        f"some of {', '.join(MOZJPEG_TABLES)}",
    ),
    "table_shares": (_are_shares, "numbers from 0 whose sum is 1"),
    "grey_share": (lambda v: number(v) and 0 <= v <= 1, "a number from 0 to 1"),
    "codings": whole(1),
    "epoch_batches": whole(1),
    "batch": whole(1),
    "patch_px": whole(1),
    "joint_batch": whole(1),
    "joint_patch_px": whole(1),
    "bit_price": (lambda v: number(v) and v > 0, "a number above 0"),
    **EVERY_RUN,
}  # fmt: skip
