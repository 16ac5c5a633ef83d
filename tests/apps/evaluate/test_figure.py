"""Figures: the same for the same lines, in each format, with labels apart."""

import io
import itertools
import sys
from dataclasses import replace

import pytest
from evaluate_rows import row
from PIL import Image

from comrec.apps.evaluate import figure, rivals, summary
from comrec.errors import ComrecError

pytest.importorskip("scipy", reason="comes with the eval extra")
pytest.importorskip("matplotlib", reason="comes with the eval extra")
OWN = ["comrec:x", "comrec:x@1", "comrec:x@2", "comrec:y@2"]


@pytest.fixture(scope="module")
def lines() -> list[summary.Line]:
    codecs = ["jpeg", "webp", "avif", *OWN]
    found = [
        row(codec, q, "a", q / 50, 20 + q / 3 + i)
        for i, codec in enumerate(codecs)
        for q in (5, 20, 60, 90)
    ]
    return summary.summarise(found, [("a", 3, "0")])[0]


@pytest.mark.slow
def test_the_same_lines_give_the_same_file_in_each_format(lines):
    first, again = (figure.draw(lines, ("png", "svg")) for _ in range(2))
    assert first == again
    with Image.open(io.BytesIO(first[0])) as picture:
        assert picture.format == "PNG"
    svg = first[1].decode()
    assert "WebP" in svg
    assert "RGB PSNR (dB), mean of 1 pictures" in svg
    assert "luma" not in svg, "the figure shows the main metric alone"


def test_published_curves_are_marked(lines):
    other = replace(lines[1], codec="learned", version=summary.PUBLISHED)
    (svg,) = figure.draw([*lines, other], ("svg",))
    assert "learned*" in svg.decode()
    assert "*: as published" in svg.decode()


def test_without_a_format_nothing_is_drawn(lines):
    assert figure.draw(lines, ()) == []


def test_a_curve_outside_the_panel_is_left_out(lines):
    far = [replace(line, curve=replace(line.curve, bpp=(3.0, 4.0, 5.0, 6.0)))
           for line in lines[1:2]]  # fmt: skip
    rates, values = figure._sample(far[0])
    assert (len(rates), values) == (0, [])
    assert figure.draw([lines[0], *far])


def test_single_scales_are_omitted_only_beside_several_whole_presets(lines):
    chosen = [line for line in lines if line.metric == "rgb_psnr_db"]
    assert figure._omit_variants(chosen) == chosen
    both = [*chosen, replace(chosen[0], codec="comrec:y")]
    kept = [line.codec for line in figure._omit_variants(both)]
    assert kept == ["jpeg", "webp", "avif", "comrec:x", "comrec:y"]


def test_variants_are_omitted_where_lines_are_many(lines):
    many = [replace(lines[0], codec=name) for name in rivals.MAKERS]
    few = many[: figure.MAX_LINES]
    assert figure._omit_variants(few) == few
    more = [*many, replace(lines[0], codec="other"), replace(lines[0], codec="more")]
    assert len(more) > figure.MAX_LINES
    kept = {line.codec for line in figure._omit_variants(more)}
    assert not kept & set(figure.VARIANTS)
    assert "jpeg" in kept


@pytest.mark.parametrize("values", [[], [1.0], [3.0, 3.0, 3.0], [9.0, 1.0, 1.1, 8.9]])
def test_labels_are_moved_apart_and_keep_their_order(values):
    placed = figure._spread(values, 1)
    order = sorted(range(len(values)), key=lambda i: values[i])
    ordered = [placed[i] for i in order]
    assert all(b - a >= 1 - 1e-6 for a, b in itertools.pairwise(ordered))
    assert sum(placed) == pytest.approx(sum(values)), "no label moves without need"


def test_each_preset_has_a_colour_and_whole_presets_the_widest_line(lines):
    whole, scale, other = (
        figure._choose_style(next(x for x in lines if x.codec == name), lines)
        for name in ("comrec:x", "comrec:x@1", "comrec:y@2")
    )
    assert whole["color"] == scale["color"] != other["color"]
    assert whole["linewidth"] > scale["linewidth"]


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ComrecError, match=r"need matplotlib.*pip install"):
        figure.require()
