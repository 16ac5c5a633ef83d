"""The config of an autoencoder is read, written and checked."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

from autoencoder_runs import config

from comrec.apps.autoencoder.config import AutoencoderConfig
from comrec.errors import UsageError

ROOT = Path(__file__).parents[3]


CONFIGS = sorted((ROOT / "experiments" / "configs").glob("autoencoder-*.json"))


def test_a_run_gets_a_quantised_phase_and_no_other_changes():
    plain = replace(config("dense"), quantised_epochs=0)
    more = replace(plain, preset="more", quantised_epochs=1, estimator="ste", epochs=9)
    assert more.continues(plain)
    assert not plain.continues(more)
    assert not replace(plain, batch=9).continues(plain)
    assert not replace(plain, preset="other").continues(plain)


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_configs_are_read_and_written_back(path, tmp_path):
    config = AutoencoderConfig.load(path)
    (tmp_path / "c.json").write_text(config.dump())
    assert AutoencoderConfig.load(tmp_path / "c.json") == config
    assert config.sized(16).architecture.latent == 16


@pytest.mark.parametrize(
    "change",
    [
        {"loss": "l3"}, {"epochs": 0}, {"estimator": "x"}, {"quantised_bits": 9},
        {"rate": 2}, {"flips": 1}, {"start": "x"}, {"unknown": 1}, {"architecture": 3},
        {"architecture": {"kind": "dense"}}, {"precision": "float8"},
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused(change, tmp_path):
    record = json.loads(CONFIGS[0].read_text())
    (tmp_path / "c.json").write_text(json.dumps(record | change))
    with pytest.raises(UsageError, match=r"c\.json: not a training config"):
        AutoencoderConfig.load(tmp_path / "c.json")


def test_a_latent_that_cannot_be_is_refused():
    with pytest.raises(UsageError, match="latent must be 1 to 4096"):
        AutoencoderConfig.load(CONFIGS[0]).sized(0)


def test_the_learning_rate_falls_along_a_cosine():
    (phase,) = replace(config("dense"), quantised_epochs=0).phases()
    assert [phase.rate(p) for p in (0, 0.5)] == pytest.approx([0.01, 0.005])
    assert 0 < phase.rate(1) < 1e-4
