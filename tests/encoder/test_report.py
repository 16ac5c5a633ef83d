"""Tests the numbers of a report."""

import json
import math
from dataclasses import replace

import pytest

from comrec.encoder.plain import Coded
from comrec.encoder.report import Report, decibel

REPORT = Report(
    outcome="comrec", preset="comrec-lite-2", scale=2, target="quality",
    target_value=10, width_px=17, height_px=3, jpeg_quality=23, jpeg_bytes=400,
    sidecar_bytes=110, psnr_db=31.23456, notes=("16 bits became 8",),
    left_out=("bit depth",),
)  # fmt: skip


def test_the_rate_is_of_both_files():
    assert REPORT.total_bytes == 510
    assert REPORT.rate_bpp == 80  # 8 * 510 / (17 * 3)


def test_a_row_is_json_and_holds_what_was_measured():
    row = REPORT.row()
    assert json.loads(json.dumps(row)) == row
    assert row == {
        "outcome": "comrec", "preset": "comrec-lite-2", "scale": 2,
        "target": "quality", "target_value": 10, "width_px": 17, "height_px": 3,
        "jpeg_quality": 23, "jpeg_bytes": 400, "sidecar_bytes": 110, "rate_bpp": 80.0,
        "psnr_db": 31.235, "steps": None, "notes": ["16 bits became 8"],
        "left_out": ["bit depth"],
    }  # fmt: skip


def test_a_row_holds_the_plain_jpegs_to_compare_with():
    compared = replace(
        REPORT,
        plain=Coded(bytes(700), 10, 30.1),
        plain_total_bytes=720,
        same_bytes=Coded(bytes(500), 6, math.inf),
    )
    added = {
        key: value for key, value in compared.row().items() if key not in REPORT.row()
    }
    assert added == {
        "plain_quality": 10, "plain_jpeg_bytes": 700, "plain_psnr_db": 30.1,
        "same_bytes_quality": 6, "same_bytes_jpeg_bytes": 500,
        "same_bytes_psnr_db": None, "plain_total_bytes": 720,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("value", "expected"), [(31.23456, 31.235), (0.0, 0.0), (math.inf, None)]
)
def test_decibels_are_rounded_and_infinity_has_no_number(value, expected):
    assert decibel(value) == expected


def test_files_are_not_part_of_a_printed_report():
    assert "jpeg=" not in repr(Coded(b"1234", 5, 6.0))
