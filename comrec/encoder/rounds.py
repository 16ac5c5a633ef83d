"""Chooses the coefficients of a JPEG by what the receiver's network makes of them.

The least  J = R + D / P  is sought: R the bits, D the squared error of the restored
picture summed over pixels and channels, P the price of a bit. In rounds, every
coefficient moves down D's gradient, divided by its curvature, and the trellis quantises
the result: the exact proximal step of the rate. An MCU whose surroundings got no better
goes back to what it was, and moves less far in the next round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from comrec.encoder.receiver import Look, Receiver
from comrec.encoder.trial import Choice, Seen, Trial, compare, mix, price_of, to_blocks
from comrec.jpeg import coefficients as co
from comrec.jpeg import trellis_encoder
from comrec.jpeg.layout import Layout
from comrec.jpeg.quantiser import (
    code_lengths,
    quantise_component,
)

MOVE, MOVE_MAX = 0.75, 1.5  # of the way to where curvature says the error is least
FASTER, SLOWER = 1.15, 0.6  # for the moves of MCUs that were accepted, and the others


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
        self._look = receiver.glance(start.blocks, start.steps)
        self._moves = np.full(self._look.errors.shape, MOVE, np.float32)

    @property
    def error(self) -> float:
        """Squared error of the restored picture, a mixture of the looks taken."""
        return float(self._look.errors.sum())

    def run(self) -> None:
        """Runs one round, and accepts what lowers J."""
        self.accept(self.propose())

    def propose(self, is_last: bool = False) -> Trial:
        """Moves every MCU: a pass through the network and its gradient.

        Args:
          is_last: whether the gradient is left out, which a further round needs.
        """
        if not self._look.gradients:
            self._look = self._receiver.look(self.choice.blocks, self.choice.steps)
        now = Seen(self.choice, self._look)
        choice = requantise(now.choice, self._targets(), self._layout, self._weights)
        see = self._receiver.glance if is_last else self._receiver.look
        look = see(choice.blocks, choice.steps)
        return compare(now, Seen(choice, look), self._layout)

    def accept(self, trial: Trial, worth: float = 1.0) -> None:
        """Takes over the MCUs of a trial that are accepted; see `Trial.taken`."""
        taken, new = trial.taken(worth), trial.new.look
        self.choice, self.accepted = trial.mixed(worth), float(taken.mean())
        self._moves = np.where(
            taken, np.minimum(self._moves * FASTER, MOVE_MAX), self._moves * SLOWER
        )
        gradients = new.gradients
        if gradients:
            gradients = mix(taken, gradients, self._look.gradients, self._layout)
        self._look = Look(trial.errors(worth), gradients)

    def _targets(self) -> Iterator[np.ndarray]:
        """Yields where each component should move, float32, in grey levels."""
        now = self.choice
        for i, component in enumerate(self._layout.components):
            moves = to_blocks(self._moves / 2, component)[..., None]
            target = self._look.gradients[i] / self._weights[i]
            target *= -moves
            target += now.blocks[i] * now.steps[i]
            yield target


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
