"""Which ways are worth a decode: about what each comes to, from a few drafts of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from comrec.encoder.excerpt import Excerpt, take_excerpt
from comrec.encoder.mode import GAIN_DB, LOSSLESS_DB, Candidate, CodingMode
from comrec.encoder.search import Goal
from comrec.jpeg.quantisation import (
    FINER_DB,
    FINER_LOG2_BYTES,
    log_step,
    nearest_quality,
)
from comrec.system import cores

LOOKS_MAX = 3  # at one way
SETTLED_OCTAVES = 0.15  # so far a line through what was found says enough
RIVAL_OCTAVES = 0.35  # the same of a plain JPEG, to which networks are compared
IN_HAND_OCTAVES = 0.1  # by which what was settled may err
LIKELY_DB, LIKELY_BYTES = 1.0, 1.3  # what other gains of networks may make up for
# Where ways lie on the octaves of plain JPEG, at as many dB and at as many bytes:
# measured on photos. A flat table does not rise as the standard ones do.
FLAT_RISE, FLAT_DB, FLAT_BYTES = 0.65, -0.75, -0.3
TRELLIS_DB, TRELLIS_BYTES = 0.1, 0.4  # what trellis quantisation takes away
SCALE_OCTAVES = 1.5  # for a halving of the sides


class Estimate:
    """What a way should come to where it keeps to a goal, if networks gain the same.

    Args:
      way: looked at without ComCNN, which takes as long as part of a decode.
      goal: to keep to, of the whole image.
      part: of it, to look at.
      plain_quality: of the plain JPEG that keeps to the goal, about.

    Attributes:
      goal: the same of the part.
      quality: about where it keeps to it.
      total_bytes, psnr_db: what it comes to there.
      behind: how far it lies back; only differences between ways mean something: at 1,
        other gains of networks may make up for it.
      settled: whether another look would say no more.
    """

    def __init__(
        self, way: CodingMode, goal: Goal, part: Excerpt, plain_quality: int
    ) -> None:
        self.way, self._part, self._whole = way, part, goal
        self.goal = replace(
            goal,
            most_bytes=goal.most_bytes * part.share,
            least_db=goal.least_db + part.above_db,
        )
        self.quality = _opening(way, goal, plain_quality)
        self.total_bytes, self.psnr_db, self.behind = math.inf, -math.inf, 0.0
        self.settled, self._missing = False, math.inf
        self._rough, self._looks = way.rough(part.pixels, part.share), LOOKS_MAX
        self._is_trellis = way.settings.encoder != self._rough.settings.encoder
        # What is lost by a reduction does not come back: dB rise less.
        self._rises = FINER_DB / (way.codec.scale if way.codec else 1), FINER_LOG2_BYTES
        self._before: tuple[float, ...] = ()

    def look(self) -> None:
        """One more draft, at what the last one says."""
        at, octave = self.quality, log_step(self.quality)
        found_db = min(self._rough.expected_db(at), LOSSLESS_DB)
        found = math.log2(self._rough.draft_bytes(at))
        self._learn(octave, found_db, found)
        rise_db, rise = self._rises
        if self.goal.closest:
            missing = (math.log2(self.goal.most_bytes + 1) - found) / rise
        else:
            missing = (min(self.goal.least_db, LOSSLESS_DB) - found_db) / rise_db
        missing, coarsest = self._within(octave, missing)
        self.quality = nearest_quality(octave + missing)
        self._looks -= 1
        near = SETTLED_OCTAVES if self.way.codec else RIVAL_OCTAVES
        self.settled = at == self.quality or abs(missing) <= near or not self._looks
        self._missing = missing
        self.total_bytes = 2 ** (found + rise * missing)
        self.psnr_db = found_db + rise_db * missing
        self.behind = math.log(self.total_bytes, LIKELY_BYTES)
        if self.goal.closest:
            self.behind = math.inf if coarsest else -self.psnr_db / LIKELY_DB

    def _within(self, octave: float, missing: float) -> tuple[float, bool]:
        """What is missing as far as there are qualities, and whether none is so coarse.

        More bytes than the finest takes bring nothing, nor fewer dB than the coarsest
        has. Finer than the finest a way is as if it went on: it lies far behind.
        """
        lowest, highest = log_step(1) - octave, log_step(100) - octave
        coarsest = missing < lowest - SETTLED_OCTAVES
        if self.goal.closest:
            return min(max(missing, lowest), highest), coarsest
        return min(max(missing, lowest), highest - lowest), coarsest

    def _learn(self, *found: float) -> None:
        """How dB and the bytes' octaves rise with the octaves of the steps."""
        before, self._before = self._before, found
        if before and abs(found[0] - before[0]) > SETTLED_OCTAVES:
            octave, *others = (b - a for a, b in zip(before, found, strict=True))
            rise_db, rise = (each / octave for each in others)
            self._rises = (
                min(max(rise_db, FINER_DB / 8), 2 * FINER_DB),
                min(max(rise, FINER_LOG2_BYTES / 2), 2 * FINER_LOG2_BYTES),
            )

    @property
    def is_sure(self) -> bool:
        """Whether the way keeps to the goal near what was looked at."""
        return abs(self._missing) <= RIVAL_OCTAVES

    def finish(self) -> None:
        """The way gets its guess; what was looked at is let go."""
        trellis = TRELLIS_BYTES if self.goal.closest else TRELLIS_DB
        found = nearest_quality(log_step(self.quality) + trellis * self._is_trellis)
        self.way.guess = max(q for q in self.way.qualities if q <= found)
        del self._rough

    def candidate(self, sign: int) -> Candidate:
        """It as if it had been coded; as good as it may be, or with -1 as bad.

        Bad is meant as the worst: it is what networks are to beat.
        """
        missing = abs(self._missing)
        octave = (
            IN_HAND_OCTAVES + missing / 3 if sign > 0 else -IN_HAND_OCTAVES - missing
        )
        if self._whole.closest:
            total_bytes = self._whole.most_bytes
            reached_db = self.psnr_db - self._part.above_db + FINER_DB * octave
        else:
            total_bytes = self.total_bytes / self._part.share
            total_bytes /= 2 ** (FINER_LOG2_BYTES * octave)
            reached_db = self._whole.least_db
        return Candidate(
            b"", self.quality, reached_db, round(total_bytes), self.way.settings, None
        )


def estimates(
    ways: Sequence[CodingMode], goal: Goal, plain: Candidate | None, threads: int
) -> list[Estimate]:
    """Looks at all ways, at those that lie far behind once or twice.

    Args:
      ways: to tell apart.
      goal: to keep to.
      plain: the plain JPEG that keeps to it; None where none does.
      threads: how many are looked at together; 0 takes all cores.
    """
    if not ways:
        return []
    part, quality = Excerpt(ways[0].pixels), 100
    if plain:
        part, quality = take_excerpt(part.pixels, plain, plain.settings), plain.quality
    found = [Estimate(way, goal, part, quality) for way in ways]
    while unsettled := [each for each in likeliest(found) if not each.settled]:
        cores.run_parallel([each.look for each in unsettled], threads)
    for each in found:
        each.finish()
    return found


def likeliest(found: Sequence[Estimate]) -> list[Estimate]:
    """Those that may be the best."""
    least = min((each.behind for each in found), default=0)
    return [each for each in found if each.behind <= least + 1]


def _opening(way: CodingMode, goal: Goal, plain_quality: int) -> int:
    """A quality at which a way comes about as close as plain JPEG, or as small."""
    octave = log_step(plain_quality)
    if way.settings.tables == "flat":
        octave = FLAT_RISE * octave + (FLAT_BYTES if goal.closest else FLAT_DB)
    if way.codec:
        octave += SCALE_OCTAVES * math.log2(way.codec.scale)
        octave -= 0 if goal.closest else GAIN_DB / FINER_DB
    return nearest_quality(octave)
