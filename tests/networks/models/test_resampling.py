"""Resampling of tensors in training is that of pictures in the codec."""

import numpy as np
import pytest
from PIL import Image

ops = pytest.importorskip("keras", reason="needs the train extra").ops

from comrec.image import resample
from comrec.networks.models import resampling

RNG = np.random.default_rng(7)


def noise(height: int, width: int, channels: int = 1) -> np.ndarray:
    return RNG.random((height, width, channels), np.float32)


def pillow(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    resized = Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized)


@pytest.mark.parametrize(
    ("n_in", "n_out"), [(1, 2), (5, 10), (7, 21), (20, 10), (9, 3)]
)
def test_rows_of_the_matrix_sum_to_one(n_in, n_out):
    matrix = resampling.bicubic_matrix(n_in, n_out)
    assert matrix.shape == (n_out, n_in)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(("n_in", "n_out"), [(5, 10), (20, 10)])
def test_the_matrix_does_what_pillow_does(n_in, n_out):
    line = noise(n_in, 1)[..., 0]
    # Not @, which may warn of what is in a register beside the numbers.
    ours = np.einsum("Ii,ij->Ij", resampling.bicubic_matrix(n_in, n_out), line)
    np.testing.assert_allclose(ours, pillow(line, n_out, 1), atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_op_for_training_is_the_same_enlargement(scale, channels):
    batch = np.stack([noise(9, 14, channels) for _ in range(2)])
    enlarged = ops.convert_to_numpy(resampling.enlarge_op(batch, scale))
    size = 9 * scale, 14 * scale
    theirs = np.stack([resample.enlarge(compact, scale, size) for compact in batch])
    np.testing.assert_allclose(enlarged, theirs, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 1.5, 2, 3])
def test_the_op_for_training_is_the_same_reduction(scale):
    size = int(6 * scale), int(10 * scale)
    batch = np.stack([noise(*size, 3) for _ in range(2)])
    reduced = ops.convert_to_numpy(resampling.reduce_op(batch, scale))
    theirs = np.stack([resample.reduce(image, scale) for image in batch])
    np.testing.assert_allclose(reduced, theirs, atol=1e-6)
