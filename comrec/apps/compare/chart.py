"""Draws PSNR by rate as SVG, whose colours come from the style sheet of the page."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

Point = tuple[float, float]  # bits per pixel, dB
Scale = Callable[[float], float]

TICKS_BPP = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
LINE_HEIGHT = 17
COLOURS = 8  # in page.css
OWN_LABEL = "comrec"


class Frame(NamedTuple):
    """Holds the size of a chart and its margins, in pixels.

    Attributes:
      name: class of the <svg> element.
      has_labels_below: whether names are below the chart, not beside the curves.
    """

    name: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    has_labels_below: bool


# The page shows the one whose text is as large as the page's.
WIDE = Frame("large", 720, 380, 52, 150, 14, 44, False)
NARROW = Frame("small", 340, 300, 30, 10, 14, 44, True)


def draw_charts(
    curves: Mapping[str, Sequence[Point]], dots: Mapping[str, Point]
) -> str:
    """Returns <svg> elements for wide and narrow pages; "" without curves.

    Arguments are those of `draw_chart`.
    """
    return "\n".join(
        filter(None, (draw_chart(curves, dots, f) for f in (WIDE, NARROW)))
    )


def draw_chart(
    curves: Mapping[str, Sequence[Point]],
    dots: Mapping[str, Point],
    frame: Frame = WIDE,
) -> str:
    """Returns an <svg> element; "" without a curve of two points.

    Args:
      curves: rising points by codec; curves of one point are left out.
      dots: rate and PSNR at which each codec was compared.
      frame: size and margins.
    """
    drawn = {label: points for label, points in curves.items() if len(points) > 1}
    finite = {n: dot for n, dot in dots.items() if n in drawn and math.isfinite(dot[1])}
    every = [point for points in drawn.values() for point in points]
    every += finite.values()
    if not drawn:
        return ""
    rates, levels = zip(*every, strict=True)
    right, bottom = frame.width - frame.right, frame.height - frame.bottom
    x_of = _make_scale(math.log(min(rates)), math.log(max(rates)), frame.left, right)
    step = 5 if max(levels) - min(levels) > 12 else 2
    low, high = step * (min(levels) // step), step * math.ceil(max(levels) / step)
    y_of = _make_scale(low, high, bottom, frame.top)

    def place(point: Point) -> Point:
        return x_of(math.log(point[0])), y_of(point[1])

    parts = _draw_axes(min(rates), max(rates), range(int(low), int(high) + 1, step),
                  x_of, y_of, frame)  # fmt: skip
    ends = {label: place(points[-1])[1] for label, points in drawn.items()}
    places = _place_labels(ends, frame)
    rivals = [label for label in drawn if label != OWN_LABEL]
    for label, points in drawn.items():
        kind = "own" if label == OWN_LABEL else f"c{rivals.index(label) % COLOURS}"
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, points))
        parts.append(f'<g class="{kind}"><polyline points="{path}"/>')
        if label in finite:
            x, y = place(finite[label])
            parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="6"/>')
        x, y = places[label]
        parts.append(f'<text x="{x}" y="{y + 4:.1f}">{html.escape(label)}</text></g>')
    description = "; ".join(
        f"{label} {dot[1]:.2f} dB at {dot[0]:.3f} bits per pixel"
        for label, dot in finite.items()
    )
    below = LINE_HEIGHT * len(drawn) if frame.has_labels_below else 0
    size = f"0 0 {frame.width} {frame.height + below}"
    return (
        f'<svg class="curve {frame.name}" viewBox="{size}" role="img" '
        f'aria-label="PSNR by rate: {html.escape(description)}">{"".join(parts)}</svg>'
    )


def _make_scale(low: float, high: float, start: float, end: float) -> Scale:
    span = high - low or 1
    return lambda value: start + (value - low) / span * (end - start)


def _draw_axes(
    low_bpp: float, high_bpp: float, levels: Iterable[int], x_of: Scale, y_of: Scale,
    frame: Frame,
) -> list[str]:  # fmt: skip
    parts = []
    right, bottom = frame.width - frame.right, frame.height - frame.bottom
    for level in levels:
        y = y_of(level)
        parts.append(
            f'<path class="axis" d="M{frame.left} {y:.1f}H{right}"/>'
            f'<text x="{frame.left - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{level}</text>"
        )
    for bpp in TICKS_BPP:
        if low_bpp <= bpp <= high_bpp:
            x = x_of(math.log(bpp))
            parts.append(
                f'<path class="axis" d="M{x:.1f} {frame.top}V{bottom}"/>'
                f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">'
                f"{bpp:g}</text>"
            )
    middle = (frame.left + right) / 2
    parts.append(
        f'<text x="{middle}" y="{frame.height - 6}" text-anchor="middle">bits per '
        f"pixel, every file counted; PSNR in dB</text>"
    )
    return parts


def _place_labels(ends: Mapping[str, float], frame: Frame) -> dict[str, Point]:
    """Returns the place of each label in pixels, by the height of its curve's end."""
    bottom = frame.height - frame.bottom
    if frame.has_labels_below:
        order = sorted(ends, key=lambda label: ends[label])
        start = frame.height + LINE_HEIGHT // 2
        return {n: (frame.left, start + LINE_HEIGHT * i) for i, n in enumerate(order)}
    x = frame.width - frame.right + 12
    return {label: (x, y) for label, y in _spread_labels(ends, bottom).items()}


def _spread_labels(places: Mapping[str, float], bottom: float) -> dict[str, float]:
    """Returns heights of labels in pixels, moved apart so that no two overlap."""
    found: dict[str, float] = {}
    last = -math.inf
    for label, y in sorted(places.items(), key=lambda item: item[1]):
        last = max(y, last + LINE_HEIGHT)
        found[label] = last
    over = last - bottom
    return {label: y - max(over, 0) for label, y in found.items()}
