"""Each step draws the batches of an epoch, and each process its share of them."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY

from comrec.image import resample
from comrec.train.alternating import steps


def halve(images: np.ndarray) -> np.ndarray:
    return images[:, ::2, ::2]


def take_all(batch: np.ndarray) -> np.ndarray:
    return batch


def test_the_target_of_the_warm_up_is_bicubic_reduction(crops):
    rng = np.random.default_rng(0)
    batches = list(steps.draw_warmup(crops, TINY, rng, take_all))
    assert len(batches) == 5  # 40 patches, 8 in each
    for image, target in batches:
        expected = np.stack([resample.reduce(one, 2) for one in image])
        np.testing.assert_allclose(target, expected, atol=1e-5)


def test_the_residual_is_what_the_enlarged_patch_lacks(crops):
    rng = np.random.default_rng(0)
    for enlarged, residual in steps.draw_reconstruction(
        crops, TINY, rng, take_all, halve
    ):
        assert enlarged.shape == residual.shape == (8, 16, 16, 1)
        levels = (enlarged + residual) * 255
        np.testing.assert_allclose(levels, np.rint(levels), atol=1e-3)


def test_processes_draw_the_same_batches_and_yield_their_shares(crops):
    def draw(share):
        rng = np.random.default_rng(3)
        return list(steps.draw_warmup(crops, TINY, rng, share))

    halves = draw(lambda batch: batch[:4]), draw(lambda batch: batch[4:])
    for whole, first, second in zip(draw(take_all), *halves, strict=True):
        np.testing.assert_array_equal(whole[0][:4], first[0])
        np.testing.assert_array_equal(whole[0][4:], second[0])


def test_pictures_without_a_whole_batch_yield_nothing(crops):
    config = replace(TINY, batch=1000, epoch_patches=1000)
    rng = np.random.default_rng(0)
    assert list(steps.draw_warmup(crops, config, rng, take_all)) == []
