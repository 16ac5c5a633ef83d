"""Describes the goal of a search: bounds, and an order of the files that keep them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from comrec.encoder.mode import Candidate


@dataclass(frozen=True)
class Goal:
    """Bounds the files' bytes and PSNR, and orders files that keep both bounds.

    Attributes:
      max_bytes: of all files of the picture.
      min_psnr_db: of the restored image.
      maximises_psnr: whether the best file has the highest PSNR, or the fewest bytes.
    """

    max_bytes: float = math.inf
    min_psnr_db: float = -math.inf
    maximises_psnr: bool = False

    def meets(self, candidate: Candidate) -> bool:
        """Checks both bounds."""
        return (
            candidate.total_bytes <= self.max_bytes
            and candidate.psnr_db >= self.min_psnr_db
        )

    def rank(self, total_bytes: float, score: float) -> tuple[float, float]:
        """Returns a sort key: the best result has the smallest.

        Args:
          total_bytes: of all files of the picture.
          score: PSNR in dB, or the score of the tune's metric.
        """
        if self.maximises_psnr:
            return -score, total_bytes
        return total_bytes, -score

    def select_best(self, candidates: Sequence[Candidate]) -> Candidate | None:
        """Selects the best candidate that meets the goal; None where none does."""
        good = [c for c in candidates if self.meets(c)]
        return min(good, key=lambda c: self.rank(c.total_bytes, c.score), default=None)
