"""Rows: a file holds what was written, and other files are refused."""

import math

import pytest
from evaluate_rows import row

from comrec.apps.evaluate import rows
from comrec.errors import UsageError

KEY = ("webp", "1.4 method 6", 18, "a", 3, "0badcafe")


def test_rows_are_read_as_they_were_written(tmp_path):
    path = tmp_path / "rows.tsv"
    exact = row("jpeg", 5, "a\tb\n", 0.5, 30)._replace(ssim=0.5, ms_ssim=0.25)
    lossless = row("jpeg", 90, "c", 2, math.inf)
    rows.write(path, [exact, lossless])
    assert rows.read(path) == [exact, lossless]


def test_a_failed_row_keeps_its_key_and_reason_and_has_no_numbers(tmp_path):
    path = tmp_path / "rows.tsv"
    rows.write(path, [rows.make_failed_row(KEY, ValueError("two\n lines"))])
    (found,) = rows.read(path)
    assert found.key == KEY
    assert found.error == "two lines"
    assert found.rate_bytes == 0
    assert math.isnan(found.rate_bpp)
    assert math.isnan(found.rgb_psnr_db)
    assert found.ssimulacra2 is None


def test_an_error_without_words_is_named_by_its_type():
    assert rows.make_failed_row(KEY, MemoryError()).error == "MemoryError"


def test_the_order_of_a_file_does_not_depend_on_that_of_measurement(tmp_path):
    found = [row(codec, q, i, 1, 30) for codec in "ba" for q in (60, 5) for i in "yx"]
    for name, order in (("1.tsv", found), ("2.tsv", found[::-1])):
        rows.write(tmp_path / name, order)
    assert (tmp_path / "1.tsv").read_bytes() == (tmp_path / "2.tsv").read_bytes()
    assert [one.key[:4:2] for one in rows.read(tmp_path / "1.tsv")][:2] == [
        ("a", 5), ("a", 5)
    ]  # fmt: skip


def test_pixels_follow_from_bytes_and_bits_per_pixel():
    found = row("jpeg", 5, "a", 0.5, 30)._replace(rate_bytes=1000, rate_bpp=0.25)
    assert found.pixels == 32_000


def test_a_missing_file_has_no_rows(tmp_path):
    assert rows.read(tmp_path / "none.tsv") == []
    assert rows.read(tmp_path / ("long" * 99)) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text.replace("codec\t", "code\t"),
        lambda text: text.replace("30", "thirty"),
        lambda text: text[: text.rindex("\t")],
        lambda text: text + "\0" * 9,
    ],
    ids=["empty", "columns", "number", "cells", "zeros"],
)
def test_a_damaged_file_is_refused_by_name(tmp_path, change):
    path = tmp_path / "rows.tsv"
    rows.write(path, [row("jpeg", 5, "a", 0.5, 30)])
    path.write_text(change(path.read_text()))
    with pytest.raises(UsageError, match=r"rows\.tsv: not rows of `comrec evaluate`"):
        rows.read(path)
