"""Encodes a picture by rounds through the network, and lands on the goal.

The search over drafts gives the steps to start from. While the rounds run, the price of
a bit steers them towards the goal. Of the last round, as many MCUs are accepted as lead
to the goal; where a decode shows another result, one more round corrects it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from comrec.encoder.goal import Goal
from comrec.encoder.landing import ABOVE_DB, BYTES_SHARE, Aim, land
from comrec.encoder.mode import Candidate, CodingMode
from comrec.encoder.receiver import Receiver
from comrec.encoder.rounds import (
    WORTH_MAX,
    Choice,
    Rounds,
    Trial,
    price_of,
    start,
    write,
)
from comrec.image.metrics import psnr_of
from comrec.jpeg import coefficients as co
from comrec.jpeg.layout import layout_of
from comrec.jpeg.quantisation import (
    FINER_DB,
    FINER_LOG2_BYTES,
    flat_table,
    mean_step,
    scaled_tables,
)
from comrec.networks.presets import Preset
from comrec.system.pillow import from_pillow, to_pillow

# By all rounds that there may be: rise of PSNR, and log2 of the bytes. A round leaves a
# share of them to those after it.
RISE_DB, RISE_LOG2, LEFT = 0.6, -0.03, 0.65
# What a doubled price takes away, dB and log2 of the bytes: by quantisation alone, and
# by each round on top.
PRICE_DB, PRICE_ROUND_DB = 0.17, 0.08
PRICE_LOG2, PRICE_ROUND_LOG2 = 0.09, 0.015
OCTAVES_MAX = 1.0  # of the price, around the one that goes with the steps
START_LOG_STEPS = -0.17  # from the draft's step to that of the rounds
RESTART_DB = 0.2  # by which the first steps may miss the goal
RESTARTS_MAX = 2
DRIFT_DB = -0.01  # a mixture of MCUs is worse than its parts show
LANDINGS_MAX = 3  # of which the first is the last round of the plan
LANDINGS_MORE = 1  # while no file meets the goal
WORTH_LOG2 = 0.004  # of the bytes, lost where saved error is worth half as much


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
      goal: to meet.
      quality: of a flat table, at which drafts nearly meet the goal.
    """

    def __init__(
        self, mode: CodingMode, plan: Plan, goal: Goal, quality: float
    ) -> None:
        assert mode.codec is not None
        self._mode, self._codec, self._plan = mode, mode.codec, plan
        self._goal, self._quality = goal, quality
        compact = mode.compact()
        if self._codec.space(compact.shape[2]) == "YCbCr":
            compact = from_pillow(to_pillow(compact, "YCbCr").convert("RGB"))
        self._layout = layout_of(compact, self._codec.settings.subsampling)
        self._coefficients = co.coefficients_of(compact, self._layout)
        self._receiver = Receiver(mode.pixels, self._codec, self._layout, plan.guide)
        self._offset_db = 0.0  # from what the guide shows to what the codec shows
        self._drift_db = DRIFT_DB  # of the latter by the next round

    def encode(self) -> list[Candidate]:
        """Encodes files that should meet the goal.

        Returns:
          Candidates, decoded in full; the best of them may still miss the goal.
        """
        rounds = self._begin()
        for left in range(self._plan.rounds, 1, -1):
            self._steer(rounds, left)
            rounds.run()
        found: list[Candidate] = []
        for landing in range(LANDINGS_MAX + LANDINGS_MORE):
            self._steer(rounds, 1 if landing == 0 else 0)
            found += self._land(rounds)
            if any(map(self._is_close, found)):
                break
            if landing + 1 >= LANDINGS_MAX and any(map(self._goal.meets, found)):
                break
        return found

    def _begin(self) -> Rounds:
        """Quantises the compact image at the steps that should meet the goal."""
        step = scaled_tables("flat", self._quality)[0][0]
        choice = self._start(_coarser(step, START_LOG_STEPS))
        if self._goal.maximises_psnr:
            for _ in range(2):
                excess = math.log2(
                    len(write(choice, self._layout)) / self._budget_bytes
                )
                excess += RISE_LOG2 * (1 - LEFT**self._plan.rounds)
                choice = self._restart(choice, excess / FINER_LOG2_BYTES)
            return Rounds(self._receiver, choice)
        rounds = Rounds(self._receiver, choice)
        for _ in range(RESTARTS_MAX):
            excess = self._excess(rounds, self._plan.rounds)
            if abs(excess) <= RESTART_DB:
                break
            choice = self._restart(choice, excess * self._codec.scale / FINER_DB)
            rounds = Rounds(self._receiver, choice)
        return rounds

    def _start(self, step: float) -> Choice:
        """Quantises the compact image as it is, at one step for all frequencies."""
        steps = [flat_table(step)] * self._layout.channels
        return start(self._coefficients, steps, self._layout, self._codec.scale)

    def _restart(self, choice: Choice, log_steps: float) -> Choice:
        return self._start(_coarser(mean_step(choice.steps[0]), log_steps))

    @property
    def _budget_bytes(self) -> float:
        return max(self._goal.max_bytes - self._mode.extra_bytes, 1)

    def _excess(self, rounds: Rounds, left: int) -> float:
        """Predicts by how much the goal is exceeded when the rounds that are left end.

        In log2 of the bytes, or in dB.
        """
        done = max(self._plan.rounds - left, 0)
        still = LEFT**done - LEFT ** (done + left)
        if self._goal.maximises_psnr:
            now = math.log2(
                len(write(rounds.choice, self._layout)) / self._budget_bytes
            )
            return now - math.log2(BYTES_SHARE) / 2 + still * RISE_LOG2
        now_db = self._shown_db(rounds) + self._offset_db + self._drift_db
        return now_db + still * RISE_DB - self._goal.min_psnr_db - ABOVE_DB / 2

    def _shown_db(self, rounds: Rounds) -> float:
        return psnr_of(round(rounds.error), self._mode.pixels.size)

    def _steer(self, rounds: Rounds, left: int) -> None:
        """Sets the price at which the rounds that are left should end at the goal."""
        slope = PRICE_DB + PRICE_ROUND_DB * left
        if self._goal.maximises_psnr:
            slope = PRICE_LOG2 + PRICE_ROUND_LOG2 * left
        choice = rounds.choice
        usual = price_of(choice.steps, self._codec.scale)
        octaves = math.log2(choice.price / usual)
        octaves += self._excess(rounds, left) / slope
        octaves = min(max(octaves, -OCTAVES_MAX), OCTAVES_MAX)
        rounds.choice = replace(choice, price=usual * 2.0**octaves)

    def _land(self, rounds: Rounds) -> list[Candidate]:
        """Runs a round of which as much is accepted as leads to the goal."""
        trial = rounds.propose()
        if self._goal.maximises_psnr:
            worth = self._find_worth(rounds, trial)
            rounds.accept(trial, worth)
            data = write(rounds.choice, self._layout)
            fits = len(data) <= self._budget_bytes
            return [self._decode(data, rounds.choice)] if fits else []
        aim_db = self._goal.min_psnr_db + ABOVE_DB / 2
        wanted_db = aim_db - self._offset_db - self._drift_db
        count = self._mode.pixels.size
        rounds.accept(
            trial, rounds.find_worth(trial, count * 255**2 / 10 ** (wanted_db / 10))
        )
        found = self._decode(write(rounds.choice, self._layout), rounds.choice)
        if self._offset_db:
            self._drift_db += found.psnr_db - aim_db
        self._offset_db = found.psnr_db - self._shown_db(rounds)
        return [found]

    def _find_worth(self, rounds: Rounds, trial: Trial) -> float:
        """Finds the worth of saved error at which the file fits the bytes."""
        best = 0.0, 2.0**-WORTH_MAX  # bytes, worth

        def measure(price: float) -> float:
            nonlocal best
            size = len(write(rounds.mixed(trial, 1 / price), self._layout))
            if best[0] < size <= self._budget_bytes:
                best = size, 1 / price
            return math.log2(size)

        low = math.log2(BYTES_SHARE)
        land(measure, Aim(math.log2(self._budget_bytes), low, 0, WORTH_LOG2))
        return best[1]

    def _decode(self, data: bytes, choice: Choice) -> Candidate:
        steps = mean_step(choice.steps[0]), mean_step(choice.steps[-1])
        return self._mode.decode(data, self._quality, steps)

    def _is_close(self, found: Candidate) -> bool:
        """Checks whether a candidate meets the goal and lies close to it."""
        if self._goal.maximises_psnr:
            return len(found.jpeg) >= BYTES_SHARE * self._budget_bytes
        return 0 <= found.psnr_db - self._goal.min_psnr_db <= 2 * ABOVE_DB


def _coarser(step: float, log_steps: float) -> float:
    """Returns a step that is coarser by a number of doublings, 1 to 255."""
    return min(max(step * 2.0**log_steps, 1.0), 255.0)
