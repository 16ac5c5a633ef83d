"""Windows of pictures: which pixels they hold, and what padding repeats."""

from __future__ import annotations

import numpy as np
import pytest

from comrec.image.window import Window, grid, pad_edge, pad_to_multiple


def part_of(size: tuple[int, int], window: Window) -> np.ndarray:
    """The numbers of a window's pixels in a picture, counted row by row."""
    return np.arange(size[0] * size[1]).reshape(size)[window.slices]


def test_a_window_is_its_rows_and_columns_ends_left_out():
    assert part_of((4, 5), Window(1, 3, 2, 5)).tolist() == [[7, 8, 9], [12, 13, 14]]
    assert Window(1, 3, 2, 5).size == (2, 3)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_the_same_part_of_a_larger_picture_holds_the_same_content(scale):
    image = np.arange(20).reshape(4, 5)
    larger = image.repeat(scale, 0).repeat(scale, 1)
    window = Window(1, 3, 0, 4)
    part = larger[window.times(scale).slices]
    np.testing.assert_array_equal(part[::scale, ::scale], image[window.slices])
    assert part.shape == (2 * scale, 4 * scale)


@pytest.mark.parametrize(
    ("window", "kept"),
    [
        (Window(0, 9, 0, 9), Window(0, 4, 0, 5)),
        (Window(1, 3, 2, 4), Window(1, 3, 2, 4)),
        (Window(2, 5, 0, 5), Window(2, 4, 0, 5)),
    ],
)
def test_a_window_ends_where_the_picture_ends(window, kept):
    assert window.within(4, 5) == kept


@pytest.mark.parametrize(
    ("window", "grown"),
    [
        (Window(4, 6, 4, 6), Window(1, 9, 1, 9)),
        (Window(0, 2, 8, 10), Window(0, 5, 5, 10)),
        (Window(0, 9, 0, 10), Window(0, 9, 0, 10)),
    ],
)
def test_a_window_grows_up_to_the_borders_of_the_picture(window, grown):
    assert window.grown(3, 9, 10) == grown


@pytest.mark.parametrize("multiple_px", [1, 2, 4, 7])
@pytest.mark.parametrize("window", [Window(0, 1, 0, 17), Window(5, 8, 3, 4)])
def test_extended_windows_hold_the_window_and_no_more_than_they_must(
    window, multiple_px
):
    start = window.starting(multiple_px)
    assert start.y0 % multiple_px == start.x0 % multiple_px == 0
    assert 0 <= window.y0 - start.y0 < multiple_px
    assert 0 <= window.x0 - start.x0 < multiple_px
    assert (start.y1, start.x1) == (window.y1, window.x1)
    end = window.ending(multiple_px)
    assert end.size[0] % multiple_px == end.size[1] % multiple_px == 0
    assert 0 <= end.y1 - window.y1 < multiple_px
    assert 0 <= end.x1 - window.x1 < multiple_px
    assert (end.y0, end.x0) == (window.y0, window.x0)


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 100)])
@pytest.mark.parametrize(("side", "across"), [(1, None), (8, None), (5, 30), (200, 7)])
def test_windows_of_a_grid_cover_every_pixel_once(size, side, across):
    found = []
    for window in grid(*size, side, across):
        assert 1 <= window.size[0] <= side
        assert 1 <= window.size[1] <= (across or side)
        found += part_of(size, window).ravel().tolist()
    assert sorted(found) == list(range(size[0] * size[1]))


def test_padding_repeats_the_last_row_and_column():
    image = np.array([[1, 2], [3, 4]])[..., None]
    padded = pad_edge(image, 3, 4)
    assert padded[..., 0].tolist() == [[1, 2, 2, 2], [3, 4, 4, 4], [3, 4, 4, 4]]


@pytest.mark.parametrize(
    ("size", "padded"), [((1, 1), (8, 8)), ((8, 17), (8, 24)), ((16, 8), (16, 8))]
)
def test_sides_are_padded_to_the_next_multiple(size, padded):
    image = np.zeros((*size, 3), np.uint8)
    found = pad_to_multiple(image, 8)
    assert found.shape == (*padded, 3)
    assert found.dtype == np.uint8
    assert (found is image) == (size == padded)  # no copy where none is needed
