"""Tests which coding modes the options allow."""

import fake_pair
import numpy as np
import pytest
from searches import photo

from comrec.encoder.mode_list import list_network_modes, list_plain_modes
from comrec.encoder.options import Options
from comrec.jpeg.settings import PLAIN, JpegSettings

pytestmark = pytest.mark.usefixtures("restored_px")


def test_effort_8_tries_other_settings():
    options = Options(preset=fake_pair.NAME, effort=8)
    pixels = photo()[:16, :16].copy()
    tried = list_network_modes(pixels, options, lambda _: 0)
    assert len({mode.settings for mode in tried}) == len(tried) / 2 >= 4
    grey = list_network_modes(pixels[..., :1].copy(), options, lambda _: 0)
    assert {mode.settings.subsampling for mode in grey} == {"4:2:0"}


def test_below_effort_8_a_scale_has_one_mode_with_the_presets_settings():
    options = Options(preset=fake_pair.NAME, effort=7)
    modes = list_network_modes(photo()[:1, :17].copy(), options, lambda _: 5)
    assert [mode.codec.scale for mode in modes] == [1, 2]
    assert {mode.settings for mode in modes} == {fake_pair.PAIR.jpeg}
    assert {mode.extra_bytes for mode in modes} == {5}


def test_modes_of_one_scale_share_one_compact_image():
    options = Options(preset=fake_pair.NAME, effort=8, scale=2)
    modes = list_network_modes(photo()[:29, :31].copy(), options, lambda _: 0)
    assert len(modes) > 1
    images = [mode.compact() for mode in modes]
    assert all(image is images[0] for image in images)
    assert images[0].shape == (15, 16, 3)


@pytest.mark.parametrize(
    ("tune", "settings"),
    [
        ("psnr", JpegSettings("comrec", "flat")),
        ("visual", JpegSettings("mozjpeg", "standard")),
    ],
)
def test_the_first_plain_mode_is_the_anchor_and_the_second_has_a_trellis(
    tune, settings
):
    pixels = np.zeros((1, 1, 1), np.uint8)
    modes = list_plain_modes(pixels, Options(preset="plain", tune=tune), 7)
    assert [mode.settings for mode in modes] == [PLAIN, settings]
    assert all(mode.codec is None for mode in modes)
    assert {mode.extra_bytes for mode in modes} == {7}


def test_the_plain_preset_has_no_mode_with_networks():
    pixels = np.zeros((1, 1, 1), np.uint8)
    assert list_network_modes(pixels, Options(preset="plain"), lambda _: 0) == []
