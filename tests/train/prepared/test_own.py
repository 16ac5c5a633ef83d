"""Files of comrec's own encoder have the settings drawn, and gain by their rounds."""

import numpy as np
import pytest
from prepared_crops import PICTURES, SIDE

from comrec.jpeg import coding
from comrec.jpeg.colour import luma
from comrec.jpeg.quantisation import mean_step, read_tables
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.train.prepared import own
from comrec.train.prepared.own import Settings

IMAGE = PICTURES[0][:SIDE, :SIDE].copy()


def steps_of(data: bytes) -> list[float]:
    return [mean_step(table) for table in read_tables(data)]


@pytest.mark.parametrize("scale", [1, 1.5, 2])
def test_the_steps_are_those_of_the_settings_at_every_scale(scale):
    data = own.encode(IMAGE, scale, Settings(20.5, 0.7, rounds=0))
    assert coding.decode(data).shape == (SIDE / scale, SIDE / scale, 3)
    np.testing.assert_allclose(steps_of(data), [20.5, 20.5 * 0.7], rtol=2e-3)


def test_a_grey_picture_makes_a_grey_file():
    data = own.encode(luma(IMAGE), 1.5, Settings(9, rounds=1))
    assert coding.decode(data).shape == (SIDE / 1.5, SIDE / 1.5, 1)


def test_steps_of_chroma_are_never_below_one():
    assert steps_of(own.encode(IMAGE, 2, Settings(1, 0.5, rounds=0))) == [1, 1]


def test_rounds_lower_the_cost_of_error_and_bits():
    codec = Codec(presets.find(own.GUIDE), 1, exact=True)

    def cost(rounds: int, price_ratio: float = 1.0) -> tuple[float, int]:
        data = own.encode(IMAGE, 1, Settings(30, 1, price_ratio, rounds))
        error = np.square(codec.restore(data, (SIDE, SIDE)) - IMAGE.astype(float))
        price = 3 * 30**2 / 8.66
        return error.sum() / price + 8 * len(data), len(data)

    assert cost(2)[0] < 0.98 * cost(0)[0]
    assert cost(2, 1.4)[1] < cost(2, 0.7)[1]


def test_the_same_settings_make_the_same_file():
    settings = Settings(40, 0.8, 1.2, 2)
    assert own.encode(IMAGE, 2, settings) == own.encode(IMAGE, 2, settings)


def test_settings_are_drawn_between_their_limits_and_coarse_steps_less_often():
    rng = np.random.default_rng(0)
    drawn = [own.draw_settings(rng) for _ in range(400)]
    steps = np.array([each.luma_step for each in drawn])
    assert 3 <= steps.min() < 3.2
    assert 160 < steps.max() <= 180
    assert np.median(steps) < np.sqrt(3 * 180)
    ratios = np.array([each.chroma_ratio for each in drawn])
    assert 0.5 <= ratios.min() < 0.55
    assert ratios.max() == 1
    assert 0.2 < np.mean(ratios == 1) < 0.5
    assert {each.rounds for each in drawn} == {0, 1, 2, 3, 4}
    assert all(0.7 <= each.price_ratio <= 1.4 for each in drawn)
    again = np.random.default_rng(0)
    assert [own.draw_settings(again) for _ in range(400)] == drawn
