"""A compact image is refined by gradients through RecCNN, tile by tile."""

from __future__ import annotations

import numpy as np
import pictures
import pytest

pytest.importorskip("keras", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from comrec.encoder import refine
from comrec.image.metrics import psnr_db
from comrec.networks import presets
from comrec.networks.codec import Codec


@pytest.mark.slow
@pytest.mark.pretrained
def test_refining_brings_the_restored_picture_closer_at_its_bytes():
    picture, quality = pictures.photo(73, 81), 25
    codec, size = Codec(presets.find("comrec-lite-2"), 1), picture.shape[:2]
    compact = codec.compact(picture)
    refined = refine.refine(codec, picture, compact, quality)
    assert refined.shape == compact.shape
    assert refined.dtype == np.uint8
    before, after = (codec.encode(c, quality) for c in (compact, refined))
    gain_db = psnr_db(picture, codec.restore(after, size)) - psnr_db(
        picture, codec.restore(before, size)
    )
    assert gain_db > 0.03
    assert len(after) < 1.05 * len(before)


@pytest.mark.parametrize("size", [(1, 1), (288, 288), (700, 331)])
def test_tiles_cover_each_pixel_once_and_see_a_margin(size):
    side, margin = 384, 48
    times = np.zeros(size, int)
    for core, wide in refine._tiles((*size, 3), side, margin):
        times[core.slices] += 1
        assert max(wide.size) <= side
        for low, high, edge in (
            (wide.y0, core.y0, 0), (wide.x0, core.x0, 0),
        ):  # fmt: skip
            assert high - low == margin or low == edge
    assert (times == 1).all()


def test_a_window_at_the_edge_is_filled_up_with_its_last_pixels():
    pixels = pictures.photo(5, 7)
    cut = refine._cut(pixels, refine.Window(3, 5, 4, 7), 6)
    assert cut.shape == (6, 6, 3)
    np.testing.assert_array_equal(cut[:2, :3], pixels[3:, 4:])
    np.testing.assert_array_equal(cut[5, 5], pixels[4, 6])
