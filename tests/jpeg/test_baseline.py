import io

import jpeg_scan
import numpy as np
import pytest
from PIL import Image

from comrec.errors import JpegError
from comrec.jpeg import baseline
from comrec.jpeg import coefficients as co
from comrec.jpeg import segments as seg
from comrec.jpeg.layout import Layout


def blocks_of(layout, seed=0, spread=20.0):
    rng = np.random.default_rng(seed)
    falling = np.geomspace(spread, 0.1, 64)
    return [
        np.rint(rng.laplace(size=(c.rows, c.columns, 64)) * falling).astype(np.int16)
        for c in layout.components
    ]


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (17, 33), (29, 100), (75, 40)])
@pytest.mark.parametrize(
    ("channels", "mode"), [(1, "4:2:0"), (3, "4:2:0"), (3, "4:4:4")]
)
def test_a_file_holds_the_blocks_it_was_given(size, channels, mode):
    layout = Layout(*size, channels, mode)
    blocks = blocks_of(layout)
    found = jpeg_scan.read_coefficients(baseline.write(blocks, (3, 5), layout))
    for values, component, read in zip(blocks, layout.components, found, strict=True):
        np.testing.assert_array_equal(
            read[: component.rows, : component.columns], values
        )


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 5), (6, 7), (29, 100), (40, 33)])
@pytest.mark.parametrize(
    ("channels", "mode"), [(1, "4:2:0"), (3, "4:2:0"), (3, "4:4:4")]
)
def test_pillow_shows_what_the_model_shows(size, channels, mode):
    layout = Layout(*size, channels, mode)
    blocks = blocks_of(layout, spread=4)
    steps = (6, 4, 4)[:channels]
    file = baseline.write(blocks, (6, 4), layout)
    shown = np.asarray(Image.open(io.BytesIO(file))).reshape(*size, channels)
    model = np.clip(co.decode(blocks, steps, layout), 0, 255)
    # Planes are rounded before the colours: half a level of chroma is 0.9 of blue, and
    # libjpeg-turbo's upsampling rounds too.
    assert np.abs(shown - model).max() < 3
    assert np.abs(shown - model).mean() < 1


def test_a_table_of_its_own_for_each_frequency_comes_back():
    layout = Layout(8, 8, 3)
    luma = np.arange(1, 65).reshape(8, 8)
    file = baseline.write(blocks_of(layout), (luma, luma.T), layout)
    with Image.open(io.BytesIO(file)) as picture:
        assert picture.quantization == {
            0: list(range(1, 65)), 1: luma.T.ravel().tolist(),
        }  # fmt: skip


def test_equal_tables_are_written_once():
    layout = Layout(8, 8, 3)
    blocks = blocks_of(layout)
    files = [baseline.write(blocks, steps, layout) for steps in ((9, 9), (9, 8))]
    assert len(files[1]) - len(files[0]) == 65
    assert len(Image.open(io.BytesIO(files[0])).quantization) == 1


def test_there_are_no_metadata_but_jfif():
    layout = Layout(8, 8, 3)
    parts = seg.parse(baseline.write(blocks_of(layout), (9, 8), layout))
    assert [part.marker for part in parts] == [0xE0, 0xDB, 0xC0, 0xC4, 0xDA]


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_packing_in_parts_gives_the_same_bytes(limit, monkeypatch):
    layout = Layout(40, 33, 3)
    whole = baseline.write(blocks_of(layout), (1, 1), layout)
    monkeypatch.setattr(baseline, "_PACKED_AT_ONCE", limit)
    assert baseline.write(blocks_of(layout), (1, 1), layout) == whole


@pytest.mark.parametrize("steps", [(0, 5), (256, 5), (5, 1.5), (np.zeros((8, 8)), 5)])
def test_steps_out_of_range_are_refused(steps):
    layout = Layout(8, 8, 3)
    with pytest.raises(JpegError, match="whole numbers, 1 to 255"):
        baseline.write(blocks_of(layout), steps, layout)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda b: b[:1], "the picture has blocks"),
        (lambda b: [b[0][:1], *b[1:]], "the picture has blocks"),
        (lambda b: [v.astype(np.int32) for v in b], "int16"),
        (lambda b: [b[0] + np.int16(1500), *b[1:]], "beyond"),
    ],
)
def test_blocks_that_do_not_fit_are_refused(change, message):
    layout = Layout(16, 16, 3, "4:4:4")
    with pytest.raises(JpegError, match=message):
        baseline.write(change(blocks_of(layout, spread=1)), (5, 5), layout)
