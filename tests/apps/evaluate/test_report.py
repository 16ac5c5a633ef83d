"""A summary as text, TSV and JSON says the same, and marks what is missing."""

import csv
import io
import math
import sys
from dataclasses import replace

import pytest
from evaluate_rows import row

from comrec.apps.evaluate import report, summary

pytest.importorskip("scipy", reason="comes with the eval extra")


@pytest.fixture
def lines() -> list[summary.Line]:
    """Returns lines of a codec of half the anchor's bits, and of one far above."""
    found = [row("jpeg", q, "a", q / 10, 20 + q) for q in (5, 9)]
    found += [row("webp", q, "a", q / 20, 20 + q) for q in (5, 9)]
    found += [row("comrec:x@2", q, "a", q / 10, 60 + q) for q in (5, 9)]
    return summary.summarise(found, [("a", 3, "0")])[0]


def test_the_file_has_a_row_for_each_line_and_empty_cells_for_missing_numbers(lines):
    text = report.as_tsv(lines).decode()
    found = list(csv.DictReader(io.StringIO(text), delimiter="\t"))
    assert [row["codec"] for row in found] == ["jpeg", "webp", "comrec:x@2"] * 2
    assert found[1]["bd_rate_percent"] == "-50.0000"
    assert found[2]["bd_rate_percent"] == found[2]["at_0.10_bpp"] == ""
    assert found[0]["at_0.75_bpp"] == f"{lines[0].at[-2]:.4f}"


def test_a_record_has_json_values_alone(lines):
    record = report.record(lines[2])
    assert record["bd_rate_percent"] is None
    assert record["settings"] == 2
    assert {type(value) for value in record.values()} <= {str, int, float, type(None)}
    assert not any(value != value for value in record.values())


def test_the_text_has_a_table_for_each_metric_and_one_of_times(lines):
    text = report.text(lines)
    assert text.count("mean of 1, at bits per pixel") == 2
    assert "RGB PSNR (dB)" in text
    assert "luma PSNR (dB)" in text
    assert text.count("Seconds per") == 1
    (webp, *_) = [line.split() for line in text.splitlines() if "webp" in line]
    assert webp[1:3] == ["-50.0", "%"]
    assert "1–0" in webp


def test_a_codec_without_a_common_range_has_dashes_and_no_prefix(lines):
    text = report.text(lines)
    (found, *_) = [line.split() for line in text.splitlines() if "x@2" in line]
    assert found[:3] == ["x@2", "–", "–"]
    assert "comrec:x" not in text


def test_on_a_narrow_terminal_the_tables_are_divided_and_nothing_is_cut_off(
    lines, monkeypatch
):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    long = replace(lines[2], codec="comrec:a-long-name-of-a-preset@2+effort9:visual")
    text = report.text([*lines[:2], long])
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "…" not in text
    for part in ("-50.0 %", "1–0", f"{lines[0].at[-2]:.2f}", "0.75"):
        assert part in text


def test_published_lines_are_marked_and_have_no_times(lines):
    other = replace(
        lines[1], codec="learned", version=summary.PUBLISHED, won=None, lost=None,
        encode_s=math.nan, decode_s=math.nan,
    )  # fmt: skip
    text = report.text([*lines[:3], other])
    assert text.count("learned (published)") == 1, "in the table of the metric alone"
    assert report.record(other)["encode_s_per_mp"] is None
