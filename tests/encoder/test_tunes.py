"""What a tune stands for: tables, the preset's settings, and a metric."""

import numpy as np
import pictures
import pytest

from comrec.encoder.tunes import PSNR, TUNES
from comrec.image.metrics import psnr_db
from comrec.jpeg.encoders import MOZJPEG_TABLES
from comrec.networks import presets

EACH = pytest.mark.parametrize("tune", TUNES.values(), ids=TUNES)


@EACH
def test_tables_are_mozjpegs(tune):
    assert tune.tables in MOZJPEG_TABLES


@EACH
@pytest.mark.parametrize("name", ["comrec-base-3", "jiang2017-gray-q50"])
def test_settings_come_from_the_preset(tune, name):
    preset = presets.find(name)
    assert tune.settings(preset) in (preset.jpeg, preset.jpeg_visual)


def test_the_visual_tune_takes_the_tables_for_the_eye_where_a_preset_has_them():
    preset = presets.find("comrec-base-3")
    assert TUNES["visual"].settings(preset) == preset.jpeg_visual != preset.jpeg
    assert TUNES["psnr"].settings(preset) == preset.jpeg


@EACH
def test_an_additive_metric_sums_over_windows(tune):
    image, other = pictures.photo(37, 50), pictures.photo(37, 51)[:, 1:]
    metric = tune.metric
    assert metric.is_additive
    parts = [(slice(0, 20), slice(None)), (slice(20, None), slice(None))]
    summed = sum(metric.window_error(image[part], other[part]) for part in parts)
    whole = metric.window_error(image, other)
    assert summed == whole > 0
    assert metric.score(whole / 2, image.size) > metric.score(whole, image.size)


def test_psnr_is_that_of_the_metrics():
    image, other = pictures.photo(9, 7), np.zeros((9, 7, 3), np.uint8)
    error = PSNR.window_error(image, other)
    assert PSNR.score(error, image.size) == psnr_db(image, other)
    assert PSNR.score(0, image.size) == float("inf")
