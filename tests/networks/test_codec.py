"""One image in memory through both networks, at a given JPEG quality."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from comrec.image.metrics import psnr_db
from comrec.image.window import Window
from comrec.jpeg.colour import CHROMA_ZERO, RGB_TO_YCBCR, YCBCR_TO_RGB
from comrec.networks import presets
from comrec.networks.codec import Codec

data = pytest.importorskip("skimage.data", reason="needs the dev extra")


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(data.astronaut()[40:171, 160:257])  # odd both ways


@pytest.fixture(scope="module")
def pair() -> Codec:
    return Codec(presets.find("jiang2017-gray-q50"))


def test_colour_matrices_are_those_of_jpeg(photo):
    theirs = np.asarray(Image.fromarray(photo).convert("YCbCr"), np.float32)
    ours = (photo / 255.0 @ RGB_TO_YCBCR.T + CHROMA_ZERO) * 255
    assert np.abs(ours - theirs).max() <= 1.01  # Pillow's is in whole numbers
    back = (ours / 255 - CHROMA_ZERO) @ YCBCR_TO_RGB.T * 255
    np.testing.assert_allclose(back, photo, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_compact_is_half_size_rounded_up_and_a_picture_of_the_same(
    pair, photo, channels
):
    pixels = np.ascontiguousarray(photo[..., :channels])
    compact = pair.compact(pixels)
    assert compact.shape == (66, 49, channels)
    assert compact.dtype == np.uint8
    small = Image.fromarray(photo).convert("L" if channels == 1 else "YCbCr")
    if channels == 1:
        small = Image.fromarray(pixels[..., 0])
    reduced = np.asarray(small.resize((49, 66), Image.Resampling.BICUBIC))
    assert psnr_db(compact, reduced.reshape(compact.shape)) > 20


@pytest.mark.parametrize("channels", [1, 3])
def test_restored_is_close_and_closer_at_higher_quality(pair, photo, channels):
    pixels = np.ascontiguousarray(photo[..., :channels])
    compact = pair.compact(pixels)
    low, high = (
        psnr_db(pixels, pair.restore(pair.encode(compact, q), pixels.shape[:2]))
        for q in (10, 80)
    )
    assert 20 < low < high


def test_restored_beats_bicubic_enlargement(pair):
    pixels = np.ascontiguousarray(data.camera()[96:352, 96:352, None])
    coded = pair.encode(pair.compact(pixels), 50)
    networks = {"reccnn": np.zeros_like}
    without = Codec(presets.find("jiang2017-gray-q50"), networks=networks)
    ours, bicubic = (
        psnr_db(pixels, c.restore(coded, (256, 256))) for c in (pair, without)
    )
    assert ours > bicubic + 0.5


def test_the_last_odd_row_is_restored_as_well_as_its_neighbours(pair, photo):
    pixels = np.ascontiguousarray(photo[..., :1])
    restored = pair.restore(pair.encode(pair.compact(pixels), 50), photo.shape[:2])
    error = np.abs(pixels.astype(int) - restored)
    assert error[-1].mean() < 3 * error[-9:-1].mean()
    assert error[:, -1].mean() < 3 * error[:, -9:-1].mean()


def test_windows_are_cut_from_the_restored_image(pair, photo):
    size = photo.shape[:2]
    coded = pair.encode(pair.compact(photo), 50)
    whole = pair.restore(coded, size)
    windows = [Window(0, 32, 0, 32), Window(70, 131, 33, 97)]
    for window, pixels in pair.restore_windows(coded, size, windows):
        np.testing.assert_array_equal(pixels, whole[window.slices])


def test_little_memory_gives_the_same_pixels(photo):
    preset = presets.find("jiang2017-gray-q50")
    roomy, tight = Codec(preset), Codec(preset, memory_mb=1)
    compact = roomy.compact(photo)
    np.testing.assert_array_equal(compact, tight.compact(photo))
    coded = roomy.encode(compact, 50)
    np.testing.assert_array_equal(
        roomy.restore(coded, photo.shape[:2]), tight.restore(coded, photo.shape[:2])
    )


@pytest.mark.parametrize("channels", [1, 3])
def test_the_preset_without_networks_is_plain_jpeg(photo, channels):
    from comrec.jpeg import coding

    plain = Codec(presets.find(presets.PLAIN))
    pixels = np.ascontiguousarray(photo[..., :channels])
    coded = plain.encode(plain.compact(pixels), 75)
    assert coded == coding.encode(pixels, 75)
    np.testing.assert_array_equal(
        plain.restore(coded, photo.shape[:2]), coding.decode(coded)
    )


def colour_pair() -> Codec:
    """Networks for three channels that reduce by a network and restore nothing."""

    def halve(x: np.ndarray) -> np.ndarray:
        assert x.shape[3] == 3
        return np.ascontiguousarray(x[:, ::2, ::2])

    def nothing(x: np.ndarray) -> np.ndarray:
        assert x.shape[3] == 3
        return np.zeros_like(x)

    preset = dataclasses.replace(presets.find("jiang2017-gray-q50"), channels=3)
    return Codec(preset, networks={"comcnn": halve, "reccnn": nothing})


@pytest.mark.parametrize("channels", [1, 3])
def test_networks_for_colour_take_grey_pictures_too(photo, channels):
    pixels = np.ascontiguousarray(photo[:, :, :channels])
    pair = colour_pair()
    compact = pair.compact(pixels)
    assert compact.shape == (66, 49, channels)
    coded = pair.encode(compact, 95)
    restored = pair.restore(coded, pixels.shape[:2])
    assert restored.shape == pixels.shape
    assert psnr_db(pixels, restored) > 20
