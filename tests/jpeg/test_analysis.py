"""What a JPEG says of itself: quality, sampling, and a coarser JPEG before it."""

from __future__ import annotations

import io

import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.errors import JpegError
from comrec.jpeg import analysis, coding, quantisation


def jpeg_of(image: np.ndarray | Image.Image, **options: object) -> bytes:
    return pictures.file_of(image, "JPEG", **options)


@pytest.mark.parametrize("quality", [1, 25, 50, 75, 90, 98])
def test_the_quality_is_that_of_libjpegs_tables(quality):
    assert analysis.read(jpeg_of(pictures.photo(), quality=quality)).quality == quality


@pytest.mark.parametrize(
    ("name", "sampling"), [("444", "4:4:4"), ("422", "4:2:2"), ("420", "4:2:0"),
                           ("440", "4:4:0"), ("411", "4:1:1")],
)  # fmt: skip
def test_the_sampling_is_that_of_the_frame(name, sampling):
    imagecodecs = pytest.importorskip("imagecodecs", reason="comes with eval")
    file = imagecodecs.jpeg8_encode(pictures.photo(), level=80, subsampling=name)
    assert analysis.read(file).sampling == sampling


def test_grey_progressive_and_cmyk_are_told():
    assert analysis.read(jpeg_of(pictures.grey())).sampling == "grey"
    assert not analysis.read(jpeg_of(pictures.grey())).is_progressive
    assert analysis.read(jpeg_of(pictures.photo(), progressive=True)).is_progressive
    assert analysis.read(jpeg_of(pictures.cmyk())).sampling == "4:4:4"


def test_flat_tables_have_their_step():
    tables = [[16] * 64, [32] * 64]
    file = jpeg_of(pictures.photo(), qtables=tables)
    assert analysis.log_steps(quantisation.read_tables(file)) == (4, 5)


def test_what_has_no_frame_is_refused():
    with pytest.raises(JpegError):
        analysis.read(jpeg_of(pictures.photo())[:20])


def earlier(file: bytes) -> int | None:
    tables = quantisation.read_tables(file)
    return analysis.earlier_quality(coding.decode(file), tables)


@pytest.mark.parametrize("before", [20, 40, 60])
def test_a_coarser_jpeg_on_the_same_blocks_leaves_its_quality(before):
    first = jpeg_of(pictures.photo(256, 256), quality=before)
    again = jpeg_of(Image.open(io.BytesIO(first)), quality=95)
    assert earlier(again) == pytest.approx(before, abs=1)


@pytest.mark.parametrize("period", [3, 5, 6, 10])
@pytest.mark.parametrize("quality", [90, 95, 98])
def test_a_periodic_pattern_is_not_taken_for_an_earlier_jpeg(period, quality):
    pattern = (np.indices((256, 256)) // period).sum(0) % 2 * 200 + 20
    pixels = pattern.astype(np.uint8)[..., None].repeat(3, 2)
    assert earlier(jpeg_of(pixels, quality=quality)) is None


@pytest.mark.parametrize("quality", [10, 30, 50, 70, 80, 90, 95, 99])
def test_a_jpeg_of_the_original_has_no_earlier_quality(quality):
    assert earlier(jpeg_of(pictures.photo(256, 256), quality=quality)) is None


def test_a_tiny_picture_tells_nothing():
    assert earlier(jpeg_of(pictures.photo(8, 8), quality=90)) is None
