"""Estimates the results of coding modes from a few drafts, to drop inferior modes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from comrec.encoder.excerpt import Excerpt, take_excerpt
from comrec.encoder.goal import Goal
from comrec.encoder.mode import Candidate, CodingMode
from comrec.encoder.predictor import DEFAULT_GAIN_DB, LOSSLESS_DB
from comrec.jpeg.quantisation import (
    FINER_DB,
    FINER_LOG2_BYTES,
    log_step,
    nearest_quality,
)
from comrec.system import cores

DRAFTS_MAX = 3  # of one mode
# Extrapolation in log steps up to which an estimate has converged: of a mode with
# networks, and of a plain JPEG, to which networks are compared.
NETWORK_LOG_STEPS, PLAIN_LOG_STEPS = 0.15, 0.35
ERROR_LOG_STEPS = 0.1  # of a converged estimate
# Differences that a larger gain of the networks may compensate: dB, ratio of bytes.
COST_UNIT_DB, COST_UNIT_BYTES = 1.0, 1.3
# Log steps of a flat table that equal a plain JPEG in dB or in bytes: measured on
# photos. Per log step, a flat table rises less than the standard tables.
FLAT_SLOPE, FLAT_OFFSET_DB, FLAT_OFFSET_BYTES = 0.65, -0.75, -0.3
# The same for steps of comrec's own encoder: by rows of plain_jpeg.tsv.
CLOSE_SLOPE, CLOSE_OFFSET_DB, CLOSE_OFFSET_BYTES = 0.635, -0.645, -0.095
TRELLIS_DB, TRELLIS_BYTES = 0.1, 0.4  # log steps that trellis quantisation costs
SCALE_LOG_STEPS = 1.5  # for a halving of the sides


class Estimate:
    """Estimates where one mode meets a goal, if all networks gain the same.

    Args:
      mode: measured without ComCNN, which takes as long as part of a decode.
      goal: of the whole image.
      excerpt: of the image, for the drafts.
      plain_quality: about the quality at which plain JPEG meets the goal.

    Attributes:
      goal: of the excerpt.
      quality: about the quality at which the mode meets the goal.
      total_bytes, psnr_db: the estimate for the excerpt at this quality.
      cost: for comparison with other modes; a mode whose cost is 1 higher may still be
        the best, as gains of networks differ.
      converged: whether another draft would not improve the estimate.
    """

    def __init__(
        self, mode: CodingMode, goal: Goal, excerpt: Excerpt, plain_quality: float
    ) -> None:
        self.mode, self._excerpt, self._whole_goal = mode, excerpt, goal
        self.goal = replace(
            goal,
            max_bytes=goal.max_bytes * excerpt.byte_share,
            min_psnr_db=goal.min_psnr_db + excerpt.psnr_offset_db,
        )
        self.quality = select_first_quality(mode, goal, plain_quality)
        self.total_bytes, self.psnr_db, self.cost = math.inf, -math.inf, 0.0
        self.converged, self._missing_steps = False, math.inf
        self._drafts_left = DRAFTS_MAX
        self._approximate = mode.approximate(excerpt.pixels, excerpt.byte_share)
        self._has_trellis = mode.settings.encoder != self._approximate.settings.encoder
        # A reduction loses detail that finer steps do not restore: PSNR rises less.
        scale = mode.codec.scale if mode.codec else 1
        self._slopes = FINER_DB / scale, FINER_LOG2_BYTES
        self._previous: tuple[float, ...] = ()

    def measure(self) -> None:
        """Measures one more draft, at the quality that the estimate gives."""
        at, at_step = self.quality, log_step(self.quality)
        found_db = min(self._approximate.predict_psnr_db(at), LOSSLESS_DB)
        found_bytes = math.log2(self._approximate.measure_draft_bytes(at))
        self._update_slopes(at_step, found_db, found_bytes)
        slope_db, slope_bytes = self._slopes
        if self.goal.maximises_psnr:
            missing = (math.log2(self.goal.max_bytes + 1) - found_bytes) / slope_bytes
        else:
            missing = (min(self.goal.min_psnr_db, LOSSLESS_DB) - found_db) / slope_db
        missing, is_too_coarse = self._limit(at_step, missing)
        self.quality = nearest_quality(at_step + missing)
        self._drafts_left -= 1
        tolerance = NETWORK_LOG_STEPS if self.mode.codec else PLAIN_LOG_STEPS
        self.converged = (
            at == self.quality or abs(missing) <= tolerance or not self._drafts_left
        )
        self._missing_steps = missing
        self.total_bytes = 2 ** (found_bytes + slope_bytes * missing)
        self.psnr_db = found_db + slope_db * missing
        self.cost = math.log(self.total_bytes, COST_UNIT_BYTES)
        if self.goal.maximises_psnr:
            self.cost = math.inf if is_too_coarse else -self.psnr_db / COST_UNIT_DB

    def _limit(self, at_step: float, missing: float) -> tuple[float, bool]:
        """Limits the missing log steps to legal qualities.

        More bytes than the finest quality takes bring no gain, and no quality has
        fewer dB than the coarsest. Where the finest quality has too few dB, the line
        goes on beyond, and the mode gets a high cost.

        Returns:
          The limited log steps, and whether the goal needs a quality below 1.
        """
        lowest, highest = log_step(1) - at_step, log_step(100) - at_step
        is_too_coarse = missing < lowest - NETWORK_LOG_STEPS
        if self.goal.maximises_psnr:
            return min(max(missing, lowest), highest), is_too_coarse
        return min(max(missing, lowest), highest - lowest), is_too_coarse

    def _update_slopes(self, *found: float) -> None:
        """Updates the slopes of dB and log2 bytes, both per log step."""
        previous, self._previous = self._previous, found
        if previous and abs(found[0] - previous[0]) > NETWORK_LOG_STEPS:
            steps, *rises = (b - a for a, b in zip(previous, found, strict=True))
            slope_db, slope_bytes = (rise / steps for rise in rises)
            self._slopes = (
                min(max(slope_db, FINER_DB / 8), 2 * FINER_DB),
                min(max(slope_bytes, FINER_LOG2_BYTES / 2), 2 * FINER_LOG2_BYTES),
            )

    @property
    def is_sure(self) -> bool:
        """Whether the last draft lies near the quality that meets the goal."""
        return abs(self._missing_steps) <= PLAIN_LOG_STEPS

    def finish(self) -> None:
        """Sets the mode's first quality and frees the memory of the drafts."""
        trellis = TRELLIS_BYTES if self.goal.maximises_psnr else TRELLIS_DB
        found = nearest_quality(log_step(self.quality) + trellis * self._has_trellis)
        self.mode.first_quality = max(
            (q for q in self.mode.qualities if q <= found),
            default=self.mode.qualities[0],
        )
        del self._approximate

    def lower_bound(self) -> Candidate:
        """Returns the worst result that the mode may have, without a file."""
        return self._bound(-ERROR_LOG_STEPS - abs(self._missing_steps))

    def upper_bound(self) -> Candidate:
        """Returns the best result that the mode may have, without a file."""
        return self._bound(ERROR_LOG_STEPS + abs(self._missing_steps) / 3)

    def _bound(self, gain_steps: float) -> Candidate:
        """Returns the estimate for the whole image, improved by log steps."""
        if self._whole_goal.maximises_psnr:
            total_bytes = self._whole_goal.max_bytes
            bound_db = self.psnr_db - self._excerpt.psnr_offset_db
            bound_db += FINER_DB * gain_steps
        else:
            total_bytes = self.total_bytes / self._excerpt.byte_share
            total_bytes /= 2 ** (FINER_LOG2_BYTES * gain_steps)
            bound_db = self._whole_goal.min_psnr_db
        return Candidate(
            b"", self.quality, bound_db, round(total_bytes), self.mode.settings, None
        )


def estimate_all(
    modes: Sequence[CodingMode], goal: Goal, plain: Candidate | None, threads: int
) -> list[Estimate]:
    """Estimates all modes; modes of a high cost get only one or two drafts.

    Args:
      modes: the modes to compare.
      goal: of the whole image.
      plain: the plain JPEG that meets the goal; None where none does.
      threads: the number of modes that are measured in parallel; 0 takes all cores.
    """
    if not modes:
        return []
    excerpt, quality = Excerpt(modes[0].pixels), 100.0
    if plain:
        excerpt = take_excerpt(excerpt.pixels, plain, plain.settings)
        quality = plain.quality
    found = [Estimate(mode, goal, excerpt, quality) for mode in modes]
    while pending := [each for each in select_likely(found) if not each.converged]:
        cores.run_parallel([each.measure for each in pending], threads)
    for each in found:
        each.finish()
    return found


def select_likely(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Selects the estimates whose modes may be the best."""
    least = min((each.cost for each in estimates), default=0)
    return [each for each in estimates if each.cost <= least + 1]


def select_first_quality(mode: CodingMode, goal: Goal, plain_quality: float) -> float:
    """Returns a quality at which a mode has about the dB or bytes of a plain JPEG."""
    steps = log_step(plain_quality)
    if mode.is_continuous:
        offset = CLOSE_OFFSET_BYTES if goal.maximises_psnr else CLOSE_OFFSET_DB
        return nearest_quality(CLOSE_SLOPE * steps + offset)
    if mode.settings.tables == "flat":
        offset = FLAT_OFFSET_BYTES if goal.maximises_psnr else FLAT_OFFSET_DB
        steps = FLAT_SLOPE * steps + offset
    if mode.codec:
        steps += SCALE_LOG_STEPS * math.log2(mode.codec.scale)
        steps -= 0 if goal.maximises_psnr else DEFAULT_GAIN_DB / FINER_DB
    return nearest_quality(steps)
