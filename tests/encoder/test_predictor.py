"""Tests the prediction of the restored image's PSNR."""

from __future__ import annotations

import functools
import math

import fake_pair
import numpy as np
import pytest
from searches import photo

from comrec.encoder.file_cache import FileCache
from comrec.encoder.predictor import DEFAULT_GAIN_DB, SAMPLES_MAX, Predictor
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.settings import PLAIN
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.networks.presets import Preset


def predictor_of(
    pixels: np.ndarray, codec: Codec | None, guide: Preset | None = None
) -> Predictor:
    compact = functools.cache(lambda: codec.compact(pixels) if codec else pixels)
    settings = codec.settings if codec else PLAIN
    return Predictor(FileCache(pixels, settings, codec, compact), guide=guide)


@pytest.fixture
def codec() -> Codec:
    return Codec(fake_pair.PAIR, 2, networks={"reccnn": fake_pair.smoothing})


@pytest.mark.parametrize("channels", [1, 3])
def test_at_scale_1_the_enlarged_image_is_the_coded_image(channels):
    pixels = np.ascontiguousarray(photo()[:90, :110, :channels])
    codec = Codec(fake_pair.PAIR, 1, networks={"reccnn": lambda x, _: np.zeros_like(x)})
    data = codec.encode(pixels, 30)
    enlarged = predictor_of(pixels, codec).enlarge(data)
    np.testing.assert_array_equal(enlarged, codec.restore(data, pixels.shape[:2]))


@pytest.mark.parametrize("channels", [1, 3])
def test_at_scale_2_the_enlarged_image_is_exact_to_a_grey_level(channels):
    wide = np.tile(photo(), (3, 1, 1))
    pixels = np.ascontiguousarray(wide[:530, :111, :channels])
    codec = Codec(fake_pair.PAIR, 2, networks={"reccnn": lambda x, _: np.zeros_like(x)})
    data = codec.encode(codec.compact(pixels), 30)
    enlarged = predictor_of(pixels, codec).enlarge(data)
    restored = codec.restore(data, pixels.shape[:2])
    off = np.abs(enlarged.astype(int) - restored)
    assert off.mean() < 0.3
    assert np.percentile(off, 99.9) <= 2  # Pillow clips between its two passes


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 101)])
def test_the_enlarged_image_has_the_size_of_the_image(codec, size):
    pixels = np.ascontiguousarray(photo()[: size[0], : size[1]])
    enlarged = predictor_of(pixels, codec).enlarge(
        codec.encode(codec.compact(pixels), 30)
    )
    assert enlarged.shape == pixels.shape


def test_a_prediction_without_networks_is_the_psnr_of_the_file():
    pixels = np.ascontiguousarray(photo()[:29, :101])
    coded = coding.decode(coding.encode(pixels, 40))
    predictor = predictor_of(pixels, None)
    assert predictor.predict_psnr_db(40) == psnr_db(pixels, coded)
    assert predictor.list_measured() == [40]
    assert not predictor.sample(40, 0.5), "no networks, no gain"


def test_without_a_sample_the_gain_is_the_default(codec):
    predictor = predictor_of(photo(), codec)
    enlarged_db = predictor.measure_enlarged_db(20)
    assert predictor.predict_psnr_db(20) == enlarged_db + DEFAULT_GAIN_DB


def test_a_sample_predicts_the_psnr_to_a_tenth_of_a_decibel(codec):
    pixels, predictor = photo(), predictor_of(photo(), codec)
    assert predictor.sample(20, 0.5)
    data = codec.encode(codec.compact(pixels), 20)
    restored_db = psnr_db(pixels, codec.restore(data, pixels.shape[:2]))
    assert predictor.predict_psnr_db(20) == pytest.approx(restored_db, abs=0.1)


@pytest.mark.pretrained
@pytest.mark.parametrize("scale", [1, 2])
def test_windows_tell_how_much_better_the_codec_restores_than_its_guide(scale):
    pixels, guide = photo(), presets.find("comrec-lite-2")
    codec = Codec(presets.find("comrec-base-3"), scale)
    data = codec.encode(codec.compact(pixels), 40)
    found_db = [
        psnr_db(pixels, each.restore(data, pixels.shape[:2]))
        for each in (codec, Codec(guide, scale))
    ]
    predictor = predictor_of(pixels, codec, guide)
    better_db = predictor.compare_with_guide(data, 0.5)
    assert better_db == pytest.approx(found_db[0] - found_db[1], abs=0.1)
    assert predictor_of(pixels, codec).compare_with_guide(data, 0.5) == 0


def test_samples_are_few_and_not_of_near_qualities(codec):
    predictor = predictor_of(photo(), codec)
    assert predictor.sample(20, 0.2)
    assert not predictor.sample(21, 0.2), "a sample at 20 is valid for 21"
    assert [predictor.sample(q, 0.2) for q in (40, 60, 80)] == [True, True, False]
    assert SAMPLES_MAX == 3


def test_a_share_below_one_window_gives_no_sample(codec):
    predictor = predictor_of(photo(), codec)
    assert not predictor.sample(20, 1e-6)
    assert not predictor.sample(60, 0.5), "the windows are selected once"


def test_a_full_decode_replaces_the_prediction_and_corrects_its_neighbours(codec):
    predictor = predictor_of(photo(), codec)
    before_db = predictor.predict_psnr_db(22)
    predictor.decoded_db[20] = predictor.predict_psnr_db(20) + 0.5
    assert predictor.predict_psnr_db(20) == predictor.decoded_db[20]
    assert predictor.predict_psnr_db(22) == pytest.approx(before_db + 0.5)
    predictor.decoded_db[60] = math.inf
    assert predictor.predict_psnr_db(60) == math.inf
