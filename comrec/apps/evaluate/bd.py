"""Rate–distortion curves: means over pictures, BD-rate, BD-PSNR, quality at a rate.

Rates are in bits per pixel of the image. Quality is on any scale on which more is
better. Between its points a curve is PCHIP in the logarithm of the rate, which keeps
monotone data monotone; beyond them it is not defined. BD after G. Bjøntegaard,
"Calculation of average PSNR differences between RD-curves", VCEG-M33, 2001, with
PCHIP in the place of the cubic, as JVET does it; Akima's spline, which bends more,
shows how much depends on that.
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
    """One picture, coded once.

    Attributes:
      image: its name.
      setting: what the codec was told; the points of a mean curve share one.
      bpp: bits of every file that decoding needs, per pixel of the image.
      quality: what came back is worth.
    """

    image: str
    setting: object
    bpp: float
    quality: float


@dataclass(frozen=True)
class Curve:
    """Points of rising rate and rising quality."""

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
        """The curve of what pays among (bpp, quality), in any order.

        A point is left out where another has at least its quality for as many bits
        or fewer, and where its quality is not finite (identical pictures).
        """
        kept: list[tuple[float, float]] = []
        for bpp, quality in sorted(points, key=lambda point: (point[0], -point[1])):
            if math.isfinite(quality) and (not kept or quality > kept[-1][1]):
                kept.append((bpp, quality))
        return cls(tuple(p[0] for p in kept), tuple(p[1] for p in kept))


class Difference(NamedTuple):
    """A mean difference between two curves, and the range that it is a mean over.

    Attributes:
      value: percent of the anchor's rate for `bd_rate` (negative: fewer bits), the
        unit of quality for `bd_psnr` (positive: better).
      low, high: the range that both curves have, of quality for `bd_rate`, of rate
        in bpp for `bd_psnr`.
    """

    value: float
    low: float
    high: float


def require() -> None:
    """Raises ComrecError if there is nothing to draw curves through points with."""
    _through(Curve((1.0, 2.0), (1.0, 2.0)), "rate")


def mean_curve(scores: Iterable[Score]) -> Curve:
    """Mean rate and mean quality over the pictures, a point for each setting.

    Raises:
      ValueError: a setting lacks a picture, or has one twice: means over different
        pictures cannot be compared.
    """
    by_setting: dict[object, list[Score]] = defaultdict(list)
    for score in scores:
        by_setting[score.setting].append(score)
    pictures = {tuple(sorted(s.image for s in some)) for some in by_setting.values()}
    if any(len(set(images)) < len(images) for images in pictures) or len(pictures) > 1:
        raise ValueError("every setting of a mean curve needs every picture once")
    return Curve.through(
        (
            math.fsum(s.bpp for s in some) / len(some),
            math.fsum(s.quality for s in some) / len(some),
        )
        for some in by_setting.values()
    )


def bd_rate(
    anchor: Curve, other: Curve, until_bpp: float = math.inf, method: str = "pchip"
) -> Difference | None:
    """How many bits more or fewer `other` takes for the same quality.

    Args:
      anchor: what it is compared with.
      other: a curve on the same scale of quality.
      until_bpp: the anchor's curve is looked at up to this rate.
      method: of METHODS, between the points.

    Returns:
      Percent, and the range of quality; None where the curves share no range.
    """
    if not anchor.bpp or not other.bpp:
        return None
    top = at_rate(anchor, min(until_bpp, anchor.bpp[-1]))
    if top is None:  # all of the anchor lies above
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
    """How much better `other` is at the same rate; arguments as for `bd_rate`.

    Returns:
      In the unit of quality, and the range in bpp, whose logarithm the mean is over;
      None where the curves share no range.
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
    """Quality at a rate; None outside the curve."""
    if not curve.bpp or not curve.bpp[0] <= bpp <= curve.bpp[-1]:
        return None
    if bpp in curve.bpp:
        return curve.quality[curve.bpp.index(bpp)]
    return float(_through(curve, "rate")(math.log(bpp)))


def _mean_gap(
    anchor: Curve, other: Curve, low: float, high: float, along: str, method: str
) -> float:
    areas = [
        float(_through(curve, along, method).integrate(low, high))
        for curve in (anchor, other)
    ]
    return (areas[1] - areas[0]) / (high - low)


def _through(curve: Curve, along: str, method: str = "pchip") -> Any:
    """Quality along the log of the "rate", or the other way round."""
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
