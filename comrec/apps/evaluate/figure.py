"""Draws mean curves: quality by rate, and the difference from the anchor."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from comrec.apps.evaluate import bd, peers, rivals
from comrec.apps.evaluate.report import TITLES
from comrec.apps.evaluate.summary import ANCHOR_BPP, PSNR, PUBLISHED, Line, display_name
from comrec.errors import ComrecError
from comrec.image.formats.png_text import FIGURE
from comrec.image.writer import SIGNATURE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LABELS = {
    "jpeg": "JPEG", "jpeg-smaller": "JPEG, smaller", "mozjpeg": "mozjpeg",
    "jpeg-standard": "JPEG, not optimised", "jpegli-psnr": "jpegli, not adaptive",
    "mozjpeg-flat": "mozjpeg flat", "half-jpeg": "half size + JPEG", "webp": "WebP",
    "jpeg2000": "JPEG 2000", "avif": "AVIF", "jxl": "JPEG XL",
}  # fmt: skip
COLOURS = {
    "jpeg": "#111111", "jpeg-smaller": "#8a8f98", "mozjpeg": "#9a6b3f",
    "jpeg-standard": "#c4c7cc", "jpegli": "#b5a642", "jpegli-psnr": "#d4c76a",
    "mozjpeg-flat": "#d0894a", "half-jpeg": "#a9a9a9", "webp": "#4c9f70",
    "jpeg2000": "#8d6cc0", "avif": "#c8483c", "jxl": "#3fa7b5",
}  # fmt: skip
OTHER = "#555555"
OWN = ("#1f5fa8", "#0b8f8f", "#5b3fb5")  # comrec's presets, in the order of the rows
VARIANTS = ("jpeg-smaller", "jpeg-standard", "jpegli-psnr", "bmshj2018-factorized")
MAX_LINES = 12  # with more, VARIANTS are omitted
MIN_BPP = 0.05
TICKS_BPP = (0.05, 0.1, 0.2, 0.3, 0.5, 1, 2)
MIN_GAP_DB = -2  # larger losses are not drawn
EARLY = 0.8  # of the last rate: a line that ends before it is labelled at its end
LABEL_GAP = 0.042  # of the height of a panel
SAMPLES = 200


def require() -> None:
    """Raises ComrecError if matplotlib is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as err:
        raise ComrecError(
            "figures need matplotlib, which is not installed: "
            "pip install comrec[eval], or --no-figure"
        ) from err


def draw(lines: Sequence[Line], kinds: Sequence[str] = ("png",)) -> list[bytes]:
    """Draws PSNR by rate, and beside it the gap to the anchor at the same rate.

    Args:
      lines: of a summary, the anchor first.
      kinds: formats, "png" or "svg".

    Returns:
      A file for each format.
    """
    if not kinds:
        return []
    import matplotlib
    from matplotlib.figure import Figure

    metric = PSNR[lines[0].channels]
    lines = _omit_variants([line for line in lines if line.metric == metric])
    figure = Figure(figsize=(13, 6.2), layout="constrained")
    curves, gaps = figure.subplots(1, 2)
    _draw_curves(curves, lines)
    _draw_gaps(gaps, lines)
    pictures = f"mean of {lines[0].pictures} pictures"
    mark = " (*: as published)" if any(x.version == PUBLISHED for x in lines) else ""
    title = f"{TITLES[metric]}, {pictures}{mark}"
    curves.set_title(title, loc="left", fontsize=10.5)
    anchor = LABELS[rivals.ANCHOR]
    gaps.set_title(
        f"… less that of {anchor} at the same rate", loc="left", fontsize=10.5
    )
    # The same rows must give the same file: ids in an SVG are random without a salt.
    with matplotlib.rc_context({"svg.hashsalt": "comrec", "svg.fonttype": "none"}):
        return [_save(figure, kind) for kind in kinds]


def is_figure(data: bytes) -> bool:
    """Tells whether comrec drew an SVG; a PNG is recognised as every picture is."""
    creator = f"<dc:title>{SIGNATURE}</dc:title>".encode()
    return data.startswith(b"<?xml") and creator in data[:4000]


def _save(figure: Figure, kind: str) -> bytes:
    out = io.BytesIO()
    metadata = {"svg": {"Creator": SIGNATURE, "Date": None}}
    figure.savefig(
        out, format=kind, dpi=150, metadata=metadata.get(kind, {"Software": FIGURE})
    )
    return out.getvalue()


def _omit_variants(lines: Sequence[Line]) -> Sequence[Line]:
    """Returns lines without single scales of presets that are also run as a whole.

    Of more than MAX_LINES lines, VARIANTS are left out too.
    """
    if len(lines) > MAX_LINES:
        lines = [line for line in lines if line.codec not in VARIANTS]
    own = {line.codec: peers.COMREC.fullmatch(line.codec) for line in lines}
    run = {m["preset"] for m in own.values() if m and not m["scale"]}
    if len(run) < 2:
        return lines
    return [
        line for line in lines
        if not (m := own[line.codec]) or m["preset"] not in run or not m["scale"]
    ]  # fmt: skip


def _draw_curves(panel: Axes, lines: Sequence[Line]) -> None:
    ends = []
    for line in lines:
        rates, values = _sample(line)
        if values:
            panel.plot(rates, values, **_choose_style(line, lines))
            ends.append((rates[-1], values[-1], line))
    _finish_panel(panel, ends, lines)


def _draw_gaps(panel: Axes, lines: Sequence[Line]) -> None:
    anchor, ends = lines[0].curve, []
    for line in lines:
        rates, values = _sample(line, anchor.bpp[0])
        under = [bd.at_rate(anchor, rate) for rate in rates]
        both = [
            (r, v - u) for r, v, u in zip(rates, values, under, strict=True)
            if u is not None and v - u >= MIN_GAP_DB
        ]  # fmt: skip
        if both:
            panel.plot(*zip(*both, strict=True), **_choose_style(line, lines))
            ends.append((*both[-1], line))
    _finish_panel(panel, ends, lines)


def _sample(line: Line, min_bpp: float = MIN_BPP) -> tuple[np.ndarray, list[float]]:
    """Returns rates in bpp and qualities of a curve within the panel; may be empty."""
    low = max(line.curve.bpp[0], min_bpp)
    high = min(line.curve.bpp[-1], ANCHOR_BPP)
    if low > high:
        return np.empty(0), []
    rates = np.geomspace(low, high, SAMPLES).clip(low, high)
    values = [bd.at_rate(line.curve, float(rate)) for rate in rates]
    return rates, [value for value in values if value is not None]


def _finish_panel(
    panel: Axes, ends: list[tuple[float, float, Line]], lines: Sequence[Line]
) -> None:
    """Draws axes, and a label at the end of each line, so that no two overlap."""
    panel.set_xscale("log")
    panel.set_xlim(MIN_BPP, ANCHOR_BPP)
    panel.set_xticks(TICKS_BPP, [f"{bpp:g}" for bpp in TICKS_BPP])
    panel.minorticks_off()
    panel.set_xlabel("bits per pixel, every file counted")
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(color="#e4e7eb", linewidth=0.8)
    panel.set_axisbelow(True)
    low, high = panel.get_ylim()
    early = [
        end for end in ends
        if end[0] < EARLY * ANCHOR_BPP and end[2].version != PUBLISHED
    ]  # fmt: skip
    late = [end for end in ends if end not in early]
    for rate, value, line in early:
        panel.annotate(
            _make_label(line, lines), (rate, value), (4, 0), textcoords="offset points",
            va="center", fontsize=9, color=_choose_style(line, lines)["color"],
        )  # fmt: skip
    places = _spread([value for _, value, _ in late], LABEL_GAP * (high - low))
    for (rate, value, line), place in zip(late, places, strict=True):
        style = _choose_style(line, lines)
        panel.annotate(
            _make_label(line, lines), (rate, value),
            (1.03, (place - low) / (high - low)), textcoords="axes fraction",
            va="center", fontsize=9, color=style["color"],
            fontweight="bold" if style["linewidth"] > 2 else "normal",
            arrowprops={"arrowstyle": "-", "color": style["color"], "lw": 0.5,
                        "alpha": 0.6, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)},
            annotation_clip=False,
        )  # fmt: skip


def _spread(values: Sequence[float], gap: float) -> list[float]:
    """Moves values apart to a minimum gap, keeping their order; returns them."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    placed = [values[i] for i in order]
    for _ in range(100):
        for i in range(len(placed) - 1):
            short = gap - (placed[i + 1] - placed[i])
            if short > 0:
                placed[i] -= short / 2
                placed[i + 1] += short / 2
    back = dict(zip(order, placed, strict=True))
    return [back[i] for i in range(len(values))]


def _make_label(line: Line, lines: Sequence[Line]) -> str:
    found = display_name(line, lines)
    if line.version == PUBLISHED:
        return f"{found}*"
    return LABELS.get(found, found.removeprefix("comrec:"))


def _choose_style(line: Line, lines: Sequence[Line]) -> dict[str, Any]:
    own = peers.COMREC.fullmatch(line.codec)
    if line.version == PUBLISHED:
        return {"color": OTHER, "linewidth": 1.0, "linestyle": (0, (1, 1.5))}
    if not own:
        width = 2.4 if line.codec == rivals.ANCHOR else 1.5
        return {"color": COLOURS.get(line.codec, OTHER), "linewidth": width}
    found = [peers.COMREC.fullmatch(other.codec) for other in lines]
    names = list(dict.fromkeys(match["preset"] for match in found if match))
    colour = OWN[names.index(own["preset"]) % len(OWN)]
    alone = sum(match["preset"] == own["preset"] for match in found if match) == 1
    if not own["scale"] or alone:
        return {"color": colour, "linewidth": 2.8}
    return {"color": colour, "linewidth": 1.0, "linestyle": (0, (4, 2))}
