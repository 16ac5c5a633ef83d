"""Labels and colours of the chart."""

from __future__ import annotations

import itertools
import re

import pytest

from comrec.apps.compare import chart


@pytest.mark.parametrize("frame", [chart.WIDE, chart.NARROW])
def test_labels_of_a_chart_do_not_cover_each_other(frame):
    points = {f"codec {i}": [(0.1, 30 + i / 50), (1, 40 + i / 50)] for i in range(9)}
    drawn = chart.draw_chart(points, {"codec 1": (0.3, 33)}, frame)
    places = sorted(float(y) for y in re.findall(r'y="([\d.]+)">codec', drawn))
    assert len(places) == 9
    assert all(b - a >= chart.LINE_HEIGHT for a, b in itertools.pairwise(places))
    (height,) = re.findall(r'viewBox="0 0 \d+ (\d+)"', drawn)
    assert places[-1] <= int(height)
    assert chart.draw_chart({"codec": [(0.1, 30.0)]}, {}) == ""


def test_comrec_has_its_own_colour_whatever_else_is_drawn(made):
    drawn = chart.draw_chart(made.curves, {})
    assert drawn.count('<g class="own">') == 1
    assert drawn.index('class="own"') < drawn.index(">comrec</text>")
