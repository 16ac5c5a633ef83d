"""Tests the search: its bounds on the work, and its result at each effort."""

from __future__ import annotations

import numpy as np
import pytest
from searches import EXTRA_BYTES, REQUESTS, choose, photo, record_files

from comrec.encoder import excerpt, rate_control, search
from comrec.encoder.options import Options
from comrec.encoder.predictor import Predictor
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding, quantisation
from comrec.jpeg.encoders import Comrec


@pytest.mark.parametrize(
    ("effort", "asked"),
    [(5, asked) for asked in REQUESTS]
    + [(n, REQUESTS[i]) for n in (0, 6) for i in (0, 2)],
    ids=str,
)
def test_the_networks_work_no_longer_than_the_effort_allows(restored_px, asked, effort):
    most = {0: 1.25, 5: 2.5, 6: 4.5}[effort]
    choice, decodes = choose(restored_px, effort=effort, **asked)
    assert decodes <= most
    if choice.best.codec:
        assert decodes >= 1  # it was decoded in full


@pytest.mark.parametrize("target", [1600, 2500, 6000, 20_000])
def test_bytes_come_within_2_percent_where_the_steps_allow(restored_px, target):
    best = choose(restored_px, target_size=target)[0].best
    assert best.total_bytes <= target
    if best.total_bytes < 0.98 * target:
        qualities = quantisation.qualities(best.settings.tables)
        next_quality = qualities[qualities.index(best.quality) + 1]
        if best.codec:
            compact = best.codec.compact(photo())
            finer = len(best.codec.encode(compact, next_quality)) + EXTRA_BYTES
        else:
            finer = len(coding.encode(photo(), next_quality, best.settings))
        assert finer > target


def test_a_thorough_search_ends_at_the_lowest_quality_that_meets_the_goal(restored_px):
    choice, _ = choose(restored_px, target_psnr=22.0, effort=7, scale=2)
    best = choice.best
    assert best.codec
    compact = best.codec.compact(photo())
    coarser = best.codec.encode(compact, best.quality - 1)
    size = photo().shape[0], photo().shape[1]
    assert psnr_db(photo(), best.codec.restore(coarser, size)) < 22.0 <= best.psnr_db


@pytest.mark.parametrize("wrong_db", [-0.5, 0.5])
def test_a_full_decode_corrects_a_sample_that_errs(restored_px, monkeypatch, wrong_db):
    honest = choose(restored_px, target_psnr=24.5)[0].best
    assert honest.codec
    sampled_db = Predictor._interpolate_gain_db
    monkeypatch.setattr(
        Predictor, "_interpolate_gain_db", lambda *args: sampled_db(*args) + wrong_db
    )
    choice, decodes = choose(restored_px, target_psnr=24.5)
    assert choice.best.psnr_db >= 24.5
    assert choice.best.total_bytes <= 1.04 * honest.total_bytes
    assert 2 <= decodes <= 2.5


def test_extra_decodes_follow_decodes_that_fall_short_where_networks_pay(
    restored_px, monkeypatch
):
    # Predicted gains are too high, by less after every decode, which falls short.
    sampled_db = Predictor._predict_gain_db

    def hopeful(predictor: Predictor, quality: int) -> float:
        return (
            sampled_db(predictor, quality) + 0.8 / (1 + len(predictor.decoded_db)) ** 2
        )

    monkeypatch.setattr(Predictor, "_predict_gain_db", hopeful)
    choice, decodes = choose(restored_px, quality=4)
    assert choice.best.codec
    assert choice.best.psnr_db >= choice.plain.psnr_db
    assert 2 < decodes <= 4.5
    assert not choose(restored_px, quality=4, effort=2)[0].best.codec


def test_at_effort_0_a_decode_that_falls_short_gives_a_plain_jpeg(
    restored_px, monkeypatch
):
    flattering = Predictor._interpolate_gain_db
    monkeypatch.setattr(
        Predictor, "_interpolate_gain_db", lambda *args: flattering(*args) + 1
    )
    choice, decodes = choose(restored_px, quality=4, effort=0)
    assert choice.best.codec is None
    assert 1 <= decodes <= 1.25


@pytest.fixture(scope="module")
def plain_photo():
    return photo(320, 320)  # a tenth of a megapixel


@pytest.mark.parametrize(
    "asked",
    [{"target_bpp": 0.5}, {"target_bpp": 2.5}, {"target_psnr": 31}, {"quality": 60}],
    ids=str,
)
def test_a_plain_jpeg_lands_on_the_goal_in_few_files(plain_photo, asked, monkeypatch):
    written = record_files(plain_photo, monkeypatch, Comrec)
    options = Options(preset="plain", **asked)
    choice = rate_control.choose(plain_photo, options, lambda codec: 0)
    best = choice.best
    assert best.settings.encoder == "comrec"
    assert len(set(written)) <= 6
    if "target_bpp" in asked:
        budget_bytes = options.budget_bytes(*plain_photo.shape[:2])
        assert 0.995 * budget_bytes <= best.total_bytes <= budget_bytes
        return
    wanted_db = choice.plain.psnr_db if "quality" in asked else asked["target_psnr"]
    assert wanted_db <= best.psnr_db <= wanted_db + 0.02
    assert best.total_bytes < 0.9 * choice.plain.total_bytes


def test_drafts_of_an_excerpt_save_files_of_a_large_image(monkeypatch):
    large = np.tile(photo(240, 320), (4, 2, 1))
    monkeypatch.setattr(search, "DRAFTED_MIN_PX", large[..., 0].size)
    monkeypatch.setattr(excerpt, "EXCERPT_MIN_PX", large[..., 0].size // 2)
    drafts, write = [], Comrec.encode

    def record(self, pixels, quality, *rest):
        drafts.append(pixels.shape != large.shape)
        return write(self, pixels, quality, *rest)

    monkeypatch.setattr(Comrec, "encode", record)
    options = Options(preset="plain", target_bpp=0.8, threads=1)
    best = rate_control.choose(large, options, lambda codec: 0).best
    assert drafts[0]
    assert not drafts[-1]
    assert best.total_bytes >= 0.995 * options.budget_bytes(*large.shape[:2])
