"""The one search: the best file that keeps to a goal, found in few decodes.

How close a way of coding comes at a quality is predicted by what costs little: decode
and enlarge the JPEG, and add what the networks gain on a sample. What the search
returns was decoded in full.
"""

from __future__ import annotations

import functools
import math
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace

from comrec.encoder.mode import SAMPLES_MAX, Candidate, CodingMode
from comrec.encoder.root_finding import find_crossing
from comrec.jpeg.quantisation import FINER_DB, FINER_LOG2_BYTES, log_step
from comrec.jpeg.settings import PLAIN
from comrec.system import cores

# A prediction this near is near enough; the decode that follows errs by no less.
NEAR_DB, NEAR_BYTES = 0.03, 0.01
START_DB, START_BYTES = 0.3, 0.05  # the same to look at samples
GUESS_DB, CORRECTED_DB = 0.15, 0.03  # kept in hand where a try should not fall short
BEYOND = 1e-13  # octaves: less than a byte of 2^40, and no byte too many is near
GAIN_MIN = 0.01  # of the bytes, for which a result is refined
SCANNED_MAX_PX = 2**14  # a picture so small that all qualities are tried


@dataclass(frozen=True)
class Effort:
    """What the networks may cost.

    Attributes:
      decodes: of the whole image.
      sampled: share of the image that samples may take together.
      rescues: decodes beyond these, as long as all that was decoded fell short.
      thorough: every way is searched to its end; no bound on decodes.
    """

    decodes: int
    sampled: float
    rescues: int = 0
    thorough: bool = False


EFFORTS = (
    Effort(1, 0.25),
    Effort(1, 0.5),
    Effort(1, 0.75),
    Effort(2, 0.25, 2),
    Effort(2, 0.375, 2),
    Effort(2, 0.5, 2),
    Effort(4, 0.5, 2),
    *[Effort(4, 0.5, thorough=True)] * 3,
)


@dataclass(frozen=True)
class Goal:
    """What a file has to keep to, and which of two that do is the better.

    Attributes:
      most_bytes: of all its files.
      least_db: PSNR of the restored image.
      closest: whether the closest is the best, or the smallest.
    """

    most_bytes: float = math.inf
    least_db: float = -math.inf
    closest: bool = False

    def meets(self, candidate: Candidate) -> bool:
        return (
            candidate.total_bytes <= self.most_bytes
            and candidate.psnr_db >= self.least_db
        )

    def rank(self, total_bytes: float, reached_db: float) -> tuple[float, float]:
        """Smaller is better."""
        if self.closest:
            return -reached_db, total_bytes
        return total_bytes, -reached_db

    def best(self, candidates: Sequence[Candidate]) -> Candidate | None:
        """The best of those that keep to it; None if none does."""
        good = [c for c in candidates if self.meets(c)]
        return min(
            good, key=lambda c: self.rank(c.total_bytes, c.psnr_db), default=None
        )


def find(
    ways: Sequence[CodingMode],
    goal: Goal,
    effort: Effort,
    best: Candidate | None = None,
) -> Candidate | None:
    """The best candidate found, decoded in full; None if none keeps to the goal.

    Args:
      ways: to choose from. Those without networks cost next to nothing.
      goal: to keep to.
      effort: bounds the work of the networks, unless nothing keeps to the goal yet.
      best: one that keeps to it, to be improved on; it need not have been coded, and
        is returned where nothing is better.
    """
    for way in ways:
        # As close at a lower quality, a plain JPEG would be a rarity.
        is_its_own = best in way.verified.values() and not effort.thorough
        if not way.codec and (_is_scanned(way) or not is_its_own):
            best = _plain(way, goal, best)
    networks = [way for way in ways if way.codec]
    share = effort.sampled / SAMPLES_MAX / max(len(networks), 1)
    beyond = _beyond(goal, best)
    looks = [functools.partial(_look, way, beyond, effort, share) for way in networks]
    # Thoroughly looked at, ways share what they start from.
    cores.run_parallel(looks, 1 if effort.thorough else _threads(networks))
    decodes = 0
    while True:
        pays = best is not None and best.codec is not None
        most = effort.decodes if pays else effort.decodes + effort.rescues
        if best and decodes >= most and not effort.thorough:
            break
        hand_db = 0.0
        if decodes + 1 >= effort.decodes and not (effort.thorough or pays):
            hand_db = CORRECTED_DB
            if decodes >= effort.decodes:  # a rescue; if nothing is good, no reserve
                hand_db = GUESS_DB if best else 0.0
        proposed = _proposed(networks, _beyond(goal, best), effort, hand_db)
        if not proposed:
            break
        way, quality = proposed
        if way.sample(quality, share):
            continue  # with what is expected now
        best = goal.best([*filter(None, [best]), way.verify(quality)])
        decodes += 1
    if best is None and not goal.closest:  # what was not expected to reach it may
        best = goal.best([way.verify(way.qualities[-1]) for way in ways])
        return find(ways, goal, effort, best) if best else None
    return best


def _look(way: CodingMode, goal: Goal, effort: Effort, share: float) -> None:
    """Samples a way at its guess, there, and where that says to look."""
    if way.guess and not way.verified:
        way.sample(way.guess, share)
    for _ in range(SAMPLES_MAX - 1):
        way.sample(_start(way, goal, effort), share)


def _threads(ways: Sequence[CodingMode]) -> int:
    return ways[0].threads if ways else 1


def _plain(way: CodingMode, goal: Goal, best: Candidate | None) -> Candidate | None:
    """The better of `best` and what a way without networks has."""
    known = [best] if best else []
    if _is_scanned(way):
        return goal.best([*known, *map(way.verify, way.qualities)])
    quality = _propose(way, goal, EFFORTS[-1], 0.0)
    if quality:
        known.append(way.verify(quality))
    best = goal.best(known)
    if best and goal.closest and math.isinf(best.psnr_db):
        return _plain(way, replace(goal, least_db=math.inf, closest=False), best)
    return best


def _is_scanned(way: CodingMode) -> bool:
    """Neither bytes nor PSNR of small pictures quite rise with the quality."""
    height, width = way.pixels.shape[:2]
    return way.settings == PLAIN and height * width <= SCANNED_MAX_PX


def _beyond(goal: Goal, best: Candidate | None) -> Goal:
    """The goal, and to be better than `best`."""
    if best is None:
        return goal
    if goal.closest:
        return replace(goal, least_db=math.nextafter(best.psnr_db, math.inf))
    return replace(goal, most_bytes=best.total_bytes - 1)


def _start(way: CodingMode, goal: Goal, effort: Effort) -> int:
    near = (NEAR_DB, NEAR_BYTES) if effort.thorough else (START_DB, START_BYTES)
    quality = _crossing(way, goal, 0, effort, *near)
    return min(max(quality, way.qualities[0]), way.qualities[-1])


def _proposed(
    ways: Sequence[CodingMode], goal: Goal, effort: Effort, hand_db: float
) -> tuple[CodingMode, int] | None:
    """What should be best: a way and a quality not yet verified; None if nothing is."""
    tasks = [functools.partial(_propose, way, goal, effort, hand_db) for way in ways]
    qualities = cores.run_parallel(tasks, _threads(ways))
    return min(
        [(way, found) for way, found in zip(ways, qualities, strict=True) if found],
        key=lambda it: goal.rank(it[0].total_bytes(it[1]), it[0].expected_db(it[1])),
        default=None,
    )


def _propose(way: CodingMode, goal: Goal, effort: Effort, hand_db: float) -> int | None:
    """The quality at which a way should keep to the goal best; None if at none."""
    if hand_db and not way.verified:
        hand_db = GUESS_DB
    quality = _crossing(way, goal, hand_db, effort)
    if effort.thorough and not goal.closest and quality in way.verified:
        # Whether the one below falls short is not known yet.
        quality = max((q for q in way.qualities if q < quality), default=0)
    if not 1 <= quality <= 100 or quality in way.verified:
        return None
    most_bytes = goal.most_bytes
    if way.verified and way.codec and not effort.thorough and not goal.closest:
        most_bytes *= 1 - GAIN_MIN
    if way.total_bytes(quality) > most_bytes:
        return None
    if goal.closest and not effort.thorough:
        return quality if way.expected_db(quality) >= goal.least_db else None
    return quality


def _crossing(
    way: CodingMode,
    goal: Goal,
    hand_db: float,
    effort: Effort,
    near_db: float = NEAR_DB,
    near_bytes: float = NEAR_BYTES,
) -> int:
    """The smallest quality that is close enough, or the largest that is small enough.

    It lies from 0 to 101, where 0 and 101 mean none.
    """
    qualities = way.qualities
    search = functools.partial(
        find_crossing,
        low=0,
        high=len(qualities) - 1,
        start=[bisect(qualities, q) - 1 for q in way.known(goal.closest)],
        axis=lambda at: log_step(qualities[at]),
    )
    if goal.closest:
        wanted = math.log2(goal.most_bytes + 1)
        below = wanted - math.log2(max(goal.most_bytes * (1 - near_bytes), 1))
        found = search(
            lambda at: math.log2(way.total_bytes(qualities[at])),
            wanted,
            near=None if effort.thorough else (below, -BEYOND),
            rise=FINER_LOG2_BYTES,
        )
        return qualities[found - 1] if found else 0
    found = search(
        lambda at: way.expected_db(qualities[at]),
        goal.least_db + hand_db,
        near=None if effort.thorough else (0.0, near_db),
        rise=FINER_DB,
    )
    return qualities[found] if found < len(qualities) else 101
