"""Holds what rounds are expected to do: constants fitted to validation pictures.

experiments/quality/fit_rounds.py measures them anew; its rows are
experiments/results/fit_rounds.tsv.
"""

from __future__ import annotations

from dataclasses import dataclass

ROUNDS_MEASURED = 4


@dataclass(frozen=True)
class Fitted:
    """Holds expected changes of PSNR, in dB, and of log2 of the bytes.

    Attributes:
      rise_db, rise_log2: by as many rounds as there may be.
      left: share of the rise that a round leaves to those after it.
      price_db, price_log2: fall by a doubled price, where one round follows.
      price_round_db, price_round_log2: further fall, for each further round.
      guide_db: by which a preset restores better than its guide.
      guided_db: change of `guide_db` by rounds through the guide.
      log2_bytes_per_db: to compare files of different PSNR.
    """

    rise_db: float
    rise_log2: float
    left: float
    price_db: float
    price_log2: float
    price_round_db: float
    price_round_log2: float
    guide_db: float
    guided_db: float
    log2_bytes_per_db: float

    def price_fall_db(self, rounds: int) -> float:
        """Returns the fall of PSNR by a doubled price, with rounds to come."""
        return self.price_db + self.price_round_db * _further(rounds)

    def price_fall_log2(self, rounds: int) -> float:
        """Returns the fall of log2 of the bytes by a doubled price."""
        return self.price_log2 + self.price_round_log2 * _further(rounds)


def _further(rounds: int) -> int:
    """Returns the rounds after the first: as many as were measured, at most."""
    return min(max(rounds, 1), ROUNDS_MEASURED) - 1


FITTED = Fitted(
    rise_db=0.46,
    rise_log2=0.01,
    left=0.76,
    price_db=0.14,
    price_log2=0.07,
    price_round_db=0.055,
    price_round_log2=0.012,
    guide_db=0.17,
    guided_db=-0.05,
    log2_bytes_per_db=0.36,
)
