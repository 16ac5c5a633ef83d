"""Computes rate–distortion curves, BD-rate, BD-PSNR and quality at a rate.

Rates are in bits per pixel of the image. Quality is on any scale on which higher is
better. Between its points a curve is PCHIP in the logarithm of the rate, which keeps
monotone data monotone; outside them it is not defined. BD after G. Bjøntegaard,
"Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001, with
PCHIP in place of the cubic polynomial, as JVET computes it. Akima's spline, which
bends more, shows how much the result depends on the interpolation.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

from comrec.errors import ComrecError

METHODS = ("pchip", "akima")


class Score(NamedTuple):
    """Holds rate and quality of one picture, coded once.

    Attributes:
      image: name of the picture.
      setting: of the codec; the pictures of one point of a mean curve share it.
      bpp: bits of every file that decoding needs, per pixel of the image.
      quality: of the restored picture.
    """

    image: str
    setting: object
    bpp: float
    quality: float


@dataclass(frozen=True)
class Curve:
    """Holds points of rising rate and rising quality.

    Raises:
      ValueError: a value is not finite, or the points do not rise.
    """

    bpp: tuple[float, ...]
    quality: tuple[float, ...]

    def __post_init__(self) -> None:
        rising = all(
            a < b for values in (self.bpp, self.quality) for a, b in pairwise(values)
        )
        finite = all(map(math.isfinite, (*self.bpp, *self.quality)))
        positive = all(bpp > 0 for bpp in self.bpp)
        if len(self.bpp) != len(self.quality) or not (rising and finite and positive):
            raise ValueError(
                "a curve is finite, of positive rates, and rises in rate and quality. "
                f"Received: {self}"
            )

    @classmethod
    def through(cls, points: Iterable[tuple[float, float]]) -> Curve:
        """Returns the curve of the efficient points among (bpp, quality), in any order.

        A point is left out if another one has at least its quality at no more bits, or
        if its quality is not finite (identical pictures).
        """
        kept: list[tuple[float, float]] = []
        for bpp, quality in sorted(points, key=lambda point: (point[0], -point[1])):
            if math.isfinite(quality) and (not kept or quality > kept[-1][1]):
                kept.append((bpp, quality))
        return cls(tuple(p[0] for p in kept), tuple(p[1] for p in kept))


class Difference(NamedTuple):
    """Holds a mean difference between two curves, and the range of the mean.

    Attributes:
      value: percent of the anchor's rate for `bd_rate` (negative: fewer bits), the
        unit of quality for `bd_psnr` (positive: better).
      low, high: the common range of both curves, of quality for `bd_rate`, of rate in
        bpp for `bd_psnr`.
    """

    value: float
    low: float
    high: float


def require() -> None:
    """Raises ComrecError if scipy is not installed."""
    _interpolate(Curve((1.0, 2.0), (1.0, 2.0)), "rate")


def mean_curve(scores: Iterable[Score]) -> Curve:
    """Returns the curve of mean rate and mean quality, with a point for each setting.

    Raises:
      ValueError: a setting lacks a picture, or has one twice, as means over different
        pictures cannot be compared.
    """
    by_setting: dict[object, list[Score]] = defaultdict(list)
    for score in scores:
        by_setting[score.setting].append(score)
    pictures = {tuple(sorted(s.image for s in group)) for group in by_setting.values()}
    if any(len(set(images)) < len(images) for images in pictures) or len(pictures) > 1:
        raise ValueError("every setting of a mean curve needs every picture once")
    return Curve.through(
        (
            math.fsum(s.bpp for s in group) / len(group),
            math.fsum(s.quality for s in group) / len(group),
        )
        for group in by_setting.values()
    )


def bd_rate(
    anchor: Curve, other: Curve, until_bpp: float = math.inf, method: str = "pchip"
) -> Difference | None:
    """Returns the mean difference in rate at the same quality.

    Args:
      anchor: the reference curve.
      other: a curve on the same scale of quality.
      until_bpp: largest rate of the anchor that counts.
      method: interpolation between the points, one of METHODS.

    Returns:
      Percent, and the range of quality; None if the curves share no range.
    """
    if not anchor.bpp or not other.bpp:
        return None
    top = at_rate(anchor, min(until_bpp, anchor.bpp[-1]))
    if top is None:  # the whole anchor lies above
        return None
    low = max(anchor.quality[0], other.quality[0])
    high = min(top, other.quality[-1])
    if low >= high:
        return None
    mean = _mean_gap(anchor, other, low, high, "quality", method)
    return Difference(100 * math.expm1(mean), low, high)


def bd_psnr(
    anchor: Curve, other: Curve, until_bpp: float = math.inf, method: str = "pchip"
) -> Difference | None:
    """Returns the mean difference in quality at the same rate.

    Args:
      anchor, other, until_bpp, method: as for `bd_rate`.

    Returns:
      The difference in the unit of quality, a mean over the logarithm of the rate, and
      the range in bpp; None if the curves share no range.
    """
    if not anchor.bpp or not other.bpp:
        return None
    low = max(anchor.bpp[0], other.bpp[0])
    high = min(anchor.bpp[-1], other.bpp[-1], until_bpp)
    if low >= high:
        return None
    mean = _mean_gap(anchor, other, math.log(low), math.log(high), "rate", method)
    return Difference(mean, low, high)


def at_rate(curve: Curve, bpp: float) -> float | None:
    """Returns the quality at a rate; None outside the curve."""
    if not curve.bpp or not curve.bpp[0] <= bpp <= curve.bpp[-1]:
        return None
    if bpp in curve.bpp:
        return curve.quality[curve.bpp.index(bpp)]
    return float(_interpolate(curve, "rate")(math.log(bpp)))


def _mean_gap(
    anchor: Curve, other: Curve, low: float, high: float, along: str, method: str
) -> float:
    areas = [
        float(_interpolate(curve, along, method).integrate(low, high))
        for curve in (anchor, other)
    ]
    return (areas[1] - areas[0]) / (high - low)


def _interpolate(curve: Curve, along: str, method: str = "pchip") -> Any:
    """Returns an interpolant of quality by log rate along "rate", else its inverse."""
    try:
        from scipy.interpolate import Akima1DInterpolator, PchipInterpolator
    except ImportError as err:
        raise ComrecError(
            "rate–distortion curves need scipy, which is not installed: "
            "pip install comrec[eval]"
        ) from err
    through = {"pchip": PchipInterpolator, "akima": Akima1DInterpolator}[method]
    rates, quality = [math.log(bpp) for bpp in curve.bpp], curve.quality
    return through(rates, quality) if along == "rate" else through(quality, rates)
