"""The compact step: its gradients, its loss, and how far it moves ComCNN."""

from dataclasses import replace

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY, better

from comrec.train.alternating.compact import CompactStep, half_square_error
from comrec.train.alternating.config import Round
from comrec.train.alternating.schedule import AlternatingRun
from comrec.train.run.config import LearningRate


def numpy_of(variable: keras.Variable) -> np.ndarray:
    return keras.ops.convert_to_numpy(variable).copy()


@pytest.mark.parametrize("estimator", ["bypass", "released", "ste"])
def test_gradients_of_the_estimators_are_what_they_are_defined_as(
    unbroken, crops, estimator
):
    """Seen at ComCNN's last bias, which adds a constant to the compact image."""
    comcnn, reccnn = unbroken.models
    kept = [(v, numpy_of(v)) for model in (comcnn, reccnn) for v in model.variables]
    rng = np.random.default_rng(5)
    for variable in reccnn.variables:  # a RecCNN that does something
        variable.assign(np.abs(rng.normal(0.02, 0.01, variable.shape)))
    comcnn.trainable, reccnn.trainable = True, False
    step = CompactStep(comcnn, reccnn, replace(TINY, estimator=estimator))
    image = crops[:2, :16, :16].astype(np.float32) / 255
    error = step.measure_codec_error(image)
    bias = comcnn.layers[-1].bias

    def restored_at(offset: float) -> np.ndarray:
        bias.assign(start + offset)
        return keras.ops.convert_to_numpy(step((image, error)))

    def loss_at(offset: float) -> float:
        return float(np.sum((restored_at(offset) - image) ** 2)) / 2 / len(image)

    start = numpy_of(bias)
    if estimator == "released":
        # The error itself, carried back through the enlargement, whose rows sum to 1.
        expected = float(np.sum(restored_at(0) - image)) / len(image)
    else:
        expected = (loss_at(0.01) - loss_at(-0.01)) / 0.02
    bias.assign(start)
    step.compile(keras.optimizers.SGD(1e-4), half_square_error, jit_compile=False)
    step.train_on_batch((image, error), image)
    gradient = float((start - numpy_of(bias))[0]) / 1e-4
    for variable, value in kept:
        variable.assign(value)
    assert gradient == pytest.approx(expected, rel=0.02)


def moved_by(estimator, run, crops, tmp_path, **settings):
    """How far one compact step of a way moves ComCNN, from the same place."""
    config = replace(
        TINY, estimator=estimator, start=str(run.folder),
        rounds=(Round((LearningRate(1, 1e-3, 1e-3),), (LearningRate(1, 1e-9, 1e-9),)),),
        **settings,
    )  # fmt: skip
    other = AlternatingRun(config, tmp_path / f"{estimator}{settings}", crops, better)
    rng = np.random.default_rng(5)
    for variable in other.reccnn.variables:  # one that does something
        variable.assign(np.abs(rng.normal(0.02, 0.01, variable.shape)))
    before = [w.copy() for w in other.comcnn.get_weights()]
    other._train_phase(other.phases[0])
    after = other.comcnn.get_weights()
    return np.concatenate([(b - a).ravel() for a, b in zip(before, after, strict=True)])


@pytest.mark.slow
def test_the_three_estimators_and_the_rate_term_move_comcnn_differently(
    unbroken, crops, tmp_path
):
    moves = [
        moved_by(way, unbroken, crops, tmp_path, rate_weight=weight)
        for way in ("bypass", "released", "ste")
        for weight in (0.0, 0.1)
    ]
    for i, one in enumerate(moves):
        assert np.abs(one).max() > 1e-4
        for other in moves[:i]:
            assert np.abs(one - other).max() > 1e-6


def test_half_square_error_is_half_the_sum_over_each_patch():
    zero, two = np.zeros((3, 4, 4, 1), np.float32), np.full((3, 4, 4, 1), 2, np.float32)
    assert [float(e) for e in half_square_error(zero, two)] == [32, 32, 32]
