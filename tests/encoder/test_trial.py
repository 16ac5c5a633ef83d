"""Tests the comparison and the mixture of coefficients."""

from __future__ import annotations

from pictures import photo
from starts import begin

from comrec.encoder.receiver import Look
from comrec.encoder.rounds import Rounds, write
from comrec.encoder.trial import Seen, compare
from comrec.image.metrics import square_error
from comrec.image.window import Window


def test_the_worth_of_saved_error_brings_the_error_where_it_is_wanted():
    receiver, choice, _ = begin(photo(176, 208), 1, 24)
    rounds = Rounds(receiver, choice)
    trial = rounds.propose()
    least, now = trial.new.look.errors.sum(), rounds.error
    wanted = (least + now) / 2
    rounds.accept(trial, trial.find_worth(wanted))
    assert abs(rounds.error - wanted) < 0.5 * abs(now - least)


def test_a_mixture_of_two_files_has_an_error_between_theirs():
    """As long as the errors are those that decodes show."""
    receiver, choice, codec = begin(image := photo(176, 208), 1, 24)
    rounds = Rounds(receiver, choice)
    rounds.run()

    def seen(choice):
        restored = codec.restore(write(choice, receiver.layout), image.shape[:2])
        errors = receiver.no_errors()
        whole = Window(0, image.shape[0], 0, image.shape[1])
        receiver.add_errors(errors, whole, restored)
        assert errors.sum() == square_error(image, restored)
        return Seen(choice, Look(errors, []))

    one, other = seen(choice), seen(rounds.choice)
    high, low = (each.look.errors.sum() for each in (one, other))
    assert low < high
    trial = compare(one, other, receiver.layout)
    wanted = (low + high) / 2
    mixed = seen(trial.mixed(trial.find_worth(wanted)))
    assert low < mixed.look.errors.sum() < high
