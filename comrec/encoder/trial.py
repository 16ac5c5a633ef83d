"""Compares coefficients of one JPEG, MCU by MCU, and mixes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from comrec.encoder.receiver import Look
from comrec.jpeg.layout import Component, Layout
from comrec.jpeg.quantiser import Blocks, CodeLengths, block_bits, code_lengths

# The price of a bit is the squared error of a step in luma over this.
STEP_PRICE = 8.66
WORTH_MAX, WORTH_TRIES = 6.0, 16  # log2 of a worth, either way


@dataclass(frozen=True)
class Choice:
    """Holds chosen coefficients.

    Attributes:
      blocks: int16 (rows, columns, 64) a component, in steps.
      steps: float32 (64,) a component, in zigzag order.
      price: of a bit, in squared grey levels of the image.
    """

    blocks: Blocks
    steps: list[np.ndarray]
    price: float


def price_of(steps: Sequence[np.ndarray], scale: float) -> float:
    """Returns the price of a bit that goes with steps: float32 (64,) a component."""
    return float(np.mean(np.square(steps[0]))) * scale**2 * len(steps) / STEP_PRICE


class Seen(NamedTuple):
    """Holds coefficients, and what a look at the picture restored from them shows."""

    choice: Choice
    look: Look


@dataclass(frozen=True)
class Trial:
    """Compares new coefficients with old ones, MCU by MCU.

    Attributes:
      old, new: of one picture, at equal steps.
      saved: float64 (MCU rows, MCU columns): error that the surroundings of each MCU
        save, in bits at the price of a bit.
      bits: likewise, that they cost.
      layout: of the JPEG.
    """

    old: Seen
    new: Seen
    saved: np.ndarray
    bits: np.ndarray
    layout: Layout

    def taken(self, worth: float = 1.0) -> np.ndarray:
        """Tells which MCUs of the new coefficients lower J: bool, (rows, columns).

        Args:
          worth: of saved error over the price of a bit; more of it takes more bits.
        """
        return worth * self.saved > self.bits

    def mixed(self, worth: float = 1.0) -> Choice:
        """Returns the old coefficients with the MCUs that are taken; see `taken`."""
        blocks = mix(
            self.taken(worth),
            self.new.choice.blocks,
            self.old.choice.blocks,
            self.layout,
        )
        return replace(self.old.choice, blocks=blocks)

    def errors(self, worth: float) -> np.ndarray:
        """Returns the error of each MCU of `mixed`, as the looks show it."""
        return np.where(self.taken(worth), self.new.look.errors, self.old.look.errors)

    def find_worth(self, wanted_error: float) -> float:
        """Finds the worth of saved error at which the whole error is as wanted.

        Args:
          wanted_error: squared error of the restored picture.
        """
        low, high = -WORTH_MAX, WORTH_MAX
        for _ in range(WORTH_TRIES):
            middle = (low + high) / 2
            error = self.errors(2.0**middle).sum()
            low, high = (middle, high) if error > wanted_error else (low, middle)
        return 2.0**high


def compare(old: Seen, new: Seen, layout: Layout) -> Trial:
    """Compares coefficients, by the price of the old ones."""
    lengths = code_lengths([(old.choice.blocks, layout)])
    before, after = (_bits(each.choice.blocks, lengths, layout) for each in (old, new))
    saved = (old.look.errors - new.look.errors) / old.choice.price
    return Trial(old, new, _around(saved), _around(after - before), layout)


def _bits(blocks: Blocks, lengths: Sequence[CodeLengths], layout: Layout) -> np.ndarray:
    """Returns the bits of each MCU, float32 (MCU rows, MCU columns)."""
    last = layout.components[-1]
    bits = np.zeros((last.mcu_rows, last.mcu_columns), np.float32)
    for values, component, each in zip(blocks, layout.components, lengths, strict=True):
        bits += _to_units(block_bits(values, component, each), component)
    return bits


def mix(
    taken: np.ndarray,
    new: Sequence[np.ndarray],
    old: Sequence[np.ndarray],
    layout: Layout,
) -> list[np.ndarray]:
    """Takes MCUs from the new or the old, a component each."""
    return [
        np.where(to_blocks(taken, component)[..., None], a, b)
        for a, b, component in zip(new, old, layout.components, strict=True)
    ]


def _to_units(values: np.ndarray, component: Component) -> np.ndarray:
    """Sums (rows, columns) of blocks over each MCU."""
    factor = component.factor
    if factor == 1:
        return values
    padding = (
        (0, component.mcu_rows * factor - component.rows),
        (0, component.mcu_columns * factor - component.columns),
    )
    parts = np.pad(values, padding).reshape(
        component.mcu_rows, factor, component.mcu_columns, factor
    )
    return parts.sum((1, 3))


def to_blocks(units: np.ndarray, component: Component) -> np.ndarray:
    """Repeats values of MCUs for each block of a component, (rows, columns)."""
    factor = component.factor
    return units.repeat(factor, 0).repeat(factor, 1)[
        : component.rows, : component.columns
    ]


def _around(values: np.ndarray) -> np.ndarray:
    """Sums each value with its eight neighbours."""
    padded = np.pad(values, 1)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
