"""The config of an alternating run is read, written and checked."""

import json
from pathlib import Path

import pytest

pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY

from comrec.errors import UsageError
from comrec.train.alternating.config import TrainConfig


def test_the_shipped_configs_load():
    folder = Path(__file__).parents[3] / "experiments" / "configs"
    assert TrainConfig.load(folder / "jiang2017-gray-q50.json") == TrainConfig()
    others = ("comrec", "autoencoder", "race")
    alternating = {p for p in folder.glob("*.json") if not p.stem.startswith(others)}
    assert alternating
    assert all(list(TrainConfig.load(path).phases()) for path in alternating)


def test_the_papers_schedule_is_thirty_epochs_of_each_network():
    phases = list(TrainConfig().phases())
    assert sum(p.epochs for p in phases if (p.round, p.network) == (1, "comcnn")) == 30
    assert sum(p.epochs for p in phases if (p.round, p.network) == (1, "reccnn")) == 30


def test_config_survives_json(tmp_path):
    path = tmp_path / "config.json"
    path.write_text(TINY.dump())
    assert TrainConfig.load(path) == TINY


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("sead", 1, "unknown settings sead"),
        ("estimator", "magic", "estimator must be one of bypass, released, ste"),
        ("channels", 2, "channels must be 1"),
        ("reduction", "bicubic", "with reduction bicubic no compact step"),
        ("batch", 0, "batch must be a whole number from 1"),
        ("batch", 1.5, "batch must be a whole number from 1"),
        ("patch_px", 15, "patch_px must be an even number"),
        ("patch_px", 400, "patch_px must be at most crop_px=48"),
        ("stride_px", 3, "stride_px must be an even number"),
        ("compact_quality", 101, "compact_quality must be .* from 1 to 100"),
        ("rate_weight", float("nan"), "rate_weight must be a number from 0"),
        ("precision", "float8", "precision must be one of"),
        ("channels", 1.0, "channels must be 1"),
        ("seed", 2**32, "seed must be a whole number from 0 to 4294967295"),
        ("gain_min_db", float("nan"), "gain_min_db must be a number"),
        ("rate_weight", 10**400, "rate_weight must be a number from 0"),
        ("epoch_patches", 7, "epoch_patches must be at least batch=8"),
        ("rounds", [], "rounds must be one or more"),
        ("rounds", [{"compact": []}], "no reconstruction in a round"),
        ("rounds", [{"compact": [], "reconstruction": [], "x": 1}], "settings x"),
        ("rounds", [{"compact": [{}], "reconstruction": []}], "no epochs, rate_end"),
        ("rounds", [{"compact": None, "reconstruction": []}], "are lists"),
        ("rounds", 3, "are lists"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused_in_a_line(
    tmp_path, name, value, complaint
):
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(TINY.dump()) | {name: value}))
    with pytest.raises(UsageError, match=rf"config\.json: .*{complaint}") as err:
        TrainConfig.load(path)
    assert "\n" not in str(err.value)


@pytest.mark.parametrize("text", ["", "[]", "7", "{", "\x00", "[" * 9999])
def test_a_file_that_is_no_config_is_refused_by_name(tmp_path, text):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=r"config\.json: not a training config"):
        TrainConfig.load(path)
    with pytest.raises(UsageError, match=r"absent\.json: cannot be read"):
        TrainConfig.load(tmp_path / "absent.json")
