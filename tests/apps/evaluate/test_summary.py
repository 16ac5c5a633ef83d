"""Summaries: of complete settings, against the anchor."""

import pytest
from evaluate_rows import row

from comrec.apps.evaluate import report, rows, summary

pytest.importorskip("scipy", reason="comes with the eval extra")


def test_a_picture_counts_as_won_by_its_own_bd_rate():
    known = [(image, 3, "0") for image in "abc"]
    bits = {"a": 0.5, "b": 0.9, "c": 2.0}  # of the anchor's
    found = [row("jpeg", q, i, q / 100, 20 + q / 3) for q in (5, 20, 60) for i in "abc"]
    found += [
        row("webp", q, i, bits[i] * q / 100, 20 + q / 3)
        for q in (5, 20, 60) for i in "abc"
    ]  # fmt: skip
    lines, notes = summary.summarise(found, known)
    webp = next(line for line in lines if line.codec == "webp")
    assert (webp.won, webp.lost) == (2, 1)
    assert webp.encode_s == pytest.approx(0.1 / 0.1, rel=1e-3)
    assert webp.bd_rate.value == pytest.approx(100 * (3.4 / 3 - 1), abs=1e-6)
    assert webp.bd_akima.value == pytest.approx(webp.bd_rate.value, abs=1e-6)
    assert not notes


def test_two_versions_of_a_codec_are_two_lines():
    found = [row(c, q, "a", q / 10, 20 + q) for c in ("jpeg", "webp") for q in (5, 9)]
    found += [one._replace(version="2") for one in found if one.codec == "webp"]
    lines, _ = summary.summarise(found, [("a", 3, "0")])
    lines = [line for line in lines if line.metric == "rgb_psnr_db"]
    names = [summary.display_name(line, lines) for line in lines]
    assert names == ["jpeg", "webp (1)", "webp (2)"]


def test_a_setting_that_a_picture_lacks_is_left_out_by_name():
    found = [row("jpeg", q, i, q / 10, 20 + q) for q in (5, 9) for i in "ab"]
    found += [row("webp", 3, "a", 1, 30), row("jpeg", 5, "other", 1, 1)]
    found += [rows.make_failed_row(("webp", "1", 3, "b", 3, "0"), "too dark")]
    lines, notes = summary.summarise(found, [("a", 3, "0"), ("b", 3, "0")])
    assert {line.codec for line in lines} == {"jpeg"}
    assert notes == [
        "Left out: webp (1) at 3, which only 1 of 2 pictures have; b failed (too dark)."
    ]


def test_curves_without_a_common_range_are_named_and_have_no_bd_rate():
    found = [row("jpeg", q, "a", q / 10, 20 + q) for q in (5, 9)]
    found += [row("webp", q, "a", q / 10, 60 + q) for q in (5, 9)]
    lines, notes = summary.summarise(found, [("a", 3, "0")])
    assert all(line.bd_rate is None for line in lines if line.codec == "webp")
    assert notes == ["No BD-rate: webp (1) has no common range of quality with jpeg."]
    assert report.record(lines[1])["bd_rate_percent"] is None
