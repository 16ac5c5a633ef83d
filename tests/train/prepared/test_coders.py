"""Every kind of origin codes the crop that it should."""

import io
import re

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ajpegli", reason="needs the eval extra")

from prepared_crops import PICTURES, SIDE

from comrec.jpeg import coding
from comrec.jpeg.quantisation import read_tables
from comrec.train.prepared import coders


def code(kind: str, scale: float = 1, seed: int = 0, grey: bool = False):
    rng = np.random.default_rng(seed)
    pictures = [(picture, 1) for picture in PICTURES]
    half = np.array([0.5, 0.5])
    return coders.draw(pictures, half, kind, scale, grey, SIDE, rng)


@pytest.mark.parametrize("kind", coders.KINDS)
def test_the_jpeg_of_every_kind_shows_the_crop(kind):
    for seed in range(2 if kind == "own" else 6):
        one = code(kind, seed=seed, grey=seed % 2 == 1)
        seen = coding.decode(one.jpeg)
        assert one.image.shape == seen.shape == (SIDE, SIDE, 1 if seed % 2 else 3)
        error = np.mean(np.square(seen - one.image.astype(float)))
        assert 0 <= error < np.var(one.image)


@pytest.mark.parametrize("scale", [1, 1.5, 2])
@pytest.mark.parametrize("kind", coders.SCALED)
def test_files_of_comrec_hold_the_crop_reduced(kind, scale):
    one = code(kind, scale)
    assert one.scale == scale
    assert coding.decode(one.jpeg).shape == (SIDE / scale, SIDE / scale, 3)
    seen = coders.enlarge(coding.decode(one.jpeg), scale, SIDE)
    assert seen.shape == one.image.shape


def test_files_of_comrecs_own_encoder_have_flat_tables_and_say_their_rounds():
    for seed in range(2):
        one = code("own", seed=seed)
        tables = read_tables(one.jpeg)
        assert all(np.ptp(table) <= 1 for table in tables)
        assert tables[1].mean() <= tables[0].mean()
        assert abs(one.quality - tables[0].mean()) < 1
        assert re.fullmatch(r"comrec 4:2:0, [0-4] rounds", one.coder)


def test_ordinary_files_are_of_all_encoders_and_subsamplings():
    found, components = set(), set()
    for seed in range(60):
        one = code("ordinary", seed=seed)
        found.add(one.coder)
        with Image.open(io.BytesIO(one.jpeg)) as picture:
            components.add((one.coder.split()[1], picture.layer[0][1:3]))
    assert {name.split()[0] for name in found} == {*coders.ENCODERS}
    assert components == {
        ("4:2:0", (2, 2)), ("4:2:2", (2, 1)), ("4:4:4", (1, 1)),
    }  # fmt: skip


def test_nothing_is_nearer_to_the_crop_than_what_is_nearly_lossless():
    def worst(kind):
        ones = [code(kind, seed=seed) for seed in range(8)]
        return max(
            np.mean(np.square(coding.decode(one.jpeg) - one.image.astype(float)))
            for one in ones
        )

    assert worst("nearly_lossless") < worst("ordinary") / 4


def test_what_was_compressed_twice_is_to_give_back_what_was_there_before():
    origins = set()
    for seed in range(12):
        rng, taken = np.random.default_rng(seed), []

        def take(side, rng=rng, taken=taken):
            y, x = rng.integers(200 - side + 1, size=2)
            taken.append(PICTURES[0][y : y + side, x : x + side].copy())
            return taken[-1]

        one = coders.twice(take, SIDE, 1, rng)
        (clean,) = taken
        places = range(coders.SHIFT_PX + 1)
        shifts = [
            (y, x) for y in places for x in places
            if np.array_equal(clean[y : y + SIDE, x : x + SIDE], one.image)
        ]  # fmt: skip
        if not shifts:
            np.testing.assert_array_equal(one.image, coders.resize(clean, SIDE))
        origins.add("shifted" if shifts else "resized")
        assert all(0 < n < coders.SHIFT_PX for shift in shifts for n in shift)
        assert not np.array_equal(coding.decode(one.jpeg), one.image)
    assert origins == {"shifted", "resized"}
