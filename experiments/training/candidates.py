"""Builds the architectures that a race compares: pyramids with a choice of stride.

They have the blocks of `comrec.networks.models.pyramid`, and at stride 2 they are the
same network. With a larger first stride, a network with few multiply-adds is faster,
since its maps are smaller.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from comrec.errors import UsageError
from comrec.networks import conditioning

HEAD_PX = {2: 6, 4: 8, 8: 16}  # side of the first kernel, by its stride
GRID_PX = 8  # side of a JPEG's block


@dataclass(frozen=True)
class Candidate:
    """Describes one architecture of RecCNN.

    Attributes:
      name: of its rows and of the folder of its run.
      widths: feature maps at 1 / stride of the size of the image, and at each halving
        of it.
      blocks: residual blocks at each level on the way down and up, 2n - 1 numbers for
        n widths.
      stride: of the first convolution: 2, 4 or 8.
      tail_px: side of the last kernel, 1 or 3.
      grid: (feature maps, residual blocks) of a branch with one position for each block
        of the JPEG, 8x8 pixels at scale 1, that is added at the first level; () for no
        branch.

    Raises:
      UsageError: a value is not legal.
    """

    name: str
    widths: tuple[int, ...]
    blocks: tuple[int, ...]
    stride: int = 2
    tail_px: int = 3
    grid: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.widths or len(self.blocks) != 2 * len(self.widths) - 1:
            raise UsageError(
                f"{self.name}: blocks must be 2n - 1 counts for n widths. Received: "
                f"{len(self.blocks)} for {len(self.widths)}"
            )
        if self.stride not in HEAD_PX or self.tail_px not in (1, 3):
            raise UsageError(
                f"{self.name}: the stride must be one of "
                f"{', '.join(map(str, HEAD_PX))} and tail_px 1 or 3. Received: "
                f"{self.stride!r}, {self.tail_px!r}"
            )
        if len(self.grid) not in (0, 2) or (self.grid and self.stride >= GRID_PX):
            raise UsageError(
                f"{self.name}: grid must be two counts, or none, and none at stride "
                f"{GRID_PX}. Received: {self.grid!r}"
            )

    @property
    def multiple_px(self) -> int:
        """Returns the number whose multiples are the legal sides of the input."""
        lowest = self.stride * 2 ** (len(self.widths) - 1)
        return max(lowest, GRID_PX) if self.grid else lowest

    def kernels(self) -> list[tuple[int, int]]:
        """Returns the weights of each convolution, and the pixels for one output."""
        first, last = self.widths[0], len(self.blocks) - 1
        found = [(HEAD_PX[self.stride] ** 2 * 3 * first, self.stride**2)]
        for i, count in enumerate(self.blocks):
            level = min(i, last - i)
            pixels = (self.stride << level) ** 2
            found += [(9 * self.widths[level] ** 2, pixels)] * (2 * count)
        for level, (above, below) in enumerate(
            zip(self.widths, self.widths[1:], strict=False)
        ):
            # 2x2 downwards and 1x1 upwards, both computed at the lower level.
            pixels = (self.stride << (level + 1)) ** 2
            found += [(4 * above * below, pixels)] * 2
        if self.grid:
            width, count = self.grid
            up = width * first * (GRID_PX // self.stride) ** 2
            found += [(GRID_PX**2 * 3 * width, GRID_PX**2), (up, GRID_PX**2)]
            found += [(9 * width**2, GRID_PX**2)] * (2 * count)
        tail = self.tail_px**2 * first * 3 * self.stride**2
        return [*found, (tail, self.stride**2)]

    def count_multiply_adds(self) -> int:
        """Returns the multiply-adds of the convolutions for a pixel of the image."""
        return round(sum(weights / pixels for weights, pixels in self.kernels()))

    def record(self) -> dict[str, Any]:
        """Returns the candidate as a JSON object."""
        record = asdict(self)
        return record if self.grid else {k: v for k, v in record.items() if k != "grid"}


def from_record(record: Mapping[str, Any]) -> Candidate:
    """Builds a candidate from the value of `Candidate.record`, or from its JSON."""
    settings = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in record.items()
    }
    return Candidate(**settings)


def load(path: Path) -> tuple[dict[str, Any], list[Candidate]]:
    """Reads a race: settings of its training, and its candidates.

    Args:
      path: JSON, {"training": {...}, "candidates": [{"name": ..., "widths": ...}]}.

    Returns:
      The settings as in the file, and the candidates in their order.

    Raises:
      UsageError: the file cannot be read, or is no race.
    """
    try:
        found = json.loads(path.read_text())
        rows = [from_record(row) for row in found["candidates"]]
        training = dict(found["training"])
    except (OSError, ValueError, KeyError, TypeError) as err:
        raise UsageError(f"{path}: not the config of a race ({err})") from err
    names = [row.name for row in rows]
    if not names or len({*names}) < len(names):
        raise UsageError(f"{path}: candidates must be one or more of different names")
    return training, rows


def build(candidate: Candidate) -> keras.Model:
    """Builds a candidate, untrained.

    Returns:
      A model from [enlarged, condition] to the residual, as
      `comrec.networks.models.pyramid.build_reccnn` documents it.
    """
    first, stride = candidate.widths[0], candidate.stride
    enlarged = keras.Input((None, None, 3), name="enlarged")
    condition = keras.Input((conditioning.SIZE,), name="condition")
    x = layers.Conv2D(
        first, HEAD_PX[stride], stride, padding="same", name="head",
        kernel_initializer="he_normal",
    )(enlarged)  # fmt: skip
    x = _add_condition(x, condition, first, "head_told")
    if candidate.grid:
        branch = _build_branch(enlarged, condition, candidate)
        x = layers.Add(name="grid_join")([x, branch])
    x = _add_pyramid(x, candidate.widths, candidate.blocks)
    x = layers.Conv2D(
        3 * stride**2, candidate.tail_px, padding="same", name="tail",
        kernel_initializer=_scaled(0.02),
    )(x)  # fmt: skip
    gain = layers.Dense(
        1, activation="exponential", name="gain", kernel_initializer=_Gain(),
        bias_initializer=keras.initializers.Constant(-2.8),
    )(condition)  # fmt: skip
    x = layers.Multiply(name="tail_gain")([x, layers.Reshape((1, 1, 1))(gain)])
    residual = DepthToSpace(stride, name="residual")(x)
    return keras.Model([enlarged, condition], residual, name="reccnn")


@keras.saving.register_keras_serializable("race")
class DepthToSpace(layers.Layer):
    """Rearranges channels into pixels: (B, h, w, F^2 C) to (B, F h, F w, C)."""

    def __init__(self, factor: int, **how: Any) -> None:
        super().__init__(**how)
        self.factor = factor

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"factor": self.factor}

    def call(self, x: Any) -> Any:
        shape, factor = ops.shape(x), self.factor
        batch, height, width = shape[0], shape[1], shape[2]
        channels = x.shape[-1] // factor**2
        x = ops.reshape(x, (batch, height, width, factor, factor, channels))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (batch, factor * height, factor * width, channels))

    def compute_output_shape(self, shape: Sequence[Any]) -> tuple[Any, ...]:
        batch, height, width, channels = shape
        sides = [side and self.factor * side for side in (height, width)]
        return (batch, *sides, channels // self.factor**2)


def _add_condition(x: Any, condition: Any, width: int, name: str) -> Any:
    """Adds to each map a number that depends on the condition."""
    # The names of layers are those of pyramid.py.
    bias = layers.Dense(width, name="told" if name == "head_told" else f"{name}_bias")
    return layers.Add(name=name)([x, layers.Reshape((1, 1, width))(bias(condition))])


def _build_branch(enlarged: Any, condition: Any, candidate: Candidate) -> Any:
    width, count = candidate.grid
    factor = GRID_PX // candidate.stride
    x = layers.Conv2D(
        width, GRID_PX, GRID_PX, name="grid_head", kernel_initializer="he_normal"
    )(enlarged)
    x = _add_condition(x, condition, width, "grid_told")
    for i in range(count):
        x = _add_block(x, width, f"grid{i}")
    x = layers.Conv2D(
        candidate.widths[0] * factor**2, 1, name="grid_up",
        kernel_initializer=_scaled(0.1),
    )(x)  # fmt: skip
    return DepthToSpace(factor, name="grid_upped")(x)


def _add_pyramid(
    x: Any, widths: Sequence[int], blocks: Sequence[int], at: int = 0
) -> Any:
    width, last = widths[0], len(blocks) - 1
    for i in range(blocks[0]):
        x = _add_block(x, width, f"down{at}_{i}")
    if len(widths) == 1:
        return x
    below = layers.Conv2D(
        widths[1], 2, 2, name=f"halve{at}", kernel_initializer="he_normal"
    )(x)
    below = _add_pyramid(below, widths[1:], blocks[1:last], at + 1)
    below = layers.Conv2D(
        4 * width, 1, name=f"double{at}", kernel_initializer=_scaled(0.5)
    )(below)
    x = layers.Add(name=f"join{at}")([x, DepthToSpace(2, name=f"doubled{at}")(below)])
    for i in range(blocks[last]):
        x = _add_block(x, width, f"up{at}_{i}")
    return x


def _add_block(x: Any, width: int, name: str) -> Any:
    y = layers.Conv2D(
        width, 3, padding="same", activation="relu", name=f"{name}a",
        kernel_initializer="he_normal",
    )(x)  # fmt: skip
    y = layers.Conv2D(
        width, 3, padding="same", name=f"{name}b", kernel_initializer=_scaled(0.1)
    )(y)
    return layers.Add(name=name)([x, y])


def _scaled(scale: float) -> keras.initializers.Initializer:
    return keras.initializers.VarianceScaling(scale, "fan_in", "untruncated_normal")


@keras.saving.register_keras_serializable("race")
class _Gain(keras.initializers.Initializer):
    """Initialises ln(gain) to half an octave per octave of the steps."""

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        start = np.zeros(shape, np.float32)
        start[:4] = np.log(2) * conditioning.STEP_SPREAD / 8
        return ops.convert_to_tensor(start, dtype=dtype)
