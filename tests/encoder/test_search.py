"""Tests the search: its bounds on the work, and its result at each effort."""

from __future__ import annotations

import pytest
from searches import EXTRA_BYTES, REQUESTS, choose, photo

from comrec.encoder.predictor import Predictor
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding, quantisation


@pytest.mark.parametrize("effort", [0, 5, 6])
@pytest.mark.parametrize("asked", REQUESTS, ids=str)
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
