"""Tests the numbers of a report."""

import base64
import io
import json
import math
from dataclasses import replace

import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.encoder.plain import Coded
from comrec.encoder.report import Report, decibel
from comrec.errors import OutputError

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


def small() -> comrec.Compressed:
    return comrec.compress(pictures.photo(), jpeg_quality=50, scale=2)


def test_a_result_saves_its_pair_and_replaces_only_if_forced(tmp_path):
    made, path = small(), tmp_path / "x.comrec.jpg"
    assert made.save(str(path)) == path
    assert path.read_bytes() == made.jpeg
    assert (tmp_path / "x.comrec.json").read_bytes() == made.sidecar
    np.testing.assert_array_equal(
        comrec.decompress(path), comrec.decompress(made.jpeg, made.sidecar)
    )
    with pytest.raises(OutputError, match=r"x\.comrec\.jpg: exists\. Use `force`"):
        made.save(path)
    plain = comrec.compress(pictures.photo(), preset="plain", jpeg_quality=90)
    assert plain.sidecar is None
    plain.save(path, force=True)
    assert [p.name for p in tmp_path.iterdir()] == ["x.comrec.jpg"]


def test_a_name_that_is_no_jpegs_is_refused(tmp_path):
    with pytest.raises(OutputError, match=r"x\.png: .*Name the \.jpg"):
        small().save(tmp_path / "x.png")
    assert not list(tmp_path.iterdir())


def test_a_result_is_short_in_text_and_a_picture_in_notebooks():
    made = small()
    text = repr(made)
    assert len(text) < 80
    assert f"56x40, {made.report.total_bytes:,} bytes" in text
    with Image.open(io.BytesIO(made._repr_png_())) as image:
        np.testing.assert_array_equal(
            np.asarray(image), comrec.decompress(made.jpeg, made.sidecar)
        )
    html = made._repr_html_()
    assert base64.b64encode(made._repr_png_()).decode() in html
    assert text.removeprefix("<Compressed ").removesuffix(">") in html
