"""The differentiable JPEG against the real one: pixels, tables, bytes, gradients."""

from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np
import pictures
import pytest
from PIL import Image

keras = pytest.importorskip("keras", reason="needs the train extra")

from keras import ops

from comrec.errors import JpegError
from comrec.jpeg import coding, segments
from comrec.jpeg.colour import CHROMA_ZERO, RGB_TO_YCBCR, YCBCR_TO_RGB
from comrec.jpeg.quantisation import read_tables
from comrec.jpeg.settings import PLAIN, SUBSAMPLINGS, JpegSettings
from comrec.networks.models import jpeg_proxy

DQT = 0xDB
LUMA = RGB_TO_YCBCR[0]
MOZJPEG = JpegSettings("mozjpeg", "flat")


def photo(height: int, width: int, channels: int) -> np.ndarray:
    if channels == 3:
        return pictures.photo(height, width)
    return pictures.grey(height, width)[..., None]


def floats(*images: np.ndarray) -> np.ndarray:
    return np.stack(images).astype(np.float32) / 255


@cache
def whole(function: Callable, *args: str, **options: object) -> Callable:
    """With options; JAX compiles it at once: one operation after the other is slow."""

    def call(*tensors):
        return function(*tensors, *args, **options)

    if keras.backend.backend() != "jax":
        return call
    import jax

    return jax.jit(call)


def through(compact: np.ndarray, steps: np.ndarray, *args, **options) -> np.ndarray:
    coded, _ = whole(jpeg_proxy.through, *args, **options)(
        ops.convert_to_tensor(compact), ops.convert_to_tensor(steps)
    )
    return ops.convert_to_numpy(coded)


def counted(compact: np.ndarray, steps: np.ndarray) -> np.ndarray:
    return ops.convert_to_numpy(
        whole(jpeg_proxy.magnitudes)(
            ops.convert_to_tensor(compact), ops.convert_to_tensor(steps)
        )
    )


def apart(image: np.ndarray, quality: int, settings: JpegSettings) -> float:
    """RMS of proxy less real codec, in grey levels, after the clipping of a decoder."""
    file = coding.encode(image, quality, settings)
    ours = through(floats(image), read_tables(file)[None], settings.subsampling)[0]
    difference = 255 * np.clip(ours, 0, 1) - coding.decode(file)
    return float(np.sqrt(np.mean(np.square(difference))))


def apart_in_ycbcr(
    image: np.ndarray, quality: int, settings: JpegSettings
) -> np.ndarray:
    """The same of each plane, beginning with what libjpeg rounds the planes to."""
    planes = np.asarray(Image.fromarray(image).convert("YCbCr"))
    file = coding.encode(planes, quality, settings, "YCbCr")
    exact = (floats(planes) - CHROMA_ZERO) @ YCBCR_TO_RGB.T
    ours = through(exact, read_tables(file)[None], settings.subsampling)[0]
    ours = 255 * np.clip(ours @ RGB_TO_YCBCR.T + CHROMA_ZERO, 0, 1)
    difference = ours - coding.decode(file, "YCbCr")
    return np.sqrt(np.mean(np.square(difference), axis=(0, 1)))


def gradient(function, x: np.ndarray) -> np.ndarray:
    """Of the sum of what a function of a tensor gives, on any backend."""
    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return np.asarray(jax.jit(jax.grad(lambda t: ops.sum(function(t))))(x))
    if backend == "torch":
        tensor = ops.convert_to_tensor(x).clone().requires_grad_()
        ops.sum(function(tensor)).backward()
        return ops.convert_to_numpy(tensor.grad)
    import tensorflow as tf

    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        total = ops.sum(function(tensor))
    return tape.gradient(total, tensor).numpy()


def wave(amplitude_steps: float, step: float, mean: float = 0.5) -> np.ndarray:
    """One grey block, (1, 8, 8, 1), whose coefficient (0, 1) is so many steps."""
    x = np.arange(8)
    cosine = np.cos(np.pi * (2 * x + 1) / 16) * np.sqrt(2 / 8) / np.sqrt(8)
    block = mean + amplitude_steps * step / 255 * cosine[None, :].repeat(8, axis=0)
    return block[None, :, :, None].astype(np.float32)


@pytest.mark.parametrize("size", [(48, 96), (61, 75)])
@pytest.mark.parametrize("tables", ["standard", "flat"])
def test_the_proxy_agrees_with_libjpeg_in_grey(tables, size):
    for quality in (10, 50, 90):
        settings = JpegSettings(tables=tables)
        assert apart(photo(*size, 1), quality, settings) < 1.7


@pytest.mark.parametrize("size", [(48, 96), (61, 75)])
@pytest.mark.parametrize("tables", ["standard", "flat"])
@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_the_proxy_agrees_with_libjpeg_in_each_plane_of_colour(
    subsampling, tables, size
):
    for quality in (10, 50, 90):
        settings = JpegSettings(tables=tables, subsampling=subsampling)
        planes = apart_in_ycbcr(photo(*size, 3), quality, settings)
        assert np.all(planes < [1.7, 1.1, 1.1]), (quality, planes)
        # The tolerance is for ties: libjpeg's planes are in whole numbers.
        assert apart(photo(*size, 3), quality, settings) < 3


def test_tables_are_those_of_the_file_in_natural_order():
    # Zigzag as T.81, figure A.6 draws it: along antidiagonals, in turns up and down.
    zigzag = sorted(np.ndindex(8, 8), key=lambda at: (sum(at), at[1 - sum(at) % 2]))
    asked = tuple(range(1, 65)), tuple(range(101, 165))
    file = coding.encode(photo(16, 16, 3), 50, JpegSettings(tables=asked))
    found = read_tables(file)
    np.testing.assert_array_equal(found.reshape(2, 64), asked)
    stored = b"".join(s.payload for s in segments.parse(file) if s.marker == DQT)
    for number, table in enumerate(found):
        in_file = stored[65 * number + 1 : 65 * (number + 1)]
        assert list(in_file) == [table[at] for at in zigzag]


@pytest.mark.parametrize("settings", [PLAIN, MOZJPEG])
@pytest.mark.parametrize("channels", [1, 3])
def test_steps_at_a_quality_are_those_of_any_file_of_that_quality(channels, settings):
    for quality in (5, 60, 95):
        steps = jpeg_proxy.steps_at(quality, settings, channels)
        assert (steps.shape, steps.dtype) == ((2, 8, 8), np.float32)
        file = coding.encode(photo(32, 48, channels), quality, settings)
        np.testing.assert_array_equal(steps, read_tables(file))


def test_each_image_of_a_batch_has_its_own_tables():
    images = floats(photo(32, 48, 3), photo(32, 48, 3)[::-1])
    steps = np.stack([jpeg_proxy.steps_at(q) for q in (10, 80)])
    together = through(images, steps)
    alone = [through(images[i : i + 1], steps[i : i + 1])[0] for i in (0, 1)]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert np.abs(through(images, steps[::-1]) - together).max() > 0.05
    assert counted(images, steps)[1] > 1.5 * counted(images, steps)[0]


@pytest.mark.parametrize("channels", [1, 3])
def test_coarser_steps_cost_less(channels):
    image = floats(photo(48, 48, channels))
    fine = jpeg_proxy.steps_at(75, channels=channels)[None]
    costs = [counted(image, fine * times)[0] for times in (1, 2, 4, 8)]
    assert all(b < 0.8 * a for a, b in pairwise(costs))
    chroma_alone = fine * np.array([1, 8], np.float32)[:, None, None]
    assert (counted(image, chroma_alone)[0] < costs[0]) == (channels == 3)


def test_the_dead_zone_takes_small_waves_and_no_mean():
    steps = np.full((1, 2, 8, 8), 16, np.float32)

    def contrast(amplitude_steps: float, **options) -> float:
        return float(np.ptp(through(wave(amplitude_steps, 16), steps, **options)))

    assert contrast(0.4) < 1e-5 < 0.01 < contrast(0.6)
    assert contrast(0.6, dead_zone=0.2) < 1e-5
    assert contrast(0.8, dead_zone=0.2) == pytest.approx(contrast(0.8))
    grey = np.full((1, 8, 8, 1), (128 + 0.6 * 16 / 8) / 255, np.float32)
    assert through(grey, steps, dead_zone=0.2)[0, 0, 0, 0] == pytest.approx(130 / 255)


@pytest.mark.parametrize("subsampling", SUBSAMPLINGS)
def test_the_gradient_is_that_of_the_codec_without_rounding(subsampling):
    """The transpose of it, linear as it is: chroma is halved and doubled on the way."""
    rng = np.random.default_rng(5)
    weigh, move = rng.normal(0, 1, (2, 1, 20, 28, 3)).astype(np.float32)
    coarse = jpeg_proxy.steps_at(10)[None]

    def weighed(compact):
        return weigh * jpeg_proxy.through(compact, coarse, subsampling)[0]

    found = gradient(weighed, floats(photo(20, 28, 3)))
    finest = np.full_like(coarse, 1e-3)
    unrounded = through(move, finest, subsampling) - through(
        0 * move, finest, subsampling
    )
    assert np.sum(found * move) == pytest.approx(np.sum(weigh * unrounded), rel=1e-2)


def test_chroma_has_a_gradient_at_every_pixel_through_its_halving():
    blue = np.array([0, 0, 1], np.float32)
    steps = jpeg_proxy.steps_at(30)[None]

    def blueness(compact):
        return jpeg_proxy.through(compact, steps)[0] * (blue - LUMA)

    found = gradient(blueness, floats(photo(32, 48, 3)))
    # Summed, halving and doubling cancel: blue less luma of the pixel itself.
    np.testing.assert_allclose(
        found, np.broadcast_to(blue - LUMA, found.shape), atol=1e-3
    )


def test_the_rate_has_a_gradient_everywhere():
    steps = jpeg_proxy.steps_at(30)[None]
    image = floats(photo(32, 48, 3))
    found = gradient(lambda compact: jpeg_proxy.through(compact, steps)[1], image)
    assert np.all(np.isfinite(found))
    assert np.mean(np.abs(found) > 1e-3) > 0.99


def test_the_soft_gradient_leaves_out_what_becomes_zero():
    steps = np.full((1, 2, 8, 8), 16, np.float32)

    def passed(amplitude_steps: float, **options) -> float:
        """How much of a change of the wave comes through, to first order."""
        direction = wave(1, 16) - wave(0, 16)
        found = gradient(
            lambda compact: (
                jpeg_proxy.through(compact, steps, **options)[0] * direction
            ),
            wave(amplitude_steps, 16),
        )
        return float(np.sum(found * direction) / np.sum(direction**2))

    for amplitude in (0.0, 0.5, 3.0):
        assert passed(amplitude) == pytest.approx(1, abs=1e-3)
    assert passed(0.1, gradient="soft") < 0.05
    assert passed(0.5, gradient="soft") == pytest.approx(0.5, abs=0.02)
    assert passed(-1.2, gradient="soft") > 0.99
    assert passed(0.7, gradient="soft", dead_zone=0.5) < 0.06
    # Mid-grey, whose DC is zero, is not nothing.
    mean = gradient(
        lambda compact: jpeg_proxy.through(compact, steps, gradient="soft")[0],
        np.full((1, 8, 8, 1), 128 / 255, np.float32),
    )
    np.testing.assert_allclose(mean, 1, atol=1e-3)


@pytest.mark.parametrize("settings", [PLAIN, JpegSettings(tables="flat"), MOZJPEG])
@pytest.mark.parametrize("channels", [1, 3])
def test_bits_per_magnitude_makes_real_bits_of_magnitudes(channels, settings):
    images = [photo(96, 144, channels)[:, x : x + 48] for x in (0, 48, 96)]
    qualities = [15, 40, 80]
    factor = jpeg_proxy.bits_per_magnitude(floats(*images), qualities, settings)
    flat = np.full_like(images[0], 128)
    real = [
        8 * (len(coding.encode(i, q, settings)) - len(coding.encode(flat, q, settings)))
        for i, q in zip(images, qualities, strict=True)
    ]
    steps = np.stack([jpeg_proxy.steps_at(q, settings, channels) for q in qualities])
    estimated = factor * counted(floats(*images), steps)
    assert np.sum(estimated) == pytest.approx(sum(real), rel=1e-4)
    # A trellis saves more at low qualities, so mozjpeg's factor is less of a constant.
    np.testing.assert_allclose(
        estimated, real, rtol=0.5 if settings is MOZJPEG else 0.25
    )


def test_a_flat_batch_costs_nothing_and_divides_by_nothing():
    flat = np.full((2, 48, 48, 3), 0.4, np.float32)
    assert 0 <= jpeg_proxy.bits_per_magnitude(flat, [20, 90]) < 100


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"subsampling": "4:1:1"}, "one of 4:4:4, 4:2:0. Received: '4:1:1'"),
        ({"gradient": "hard"}, "one of ste, soft. Received: 'hard'"),
    ],
)
def test_what_the_proxy_does_not_know_is_refused(wrong, message):
    with pytest.raises(JpegError, match=message):
        through(
            np.zeros((1, 16, 16, 3), np.float32), jpeg_proxy.steps_at(50)[None], **wrong
        )
