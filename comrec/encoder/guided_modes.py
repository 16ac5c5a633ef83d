"""Chooses the coding mode to encode by rounds, and encodes in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from operator import itemgetter

from comrec.encoder.efforts import Effort, Plan
from comrec.encoder.fitted import FITTED
from comrec.encoder.goal import Goal
from comrec.encoder.guided import GuidedEncoder
from comrec.encoder.mode import Candidate, CodingMode
from comrec.encoder.search import propose
from comrec.networks.presets import Preset

# What rounds may gain of what drafts show: dB, ratio of bytes.
GUIDED_DB, GUIDED_BYTES = 0.7, 1.2
GUIDED_MODES = 2  # started at most
DOUBT_DB = 0.2  # by which rounds may gain more than they are expected to
NEAR_DB, NEAR_BYTES = 0.8, 1.25  # of the best draft, for a mode to be started


def encode_guided(
    modes: Sequence[CodingMode],
    goal: Goal,
    effort: Effort,
    bound: Candidate | None,
    guide: Preset,
) -> list[Candidate]:
    """Encodes by rounds in the mode that shows the best start.

    Drafts are by another encoder, so they choose among modes only roughly. Where no
    file of the mode meets the goal, the next one is tried.

    Args:
      modes: with networks.
      goal: to meet.
      effort: bounds the rounds.
      bound: the best known file or estimate; None where none meets the goal.
      guide: the networks to look through.
    """
    plan, relaxed = Plan(effort.rounds, guide), _relax(goal, bound)
    near = _select_near(propose(modes, relaxed, effort), goal)
    best, others = _begin_all(near, plan, goal, bound)
    found = best.encode() if best else []
    del best  # it fills the memory
    for mode, quality in others:
        if any(map(goal.meets, found)):
            break
        found += GuidedEncoder(mode, plan, goal, quality).encode()
    return found


def _begin_all(
    near: Sequence[tuple[CodingMode, float]],
    plan: Plan,
    goal: Goal,
    bound: Candidate | None,
) -> tuple[GuidedEncoder | None, list[tuple[CodingMode, float]]]:
    """Returns the encoder with the best start, and the other modes that may win."""
    best: GuidedEncoder | None = None
    starts = list[tuple[tuple[float, float], CodingMode, float]]()
    for mode, quality in near:
        encoder = GuidedEncoder(mode, plan, goal, quality)
        total_bytes, shown_db = encoder.begin()
        if not _may_win(total_bytes, shown_db, goal, bound, plan.rounds):
            continue
        starts.append((goal.rank(total_bytes, shown_db), mode, quality))
        if starts[-1] == min(starts, key=itemgetter(0)):
            best = encoder
    others = sorted(starts, key=itemgetter(0))[1:]
    return best, [(mode, quality) for _, mode, quality in others]


def _may_win(
    total_bytes: float,
    shown_db: float,
    goal: Goal,
    bound: Candidate | None,
    rounds: int,
) -> bool:
    """Checks whether rounds may lead from a start to a better file than the bound."""
    if bound is None:
        return True
    rise_db = FITTED.rise_db * (1 - FITTED.left**rounds) + DOUBT_DB
    if goal.maximises_psnr:
        return shown_db + rise_db >= bound.psnr_db
    least = total_bytes * 2 ** (-rise_db * FITTED.log2_bytes_per_db)
    return least <= bound.total_bytes


def _select_near(
    proposed: Sequence[tuple[CodingMode, float]], goal: Goal
) -> list[tuple[CodingMode, float]]:
    """Selects the modes whose drafts are near enough to the best to be better."""
    drafts = [
        (mode.measure_total_bytes(quality), mode.predict_psnr_db(quality))
        for mode, quality in proposed
    ]
    if not drafts:
        return []
    best_bytes, best_db = drafts[0]
    return [
        pair
        for pair, (total_bytes, found_db) in zip(proposed, drafts, strict=True)
        if (
            found_db >= best_db - NEAR_DB
            if goal.maximises_psnr
            else total_bytes <= best_bytes * NEAR_BYTES
        )
    ][:GUIDED_MODES]


def _relax(goal: Goal, bound: Candidate | None) -> Goal:
    """Returns the goal of drafts from which rounds may reach more than the bound."""
    if goal.maximises_psnr:
        least_db = bound.psnr_db - GUIDED_DB if bound else goal.min_psnr_db
        return replace(goal, min_psnr_db=least_db)
    most_bytes = min(goal.max_bytes, bound.total_bytes if bound else math.inf)
    least_db = goal.min_psnr_db - GUIDED_DB
    return Goal(max_bytes=most_bytes * GUIDED_BYTES, min_psnr_db=least_db)
