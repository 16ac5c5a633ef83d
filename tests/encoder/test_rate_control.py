"""Tests the choice of the best file by the options."""

from __future__ import annotations

from pathlib import Path

import fake_pair
import numpy as np
import pytest
from PIL import Image
from searches import EXTRA_BYTES, REQUESTS, choose, photo, record_files

import comrec
from comrec.encoder import excerpt, rate_control
from comrec.encoder.options import Options
from comrec.encoder.plain import encode_plain, encode_plain_within
from comrec.errors import JpegError
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.encoders import Comrec
from comrec.jpeg.settings import JpegSettings

ASTRONAUT = Path(__file__).parents[2] / "examples" / "astronaut.png"


def test_a_plain_jpeg_that_networks_beat_is_written_once(restored_px, monkeypatch):
    written = record_files(photo(), monkeypatch, Comrec)
    best = choose(restored_px, quality=4)[0].best
    assert best.codec
    assert len(written) == 1


@pytest.mark.parametrize(
    "asked", [{"quality": 75}, {"target_size": 20_000}, {"target_psnr": 33.0}], ids=str
)
def test_where_networks_do_not_pay_the_result_is_the_best_plain_jpeg(
    restored_px, monkeypatch, asked
):
    written = record_files(photo(), monkeypatch, Comrec)
    best = choose(restored_px, **asked)[0].best
    assert best.codec is None
    assert len(written) > 1
    options = Options(preset="plain", **asked)
    alone = rate_control.choose(photo(), options, lambda codec: 0).best
    # Both land on the goal, from different sides.
    assert best.total_bytes == pytest.approx(alone.total_bytes, rel=0.01)
    assert best.psnr_db == pytest.approx(alone.psnr_db, abs=0.03)


@pytest.mark.parametrize(
    ("asked", "subsampling"),
    [
        ({"quality": 30}, "4:2:0"), ({"quality": 97}, "4:4:4"),
        ({"target_bpp": 1}, "4:2:0"), ({"target_bpp": 8}, "4:4:4"),
        ({"target_psnr": 44}, "4:4:4"),
    ],
    ids=str,
)  # fmt: skip
def test_chroma_is_halved_where_that_saves_more_than_it_loses(asked, subsampling):
    pixels = photo(64, 80)
    options = Options(preset="plain", **asked)
    best = rate_control.choose(pixels, options, lambda codec: 0).best
    assert best.settings == JpegSettings("comrec", "flat", subsampling)


@pytest.mark.parametrize("quality", [5, 30])
def test_a_flat_picture_is_a_plain_jpeg(restored_px, quality):
    flat = np.full((140, 150, 3), (200, 30, 90), np.uint8)
    best = choose(restored_px, flat, quality=quality)[0].best
    options = Options(preset="plain", quality=quality)
    alone = rate_control.choose(flat, options, lambda codec: 0).best
    assert best.codec is None
    assert best.total_bytes <= alone.total_bytes + 2  # they hardly rise with quality


@pytest.mark.pretrained
def test_an_optimistic_estimate_of_plain_jpeg_does_not_exclude_networks():
    with Image.open(ASTRONAUT) as picture:
        corner = np.ascontiguousarray(np.asarray(picture)[30:170, 180:330])
    made = comrec.compress(corner, preset="comrec-lite-2", target_size=9_000)
    assert made.report.outcome == "comrec"
    plain = comrec.compress(corner, preset="plain", target_size=9_000)
    assert made.report.psnr_db > plain.report.psnr_db


def test_networks_are_used_where_they_pay(restored_px):  # else the costs above are nil
    best = choose(restored_px, quality=4)[0].best
    assert best.codec
    assert best.codec.scale == 2


@pytest.mark.parametrize("tune", ["psnr", "visual"])
@pytest.mark.parametrize("asked", REQUESTS, ids=str)
def test_the_reported_psnr_and_bytes_are_those_of_the_files(restored_px, asked, tune):
    best = choose(restored_px, tune=tune, **asked)[0].best
    restored = (
        best.codec.restore(best.jpeg, photo().shape[:2])
        if best.codec
        else coding.decode(best.jpeg)
    )
    assert best.psnr_db == psnr_db(photo(), restored)
    assert best.total_bytes == len(best.jpeg) + EXTRA_BYTES * bool(best.codec)
    assert best.total_bytes <= asked.get("target_size", best.total_bytes)
    assert best.psnr_db >= asked.get("target_psnr", 0)
    if "quality" in asked:
        anchor = coding.encode(photo(), asked["quality"])
        assert best.psnr_db >= psnr_db(photo(), coding.decode(anchor))
        assert best.total_bytes <= len(anchor)


def test_auto_is_as_good_as_the_best_of_the_scales(restored_px):
    for asked in ({"target_psnr": 22.0}, {"target_size": 1200}):
        sizes = {
            scale: choose(restored_px, photo(64, 80), effort=7, scale=scale, **asked)[
                0
            ].best
            for scale in ("auto", 1, 2)
        }
        if "target_size" in asked:
            closest = max(sizes[n].psnr_db for n in (1, 2))
            assert sizes["auto"].psnr_db == closest
        else:
            smallest = min(sizes[n].total_bytes for n in (1, 2))
            assert sizes["auto"].total_bytes == smallest


def test_visual_tables_are_the_presets_own(restored_px):
    best = choose(restored_px, quality=4, tune="visual")[0].best
    assert best.codec
    assert best.codec.settings == fake_pair.PAIR.jpeg_visual


def test_jpeg_quality_is_that_of_the_compact_image(restored_px):
    best = choose(restored_px, jpeg_quality=37, scale=2)[0].best
    assert best.codec
    assert best.jpeg == best.codec.encode(best.codec.compact(photo()), 37)


def test_effort_8_is_as_good_as_effort_7(restored_px):
    seven, eight = (
        choose(restored_px, photo(48, 64), target_psnr=26.0, effort=n)[0].best
        for n in (7, 8)
    )
    assert eight.total_bytes <= seven.total_bytes


@pytest.mark.parametrize("budget_bytes", [-5, 0, 100, 3000, 10**6])
def test_same_bytes_are_those_of_the_best_plain_jpeg_that_fits(budget_bytes):
    pixels, options = photo(121, 143), Options(preset="plain", threads=1)
    wanted = encode_plain_within(pixels, budget_bytes)
    for known in (None, encode_plain(pixels, 30)):
        found = rate_control.find_same_bytes(pixels, options, budget_bytes, known)
        assert found == wanted
    assert (wanted is None) == (budget_bytes < 3000)


def test_an_excerpt_finds_the_quality_of_same_bytes_in_few_encodes(monkeypatch):
    large = np.tile(photo(240, 320), (4, 1, 1))
    monkeypatch.setattr(excerpt, "EXCERPT_MIN_PX", large.shape[0] * large.shape[1] // 2)
    known, options = encode_plain(large, 80), Options(preset="plain", threads=1)
    wanted = encode_plain_within(large, 15_000)
    written, write = [], coding.encode

    def record(pixels, *rest, **options):
        written.append(pixels is large)
        return write(pixels, *rest, **options)

    monkeypatch.setattr(coding, "encode", record)
    assert rate_control.find_same_bytes(large, options, 15_000, known) == wanted
    assert sum(written) == 2, "the file that fits, and the next one"
    assert sum(written) < len(written), "the excerpt was encoded"


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"target_size": 9}, r"^does not fit 9 bytes; \d+ is the least .* Raise"),
        ({"target_psnr": 99.0}, r"^does not reach 99 dB; \d+\.\d\d dB is .* Lower"),
    ],
)
def test_a_target_that_no_file_meets_is_refused_with_the_limit(
    restored_px, asked, message
):
    with pytest.raises(JpegError, match=message):
        choose(restored_px, photo(29, 31), **asked)


def test_the_limit_that_a_refusal_names_is_met_and_far_less_is_not(restored_px):
    with pytest.raises(JpegError) as refused:
        choose(restored_px, photo(41, 53), target_size=9)
    limit = int(str(refused.value).split("; ")[1].split(" ")[0].replace(",", ""))
    best = choose(restored_px, photo(41, 53), target_size=limit)[0].best
    assert best.total_bytes <= limit
    with pytest.raises(JpegError, match="is the least"):
        choose(restored_px, photo(41, 53), target_size=limit - 20)
