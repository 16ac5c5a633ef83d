"""`comrec train autoencoder`: what is asked, and what a run leaves."""

import pytest

from comrec.apps.autoencoder import training
from comrec.errors import UsageError
from comrec.train.run.request import TrainRequest

CONFIG = "autoencoder-mnist-dense"


def test_a_latent_and_settings_replace_those_of_the_config(tmp_path):
    request = TrainRequest(CONFIG, tmp_path, ["epochs=3"])
    made = training.read_config(request, 16)
    assert (made.epochs, made.architecture.latent) == (3, 16)
    assert made.preset.endswith("-16")


def test_two_data_sets_are_refused(tmp_path):
    request = TrainRequest(CONFIG, tmp_path, data=[tmp_path, tmp_path])
    with pytest.raises(UsageError, match=r"`data` must be one data set. Received: 2"):
        training.train(request, print)


@pytest.mark.slow
def test_a_trial_ends_with_a_model_and_its_folder_is_no_pair(train, run, tmp_path):
    pytest.importorskip("keras", reason="needs the train extra")
    folder = tmp_path / "run"
    ran = train("autoencoder", "--quick", "--run", folder)
    assert ran.status == 0, ran
    assert (folder / "model.npz").is_file()
    assert (folder / "epochs.tsv").is_file()
    (tmp_path / "photo.png").touch()
    refused = run("compress", tmp_path / "photo.png", "-p", folder)
    assert refused.status == 2
    assert "comrec autoencoder compress" in refused.err
