"""Tests the bounds that the option `effort` stands for."""

from __future__ import annotations

import numpy as np
import pytest

from comrec.encoder.efforts import EFFORTS, GUIDED_EFFORTS, Effort, effort_of
from comrec.encoder.options import Options

SMALL = np.zeros((8, 8, 3), np.uint8)


def test_there_is_an_effort_for_every_number():
    assert len(EFFORTS) == len(GUIDED_EFFORTS) == 10
    assert EFFORTS[5] == Effort(2, 0.5, extra_decodes=2)
    assert [effort.thorough for effort in EFFORTS] == [False] * 7 + [True] * 3


def test_effort_0_has_no_rounds_and_none_has_fewer_than_the_one_before():
    rounds = [effort.rounds for effort in GUIDED_EFFORTS]
    assert rounds[:2] == [0, 1]
    by_network = [(e.own_network, e.rounds) for e in GUIDED_EFFORTS]
    assert by_network == sorted(by_network)


@pytest.mark.parametrize(
    ("asked", "has_rounds"),
    [
        ({}, True),
        ({"preset": "comrec-lite"}, True),
        ({"preset": "jiang2017-gray-q50"}, False),
        ({"preset": "plain"}, False),
        ({"tune": "visual"}, False),
    ],
)
def test_presets_that_know_every_step_have_rounds(asked, has_rounds):
    assert bool(effort_of(Options(effort=3, **asked), SMALL).rounds) == has_rounds


def test_large_images_have_no_rounds():
    pixels = np.broadcast_to(np.uint8(0), (4097, 4096, 3))
    assert effort_of(Options(effort=9), pixels[:-1]).rounds
    assert not effort_of(Options(effort=9), pixels).rounds
