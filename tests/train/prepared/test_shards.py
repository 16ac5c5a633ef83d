"""Crops come back from disk as batches; damaged folders are refused."""

import numpy as np
import pytest

pytest.importorskip("ajpegli", reason="needs the eval extra")

from prepared_crops import cheap_own, make  # noqa: F401

from comrec.errors import UsageError
from comrec.train.prepared.shards import PreparedCrops


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> PreparedCrops:
    folder = tmp_path_factory.mktemp("crops")
    make(folder)
    return PreparedCrops(folder)


def test_batches_are_patches_of_crops_weighted_by_the_error_of_their_jpeg(made):
    rng = np.random.default_rng(0)
    (first, second) = made.draw_batches(2, 5, 48, rng)
    (enlarged, conditions), image, weights = first
    assert enlarged.shape == image.shape == (5, 48, 48, 3)
    assert conditions.shape == (5, 5)
    assert weights.shape == (5,)
    assert weights.min() > 0
    assert all(x.dtype == np.float32 for x in (enlarged, conditions, image, weights))
    assert not np.array_equal(image, second[1])
    again = next(made.draw_batches(1, 5, 48, np.random.default_rng(0)))
    np.testing.assert_array_equal(again[1], image)


def test_scales_can_be_chosen_when_crops_are_read(tmp_path, made):
    make(tmp_path)
    halves = PreparedCrops(tmp_path, scales=(2,))
    assert 0 < len(halves) < len(made)
    assert {halves.get_coding(i).condition[4] for i in range(len(halves))} == {1}


def test_a_folder_without_crops_or_with_a_damaged_one_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no prepared crop"):
        PreparedCrops(tmp_path)
    make(tmp_path)
    (shard,) = tmp_path.glob("*.npz")
    cut_off = shard.read_bytes()[:1000]
    for data in (b"PK not a zip", cut_off):
        shard.write_bytes(data)
        with pytest.raises(UsageError, match="not a shard"):
            PreparedCrops(tmp_path)
