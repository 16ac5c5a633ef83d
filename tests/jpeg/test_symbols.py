import numpy as np

from comrec.jpeg import symbols as sy
from comrec.jpeg.layout import Layout


def block(**values):
    out = np.zeros(64, np.int16)
    for place, value in values.items():
        out[int(place[1:])] = value
    return out


def test_a_block_is_coded_as_the_standard_says():
    # DC 3: size 2. Then -2 after one zero, 1 after 17 zeros, and the end.
    found = sy.block_symbols(block(k2=-2, k20=1)[None], np.array([3]), 0)
    assert found.symbol.tolist() == [sy.DC + 2, 0x12, 0xF0, 0x11, 0x00]
    assert found.extra.tolist() == [3, 1, 0, 1, 0]


def test_a_block_that_goes_to_its_last_place_has_no_end():
    found = sy.block_symbols(block(k63=5)[None], np.array([0]), 1)
    assert (found.symbol - sy.SYMBOLS).tolist() == [sy.DC, 0xF0, 0xF0, 0xF0, 0xE3]


def test_empty_blocks_have_a_difference_and_an_end():
    found = sy.block_symbols(np.zeros((2, 64), np.int16), np.array([0, -1]), 0)
    assert found.symbol.tolist() == [sy.DC, 0, sy.DC + 1, 0]
    assert found.extra.tolist() == [0, 0, 0, 0]


def test_counts_agree_with_the_symbols_themselves():
    rng = np.random.default_rng(0)
    blocks = (rng.laplace(size=(50, 64)) * np.geomspace(9, 0.3, 64)).astype(np.int16)
    blocks[7, 1:] = 0
    found = sy.block_symbols(blocks, sy.dc_differences(blocks[:, 0]), 0).counts()
    np.testing.assert_array_equal(found[:256], sy.ac_counts(blocks))
    np.testing.assert_array_equal(found[256:272], sy.dc_counts(blocks[:, 0]))


def test_added_blocks_repeat_the_dc_before_them_and_nothing_else():
    component = Layout(24, 24, 3).components[0]
    blocks = np.arange(9 * 64, dtype=np.int16).reshape(3, 3, 64)
    found = sy.ordered(blocks, component.order)
    np.testing.assert_array_equal(found[:5], blocks.reshape(9, 64)[[0, 1, 3, 4, 2]])
    assert found[5].tolist() == [found[4, 0], *[0] * 63]
    assert sy.dc_differences(found[:, 0])[-3:].tolist() == [0, 0, 0]


def test_the_size_of_a_number_is_its_bits():
    assert sy.bit_size(np.array([0, 1, -1, 2, 3, 4, -1023])).tolist() == [
        0,
        1,
        1,
        2,
        2,
        3,
        10,
    ]
