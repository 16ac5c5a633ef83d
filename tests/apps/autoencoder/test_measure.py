"""Models are measured beside JPEG of the nearest size, and PCA."""

import pytest

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

import autoencoders

from comrec.apps.autoencoder import data, measure


def test_the_jpeg_of_a_size_is_the_nearest_of_all_qualities():
    images = data.draw_strokes(4, 3, (16, 16)).train
    every = list(measure.score_jpegs(images, range(1, 101)))
    assert {row.codec for row in every} == {"jpeg", "jpeg-444"}
    for size in (every[60].file_bytes + 0.3, 1, 10**6):
        found = list(measure.score_jpegs(images, (), [size]))
        assert len(found) == 2
        for row in found:
            best = measure.find_nearest(every, row.codec, size)
            assert row.file_bytes == best.file_bytes


def test_jpeg_is_given_the_better_way_to_store_colour():
    near = measure.score_png(data.draw_strokes(4, 3, (16, 16)).test)._replace(
        file_bytes=99.0
    )
    rows = [
        near._replace(codec="jpeg", psnr_db=30.0),
        near._replace(codec="jpeg", psnr_db=50.0, file_bytes=500.0),
        near._replace(codec="jpeg-444", psnr_db=31.0),
    ]
    assert measure.find_nearest_jpeg(rows, 100) == rows[2]
    assert measure.find_nearest_jpeg(rows, 480) == rows[1]
    assert measure.find_nearest_jpeg(rows[:1], 480) == rows[0]


def test_pca_of_all_values_loses_nothing_but_rounding():
    images = autoencoders.pictures(autoencoders.TINY["dense"], 200)
    few, every = measure.score_pca(images, images, (5, 96))
    assert every.psnr_db > 60
    assert few.psnr_db < 40
