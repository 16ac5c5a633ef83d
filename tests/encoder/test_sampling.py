"""Tests which windows represent an image."""

import numpy as np
import pytest

from comrec.encoder.sampling import select_windows


def test_samples_lie_where_the_error_is():
    image = np.zeros((300, 310, 3), np.uint8)
    other = image.copy()
    other[100:200, :100] = 1
    selected = select_windows(image, other, 20 * 28**2)
    assert sum(weight for _, weight in selected) == pytest.approx(1)
    assert len(selected) > 3
    for window, _ in selected:
        assert 100 - 16 < window.y0 < 200
        assert window.x0 < 100
    assert select_windows(image, other, 500) == []
    assert select_windows(image, image, 20 * 64**2) == []


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 17), (29, 100)])
def test_windows_of_odd_sizes_lie_in_the_image(height, width):
    image = np.zeros((height, width, 1), np.uint8)
    selected = select_windows(image, image + 1, 10**6)
    assert sum(weight for _, weight in selected) == pytest.approx(1)
    for window, _ in selected:
        assert 0 <= window.y0 < window.y1 <= height
        assert 0 <= window.x0 < window.x1 <= width
