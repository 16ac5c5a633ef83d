"""The same recipe makes the same crops; what makes no sense is refused."""

import numpy as np
import pytest

pytest.importorskip("ajpegli", reason="needs the eval extra")

from prepared_crops import (
    EVERY_KIND,
    PICTURES,
    SIDE,
    SMALL,
    cheap_own,  # noqa: F401
    make,
    waves,
)

from comrec.errors import UsageError
from comrec.jpeg.colour import luma
from comrec.train.prepared import coders
from comrec.train.prepared.recipe import SHARD, Recipe, prepare
from comrec.train.prepared.shards import PreparedCrops


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> PreparedCrops:
    folder = tmp_path_factory.mktemp("crops")
    make(folder)
    return PreparedCrops(folder)


def test_the_same_recipe_and_pictures_make_the_same_crops_also_when_stopped(tmp_path):
    recipe = Recipe(count=SHARD + 3, side_px=SIDE, shares=EVERY_KIND)
    assert make(tmp_path / "a", recipe) == [SHARD, recipe.count]
    stopped = prepare(tmp_path / "b", recipe, PICTURES, [1, 2])
    next(stopped)
    stopped.close()
    assert len(list((tmp_path / "b").glob("*.npz"))) == 1
    make(tmp_path / "b", recipe)
    ours, theirs = (PreparedCrops(tmp_path / name) for name in "ab")
    assert ours.kinds == theirs.kinds
    for i in range(recipe.count):
        one, other = ours.get_coding(i), theirs.get_coding(i)
        np.testing.assert_array_equal(one.image, other.image)
        np.testing.assert_array_equal(one.enlarged, other.enlarged)
        assert one.bytes == other.bytes


def test_crops_that_are_there_are_not_made_again(tmp_path):
    make(tmp_path)
    (shard,) = tmp_path.glob("*.npz")
    before = shard.stat().st_mtime_ns
    assert make(tmp_path) == [SMALL.count]
    assert shard.stat().st_mtime_ns == before


def test_a_folder_of_another_recipe_or_of_other_pictures_is_refused(tmp_path):
    make(tmp_path)
    with pytest.raises(UsageError, match="another recipe"):
        make(tmp_path, Recipe(count=40, side_px=SIDE, shares=EVERY_KIND, seed=1))
    with pytest.raises(UsageError, match="another recipe"):
        make(tmp_path, pictures=PICTURES[:1])


def test_a_folder_of_another_version_of_the_kinds_is_refused(tmp_path, monkeypatch):
    make(tmp_path)
    monkeypatch.setattr(coders, "VERSION", coders.VERSION + 1)
    with pytest.raises(UsageError, match="its version were others"):
        make(tmp_path)


def test_other_seeds_make_other_crops(tmp_path, made):
    make(tmp_path, Recipe(count=40, side_px=SIDE, shares=EVERY_KIND, seed=1))
    assert PreparedCrops(tmp_path).kinds != made.kinds


def test_shares_are_kept_and_only_comrec_writes_other_scales(made):
    assert {*made.kinds} == {*coders.KINDS}
    for kind in coders.KINDS:
        grids = {
            made.get_coding(i).grid_px for i, k in enumerate(made.kinds) if k == kind
        }
        assert (grids == {16}) == (kind not in coders.SCALED)


def test_a_fifth_is_grey_and_comes_back_with_three_equal_channels(tmp_path):
    make(tmp_path, Recipe(count=SHARD, side_px=SIDE))
    found = PreparedCrops(tmp_path)
    grey = [i for i, image in enumerate(found.images) if image.shape[2] == 1]
    assert 0.1 < len(grey) / len(found) < 0.35
    coding = found.get_coding(grey[0])
    for pixels in (coding.image, coding.enlarged):
        assert pixels.shape == (SIDE, SIDE, 3)
        np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])
    assert coding.condition[0] == coding.condition[2]
    np.testing.assert_array_equal(luma(coding.image)[..., 0], coding.image[..., 0])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"shares": {"camera": 1.0}}, "shares must be"),
        ({"shares": {"own": 0.5}}, "whose sum is 1"),
        ({"scales": (1, 3), "scale_shares": (0.5, 0.5)}, "`scales` must be among"),
        ({"scale_shares": (0.5, 0.5)}, "`scale_shares` must be"),
        ({"side_px": 100}, "`side_px` must be a multiple of 96"),
        ({"count": 0}, "`count` must be 1 or more"),
        ({"grey_share": 2}, "`grey_share` from 0 to 1"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused_in_one_line(settings, words):
    with pytest.raises(UsageError, match=words) as err:
        Recipe(**settings)
    assert "\n" not in str(err.value)


def test_pictures_that_are_too_small_are_left_out_or_refused(tmp_path):
    small = waves(90, 300, 3)
    make(tmp_path / "a", pictures=[PICTURES[0], small])
    with pytest.raises(UsageError, match="none of the 1 pictures has 174x174"):
        make(tmp_path / "b", pictures=[small])
