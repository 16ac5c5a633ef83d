"""Codings and patches for RecCNN: grey, aligned, weighted."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from joint_runs import TINY, codec

from comrec.image import resample
from comrec.jpeg import coding as jpeg
from comrec.jpeg.colour import luma
from comrec.train.joint import samples
from comrec.train.joint.samples import Coding


def test_grey_is_coded_as_the_codec_codes_it(pair, images):
    run, _ = pair
    grey = luma(images[1])  # of odd sides
    coding = samples.code(grey, 2, "flat", 30, run.get_change(2))
    codec_ = codec(run, 2)
    coded = codec_.encode(codec_.compact(grey), 30)
    assert coding.bytes == len(coded)
    decoded = jpeg.decode(coded).astype(np.float32) / 255
    enlarged = resample.enlarge(decoded, 2, grey.shape[:2]).repeat(3, axis=2)
    np.testing.assert_array_equal(coding.enlarged, enlarged)
    np.testing.assert_array_equal(coding.image, grey.repeat(3, axis=2))


def test_grey_codings_are_three_equal_channels(images):
    config = replace(TINY, grey_share=1.0)
    for coding in samples.draw(images, config, np.random.default_rng(0), {}):
        for pixels in (coding.image, coding.enlarged):
            assert pixels.shape[2] == 3
            np.testing.assert_array_equal(pixels, pixels[..., :1].repeat(3, axis=2))
        assert coding.image.std() > 10


def test_patches_are_aligned_and_stay_on_the_grid_of_the_jpeg():
    y, x = np.mgrid[:256, :192].astype(np.uint8)
    image = np.stack([y, x, y], axis=-1)
    enlarged = image.astype(np.float32) / 255
    coding = Coding(image, enlarged, np.zeros(5, np.float32), 32, 0.01, 1)
    config = replace(TINY, epoch_batches=40)
    corners = set()
    rng = np.random.default_rng(0)
    for (cut, _), target, _ in samples.draw_batches([coding], config, rng):
        assert cut.shape == (2, 32, 32, 3)
        np.testing.assert_array_equal(cut, target)
        for patch in np.rint(target * 255).astype(int):
            corners.add((patch[..., 0].min(), patch[..., 1].min()))
    assert {n % 32 for corner in corners for n in corner} == {0}
    assert len(corners) > 35  # of 8 times 6


def test_a_patch_weighs_what_its_whole_picture_lost(images):
    drawn = samples.draw(images[:1], TINY, np.random.default_rng(0), {})
    told = {coding.condition.tobytes(): coding for coding in drawn}
    for (_, conditions), _, weights in samples.draw_batches(
        drawn, TINY, np.random.default_rng(1)
    ):
        for condition, weight in zip(conditions, weights, strict=True):
            coding = told[condition.tobytes()]
            lost = np.mean((coding.enlarged - coding.image / np.float32(255)) ** 2)
            assert weight == pytest.approx(1 / (lost + 2 / 255**2), rel=1e-4)
