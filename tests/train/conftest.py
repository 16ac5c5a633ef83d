"""Finished tiny runs, trained once for all tests of training."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from comrec.errors import UsageError
from comrec.networks import presets


@pytest.fixture(scope="session")
def crops() -> np.ndarray:
    import alternating_runs

    return alternating_runs.draw_crops()


@pytest.fixture(scope="session")
def unbroken(tmp_path_factory, crops):
    """An alternating run that was never stopped."""
    from alternating_runs import TINY, better

    from comrec.train.alternating.schedule import AlternatingRun

    run = AlternatingRun(TINY, tmp_path_factory.mktemp("run"), crops, better)
    run.train()
    return run


@pytest.fixture(scope="session")
def images() -> list[np.ndarray]:
    import joint_runs

    return joint_runs.draw_images()


@pytest.fixture(scope="session")
def listener():
    """Keeps the weights of `joint_run` at the end of each epoch."""
    from joint_runs import Keeps

    return Keeps()


@pytest.fixture(scope="session")
def joint_run(tmp_path_factory, images, listener):
    """An end-to-end run that was never stopped."""
    from joint_runs import TINY, later_is_better

    from comrec.train.joint.schedule import JointRun

    folder = tmp_path_factory.mktemp("joint")
    run = JointRun(TINY, folder, images, later_is_better, listener=listener)
    listener.run = run
    run.train()
    return run


@pytest.fixture
def pair(joint_run, images):
    """A run with random weights, and a function that draws a batch."""
    from joint_runs import TINY, weights

    from comrec.train.joint import samples
    from comrec.train.joint import step as joint_step
    from comrec.train.run import checkpoint

    comcnn, reccnn = joint_run.comcnn, joint_run.reccnn
    kept = weights(joint_run)
    rng = np.random.default_rng(5)
    for model in (comcnn, reccnn):
        for variable in model.variables:
            variable.assign(rng.normal(0, 0.1, variable.shape).astype(np.float32))

    def draw(quality: int = 30, scale: float = 2) -> samples.Batch:
        joint_run.config = replace(
            TINY, scales=(1, 1.5, 2), scale_shares=(0.2, 0.3, 0.5), joint_patch_px=96,
            patch_px=96, qualities=((quality, quality),) * 3, compact_scales=(scale,),
        )  # fmt: skip
        changes = {scale: joint_run.get_change(scale)}
        rng = np.random.default_rng(3)
        return next(joint_step.draw_batches(images[:1], changes, joint_run.config, rng))

    yield joint_run, draw
    joint_run.config = TINY
    checkpoint.assign(joint_run.models, kept)


@pytest.fixture(scope="session")
def released(tmp_path_factory) -> tuple[presets.Preset, Path, Path]:
    """The row, the folder it was released into, the run."""
    from alternating_releases import attempt, write_run
    from releases import write_place

    base = tmp_path_factory.mktemp("released")
    run, place = write_run(base / "run"), write_place(base / "place")
    return attempt(run, place), place, run


@pytest.fixture(scope="session")
def first_run(tmp_path_factory) -> Path:
    from alternating_releases import write_run

    return write_run(tmp_path_factory.mktemp("first") / "run")


@pytest.fixture
def finished(first_run, tmp_path) -> Path:
    return Path(shutil.copytree(first_run, tmp_path / "run"))


@pytest.fixture
def place(tmp_path) -> Path:
    from releases import write_place

    return write_place(tmp_path / "place")


@pytest.fixture
def refusal(listing, finished, place):
    """A release that must fail in one line and change nothing; the line."""

    from alternating_releases import attempt
    from releases import LABEL

    def call(error=UsageError, label=LABEL, number=None) -> str:
        before = listing()
        with pytest.raises(error) as err:
            attempt(finished, place, label, number)
        assert listing() == before
        assert "\n" not in str(err.value)
        return str(err.value)

    return call


@pytest.fixture(scope="session")
def finished_joint(tmp_path_factory) -> Path:
    from joint_releases import write_run

    return write_run(tmp_path_factory.mktemp("finished"))
