"""The settings of every run: learning rates, and what a config may hold."""

import pytest

from comrec.train.run.config import LearningRate, check_record, is_sound


def test_learning_rate_falls_along_a_logarithm():
    learning_rate = LearningRate(3, 1e-3, 1e-5)
    assert [learning_rate.rate(p) for p in (0, 0.5, 1)] == pytest.approx(
        [1e-3, 1e-4, 1e-5]
    )


@pytest.mark.parametrize(
    ("record", "complaint"),
    [
        (7, "a learning rate must be an object. Received: 7"),
        ({"epochs": 1, "rate_end": 0.1}, "no rate_start in a learning rate"),
        ({"epochs": 1, "rate": 1}, "unknown settings rate"),
    ],
)
def test_a_record_of_other_settings_is_refused_in_words(record, complaint):
    with pytest.raises(ValueError, match=complaint):
        check_record(LearningRate, record)


def test_a_record_of_all_settings_is_returned():  # else the test above shows nothing
    record = {"epochs": 3, "rate_start": 0.1, "rate_end": 0.01}
    assert check_record(LearningRate, record) == record


@pytest.mark.parametrize(
    "settings",
    [(0, 0.1, 0.1), (1.0, 0.1, 0.1), (True, 0.1, 0.1), (1, 0, 0.1), (1, 0.1, 1)],
)
def test_epochs_are_whole_and_rates_between_0_and_1(settings):
    assert is_sound(LearningRate(1, 0.1, 0.01))
    assert not is_sound(LearningRate(*settings))
