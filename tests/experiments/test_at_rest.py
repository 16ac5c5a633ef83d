"""Rows of files at rest: what counts, and what the summary makes of it."""

from __future__ import annotations

import pytest
import scripts

pytest.importorskip("scipy", reason="needs the eval extra")


@pytest.fixture
def at_rest(monkeypatch):
    return scripts.load("quality/at_rest", monkeypatch)


def rows(at_rest, codec: str, factor: float, packed: float) -> list:
    """Rows of two pictures; files of `factor` times the bytes of the anchor."""
    found = []
    for setting in (1, 2, 3, 4):
        for picture in "ab":
            jpeg = round(factor * 1000 * 2**setting)
            found.append(
                at_rest.Row(
                    codec, "v", setting, picture, 10**5, jpeg + 80 * (packed > 0),
                    jpeg if packed else 0, round(packed * jpeg), 25.0 + 3 * setting,
                    0.01, 0.002,
                )
            )  # fmt: skip
    return found


def test_at_rest_the_sidecar_counts_and_the_packed_file_in_place_of_the_jpg(at_rest):
    (row, *_) = rows(at_rest, "comrec:x", 1, 0.8)
    assert row.rest_bytes == row.packed_bytes + 80


def test_bd_rates_of_both_forms_are_worked_by_hand(at_rest):
    anchor = rows(at_rest, "jpeg", 1, 0)
    avif = rows(at_rest, "avif", 0.5, 0)
    own = [r._replace(total_bytes=r.jpeg_bytes) for r in rows(at_rest, "c", 0.6, 0.8)]
    lines = {line.codec: line for line in at_rest.summarise([*anchor, *avif, *own])}
    assert list(lines) == ["jpeg", "avif", "c", "c at rest"]
    assert [lines[name].bd_rate_percent for name in lines] == pytest.approx(
        [0, -50, -40, -52], abs=0.05
    )
    rest = lines["c at rest"]
    assert rest.pictures == 2
    assert (rest.saved_percent, rest.pack_s_per_mp) == pytest.approx((20, 0.1), abs=0.1)
    assert rest.unpack_s_per_mp == pytest.approx(0.02)


def test_rows_are_read_as_they_are_written(at_rest, tmp_path):
    found = rows(at_rest, "jpeg", 1, 0.8)
    at_rest.write(tmp_path / "rows.tsv", found)
    assert at_rest.read(tmp_path / "rows.tsv") == found
    assert at_rest.read(tmp_path / "none.tsv") == []


@pytest.mark.slow
def test_the_script_runs_and_goes_on_where_it_stopped(tmp_path):
    pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")
    pictures = pytest.importorskip("pictures")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(pictures.photo_file(".png"))
    words = ["experiments/quality/at_rest.py", tmp_path / "in", "--points", 2]
    words += ["--codecs", "jpeg", "comrec:comrec-lite-2@2", "--out", tmp_path / "r.tsv"]
    first = scripts.run(*words)
    written = (tmp_path / "r.tsv").stat().st_mtime_ns
    assert scripts.run(*words) == first
    assert (tmp_path / "r.tsv").stat().st_mtime_ns == written
    assert (tmp_path / "r-summary.tsv").read_text().count("at rest") == 2
