"""Draws the means of the tables as bars beside the published ones."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from comrec.errors import ComrecError
from jiang2017.protocols import BUDGETS, Row
from jiang2017.published import Published
from jiang2017.terminal import LABELS, NUMERALS, mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ORDER = ("jpeg", "half", "arcnn", "comcnn", "reccnn", "comrec")
NAMES = LABELS | {"arcnn": "ARCNN", "comrec": "comrec\n(Proposed)"}
SERIES = {
    "published": ("published", "#b8bec7"),
    "paper": ("measured, paper protocol", "#1f5fa8"),
    "byte-fair": ("measured, byte-fair protocol", "#e08a1e"),
}
THICKNESS = 0.27  # of a bar; three bars and a gap take 1


def require() -> None:
    """Raises ComrecError if matplotlib is not installed."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as err:
        raise ComrecError(
            "`figure` needs matplotlib, which is not installed. "
            "Run pip install comrec[train]"
        ) from err


def draw(rows: Sequence[Row], published: Published) -> bytes:
    """Returns a PNG: mean PSNR by method, a panel for each budget with rows."""
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    budgets = [b for b in BUDGETS if any(row.budget == b for row in rows)]
    heights = [_heights(rows, published, budget) for budget in budgets]
    finite = [db for some in heights for db in some.values()] or [0.0]
    methods = [m for m in ORDER if any((m, s) in h for h in heights for s in SERIES)]
    low, high = math.floor(min(finite)) - 1, max(finite)
    figure = Figure(
        figsize=(5 * len(budgets), 1.6 + 0.65 * len(methods)), layout="constrained"
    )
    panels = figure.subplots(1, len(budgets), squeeze=False, sharey=True)[0]
    count = len({row.image for row in rows})
    for panel, budget, some in zip(panels, budgets, heights, strict=True):
        _panel(panel, methods, some, low)
        panel.set_title(
            f"Table {NUMERALS[budget]}: within the bytes of JPEG QF {BUDGETS[budget]}",
            fontsize=10.5,
        )
        panel.set_xlim(low, high + 0.12 * (high - low))
        panel.set_xlabel(f"PSNR (dB), mean of {count} pictures; axis begins at {low}")
    panels[0].invert_yaxis()  # the first method on top, in both
    used = [s for s in SERIES if any((m, s) in h for h in heights for m in methods)]
    patches = [Patch(color=SERIES[s][1], label=SERIES[s][0]) for s in used]
    figure.legend(handles=patches, loc="outside lower center", ncols=3, frameon=False)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=150)
    return out.getvalue()


def _heights(
    rows: Sequence[Row], published: Published, budget: str
) -> dict[tuple[str, str], float]:
    """Returns the finite mean PSNR in dB, by method and series."""
    heights = {}
    compared = published.covers(list(dict.fromkeys(row.image for row in rows)))
    for method in ORDER:
        line = published.find(budget, "paper", method) if compared else None
        heights[method, "published"] = math.nan if line is None else line.mean_db
        for protocol in ("paper", "byte-fair"):
            mine = [
                row
                for row in rows
                if (row.budget, row.protocol, row.method) == (budget, protocol, method)
            ]
            heights[method, protocol] = mean(mine, "psnr_db") if mine else math.nan
    return {key: db for key, db in heights.items() if math.isfinite(db)}


def _panel(
    panel: Axes, methods: list[str], heights: dict[tuple[str, str], float], low: float
) -> None:
    """Draws the bars of one budget, a group for each method."""
    for place, method in enumerate(methods):
        series = [s for s in SERIES if (method, s) in heights]
        for i, name in enumerate(series):
            db = heights[method, name]
            y = place + (i - (len(series) - 1) / 2) * THICKNESS
            colour = SERIES[name][1]
            panel.barh(y, db - low, 0.9 * THICKNESS, left=low, color=colour)
            panel.annotate(
                f"{db:.2f}", (db, y), (3, 0), textcoords="offset points",
                ha="left", va="center", fontsize=7.5,
            )  # fmt: skip
    panel.set_yticks(range(len(methods)), [NAMES[method] for method in methods])
    panel.tick_params(axis="y", length=0)
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="x", color="#e4e7eb", linewidth=0.8)
    panel.set_axisbelow(True)
