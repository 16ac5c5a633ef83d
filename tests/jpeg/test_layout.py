import numpy as np
import pytest

from comrec.errors import JpegError
from comrec.jpeg.layout import Layout, layout_of


@pytest.mark.parametrize(
    ("size", "luma", "chroma", "units"),
    [
        ((1, 1), (1, 1), (1, 1), (1, 1)),
        ((16, 16), (2, 2), (1, 1), (1, 1)),
        ((17, 9), (3, 2), (2, 1), (2, 1)),
        ((29, 100), (4, 13), (2, 7), (2, 7)),
    ],
)
def test_blocks_of_420_cover_the_samples(size, luma, chroma, units):
    y, cb, cr = Layout(*size, 3).components
    assert (y.rows, y.columns) == luma
    assert (cb.rows, cb.columns) == (cr.rows, cr.columns) == chroma
    assert (y.mcu_rows, y.mcu_columns) == units


def test_chroma_of_444_and_grey_have_the_size_of_luma():
    assert len({(c.height, c.width) for c in Layout(5, 7, 3, "4:4:4").components}) == 1
    assert [c.factor for c in Layout(5, 7, 1).components] == [1]


def test_an_mcu_codes_its_four_luma_blocks_before_the_next():
    # Three rows and columns of blocks in two by two MCUs; -1 where there is no sample.
    order = Layout(24, 24, 3).components[0].order
    assert order.tolist() == [
        0, 1, 3, 4, 2, -1, 5, -1, 6, 7, -1, -1, 8, -1, -1, -1,
    ]  # fmt: skip


def test_every_block_is_coded_once():
    for component in Layout(75, 100, 3).components:
        coded = component.order[component.order >= 0]
        assert sorted(coded) == list(range(component.rows * component.columns))


@pytest.mark.parametrize(
    ("pixels", "subsampling", "message"),
    [
        (np.zeros((8, 8, 2), np.uint8), "4:2:0", "uint8"),
        (np.zeros((8, 8), np.uint8), "4:2:0", "uint8"),
        (np.zeros((8, 8, 3), np.float32), "4:2:0", "uint8.*float32"),
        (np.zeros((0, 8, 3), np.uint8), "4:2:0", "1 to 65500.*8x0"),
        (np.zeros((1, 65_501, 1), np.uint8), "4:2:0", "1 to 65500"),
        (np.zeros((8, 8, 3), np.uint8), "4:2:2", "4:4:4, 4:2:0.*4:2:2"),
    ],
)
def test_what_is_no_jpeg_picture_is_refused(pixels, subsampling, message):
    with pytest.raises(JpegError, match=message):
        layout_of(pixels, subsampling)
