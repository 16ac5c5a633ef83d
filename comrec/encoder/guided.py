"""Encodes a picture by rounds through the network, and lands on the goal.

The search over drafts gives the steps to start from. While the rounds run, the price of
a bit steers them towards the goal. Of the last round, as many MCUs are accepted as lead
to the goal; where a decode shows another result, one more round corrects it.
"""

from __future__ import annotations

import functools
import math
from dataclasses import replace

from comrec.encoder.efforts import Plan
from comrec.encoder.fitted import FITTED
from comrec.encoder.goal import Goal
from comrec.encoder.landing import ABOVE_DB, BYTES_SHARE, Aim, land
from comrec.encoder.mode import Candidate, CodingMode
from comrec.encoder.predictor import LOSSLESS_DB
from comrec.encoder.receiver import Look, Receiver
from comrec.encoder.rounds import Rounds, start, write
from comrec.encoder.trial import WORTH_MAX, Choice, Seen, Trial, compare, price_of
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
from comrec.system import stages
from comrec.system.pillow import from_pillow, to_pillow

OCTAVES_MIN, OCTAVES_MAX = -0.6, 2.0  # of the price, over that of the steps
OCTAVES_CHANGE = 0.5  # of the price at most, before a round
# The same after a decode, and the least price: a file that misses the goal is no use.
LANDING_CHANGE, LANDING_MIN = 1.5, -3.0
LANDING_SHARE = 0.5  # of what a round would do, if it were not of the same price again
START_LOG_STEPS = -0.17  # from the draft's step to that of the rounds, for bytes
START_DB = -0.7  # by which rounds at the draft's steps end below the draft
# Of luma. With coarser ones the means of blocks err: a higher price loses less.
STEP_MAX = 110.0
LIFT_DB = 0.03  # aimed for above the goal after a landing below: a file on each side
SAFE_DB = 0.06  # aimed for above the goal by a second run, since it is the last
RESTART_DB = 0.1  # by which the first steps may miss the goal
ROUGH_DB = 0.3  # the same, while modes are compared
RESTARTS_MAX = 2
DRIFT_DB = -0.04  # a mixture of MCUs is worse than its parts show
SHORT_DB = 0.03  # by which the last round may miss: one more round saves a decode
LANDINGS_MAX = 4  # of which the first is the last round of the plan
CALIBRATED_SHARE = 0.15  # of the pixels, restored to compare the codec with the guide
STUCK_SHARE = 0.7  # of a miss, which the next landing has to undercut likewise
STUCK_DB = 0.15  # by which a landing may miss: other steps take fewer bytes
REUSE_MAX = 1.5  # log2 of a worth: beyond it, one more round pays
WORTH_LOG2 = 0.004  # of the bytes, lost where saved error is worth half as much


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
        # From what the guide shows of a mixture of MCUs to what the codec shows.
        self._offset_db = DRIFT_DB
        if plan.guide != self._codec.preset:
            self._offset_db += FITTED.guide_db
        self._least_db = min(goal.min_psnr_db, LOSSLESS_DB)
        self._aim_db = self._least_db + ABOVE_DB / 2
        self._rise_db = FITTED.rise_db
        self._rounds: Rounds | None = None

    def begin(self) -> tuple[float, float]:
        """Starts at the steps that should meet the goal.

        Returns:
          The bytes of all files and the PSNR that drafts of the result would have, to
          compare with those of other modes for the same goal.
        """
        stages.begin(f"trying scale {self._codec.scale:g}")
        self._rounds = rounds = self._begin()
        data_bytes = len(write(rounds.choice, self._layout)) + self._mode.extra_bytes
        shown_db = self._shown_db(rounds.error) + self._offset_db
        if self._goal.maximises_psnr:
            excess = math.log2(data_bytes / self._goal.max_bytes)
            return self._goal.max_bytes, shown_db - excess / FITTED.log2_bytes_per_db
        missing_db = self._least_db - shown_db
        return data_bytes * 2 ** (missing_db * FITTED.log2_bytes_per_db), shown_db

    def encode(self) -> list[Candidate]:
        """Encodes files that should meet the goal.

        Returns:
          Candidates, decoded in full; the best of them may still miss the goal.
        """
        rounds, self._rounds = self._rounds or self._begin(), None
        if self._goal.maximises_psnr:
            return self._run(rounds)
        if self._plan.guide != self._codec.preset:
            self._calibrate(rounds)
        rounds = self._fit(rounds)
        is_coarsest = mean_step(rounds.choice.steps[0]) >= STEP_MAX
        expected_db = self._excess(rounds, self._plan.rounds) - self._offset_db
        found = self._run(rounds, math.inf if is_coarsest else STUCK_DB)
        excess_db = min(found[-1].psnr_db, LOSSLESS_DB) - self._least_db
        met = any(map(self._goal.meets, found))
        if met and (is_coarsest or excess_db <= STUCK_DB):
            return found
        # A lower price takes more bytes than finer steps do. What the rounds did not
        # raise here they will not raise at other steps.
        octaves = min(max(self._octaves(rounds.choice), OCTAVES_MIN), 0)
        excess_db += octaves * FITTED.price_fall_db(self._plan.rounds)
        missed_db = excess_db - self._offset_db - expected_db
        share = 1 - FITTED.left**self._plan.rounds
        self._rise_db = max(self._rise_db + missed_db / share, 0)
        return found + self._run(self._restart(rounds, excess_db - SAFE_DB))

    def _run(self, rounds: Rounds, most_db: float = math.inf) -> list[Candidate]:
        """Runs all rounds of the plan, and lands unless that misses by more dB."""
        self._aim_db = self._least_db + ABOVE_DB / 2
        for left in range(self._plan.rounds, 1, -1):
            stages.begin(f"round {self._plan.rounds - left + 1} of {self._plan.rounds}")
            self._steer(rounds, left)
            rounds.run()
        if self._goal.maximises_psnr:
            return self._land_on_bytes(rounds)
        return self._land_on_psnr(rounds, most_db)

    def _begin(self) -> Rounds:
        """Quantises the compact image at the steps that should meet the goal."""
        step = float(scaled_tables("flat", self._quality)[0][0])
        if not self._goal.maximises_psnr:
            draft_db = min(self._mode.predict_psnr_db(self._quality), LOSSLESS_DB)
            excess_db = draft_db + START_DB - self._least_db
            choice = self._start(_coarser(step, self._log_steps(excess_db)))
            return self._fit(Rounds(self._receiver, choice), ROUGH_DB)
        choice = self._start(_coarser(step, START_LOG_STEPS))
        for _ in range(2):
            excess = math.log2(len(write(choice, self._layout)) / self._budget_bytes)
            excess += FITTED.rise_log2 * (1 - FITTED.left**self._plan.rounds)
            step = mean_step(choice.steps[0])
            choice = self._start(_coarser(step, excess / FINER_LOG2_BYTES))
        return Rounds(self._receiver, choice)

    def _fit(self, rounds: Rounds, tolerance_db: float = RESTART_DB) -> Rounds:
        """Starts anew until the steps should meet the goal in PSNR."""
        for _ in range(RESTARTS_MAX):
            excess_db = self._excess(rounds, self._plan.rounds)
            if abs(excess_db) <= tolerance_db:
                break
            rounds = self._restart(rounds, excess_db)
        return rounds

    def _restart(self, rounds: Rounds, excess_db: float) -> Rounds:
        """Starts anew at steps that take away a number of dB."""
        step = _coarser(mean_step(rounds.choice.steps[0]), self._log_steps(excess_db))
        return Rounds(self._receiver, self._start(step))

    def _log_steps(self, excess_db: float) -> float:
        """Returns by how many doublings coarser steps take away a number of dB."""
        return excess_db * self._codec.scale / FINER_DB

    def _calibrate(self, rounds: Rounds) -> None:
        """Learns from windows of the start what the codec restores better."""
        data = write(rounds.choice, self._layout)
        better_db = self._mode.compare_with_guide(data, CALIBRATED_SHARE)
        self._offset_db = better_db + FITTED.guided_db + DRIFT_DB

    def _start(self, step: float) -> Choice:
        """Quantises the compact image as it is, at one step for all frequencies."""
        steps = [flat_table(step)] * self._layout.channels
        return start(self._coefficients, steps, self._layout, self._codec.scale)

    @property
    def _budget_bytes(self) -> float:
        return max(self._goal.max_bytes - self._mode.extra_bytes, 1)

    def _excess(self, rounds: Rounds, left: int) -> float:
        """Predicts by how much the goal is exceeded when the rounds that are left end.

        In log2 of the bytes, or in dB.
        """
        done = max(self._plan.rounds - left, 0)
        still = FITTED.left**done - FITTED.left ** (done + left)
        if self._goal.maximises_psnr:
            now = math.log2(
                len(write(rounds.choice, self._layout)) / self._budget_bytes
            )
            return now - math.log2(BYTES_SHARE) / 2 + still * FITTED.rise_log2
        now_db = self._shown_db(rounds.error) + self._offset_db
        return now_db + still * self._rise_db - self._aim_db

    def _shown_db(self, error: float) -> float:
        return min(psnr_of(round(error), self._mode.pixels.size), LOSSLESS_DB)

    def _steer(self, rounds: Rounds, left: int) -> None:
        """Sets the price at which the rounds that are left should end at the goal."""
        fall = FITTED.price_fall_db
        if self._goal.maximises_psnr:
            fall = FITTED.price_fall_log2
        slope, most, least = fall(left), OCTAVES_CHANGE, OCTAVES_MIN
        if not left:
            slope, most, least = slope * LANDING_SHARE, LANDING_CHANGE, LANDING_MIN
        change = min(max(self._excess(rounds, left) / slope, -most), most)
        octaves = self._octaves(rounds.choice) + change
        octaves = min(max(octaves, least), OCTAVES_MAX)
        usual = price_of(rounds.choice.steps, self._codec.scale)
        rounds.choice = replace(rounds.choice, price=usual * 2.0**octaves)

    def _octaves(self, choice: Choice) -> float:
        """Returns log2 of the price over that which goes with the steps."""
        return math.log2(choice.price / price_of(choice.steps, self._codec.scale))

    def _land_on_bytes(self, rounds: Rounds) -> list[Candidate]:
        """Accepts as much of each of the last rounds as the budget takes."""
        found: list[Candidate] = []
        for landing in range(LANDINGS_MAX):
            trial = self._propose_last(rounds, landing)
            rounds.accept(trial, self._find_worth(trial))
            data = write(rounds.choice, self._layout)
            if len(data) <= self._budget_bytes:
                found.append(self._decode(data, rounds.choice)[0])
                if len(data) >= BYTES_SHARE * self._budget_bytes:
                    break
        return found

    def _land_on_psnr(self, rounds: Rounds, most_db: float) -> list[Candidate]:
        """Accepts as much of the last round as the PSNR takes, and corrects by decodes.

        Between two decoded files on both sides of the goal, a mixture meets it. With
        files on one side only, more or less of the round is accepted, or of one more.
        """
        trial, offset_db = self._propose_last(rounds, 0), self._offset_db
        found, above, below = list[Candidate](), None, None
        for landing in range(LANDINGS_MAX):
            worth = trial.find_worth(self._error_at(self._aim_db - offset_db))
            one_side = above is None or below is None
            shown_db = self._shown_db(trial.errors(worth).sum())
            is_short = shown_db + offset_db < self._aim_db - SHORT_DB
            is_far = abs(math.log2(worth)) > REUSE_MAX
            if one_side and (is_far if landing else is_short):
                rounds.accept(trial, worth)
                trial = self._propose_last(rounds, landing + 1)
                worth = trial.find_worth(self._error_at(self._aim_db - offset_db))
            choice = trial.mixed(worth)
            candidate, seen = self._decode(write(choice, self._layout), choice)
            found.append(candidate)
            missing_db = self._least_db - min(candidate.psnr_db, LOSSLESS_DB)
            if -ABOVE_DB <= missing_db <= 0:
                break
            is_between = bool(below if missing_db <= 0 else above)
            if abs(missing_db) > most_db and not is_between:
                break
            if not above and missing_db > 0 and math.isfinite(most_db):
                most_db = STUCK_SHARE * missing_db
            shown_db = self._shown_db(trial.errors(worth).sum())
            offset_db = self._offset_db = self._least_db - missing_db - shown_db
            above, below = (seen, below) if missing_db <= 0 else (above, seen)
            lift_db = 0.0 if above else LIFT_DB + missing_db / 2
            self._aim_db = self._least_db + ABOVE_DB / 2 + lift_db
            if above and below:
                trial, offset_db = compare(below, above, self._layout), 0.0
        return found

    def _propose_last(self, rounds: Rounds, landing: int) -> Trial:
        """Proposes the last round of the plan, or one more for a later landing."""
        total = self._plan.rounds
        stages.begin("landing" if landing else f"round {total} of {total}")
        self._steer(rounds, 0 if landing else 1)
        return rounds.propose(is_last=True)

    def _error_at(self, found_db: float) -> float:
        return self._mode.pixels.size * 255**2 / 10 ** (found_db / 10)

    def _find_worth(self, trial: Trial) -> float:
        """Finds the worth of saved error at which the file fits the bytes."""
        best = 0.0, 2.0**-WORTH_MAX  # bytes, worth

        def measure(price: float) -> float:
            nonlocal best
            size = len(write(trial.mixed(1 / price), self._layout))
            if best[0] < size <= self._budget_bytes:
                best = size, 1 / price
            return math.log2(size)

        low = math.log2(BYTES_SHARE)
        land(measure, Aim(math.log2(self._budget_bytes), low, 0, WORTH_LOG2))
        return best[1]

    def _decode(self, data: bytes, choice: Choice) -> tuple[Candidate, Seen]:
        """Decodes a file in full, and keeps the error of each MCU."""
        stages.begin("verifying")
        errors = self._receiver.no_errors()
        steps = mean_step(choice.steps[0]), mean_step(choice.steps[-1])
        add = functools.partial(self._receiver.add_errors, errors)
        candidate = self._mode.decode(data, self._quality, steps, add)
        return candidate, Seen(choice, Look(errors, []))


def _coarser(step: float, log_steps: float) -> float:
    """Returns a step that is coarser by a number of doublings, within the limits."""
    return min(max(step * 2.0**log_steps, 1.0), STEP_MAX)
