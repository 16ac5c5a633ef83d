"""Tests that files with coefficients of their own land on the goal, and pay."""

from __future__ import annotations

import numpy as np
import pytest
from pictures import photo

import comrec
from comrec.encoder import guided
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.quantisation import read_tables
from comrec.networks import presets
from comrec.system import stages

LITE = "comrec-lite-2"


def compress(image, **asked):
    return comrec.compress(image, preset=LITE, threads=1, **asked)


@pytest.fixture(scope="module")
def landed():
    """The report of a picture of 30 dB, and the stages that a listener heard."""
    heard: list[str] = []
    with stages.heard_by(heard.append):
        made = compress(photo(256, 320), target_psnr=30.0, effort=3)
    return made.report, heard


@pytest.mark.pretrained
def test_a_psnr_is_hit_within_a_few_hundredths_of_a_decibel(landed):
    report, _ = landed
    assert report.steps
    assert report.jpeg_quality is None
    assert 30.0 <= report.psnr_db <= 30.03


@pytest.mark.pretrained
@pytest.mark.parametrize("wanted_db", [31.5, 36.0])
def test_between_a_file_below_the_goal_and_one_above_it_a_mixture_lands(wanted_db):
    # The first files end 0.03 to 0.08 dB from the goal, on both sides.
    report = compress(photo(128, 160), target_psnr=wanted_db, effort=3).report
    assert report.steps
    assert wanted_db <= report.psnr_db <= wanted_db + 0.02


@pytest.mark.pretrained
def test_stages_are_told_in_the_order_of_the_work(landed):
    _, heard = landed
    wanted = ["plain JPEG", "choosing a scale", "round 1 of 2", "round 2 of 2",
              "verifying", "plain JPEG in as many bytes"]  # fmt: skip
    told = dict.fromkeys(each for each in heard if "trying" not in each)
    assert [each for each in told if each != "landing"] == wanted
    assert any(each.startswith("trying scale ") for each in heard)


@pytest.mark.pretrained
@pytest.mark.parametrize("image", [photo(256, 320), photo(256, 320)[..., :1]])
def test_a_budget_is_used_to_the_last_half_percent(image):
    report = compress(image, target_size=9_000, effort=2).report
    assert report.steps
    assert 0.994 * 9_000 <= report.total_bytes <= 9_000


@pytest.mark.pretrained
@pytest.mark.parametrize("side", [16, 40])
def test_a_picture_that_comes_back_without_any_error_is_no_obstacle(side):
    flat = np.full((side, side, 3), 90, np.uint8)
    assert compress(flat, effort=1, quality=50, embed=True).report.psnr_db > 50


@pytest.mark.pretrained
def test_rounds_pay():
    sizes = [
        compress(photo(192, 240), quality=60, effort=effort).report.total_bytes
        for effort in (0, 4)
    ]
    assert sizes[1] < 0.95 * sizes[0]


@pytest.mark.pretrained
@pytest.mark.slow
@pytest.mark.parametrize("effort", range(10))
def test_every_effort_keeps_its_promise(effort):
    image = photo(120, 152)
    made = compress(image, quality=70, effort=effort)
    report = made.report
    assert report.total_bytes <= report.plain_total_bytes
    assert report.psnr_db >= report.plain.psnr_db
    restored = comrec.decompress(made.jpeg, made.sidecar)
    assert psnr_db(image, restored) == report.psnr_db


@pytest.mark.pretrained
def test_the_steps_are_those_of_the_file():
    made = compress(photo(96, 128), target_size=3_000, effort=1)
    tables = np.exp2(np.log2(read_tables(made.jpeg)).mean((1, 2)))
    np.testing.assert_allclose(made.report.steps, tables, rtol=1e-3)
    assert coding.decode(made.jpeg).shape[2] == 3


def test_every_guide_is_a_lighter_preset_of_the_family():
    for preset in presets.PRESETS.values():
        if preset.guide:
            guide = presets.find(preset.guide)
            assert guide.family == preset.family
            assert guide.channels == preset.channels
            assert set(guide.scales) >= set(preset.scales)


@pytest.mark.parametrize("asked", [{"tune": "visual"}, {"preset": "plain"}])
def test_without_a_guide_there_are_no_rounds(asked, monkeypatch):
    monkeypatch.setattr(guided.GuidedEncoder, "encode", pytest.fail)
    image = photo(64, 80)
    comrec.compress(image, **({"preset": LITE} | asked), quality=30)
