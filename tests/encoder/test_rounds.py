"""Tests the choice of coefficients through the network."""

from __future__ import annotations

import pytest
from pictures import photo
from starts import begin

from comrec.encoder.rounds import Rounds, write
from comrec.image.metrics import psnr_of, square_error


@pytest.mark.pretrained
@pytest.mark.parametrize("scale", [1, 2])
def test_rounds_raise_the_psnr_at_fewer_bytes(scale):
    image = photo(128, 160)
    receiver, choice, codec = begin(image, scale, 24)
    rounds = Rounds(receiver, choice)

    def result():
        data = write(rounds.choice, receiver.layout)
        restored = codec.restore(data, image.shape[:2])
        return len(data), psnr_of(square_error(image, restored), image.size)

    first_bytes, first_db = result()
    for _ in range(3):
        rounds.run()
    last_bytes, last_db = result()
    assert last_db > first_db + 0.15
    assert last_bytes < 1.02 * first_bytes


def test_units_that_are_not_accepted_stay_as_they_were():
    receiver, choice, _ = begin(photo(64, 80), 1, 24)
    rounds = Rounds(receiver, choice)
    trial = rounds.propose()
    taken = trial.taken()
    assert 0 < taken.mean() < 1 or taken.all()
    rounds.accept(trial)
    for i, (new, now, old) in enumerate(
        zip(trial.new.choice.blocks, rounds.choice.blocks, choice.blocks, strict=True)
    ):
        mask = taken.repeat(2, 0).repeat(2, 1) if i == 0 else taken
        mask = mask[: now.shape[0], : now.shape[1]]
        assert (now[mask] == new[mask]).all()
        assert (now[~mask] == old[~mask]).all()


def test_a_last_round_may_be_followed_by_another():
    receiver, choice, _ = begin(photo(64, 80), 1, 24)
    rounds, other = Rounds(receiver, choice), Rounds(receiver, choice)
    rounds.accept(rounds.propose(is_last=True))
    other.accept(other.propose())
    assert rounds.error == other.error
    before = rounds.error
    rounds.accept(rounds.propose())
    assert rounds.error < before


def test_the_same_picture_gives_the_same_coefficients():
    made = []
    for _ in range(2):
        receiver, choice, _ = begin(photo(64, 80), 2, 16)
        rounds = Rounds(receiver, choice)
        rounds.run()
        made.append(write(rounds.choice, receiver.layout))
    assert made[0] == made[1]
