"""Encodes a picture by rounds through the network, and lands on the goal.

From the quality that the search over drafts found, the steps are set so that the rounds
end near the goal. What is missing then is made up for by the price of a bit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from comrec.encoder.goal import Goal
from comrec.encoder.landing import Aim, land
from comrec.encoder.mode import Candidate, CodingMode
from comrec.encoder.receiver import Receiver
from comrec.encoder.rounds import Choice, Rounds, price_of, requantise, weights_of
from comrec.image.metrics import psnr_of
from comrec.jpeg import coefficients as co
from comrec.jpeg import trellis_encoder
from comrec.jpeg.layout import layout_of
from comrec.jpeg.quantisation import FINER_DB, FINER_LOG2_BYTES, scaled_tables
from comrec.networks.presets import Preset
from comrec.system.pillow import from_pillow, to_pillow

# Where a file may land: share of the budget, and dB above the goal.
BYTES_SHARE, ABOVE_DB = 0.995, 0.02
# What a doubled price takes away at the same steps: log2 of the bytes, and dB.
PRICE_LOG2_BYTES, PRICE_DB = 0.1, 0.17
SHRINK = 1.02  # bytes before the rounds, over those after them
# Rise of PSNR by all rounds after the first: at least, and over that by the first.
RISE_DB, RISE_SHARE = 0.05, 0.2  # for each of them
DECODES_MAX = 3  # of one landing on a PSNR
CLOSE_DB = 0.05  # from which other steps are no closer


@dataclass(frozen=True)
class Plan:
    """Bounds the work of one encoding.

    Attributes:
      rounds: passes through a network and its gradient.
      guide: the networks to look through.
    """

    rounds: int
    guide: Preset


class GuidedEncoder:
    """Encodes the picture of one coding mode with coefficients of its own.

    Args:
      mode: with networks; its compact image and its codec are used.
      plan: bounds the work.
    """

    def __init__(self, mode: CodingMode, plan: Plan) -> None:
        assert mode.codec is not None
        self._mode, self._codec, self._plan = mode, mode.codec, plan
        compact = mode.compact()
        if self._codec.space(compact.shape[2]) == "YCbCr":
            compact = from_pillow(to_pillow(compact, "YCbCr").convert("RGB"))
        self._layout = layout_of(compact, self._codec.settings.subsampling)
        self._coefficients = co.coefficients_of(compact, self._layout)
        self._weights = weights_of(self._layout, self._codec.scale)

    def encode(self, quality: int, goal: Goal) -> list[Candidate]:
        """Encodes files that should meet a goal.

        Args:
          quality: of a flat table, at which the search expects to meet the goal.
          goal: to meet.

        Returns:
          Candidates, decoded in full; the best of them may still miss the goal.
        """
        self._quality = quality
        choice = self._start(scaled_tables("flat", quality)[0][0])
        if goal.maximises_psnr:
            choice = self._fit_bytes(choice, goal)
        receiver = Receiver(
            self._mode.pixels, self._codec, self._layout, self._plan.guide
        )
        rounds = Rounds(receiver, choice)
        if goal.maximises_psnr:
            for _ in range(self._plan.rounds):
                rounds.run()
            return self._land_bytes(rounds.choice, goal)
        self._run_towards(rounds, goal)
        found = self._land_psnr(rounds.choice, goal)
        nearest_db = min((c.psnr_db - goal.min_psnr_db for c in found), key=abs)
        if abs(nearest_db) > CLOSE_DB or not goal.select_best(found):
            self._change_steps(rounds, nearest_db)
            found += self._land_psnr(rounds.choice, goal)
        return found

    def _run_towards(self, rounds: Rounds, goal: Goal) -> None:
        """Runs the rounds; the first shows at which steps the others meet the goal."""
        start_db = self._psnr_db(rounds)
        rounds.run()
        now_db, left = self._psnr_db(rounds), self._plan.rounds - 1
        rise_db = left * (RISE_DB + RISE_SHARE * (now_db - start_db))
        self._change_steps(rounds, now_db + rise_db - goal.min_psnr_db)
        for _ in range(left):
            rounds.run()

    def _change_steps(self, rounds: Rounds, excess_db: float) -> None:
        step = mean_step(rounds.choice.steps[0])
        rounds.change_steps(self._steps(_coarser(step, excess_db / FINER_DB)))

    def _start(self, step: float) -> Choice:
        """Quantises the compact image as it is, at one step for all frequencies."""
        steps = self._steps(step)
        rounded = [
            np.rint(values / each).astype(np.int16)
            for values, each in zip(self._coefficients, steps, strict=True)
        ]
        price = price_of(steps, self._codec.scale)
        choice = Choice(rounded, self._coefficients, steps, price)
        for _ in range(2):  # the first has the statistics of mere rounding
            choice = requantise(choice, self._layout, self._weights)
        return choice

    def _steps(self, step: float) -> list[np.ndarray]:
        return [flat_table(step)] * self._layout.channels

    def _fit_bytes(self, choice: Choice, goal: Goal) -> Choice:
        """Quantises with the steps at which the file has about the goal's bytes."""
        budget = SHRINK * max(goal.max_bytes - self._mode.extra_bytes, 1)
        for _ in range(2):
            excess = math.log2(len(self._write(choice)) / budget)
            step = mean_step(choice.steps[0])
            choice = self._start(_coarser(step, excess / FINER_LOG2_BYTES))
        return choice

    def _write(self, choice: Choice) -> bytes:
        tables = [choice.steps[0], choice.steps[-1]]
        steps = [co.natural_order(table).astype(int) for table in tables]
        return trellis_encoder.write(choice.blocks, steps, self._layout)

    def _psnr_db(self, rounds: Rounds) -> float:
        return psnr_of(round(rounds.error), self._mode.pixels.size)

    def _priced(self, choice: Choice, price: float) -> Choice:
        """Quantises the targets of a choice at another price, over the present one."""
        priced = replace(choice, price=choice.price * price)
        return requantise(priced, self._layout, self._weights)

    def _land_bytes(self, choice: Choice, goal: Goal) -> list[Candidate]:
        """Decodes the largest file within the goal's bytes."""
        budget = max(goal.max_bytes - self._mode.extra_bytes, 1)
        best: list[tuple[bytes, Choice]] = []

        def measure(price: float) -> float:
            made = self._priced(choice, price)
            data = self._write(made)
            if len(data) <= budget and (not best or len(data) > len(best[0][0])):
                best[:] = [(data, made)]
            return math.log2(len(data))

        aim = Aim(math.log2(budget), math.log2(BYTES_SHARE), 0, PRICE_LOG2_BYTES)
        land(measure, aim)
        return [self._decode(*each) for each in best]

    def _land_psnr(self, choice: Choice, goal: Goal) -> list[Candidate]:
        """Decodes files until one lies little above the goal's PSNR."""
        found: list[Candidate] = []

        def measure(price: float) -> float:
            made = self._priced(choice, price)
            found.append(self._decode(self._write(made), made))
            return found[-1].psnr_db

        land(measure, Aim(goal.min_psnr_db, 0, ABOVE_DB, PRICE_DB), DECODES_MAX)
        return found

    def _decode(self, data: bytes, choice: Choice) -> Candidate:
        steps = mean_step(choice.steps[0]), mean_step(choice.steps[-1])
        return self._mode.decode(data, self._quality, steps)


def flat_table(step: float) -> np.ndarray:
    """Returns a table of one step for all frequencies, as nearly as whole numbers may.

    High frequencies have the next whole number above the step, low ones that below, so
    many that the mean of log2 is that of the step.

    Args:
      step: 1 to 255.

    Returns:
      float32 (64,) in zigzag order.
    """
    low = math.floor(step)
    share = math.log2(step / low) / math.log2((low + 1) / low)
    table = np.full(64, low, np.float32)
    table[64 - round(64 * share) :] += 1
    return table


def mean_step(table: np.ndarray) -> float:
    """Returns the one step for which a table of `flat_table` stands."""
    return float(np.exp2(np.log2(table).mean()))


def _coarser(step: float, log_steps: float) -> float:
    """Returns a step that is coarser by a number of doublings, 1 to 255."""
    return min(max(step * 2.0**log_steps, 1.0), 255.0)
