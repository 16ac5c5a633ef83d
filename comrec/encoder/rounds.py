"""Chooses the coefficients of a JPEG by what the receiver's network makes of them.

The least  J = R + D / P  is sought: R the bits, D the squared error of the restored
picture summed over pixels and channels, P the price of a bit. In rounds, every
coefficient moves down D's gradient, divided by its curvature, and the trellis quantises
the result: the exact proximal step of the rate. An MCU whose surroundings got no better
goes back to what it was, and moves less far in the next round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from comrec.encoder.receiver import Look, Receiver
from comrec.jpeg import coefficients as co
from comrec.jpeg import trellis_encoder
from comrec.jpeg.layout import Component, Layout
from comrec.jpeg.quantiser import (
    Blocks,
    CodeLengths,
    block_bits,
    code_lengths,
    quantise_component,
)

# The price of a bit is the squared error of a step in luma over this.
STEP_PRICE = 8.66
MOVE, MOVE_MAX = 0.75, 1.5  # of the way to where curvature says the error is least
WORTH_MAX, WORTH_TRIES = 6.0, 16  # log2 of a worth, either way
FASTER, SLOWER = 1.15, 0.6  # for the moves of MCUs that were accepted, and the others


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


@dataclass(frozen=True)
class Trial:
    """Holds what one round proposes.

    Attributes:
      choice: coefficients, all MCUs moved.
      look: at the picture restored from them.
      saved: float64 (MCU rows, MCU columns): error that the surroundings of each MCU
        save, in bits at the price of a bit.
      bits: likewise, that they cost.
    """

    choice: Choice
    look: Look
    saved: np.ndarray
    bits: np.ndarray


def start(
    coefficients: Sequence[np.ndarray],
    steps: list[np.ndarray],
    layout: Layout,
    scale: float,
) -> Choice:
    """Quantises a compact image as it is.

    Args:
      coefficients: float32 (rows, columns, 64) a component, in grey levels.
      steps: float32 (64,) a component, in zigzag order.
      layout: of the compact image.
      scale: linear size ratio image : compact.
    """
    rounded = [
        np.rint(values / each).astype(np.int16)
        for values, each in zip(coefficients, steps, strict=True)
    ]
    choice = Choice(rounded, steps, price_of(steps, scale))
    weights = weights_of(layout, scale)
    for _ in range(2):  # the first has the statistics of mere rounding
        choice = requantise(choice, coefficients, layout, weights)
    return choice


def write(choice: Choice, layout: Layout) -> bytes:
    """Writes a choice as a whole JPEG, without metadata."""
    tables = [
        co.natural_order(table).astype(int)
        for table in (choice.steps[0], choice.steps[-1])
    ]
    return trellis_encoder.write(choice.blocks, tables, layout)


class Rounds:
    """Improves the coefficients of one picture, round by round.

    Args:
      receiver: shows the restored picture.
      start: to improve.

    Attributes:
      choice: the coefficients, a mixture of what the rounds proposed.
      accepted: share of the MCUs that the last round changed.
    """

    def __init__(self, receiver: Receiver, start: Choice) -> None:
        self.choice, self.accepted = start, 0.0
        self._receiver, self._layout = receiver, receiver.layout
        self._weights = weights_of(receiver.layout, receiver.scale)
        self._look = receiver.look(start.blocks, start.steps)
        self._moves = np.full(self._look.errors.shape, MOVE, np.float32)

    @property
    def error(self) -> float:
        """Squared error of the restored picture, a mixture of the looks taken."""
        return float(self._look.errors.sum())

    def run(self) -> None:
        """Runs one round, and accepts what lowers J."""
        self.accept(self.propose())

    def propose(self) -> Trial:
        """Moves every MCU: a pass through the network and its gradient."""
        now = self.choice
        choice = requantise(now, self._targets(), self._layout, self._weights)
        look = self._receiver.look(choice.blocks, choice.steps)
        lengths = code_lengths([(now.blocks, self._layout)])
        bits = self._bits(choice.blocks, lengths) - self._bits(now.blocks, lengths)
        saved = (self._look.errors - look.errors) / now.price
        return Trial(choice, look, _around(saved), _around(bits))

    def mixed(self, trial: Trial, worth: float = 1.0) -> Choice:
        """Returns the coefficients with the MCUs of a trial that are accepted.

        Args:
          trial: by `propose`, of the present coefficients.
          worth: of saved error over the price of a bit; more of it takes more bits.
        """
        taken = worth * trial.saved > trial.bits
        blocks = self._mix(taken, trial.choice.blocks, self.choice.blocks)
        return replace(self.choice, blocks=blocks)

    def accept(self, trial: Trial, worth: float = 1.0) -> None:
        """Takes over the MCUs of a trial that are accepted; see `mixed`."""
        taken, before = worth * trial.saved > trial.bits, self._look
        self.choice, self.accepted = self.mixed(trial, worth), float(taken.mean())
        self._moves = np.where(
            taken, np.minimum(self._moves * FASTER, MOVE_MAX), self._moves * SLOWER
        )
        self._look = Look(
            np.where(taken, trial.look.errors, before.errors),
            self._mix(taken, trial.look.gradients, before.gradients),
        )

    def find_worth(self, trial: Trial, wanted_error: float) -> float:
        """Finds what saved error has to be worth for the error to be as wanted.

        Args:
          trial: by `propose`, of the present coefficients.
          wanted_error: squared error of the restored picture.
        """
        low, high = -WORTH_MAX, WORTH_MAX
        for _ in range(WORTH_TRIES):
            middle = (low + high) / 2
            taken = 2.0**middle * trial.saved > trial.bits
            error = np.where(taken, trial.look.errors, self._look.errors).sum()
            low, high = (middle, high) if error > wanted_error else (low, middle)
        return 2.0**high

    def _targets(self) -> Iterator[np.ndarray]:
        """Yields where each component should move, float32, in grey levels."""
        now = self.choice
        for i, component in enumerate(self._layout.components):
            moves = _to_blocks(self._moves / 2, component)[..., None]
            target = self._look.gradients[i] / self._weights[i]
            target *= -moves
            target += now.blocks[i] * now.steps[i]
            yield target

    def _bits(self, blocks: Blocks, lengths: Sequence[CodeLengths]) -> np.ndarray:
        """Returns the bits of each MCU, float32 (MCU rows, MCU columns)."""
        bits = np.zeros(self._moves.shape, np.float32)
        for values, component, each in zip(
            blocks, self._layout.components, lengths, strict=True
        ):
            bits += _to_units(block_bits(values, component, each), component)
        return bits

    def _mix(
        self, taken: np.ndarray, new: Sequence[np.ndarray], old: Sequence[np.ndarray]
    ) -> list[np.ndarray]:
        """Takes MCUs from the new or the old, a component each."""
        return [
            np.where(_to_blocks(taken, component)[..., None], a, b)
            for a, b, component in zip(new, old, self._layout.components, strict=True)
        ]


def weights_of(layout: Layout, scale: float) -> list[np.ndarray]:
    """Returns the curvature of the restored picture's error, a component each.

    RecCNN is left out, which attenuates lone changes but not those of all coefficients
    together. Steps by a smaller curvature diverge.

    Returns:
      float32 (64,) in zigzag order: squared error for 1 grey level of a coefficient.
    """
    return [each * np.float32(scale**2) for each in co.error_weights(layout)]


def requantise(
    choice: Choice,
    targets: Iterable[np.ndarray],
    layout: Layout,
    weights: Sequence[np.ndarray],
) -> Choice:
    """Quantises anew, by the steps and the price of a choice.

    Args:
      choice: its blocks give the statistics of the symbols.
      targets: float32 (rows, columns, 64) a component, in grey levels.
      layout: of the JPEG.
      weights: float32 (64,) a component, curvature of the error.
    """
    lengths = code_lengths([(choice.blocks, layout)])
    blocks = [
        quantise_component(
            wanted / steps,
            (weight * steps**2 / np.float32(choice.price)).astype(np.float32),
            component,
            each,
        )
        for wanted, steps, weight, component, each in zip(
            targets, choice.steps, weights, layout.components, lengths, strict=True
        )
    ]  # fmt: skip
    return replace(choice, blocks=blocks)


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


def _to_blocks(units: np.ndarray, component: Component) -> np.ndarray:
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
