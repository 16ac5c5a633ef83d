"""The one enlargement and the one reduction."""

import numpy as np
import pytest
from PIL import Image

from comrec.image import resample
from comrec.image.window import Window, grid

RNG = np.random.default_rng(7)


def noise(height: int, width: int, channels: int = 1) -> np.ndarray:
    return RNG.random((height, width, channels), np.float32)


def pillow(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    resized = Image.fromarray(plane).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(resized)


@pytest.mark.parametrize(
    ("size", "scale", "compact"),
    [
        ((64, 64), 2, (32, 32)),
        ((29, 100), 2, (15, 50)),
        ((1, 1), 2, (1, 1)),
        ((1, 17), 3, (1, 6)),
        ((10, 11), 4, (3, 3)),
        ((29, 100), 1, (29, 100)),
    ],
)
def test_the_compact_size_is_rounded_up(size, scale, compact):
    assert resample.compact_size(*size, scale) == compact
    assert resample.reduce(noise(*size), scale).shape == (*compact, 1)
    assert resample.enlarge(noise(*compact, 3), scale, size).shape == (*size, 3)


@pytest.mark.parametrize("scale", [2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_both_are_pillows_bicubic(scale, channels):
    compact = noise(7, 12, channels)
    enlarged = resample.enlarge(compact, scale, (7 * scale, 12 * scale))
    image = noise(7 * scale, 12 * scale, channels)
    reduced = resample.reduce(image, scale)
    for c in range(channels):
        theirs = pillow(compact[..., c], 7 * scale, 12 * scale)
        assert np.array_equal(enlarged[..., c], theirs)
        assert np.array_equal(reduced[..., c], pillow(image[..., c], 7, 12))


def test_enlarging_by_two_has_the_taps_of_keys_cubic():
    # a = -1/2 at distances 1/4 and 3/4 of a sample, by Keys's formula in 128ths:
    # W(.25) = 111, W(.75) = 29, W(1.25) = -9, W(1.75) = -3.
    row = resample.enlarge(np.eye(1, 16, 8, np.float32)[..., None], 2, (1, 32))[0, :, 0]
    taps = np.array([-3, -9, 29, 111, 111, 29, -9, -3]) / 128
    np.testing.assert_allclose(row[13:21], taps, atol=1e-6)
    assert not row[:13].any()
    assert not row[21:].any()


def test_odd_sizes_are_the_even_ones_cut_off():
    compact = noise(8, 9, 3)
    whole = resample.enlarge(compact, 2, (16, 18))
    assert np.array_equal(resample.enlarge(compact, 2, (15, 17)), whole[:15, :17])


def test_odd_sizes_reduce_as_if_the_last_row_went_on():
    image = noise(15, 17, 3)
    grown = np.concatenate([image, image[-1:]], axis=0)
    grown = np.concatenate([grown, grown[:, -1:]], axis=1)
    assert np.array_equal(resample.reduce(image, 2), resample.reduce(grown, 2))


@pytest.mark.parametrize("axis", [0, 1])
def test_the_sampling_grid_does_not_depend_on_parity(axis):
    image = noise(40, 40)
    cut = image[:-1] if axis == 0 else image[:, :-1]
    inside = (slice(0, 17), slice(0, 17))  # bicubic at 2:1 reaches two compact pixels
    whole = resample.reduce(image, 2)
    assert np.array_equal(resample.reduce(cut, 2)[inside], whole[inside])
    assert not np.array_equal(resample.reduce(cut, 2), whole)


@pytest.mark.parametrize("value", [0.0, 0.25, 1.0])
def test_a_flat_picture_stays_flat(value):
    flat = np.full((9, 7, 1), value, np.float32)
    np.testing.assert_allclose(resample.reduce(flat, 2), value, atol=1e-6)
    np.testing.assert_allclose(resample.enlarge(flat, 2, (17, 14)), value, atol=1e-6)


def test_overshoot_is_kept():
    step = np.repeat([[0.0], [1.0]], 4, axis=0).astype(np.float32)[..., None]
    enlarged = resample.enlarge(step, 2, (16, 2))
    assert enlarged.max() > 1.01
    assert enlarged.min() < -0.01


@pytest.mark.parametrize("scale", [1, 1.5, 2, 2.5, 3])
@pytest.mark.parametrize("size", [(1, 1), (31, 64), (50, 47), (49, 101)])
def test_a_window_is_that_part_of_the_whole(scale, size):
    last_bit = 1.2e-7  # Pillow counts in float64 from where a box begins
    h, w = resample.compact_size(*size, scale)
    compact, image = noise(h, w, 2), noise(*size, 2)
    enlarged = resample.enlarge(compact, scale, size)
    for window in grid(*size, 13, 17):
        part = resample.enlarge(compact, scale, size, window)
        np.testing.assert_allclose(part, enlarged[window.slices], 0, last_bit)
    reduced = resample.reduce(image, scale)
    for window in grid(h, w, 7, 9):
        part = resample.reduce_window(
            lambda cut: image[cut.slices], size, scale, window
        )
        np.testing.assert_allclose(part, reduced[window.slices], 0, last_bit)


def test_bytes_count_from_0_to_1():
    compact = RNG.integers(0, 256, (7, 10, 3), np.uint8)
    for scale, size in ((1, (7, 10)), (1.5, (10, 15)), (2, (13, 20))):
        np.testing.assert_array_equal(
            resample.enlarge(compact, scale, size),
            resample.enlarge(compact.astype(np.float32) / 255, scale, size),
        )


@pytest.mark.parametrize("scale", [1, 1.5, 2])
@pytest.mark.parametrize("channels", [1, 3])
def test_rounded_bytes_are_enlarged_as_floats_are_to_a_grey_level(scale, channels):
    size = (47, 61)
    h, w = resample.compact_size(*size, scale)
    y, x, _ = np.mgrid[:h, :w, :1]
    compact = 128 + 50 * np.sin(x / 3) + 50 * np.cos(y / 4 + np.arange(channels))
    compact = compact.astype(np.uint8)
    floats = 255 * resample.enlarge(compact, scale, size)
    for window in grid(*size, 16, 61):
        part = resample.enlarge(compact, scale, size, window, rounded=True)
        assert part.dtype == np.uint8
        assert np.abs(part - floats[window.slices]).max() <= 1.1


def test_scale_1_changes_nothing():
    image = noise(5, 6, 3)
    assert np.array_equal(resample.enlarge(image, 1, (5, 6)), image)
    assert np.array_equal(resample.reduce(image, 1), image)


@pytest.mark.parametrize(
    "size", [(12, 20), (15, 20), (14, 18), (14, 21), (20, 14), (7, 10), (0, 0)]
)
def test_a_size_the_compact_image_was_not_made_from_is_refused(size):
    with pytest.raises(ValueError, match="a 10x7 compact image at scale 2 cannot"):
        resample.enlarge(noise(7, 10), 2, size)


def test_matrices_enlarge_as_the_codec_does():
    compact = np.random.default_rng(0).random((51, 67, 2), np.float32)
    for scale, size in ((1.5, (76, 100)), (2, (101, 133))):
        for window in (Window(0, size[0], 0, size[1]), Window(24, 60, 48, 96)):
            source, rows, columns = resample.enlarging_matrices(scale, size, window)
            made = np.einsum("Hh,hwc,Ww->HWc", rows, compact[source.slices], columns)
            wanted = resample.enlarge(compact, scale, size, window)
            np.testing.assert_allclose(made, wanted, atol=1e-5)
