"""Draws PSNR by rate as SVG, whose colours come from the style sheet of the page."""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

Point = tuple[float, float]  # bits per pixel, dB
Scale = Callable[[float], float]

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, BOTTOM = 52, 150, 14, 44
TICKS_BPP = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5)
LINE_HEIGHT = 17
COLOURS = 8  # in page.css
OWN_LABEL = "comrec"


def draw_chart(curves: Mapping[str, Sequence[Point]], dots: Mapping[str, Point]) -> str:
    """Returns an <svg> element; "" without a curve of two points.

    Args:
      curves: rising points by codec; curves of one point are left out.
      dots: rate and PSNR at which each codec was compared.
    """
    drawn = {label: points for label, points in curves.items() if len(points) > 1}
    finite = {n: dot for n, dot in dots.items() if n in drawn and math.isfinite(dot[1])}
    every = [point for points in drawn.values() for point in points]
    every += finite.values()
    if not drawn:
        return ""
    rates, levels = zip(*every, strict=True)
    x_of = _make_scale(math.log(min(rates)), math.log(max(rates)), LEFT, WIDTH - RIGHT)
    step = 5 if max(levels) - min(levels) > 12 else 2
    low, high = step * (min(levels) // step), step * math.ceil(max(levels) / step)
    y_of = _make_scale(low, high, HEIGHT - BOTTOM, TOP)

    def place(point: Point) -> Point:
        return x_of(math.log(point[0])), y_of(point[1])

    parts = _draw_axes(min(rates), max(rates), range(int(low), int(high) + 1, step),
                  x_of, y_of)  # fmt: skip
    ends = _spread_labels(
        {label: place(points[-1])[1] for label, points in drawn.items()}
    )
    rivals = [label for label in drawn if label != OWN_LABEL]
    for label, points in drawn.items():
        kind = "own" if label == OWN_LABEL else f"c{rivals.index(label) % COLOURS}"
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in map(place, points))
        parts.append(f'<g class="{kind}"><polyline points="{path}"/>')
        if label in finite:
            x, y = place(finite[label])
            parts.append(f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="6"/>')
        parts.append(
            f'<text x="{WIDTH - RIGHT + 12}" y="{ends[label] + 4:.1f}">'
            f"{html.escape(label)}</text></g>"
        )
    description = "; ".join(
        f"{label} {dot[1]:.2f} dB at {dot[0]:.3f} bits per pixel"
        for label, dot in finite.items()
    )
    return (
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="PSNR by rate: {html.escape(description)}">{"".join(parts)}</svg>'
    )


def _make_scale(low: float, high: float, start: float, end: float) -> Scale:
    span = high - low or 1
    return lambda value: start + (value - low) / span * (end - start)


def _draw_axes(
    low_bpp: float, high_bpp: float, levels: Iterable[int], x_of: Scale, y_of: Scale
) -> list[str]:
    parts = []
    for level in levels:
        y = y_of(level)
        parts.append(
            f'<path class="axis" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{level}</text>'
        )
    for bpp in TICKS_BPP:
        if low_bpp <= bpp <= high_bpp:
            x = x_of(math.log(bpp))
            parts.append(
                f'<path class="axis" d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
                f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
                f"{bpp:g}</text>"
            )
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">bits per pixel, '
        f"every file counted; PSNR in dB</text>"
    )
    return parts


def _spread_labels(places: Mapping[str, float]) -> dict[str, float]:
    """Returns heights of labels in pixels, moved apart so that no two overlap."""
    found: dict[str, float] = {}
    last = -math.inf
    for label, y in sorted(places.items(), key=lambda item: item[1]):
        last = max(y, last + LINE_HEIGHT)
        found[label] = last
    over = last - (HEIGHT - BOTTOM)
    return {label: y - max(over, 0) for label, y in found.items()}
