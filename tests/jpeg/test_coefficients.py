import numpy as np
import pytest
from PIL import Image

from comrec.jpeg import coefficients as co
from comrec.jpeg.layout import Layout, layout_of


def picture(height, width, channels, seed=0):
    """Returns a smooth coloured picture with some noise."""
    rng = np.random.default_rng(seed)
    small = rng.integers(40, 216, (height // 8 + 2, width // 8 + 2, 3), dtype=np.uint8)
    smooth = np.asarray(Image.fromarray(small).resize((width, height), 3), np.float32)
    noisy = smooth + rng.normal(0, 3, smooth.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)[..., :channels]


def test_zigzag_is_that_of_the_standard():
    assert co.ZIGZAG[:10].tolist() == [0, 1, 8, 16, 9, 2, 3, 10, 17, 24]
    assert co.ZIGZAG[-5:].tolist() == [54, 47, 55, 62, 63]


def test_a_flat_block_has_eight_times_its_level_as_dc():
    layout = Layout(8, 8, 1)
    (found,) = co.coefficients_of(np.full((8, 8, 1), 138, np.uint8), layout)
    assert found[0, 0, 0] == pytest.approx(80, abs=1e-3)
    assert np.abs(found[0, 0, 1:]).max() < 1e-3


@pytest.mark.parametrize("size", [(1, 1), (7, 9), (29, 100)])
@pytest.mark.parametrize(("channels", "mode"), [(1, "4:2:0"), (3, "4:4:4")])
def test_unquantised_coefficients_give_the_picture_back(size, channels, mode):
    pixels = picture(*size, channels)
    layout = layout_of(pixels, mode)
    shown = co.decode(co.coefficients_of(pixels, layout), [1] * channels, layout)
    np.testing.assert_allclose(shown, pixels, atol=2e-3)


@pytest.mark.parametrize("mode", ["4:2:0", "4:4:4"])
def test_gradients_go_back_through_the_decoder(mode):
    layout = Layout(29, 45, 3, mode)
    rng = np.random.default_rng(1)
    by_pixel = rng.normal(size=(29, 45, 3)).astype(np.float32)
    values = [
        rng.normal(size=(c.rows, c.columns, 64)).astype(np.float32)
        for c in layout.components
    ]
    none = [np.zeros_like(v) for v in values]
    moved = co.decode(values, [1] * 3, layout) - co.decode(none, [1] * 3, layout)
    back = [
        co.transform(plane, component, "constant")
        for plane, component in zip(
            co.gradient_of(by_pixel, layout), layout.components, strict=True
        )
    ]
    expected = sum(np.vdot(a, b) for a, b in zip(values, back, strict=True))
    assert np.vdot(moved, by_pixel) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("channels", "mode"), [(1, "4:2:0"), (3, "4:2:0"), (3, "4:4:4")]
)
def test_weights_are_the_squared_change_of_the_picture(channels, mode):
    layout = Layout(48, 48, channels, mode)
    zeros = [np.zeros((c.rows, c.columns, 64), np.float32) for c in layout.components]
    base = co.decode(zeros, [1] * channels, layout)
    for number, weights in enumerate(co.error_weights(layout)):
        for k in (0, 1, 5, 20, 63):
            moved = [values.copy() for values in zeros]
            moved[number][1, 1, k] = 1
            change = co.decode(moved, [1] * channels, layout) - base
            assert weights[k] == pytest.approx((change**2).sum(), rel=1e-3)


@pytest.mark.parametrize("mode", ["4:2:0", "4:4:4"])
def test_nearest_luma_cannot_be_improved_upon(mode):
    pixels = picture(32, 48, 3).astype(np.float32)
    layout = Layout(32, 48, 3, mode)
    rest = [np.round(plane / 30) * 30 for plane in co.planes_of(pixels, layout)[1:]]
    luma = co.nearest_luma(pixels, rest, layout)
    residual = pixels - co.pixels_of([luma, *rest], layout)
    assert np.abs(residual.mean(-1)).max() < 1e-3  # orthogonal to what luma can do


def test_nearest_chroma_cannot_be_improved_upon():
    pixels = picture(32, 48, 3).astype(np.float32)
    layout = Layout(32, 48, 3, "4:2:0")
    luma = np.round(co.planes_of(pixels, layout)[0] / 30) * 30
    rest = co.nearest_chroma(pixels, luma, layout)
    residual = pixels - co.pixels_of([luma, *rest], layout)
    scale = np.abs(co.gradient_of(pixels, layout)[1]).max()
    for plane in co.gradient_of(residual, layout)[1:]:
        assert np.abs(plane).max() < 1e-3 * scale


@pytest.mark.parametrize("mode", ["4:2:0", "4:4:4"])
def test_unquantised_parts_leave_nothing_to_make_up_for(mode):
    pixels = np.full((17, 9, 3), (200, 40, 90), np.float32)
    layout = Layout(17, 9, 3, mode)
    luma, *rest = co.planes_of(pixels, layout)
    np.testing.assert_allclose(co.nearest_luma(pixels, rest, layout), luma, atol=0.1)
    for mine, own in zip(co.nearest_chroma(pixels, luma, layout), rest, strict=True):
        np.testing.assert_allclose(mine, own, atol=0.1)
