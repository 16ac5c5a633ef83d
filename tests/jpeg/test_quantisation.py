"""Quantisation tables: scaled by the quality, written, and read from a file."""

from __future__ import annotations

import io

import numpy as np
import pictures
import pytest
from jpegs import CHROMA, LUMA, OWN, both_encoders, by_ijg, photo, steps
from PIL import Image

from comrec.errors import JpegError
from comrec.jpeg import coding, quantisation
from comrec.jpeg.encoders import MOZJPEG_TABLES
from comrec.jpeg.settings import PLAIN, JpegSettings


@both_encoders
def test_quality_50_has_the_tables_of_annex_k(settings):
    assert steps(coding.encode(photo(), 50, settings)) == [LUMA, CHROMA]
    assert steps(coding.encode(photo(channels=1), 50, settings)) == [LUMA]


@both_encoders
@pytest.mark.parametrize(
    ("quality", "percent"),
    # The rule of the IJG: 5000 / q below 50, 200 - 2q from there.
    [(1, 5000), (3, 1666), (10, 500), (49, 102), (75, 50), (99, 2), (100, 0)],
)
def test_tables_scale_by_the_rule_of_the_ijg(settings, quality, percent):
    data = coding.encode(photo(), quality, settings)
    assert steps(data) == [by_ijg(LUMA, percent), by_ijg(CHROMA, percent)]


@pytest.mark.parametrize("quality", [1, 10, 50, 75, 100])
def test_tables_are_those_that_pillow_reads(quality):
    data = coding.encode(photo(), quality)
    theirs = io.BytesIO()
    Image.fromarray(photo()).save(theirs, "JPEG", quality=quality)
    with Image.open(io.BytesIO(data)) as ours, Image.open(theirs) as other:
        assert ours.quantization == other.quantization
        assert ours.quantization[0] == list(steps(data)[0])


@both_encoders
@pytest.mark.parametrize(("quality", "step"), [(50, 16), (10, 80), (75, 8), (100, 1)])
def test_flat_tables_are_flat(settings, quality, step):
    flat = JpegSettings(encoder=settings.encoder, tables="flat")
    tables = steps(coding.encode(photo(), quality, flat))
    assert set(tables) == {(step,) * 64}


@pytest.mark.parametrize(("quality", "percent"), [(50, 100), (25, 200), (80, 40)])
def test_tables_of_your_own_are_written_in_their_order(quality, percent):
    data = coding.encode(photo(), quality, JpegSettings(tables=OWN))
    assert steps(data) == [by_ijg(table, percent) for table in OWN]
    one = JpegSettings(tables=OWN[:1])
    assert set(steps(coding.encode(photo(), quality, one))) == {by_ijg(OWN[0], percent)}
    grey = coding.encode(photo(channels=1), quality, JpegSettings(tables=OWN))
    assert steps(grey) == [by_ijg(OWN[0], percent)]


def test_mozjpegs_tables_differ_from_each_other():
    settings = [JpegSettings(encoder="mozjpeg", tables=t) for t in MOZJPEG_TABLES]
    tables = [steps(coding.encode(photo(channels=1), 50, s))[0] for s in settings]
    assert len(set(tables)) == len(MOZJPEG_TABLES) == 9


# Tables of a file


@pytest.mark.parametrize("quality", [1, 50, 97])
def test_the_tables_of_a_file_are_read_in_natural_order(quality):
    data = coding.encode(photo(), quality, JpegSettings(tables=OWN))
    found = quantisation.read_tables(data)
    assert (found.shape, found.dtype) == ((2, 8, 8), np.float32)
    assert [tuple(table.ravel()) for table in found] == steps(data)


def test_grey_has_its_one_table_twice():
    data = coding.encode(photo(channels=1), 50)
    luma, chroma = quantisation.read_tables(data)
    assert tuple(luma.ravel()) == tuple(chroma.ravel()) == LUMA


def test_tables_in_another_order_in_the_file_are_those_of_their_components():
    data = coding.encode(photo(), 50, JpegSettings(scans="baseline"))
    first = data.index(b"\xff\xdb")
    second = data.index(b"\xff\xdb", first + 1)
    end = second + 69  # marker, length, number, 64 steps
    swapped = data[:first] + data[second:end] + data[first:second] + data[end:]
    np.testing.assert_array_equal(
        quantisation.read_tables(swapped), quantisation.read_tables(data)
    )


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", bytes(99)])
def test_what_has_no_tables_is_refused(data):
    with pytest.raises(JpegError, match="has no quantisation tables"):
        quantisation.read_tables(data)


def test_a_file_whose_component_names_a_missing_table_is_refused():
    data = bytearray(coding.encode(photo(), 50, JpegSettings(scans="baseline")))
    data[data.index(b"\xff\xc0") + 12] = 3  # table number of the first component
    with pytest.raises(JpegError, match="has no quantisation tables"):
        quantisation.read_tables(bytes(data))


# The quality scale


@pytest.mark.parametrize("quality", [1, 49, 50, 99, 100])
@pytest.mark.parametrize("tables", ["flat", OWN, OWN[:1]], ids=["flat", "own", "one"])
def test_steps_scale_by_the_rule_of_the_ijg_and_stay_in_8_bits(tables, quality):
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    luma, chroma = quantisation.scaled_tables(tables, quality)
    rows = ((16,) * 64,) if tables == "flat" else tables
    assert tuple(luma) == by_ijg(rows[0], percent)
    assert tuple(chroma) == by_ijg(rows[-1], percent)


def test_qualities_that_scale_to_the_same_steps_are_listed_once():
    found = quantisation.qualities("flat")
    assert found[0] == 1
    assert list(found) == sorted(set(found))
    tables = [quantisation.scaled_tables("flat", quality)[0][0] for quality in found]
    assert len(set(tables)) == len(tables)
    # 16 * (200 - 2 * 96) / 100 is 1.28, the first to round to 1.
    assert found[-1] == 96
    assert quantisation.qualities("standard") == tuple(range(1, 101))


@pytest.mark.parametrize(
    ("quality", "fineness"),
    # log2(100 / percent), the percent by the rule of the IJG.
    [(1, -5.6439), (25, -1), (50, 0), (75, 1), (90, 2.3219), (98, 4), (100, 4)],
)
def test_fineness_counts_the_halvings_of_the_steps(quality, fineness):
    assert quantisation.log_step(quality) == pytest.approx(fineness, abs=1e-4)


def test_the_nearest_quality_of_a_fineness_is_that_quality():
    for quality in range(1, 98):
        fineness = quantisation.log_step(quality)
        assert quantisation.nearest_quality(fineness) == quality
        assert quantisation.nearest_quality(fineness + 1e-9) == quality
    assert quantisation.nearest_quality(-99) == 1
    assert quantisation.nearest_quality(99) == 97  # the coarsest of equals


def test_qualities_that_write_the_same_file_count_once():
    flat, pixels = JpegSettings(tables="flat"), pictures.photo(48, 48)
    for settings in (flat, PLAIN, JpegSettings("mozjpeg", "ms-ssim")):
        distinct = quantisation.qualities(settings.tables)
        assert distinct[0] == 1
        files = [coding.encode(pixels, q, settings) for q in range(1, 101)]
        for quality in range(2, 101):
            same = files[quality - 1] == files[quality - 2]
            if same and settings == flat:
                assert quality not in distinct
            if quality not in distinct:
                assert same


def test_a_log_step_halves_the_steps():
    assert [quantisation.log_step(q) for q in (25, 50, 75, 97, 100)] == pytest.approx(
        [-1, 0, 1, 4, 4], abs=0.06
    )
    assert all(
        quantisation.log_step(q) <= quantisation.log_step(q + 1) for q in range(1, 100)
    )


def test_the_nearest_quality_of_any_log_step_is_legal():
    for quality in (1, 25, 50, 75, 95):
        log_step = quantisation.log_step(quality)
        assert quantisation.nearest_quality(log_step) == quality
    assert quantisation.nearest_quality(-np.inf) == 1
    assert quantisation.nearest_quality(-99) == 1
    assert quantisation.nearest_quality(99) == 97  # all steps are 1 from there on


@pytest.mark.parametrize("step", [1, 1.5, 7.3, 16, 254.9, 255])
def test_a_table_of_one_step_has_its_mean(step):
    table = quantisation.flat_table(step)
    assert table.min() >= 1
    assert table.max() <= 255
    assert np.log2(table).mean() == pytest.approx(np.log2(step), abs=0.01)
    assert (np.diff(table) >= 0).all()
