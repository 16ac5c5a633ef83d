"""The step through the codec restores, and costs, what the real codec does."""

from dataclasses import replace

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from joint_runs import STAGES, TINY, codec, later_is_better

from comrec.jpeg import coding as jpeg
from comrec.train.joint import samples
from comrec.train.joint import step as joint_step
from comrec.train.joint.schedule import JointRun
from comrec.train.joint.step import Calibration, JointStep


@pytest.mark.parametrize("scale", [1, 1.5, 2])
def test_the_step_restores_what_the_codec_restores(pair, scale):
    run, draw = pair
    inputs, image, _ = draw(scale=scale)
    step = JointStep(run.comcnn, run.reccnn, scale)
    restored = samples.to_uint8(keras.ops.convert_to_numpy(step(inputs)))
    codec_ = codec(run, scale)
    for picture, ours in zip(samples.to_uint8(image), restored, strict=True):
        coded = codec_.encode(codec_.compact(picture), 30)
        theirs = codec_.restore(coded, picture.shape[:2])
        difference = np.abs(ours.astype(int) - theirs)
        assert difference.max() <= 1  # float sums in another order
        assert (difference > 0).mean() < 1e-3
        assert np.abs(theirs.astype(int) - picture).max() > 10  # it does something


@pytest.mark.parametrize("scale", [1.5, 2])
def test_the_bits_of_the_loss_are_those_of_the_file(pair, scale):
    run, draw = pair
    inputs, image, _ = draw(scale=scale)
    step = JointStep(run.comcnn, run.reccnn, scale)
    step(inputs)
    (bits_per_pixel,) = (float(loss) for loss in step.losses)
    settings = samples.build_settings("flat")
    compact = samples.reduce(image, scale, run.get_change(scale))
    empty = len(jpeg.encode(np.full(compact[0].shape, 128, np.uint8), 30, settings))
    files = [jpeg.encode(samples.to_uint8(c), 30, settings) for c in compact]
    bits = sum(8 * (len(file) - empty) for file in files)
    assert bits_per_pixel == pytest.approx(bits / image[..., 0].size, rel=1e-4)


def test_bits_of_coarse_steps_and_of_fine_ones_are_not_mixed():
    update = Calibration().update
    update(np.array([1, 1, 128]), np.array([100, 200, 50]), np.array([50, 50, 100]))
    factor = update(np.array([128, 1.2]), np.array([50, 30]), np.array([100, 10]))
    np.testing.assert_allclose(factor, [0.5, (0.9 * 300 + 30) / (0.9 * 100 + 10)])


def test_the_price_of_a_bit_grows_with_the_square_of_the_step(pair):
    _, draw = pair
    found = {}
    for quality in (20, 60):
        (_, _, steps, _, _), _, weights = draw(quality)
        assert np.ptp(weights) == 0
        mean = steps[0, 0].mean()
        found[quality] = weights[0] * (2 * mean / 255) ** 2 * TINY.bit_price
    assert list(found.values()) == pytest.approx([1, 1], rel=1e-5)


@pytest.mark.slow
def test_one_comcnn_learns_at_several_scales_by_their_shares(images, tmp_path):
    config = replace(
        TINY, scales=(1, 1.5, 2), scale_shares=(0.2, 0.2, 0.6), compact_scales=(1.5, 1),
        qualities=((30, 30),) * 3, stages=(replace(STAGES[1], epochs=1),),
        epoch_batches=4, patch_px=96, joint_patch_px=96,
    )  # fmt: skip
    run = JointRun(config, tmp_path, images, later_is_better)
    run.train()
    assert np.isfinite(run.log.rows("epoch")[0]["loss"])
    image = run.images[0][None].astype(np.float32) / 255
    assert np.abs(run.get_change(1)(image) - run.get_change(1.5)(image)).max() > 0
    assert run.get_change(2) is None

    def none(images):
        return np.zeros_like(images)

    config = replace(
        config, epoch_batches=60, joint_batch=1, scale_shares=(0.2, 0.6, 0.2)
    )
    drawn = joint_step.draw_batches(
        run.images, {1: none, 1.5: none}, config, np.random.default_rng(0)
    )
    sides = [inputs[1].shape[1] for inputs, _, _ in drawn]
    assert set(sides) == {96, 64}
    assert 0.6 < sides.count(64) / 60 < 0.9
