"""Searches coding modes and qualities for the best file that meets a goal.

The PSNR of a mode at a quality is predicted from cheap measurements: the JPEG is
decoded and enlarged, and the networks' gain on windows is added. Every file that the
search returns was decoded in full.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import replace

from comrec.encoder.efforts import LANDING, THOROUGH, Effort
from comrec.encoder.goal import Goal
from comrec.encoder.landing import ABOVE_DB, BYTES_SHARE
from comrec.encoder.mode import Candidate, CodingMode
from comrec.encoder.predictor import SAMPLES_MAX
from comrec.encoder.pruning import estimate_all, select_first_quality
from comrec.encoder.root_finding import find_crossing
from comrec.jpeg.quantisation import (
    FINER_DB,
    FINER_LOG2_BYTES,
    log_fineness,
    log_step,
)
from comrec.jpeg.settings import PLAIN
from comrec.system import cores, stages

# Tolerances of a predicted crossing, which the decode that follows does not undercut.
TOLERANCE_DB, TOLERANCE_BYTES = 0.03, 0.01
SAMPLE_TOLERANCE_DB, SAMPLE_TOLERANCE_BYTES = 0.3, 0.05  # for the first samples
# Added to the goal where a decode should not fall short: before and after a full
# decode of the mode.
FIRST_MARGIN_DB, CORRECTED_MARGIN_DB = 0.15, 0.03
# Of log2 bytes, less than a byte of 2^40: a file must not exceed the budget at all.
BYTES_MARGIN = 1e-13
# Rise of PSNR and of log2 bytes per halved step, where qualities are continuous.
CLOSE_DB, CLOSE_LOG2_BYTES = 3.4, 0.95
GAIN_MIN = 0.01  # of the bytes, for which a decoded mode is decoded again
DRAFTED_MIN_PX = 2**20  # from which drafts of an excerpt save files of the image
SCANNED_MAX_PX = 2**14  # up to which all qualities of plain JPEG are tried


def find_best(
    modes: Sequence[CodingMode],
    goal: Goal,
    effort: Effort,
    best: Candidate | None = None,
) -> Candidate | None:
    """Finds the best candidate, decoded in full; None where none meets the goal.

    Args:
      modes: the modes to search. Modes without networks cost little.
      goal: to meet.
      effort: bounds the work of the networks, unless no candidate meets the goal yet.
      best: a candidate that meets the goal, or a bound without a file. Returned where
        the search finds no better one.
    """
    for mode in modes:
        # The mode of `best` hardly ever has a better file at a lower quality.
        is_searched = best in mode.decoded.values() and not effort.thorough
        if not mode.codec and (_is_scanned(mode) or not is_searched):
            best = _find_best_plain(mode, goal, best)
    networks = [mode for mode in modes if mode.codec]
    share = _share_of(effort, networks)
    if networks:
        stages.begin("choosing a scale")
    _sample_all(networks, _tighten(goal, best), effort, share)
    decodes = 0
    while True:
        pays = best is not None and best.codec is not None
        decodes_max = effort.decodes if pays else effort.decodes + effort.extra_decodes
        if best and decodes >= decodes_max and not effort.thorough:
            break
        margin_db = 0.0
        if decodes + 1 >= effort.decodes and not (effort.thorough or pays):
            margin_db = CORRECTED_MARGIN_DB
            if decodes >= effort.decodes:  # an extra decode; no margin without a best
                margin_db = FIRST_MARGIN_DB if best else 0.0
        proposal = _propose(networks, _tighten(goal, best), effort, margin_db)
        if not proposal:
            break
        mode, quality = proposal
        if mode.sample(quality, share):
            continue  # with the new prediction
        stages.begin(f"decode {decodes + 1}")
        best = goal.select_best([*filter(None, [best]), mode.decode_in_full(quality)])
        decodes += 1
    if best is None and not goal.maximises_psnr:
        # A prediction may have been too low: tries the finest files.
        finest = [mode.decode_in_full(mode.qualities[-1]) for mode in modes]
        best = goal.select_best(finest)
        return find_best(modes, goal, effort, best) if best else None
    return best


def propose(
    modes: Sequence[CodingMode], goal: Goal, effort: Effort
) -> list[tuple[CodingMode, float]]:
    """Proposes modes with the quality at which each should meet a goal best.

    Args:
      modes: with networks.
      goal: to meet.
      effort: bounds the work of the networks.

    Returns:
      The modes that should meet the goal, by predictions, the best one first.
    """
    _sample_all(modes, goal, effort, _share_of(effort, modes))
    return _propose_all(modes, goal, effort, 0.0)


def _share_of(effort: Effort, modes: Sequence[CodingMode]) -> float:
    return effort.sampled / SAMPLES_MAX / max(len(modes), 1)


def _sample_all(
    modes: Sequence[CodingMode], goal: Goal, effort: Effort, share: float
) -> None:
    tasks = [
        functools.partial(_sample_mode, mode, goal, effort, share) for mode in modes
    ]
    # In a thorough search several modes have one compact image, which is made once.
    cores.run_parallel(tasks, 1 if effort.thorough else _threads_of(modes))


def _sample_mode(mode: CodingMode, goal: Goal, effort: Effort, share: float) -> None:
    """Samples a mode at its first quality and at the qualities then predicted."""
    if mode.first_quality and not mode.decoded:
        mode.sample(mode.first_quality, share)
    for _ in range(SAMPLES_MAX - 1):
        mode.sample(_predict_sample_quality(mode, goal, effort), share)


def _threads_of(modes: Sequence[CodingMode]) -> int:
    return modes[0].threads if modes else 1


def _find_best_plain(
    mode: CodingMode, goal: Goal, best: Candidate | None
) -> Candidate | None:
    """Finds the best of `best` and the files of a mode without networks."""
    known = [best] if best else []
    if _is_scanned(mode):
        return goal.select_best([*known, *map(mode.decode_in_full, mode.qualities)])
    if mode.is_continuous and not mode.first_quality and best and not best.codec:
        _guess_first_quality(mode, goal, best)
    effort = LANDING if mode.is_continuous else THOROUGH
    quality = _propose_quality(mode, goal, effort, 0.0)
    if quality:
        known.append(mode.decode_in_full(quality))
    best = goal.select_best(known)
    if best and goal.maximises_psnr and math.isinf(best.psnr_db):
        smallest = replace(goal, min_psnr_db=math.inf, maximises_psnr=False)
        return _find_best_plain(mode, smallest, best)
    return best


def _guess_first_quality(mode: CodingMode, goal: Goal, plain: Candidate) -> None:
    """Sets the quality to begin with: by a plain JPEG, and drafts of a large image."""
    mode.first_quality = select_first_quality(mode, goal, plain.quality)
    if mode.pixels[..., 0].size >= DRAFTED_MIN_PX:
        estimate_all([mode], goal, plain, mode.threads)


def _is_scanned(mode: CodingMode) -> bool:
    """Checks whether all qualities of a mode are tried.

    In small images neither bytes nor PSNR rise strictly with the quality.
    """
    height, width = mode.pixels.shape[:2]
    return mode.settings == PLAIN and height * width <= SCANNED_MAX_PX


def _tighten(goal: Goal, best: Candidate | None) -> Goal:
    """Returns a goal that only candidates better than `best` meet."""
    if best is None:
        return goal
    if goal.maximises_psnr:
        return replace(goal, min_psnr_db=math.nextafter(best.psnr_db, math.inf))
    return replace(goal, max_bytes=best.total_bytes - 1)


def _predict_sample_quality(mode: CodingMode, goal: Goal, effort: Effort) -> float:
    """Returns the quality to sample, from 1 to 100."""
    tolerance_db, tolerance_bytes = SAMPLE_TOLERANCE_DB, SAMPLE_TOLERANCE_BYTES
    if effort.thorough:
        tolerance_db, tolerance_bytes = TOLERANCE_DB, TOLERANCE_BYTES
    quality = _find_quality(mode, goal, 0, effort, tolerance_db, tolerance_bytes)
    return min(max(quality, mode.qualities[0]), mode.qualities[-1])


def _propose(
    modes: Sequence[CodingMode], goal: Goal, effort: Effort, margin_db: float
) -> tuple[CodingMode, float] | None:
    """Returns the mode and the quality with the best prediction, not yet decoded.

    None where no mode should meet the goal.
    """
    return next(iter(_propose_all(modes, goal, effort, margin_db)), None)


def _propose_all(
    modes: Sequence[CodingMode], goal: Goal, effort: Effort, margin_db: float
) -> list[tuple[CodingMode, float]]:
    """Returns each mode that should meet the goal with its quality, the best first."""
    tasks = [
        functools.partial(_propose_quality, mode, goal, effort, margin_db)
        for mode in modes
    ]
    qualities = cores.run_parallel(tasks, _threads_of(modes))

    def rank(pair: tuple[CodingMode, float]) -> tuple[float, float]:
        mode, quality = pair
        return goal.rank(
            mode.measure_total_bytes(quality), mode.predict_psnr_db(quality)
        )

    found = [
        (mode, quality)
        for mode, quality in zip(modes, qualities, strict=True)
        if quality
    ]
    return sorted(found, key=rank)


def _propose_quality(
    mode: CodingMode, goal: Goal, effort: Effort, margin_db: float
) -> float | None:
    """Returns the quality at which a mode should meet the goal best; None if at none.

    None also where the mode was decoded at this quality.
    """
    if margin_db and not mode.decoded:
        margin_db = FIRST_MARGIN_DB
    quality = _find_quality(mode, goal, margin_db, effort)
    if effort.thorough and not goal.maximises_psnr and quality in mode.decoded:
        # The quality below may also meet the goal.
        quality = max((q for q in mode.qualities if q < quality), default=0)
    if not 1 <= quality <= 100 or quality in mode.decoded:
        return None
    max_bytes = goal.max_bytes
    if mode.decoded and mode.codec and not effort.thorough and not goal.maximises_psnr:
        max_bytes *= 1 - GAIN_MIN
    if mode.measure_total_bytes(quality) > max_bytes:
        return None
    if goal.maximises_psnr and not effort.thorough:
        return quality if mode.predict_psnr_db(quality) >= goal.min_psnr_db else None
    return quality


def _find_quality(
    mode: CodingMode,
    goal: Goal,
    margin_db: float,
    effort: Effort,
    tolerance_db: float = TOLERANCE_DB,
    tolerance_bytes: float = TOLERANCE_BYTES,
) -> float:
    """Finds the smallest quality of enough dB, or the largest of few enough bytes.

    Returns:
      The quality, 1 to 100; 0 where every file has too many bytes, 101 where none has
      enough dB.
    """
    qualities, axis = mode.qualities, log_step
    slope_db, slope_log2 = FINER_DB, FINER_LOG2_BYTES
    if mode.is_continuous:
        axis, slope_db, slope_log2 = log_fineness, CLOSE_DB, CLOSE_LOG2_BYTES
        tolerance_db, tolerance_bytes = ABOVE_DB, 1 - BYTES_SHARE
    search = functools.partial(
        find_crossing,
        low=0,
        high=len(qualities) - 1,
        start=[
            bisect(qualities, q) - 1
            for q in mode.list_measured(for_bytes=goal.maximises_psnr)
        ],
        axis=lambda at: axis(qualities[at]),
    )
    if goal.maximises_psnr:
        wanted = math.log2(goal.max_bytes + 1)
        enough_bytes = max(goal.max_bytes * (1 - tolerance_bytes), 1)
        below = wanted - math.log2(enough_bytes)
        found = search(
            lambda at: math.log2(mode.measure_total_bytes(qualities[at])),
            wanted,
            tolerance=None if effort.thorough else (below, -BYTES_MARGIN),
            slope=slope_log2,
            beyond=-below / 2 if mode.is_continuous else 0.0,
        )
        return qualities[found - 1] if found else 0
    found = search(
        lambda at: mode.predict_psnr_db(qualities[at]),
        goal.min_psnr_db + margin_db,
        tolerance=None if effort.thorough else (0.0, tolerance_db),
        slope=slope_db,
        beyond=tolerance_db / 2 if mode.is_continuous else 0.0,
    )
    return qualities[found] if found < len(qualities) else 101
