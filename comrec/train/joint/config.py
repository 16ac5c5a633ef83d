"""Defines the config of an end-to-end run, which is saved with the run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
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
    check_record,
    is_number,
    is_sound,
    load,
    whole,
)

FAMILY = "comrec"  # of networks that are trained end to end
LEARNERS = ("reccnn", "comcnn", "both")


@dataclass(frozen=True, kw_only=True)
class Stage(LearningRate):
    """Describes epochs of `JointConfig.epoch_batches` in which the same networks learn.

    Attributes:
      learns: "reccnn", from files of the real encoder, with ComCNN frozen; or "comcnn"
        or "both", through the differentiable JPEG, at `compact_scales` alone. In
        "both", RecCNN therefore gets worse at other scales.
      epochs, rate_start, rate_end: as of a `LearningRate`.
      average: decay of the running mean of the weights at each step, from 0 to below
        1. The mean is scored, and replaces the weights at the end. 0: no mean.
    """

    learns: str
    average: float = 0

    @property
    def is_through_codec(self) -> bool:
        """Returns whether ComCNN learns in the stage."""
        return self.learns != "reccnn"


@dataclass(frozen=True)
class JointConfig:
    """Holds the settings of one run: the networks of a preset, and their schedule."""

    preset: str
    stages: tuple[Stage, ...]
    widths: tuple[int, ...]  # of RecCNN, see networks/models/pyramid.py
    blocks: tuple[int, ...]
    compact_width: int  # of ComCNN
    compact_blocks: int
    scales: tuple[float, ...] = (1, 2)
    scale_shares: tuple[float, ...] = (0.6, 0.4)  # of the codings drawn
    compact_scales: tuple[float, ...] = (2,)  # of ComCNN; others reduce without it
    qualities: tuple[tuple[int, int], ...] = ((3, 92), (6, 92))  # of each scale
    tables: tuple[str, ...] = ("flat", "imagemagick")  # of mozjpeg, drawn at random
    table_shares: tuple[float, ...] = (0.85, 0.15)
    grey_share: float = 0.15  # of the codings
    codings: int = 240  # drawn anew for each epoch
    epoch_batches: int = 500
    batch: int = 16
    patch_px: int = 96
    joint_batch: int = 4  # as batch, for steps through the codec
    joint_patch_px: int = 192
    # Price of a bit per pixel of the image, in squared error over the square of
    # scale * step. On validation pictures, 0.10 to 0.15 was measured at all qualities.
    bit_price: float = 0.11
    start: str = ""  # a preset of the family, or the folder of a run
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
        """Checks that turned patches stay on the JPEG's grid and are legal for RecCNN.

        Raises:
          ValueError: a side is no multiple of the grid.
        """
        side_px = math.lcm(grid_px(self.scales), 2 ** len(self.widths))
        for name in ("patch_px", "joint_patch_px"):
            if getattr(self, name) % side_px:
                raise ValueError(
                    f"{name} must be a multiple of {side_px}, for those scales and "
                    f"widths. Received: {getattr(self, name)!r}"
                )

    @property
    def sizes(self) -> dict[str, dict[str, Any]]:
        """Returns the sizes of the networks, as presets have them."""
        comcnn = {"width": self.compact_width, "blocks": self.compact_blocks}
        reccnn = {"widths": self.widths, "blocks": self.blocks}
        return ({"comcnn": comcnn} if self.compact_scales else {}) | {"reccnn": reccnn}

    def phases(self) -> Iterator[Stage]:
        """Yields the stages of the schedule, in order."""
        return iter(self.stages)

    def limited(self, stages: int) -> JointConfig:
        """Returns the config with its first stages."""
        return replace(self, stages=self.stages[:stages])

    def continues(self, old: JointConfig) -> bool:
        """Returns whether a run of the config `old` may continue with this config.

        The config may have more stages. Settings of the step through the codec may
        differ where no stage of `old` has such a step.
        """
        same = replace(self, stages=self.stages[: len(old.stages)])
        if not any(stage.is_through_codec for stage in old.stages):
            settings = {name: getattr(old, name) for name in THROUGH_CODEC}
            same = replace(same, **settings)
        return same == old

    def quick(self) -> JointConfig:
        """Returns a config of the same scheme that trains in seconds, for a trial."""
        stages = tuple(replace(stage, epochs=1) for stage in self.stages)
        side = grid_px(self.scales)
        return replace(
            self, stages=stages, widths=(4, 6), blocks=(1, 1, 1), compact_width=4,
            compact_blocks=1, codings=4, epoch_batches=3, batch=2, patch_px=side,
            joint_batch=2, joint_patch_px=side, start="",
        )  # fmt: skip

    @classmethod
    def load(cls, path: Path, changes: Sequence[str] = ()) -> JointConfig:
        """Reads the JSON of a config.

        Args:
          path: of the file.
          changes: settings that replace those of the file, such as "batch=8".

        Raises:
          UsageError: the file cannot be read, a setting is unknown or missing, or a
            value is illegal.
        """

        def build(record: Any) -> JointConfig:
            record = check_record(cls, record)
            if isinstance(record["stages"], list):  # others are refused below
                record["stages"] = [
                    Stage(**check_record(Stage, stage)) for stage in record["stages"]
                ]
            return cls(**{name: _to_tuples(value) for name, value in record.items()})

        return load(path, build, changes)

    def dump(self) -> str:
        """Returns the config as JSON."""
        return json.dumps(asdict(self), indent=2) + "\n"


def _to_tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_to_tuples, value))
    return value


def _is_stage(stage: Any) -> bool:
    return (
        isinstance(stage, Stage) and is_sound(stage) and stage.learns in LEARNERS
        and is_number(stage.average) and 0 <= stage.average < 1
    )  # fmt: skip


def _are_legal(is_legal: Any, value: Any, least: int = 1) -> bool:
    """Returns whether a value is a tuple of at least `least` legal values."""
    return (
        isinstance(value, tuple) and len(value) >= least and all(map(is_legal, value))
    )


def _are_shares(value: Any) -> bool:
    return (
        _are_legal(lambda v: is_number(v) and v >= 0, value)
        and abs(sum(value) - 1) < 1e-8
    )


def _is_range(value: Any) -> bool:
    is_pair = _are_legal(whole(1, 100)[0], value) and len(value) == 2
    return is_pair and value[0] <= value[1]


def _wholes(least: int = 1) -> tuple[Any, str]:
    return lambda v: _are_legal(whole(1)[0], v, least), "whole numbers from 1"


def _scales(least: int) -> tuple[Any, str]:
    def is_scale(value: Any) -> bool:
        return is_number(value) and 1 <= value <= 8 and value * 2 % 1 == 0

    return (
        lambda v: _are_legal(is_scale, v, least) and len({*v}) == len(v),
        "different multiples of a half from 1 to 8",
    )


# Settings of the step through the codec alone.
THROUGH_CODEC = ("joint_batch", "joint_patch_px", "bit_price")
_LEGAL: Legal = {
    "stages": (
        lambda v: _are_legal(_is_stage, v),
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
        lambda v: _are_legal(_is_range, v),
        "pairs of whole numbers, 1 <= low <= high <= 100",
    ),
    "tables": (
        lambda v: _are_legal(lambda t: isinstance(t, str) and t in MOZJPEG_TABLES, v),
        f"one or more of {', '.join(MOZJPEG_TABLES)}",
    ),
    "table_shares": (_are_shares, "numbers from 0 whose sum is 1"),
    "grey_share": (lambda v: is_number(v) and 0 <= v <= 1, "a number from 0 to 1"),
    "codings": whole(1),
    "epoch_batches": whole(1),
    "batch": whole(1),
    "patch_px": whole(1),
    "joint_batch": whole(1),
    "joint_patch_px": whole(1),
    "bit_price": (lambda v: is_number(v) and v > 0, "a number above 0"),
    **EVERY_RUN,
}  # fmt: skip
