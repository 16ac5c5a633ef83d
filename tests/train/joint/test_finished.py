"""The best epoch of an end-to-end run is found, and other weights are refused."""

import pytest

pytest.importorskip("keras", reason="needs the train extra")

from joint_releases import CONFIG

from comrec.errors import UsageError
from comrec.networks.models import build_exact
from comrec.train.joint.finished import FinishedJoint
from comrec.train.release.release import find
from comrec.train.run import checkpoint


def test_a_run_without_a_finished_epoch_is_refused(finished_joint, tmp_path):
    (tmp_path / "config.json").write_text(CONFIG.dump())
    with pytest.raises(UsageError, match=r"no finished epoch in it \(best.npz is miss"):
        find(tmp_path)
    with pytest.raises(UsageError, match="has no rounds to choose from"):
        find(finished_joint, 1)


def test_weights_of_another_config_are_refused(finished_joint, tmp_path):
    for name in ("config.json", "metrics.jsonl"):
        (tmp_path / name).write_text((finished_joint / name).read_text())
    other = build_exact("comrec", "reccnn", widths=(5,), blocks=(1,))
    checkpoint.save(tmp_path / "best.npz", checkpoint.collect_weights([other]))
    with pytest.raises(UsageError, match=r"best.npz: not of the config beside it"):
        FinishedJoint.find(tmp_path).load_models()
