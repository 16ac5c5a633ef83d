"""Training pictures and validation pictures have none in common."""

import pytest

from comrec.apps.train import pictures
from comrec.errors import UsageError


@pytest.fixture
def twelve(tmp_path):
    folder = tmp_path / "twelve"
    folder.mkdir()
    for i in range(12):
        (folder / f"{i:02}.png").touch()
    return folder


def names(paths):
    return [path.stem for path in paths]


def test_every_tenth_picture_is_held_back(twelve):
    training, judged = pictures.split([twelve])
    assert names(judged) == ["00", "10"]
    assert len(training) == 10
    assert not {*training} & {*judged}


def test_pictures_named_to_validate_on_are_left_out_of_training(twelve, tmp_path):
    one = twelve / "03.png"
    training, judged = pictures.split([twelve], [one])
    assert judged == [one]
    assert names(training) == [f"{i:02}" for i in range(12) if i != 3]
    assert len(pictures.split([twelve], [twelve], every=6)[1]) == 2


def test_a_picture_alone_is_trained_on_in_a_trial_only(twelve):
    one = twelve / "03.png"
    assert pictures.split([one], quick=True) == ([one], [one])
    with pytest.raises(UsageError, match="all pictures are held back") as err:
        pictures.split([one])
    assert str(err.value).startswith(f"{one}: ")


def test_the_bundled_picture_is_there():
    pytest.importorskip("skimage", reason="needs the train extra")
    assert pictures.bundled().is_file()
