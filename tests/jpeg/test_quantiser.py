import numpy as np
import pytest

from comrec.jpeg import quantiser, symbols
from comrec.jpeg.layout import Layout


def targets_of(layout, seed=0):
    rng = np.random.default_rng(seed)
    falling = np.geomspace(20, 0.1, 64)
    return [
        (rng.laplace(size=(c.rows, c.columns, 64)) * falling).astype(np.float32)
        for c in layout.components
    ]


def rounded(layout):
    return [np.rint(t).astype(np.int16) for t in targets_of(layout)]


@pytest.mark.parametrize(
    ("channels", "mode"), [(1, "4:2:0"), (3, "4:2:0"), (3, "4:4:4")]
)
def test_bits_of_blocks_add_up_to_those_of_the_scan(channels, mode):
    layout = Layout(29, 100, channels, mode)
    blocks = rounded(layout)
    lengths = quantiser.code_lengths([(blocks, layout)])
    for values, component, length in zip(
        blocks, layout.components, lengths, strict=True
    ):
        chain = symbols.ordered(values, component.order)[component.order >= 0]
        # Added blocks differ by 0, so leaving them out changes no difference.
        ac, dc = symbols.ac_counts(chain), symbols.dc_counts(chain[:, 0])
        expected = ac @ (length.ac + np.arange(256) % 16)
        expected += dc @ (length.dc + np.arange(16))
        found = quantiser.block_bits(values, component, length)
        assert found.shape == values.shape[:2]
        assert found.sum() == pytest.approx(expected, rel=1e-5)


def test_parts_of_a_picture_and_both_chroma_planes_share_code_lengths():
    whole, half = Layout(32, 16, 3), Layout(16, 16, 3)
    blocks = rounded(half)
    parts = quantiser.code_lengths([(blocks, half), (blocks, half)])
    assert parts[1] is parts[2]
    again = quantiser.code_lengths([([np.concatenate([b, b]) for b in blocks], whole)])
    np.testing.assert_array_equal(parts[0].ac, again[0].ac)


@pytest.mark.parametrize("size", [(1, 1), (24, 24), (29, 100)])
def test_dear_errors_give_rounded_targets_in_every_block(size):
    layout = Layout(*size, 3)
    blocks = rounded(layout)
    lengths = quantiser.code_lengths([(blocks, layout)])
    for target, values, component, length in zip(
        targets_of(layout), blocks, layout.components, lengths, strict=True
    ):
        weights = np.full(64, 1e5, np.float32)
        found = quantiser.quantise_component(target, weights, component, length)
        np.testing.assert_array_equal(found, values)
