"""Tiny models and finished runs, made once for all tests of the autoencoders."""

from __future__ import annotations

import pytest
from PIL import Image


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """Per kind: the path of a tiny model, and its codec."""
    import autoencoders

    from comrec.apps.autoencoder.codec import Codec

    folder = tmp_path_factory.mktemp("models")
    return {
        kind: (
            folder / f"{kind}.npz",
            Codec(autoencoders.write(folder / f"{kind}.npz", a)),
        )
        for kind, a in autoencoders.TINY.items()
    }


@pytest.fixture
def digit(tmp_path):
    from autoencoders import picture

    path = tmp_path / "digit.png"
    Image.fromarray(picture("dense")[..., 0]).save(path)
    return path


@pytest.fixture(scope="session")
def done(tmp_path_factory):
    """A finished run of each kind, and its model."""
    from autoencoder_runs import start
    from autoencoders import KINDS

    runs = {}
    for kind in KINDS:
        run = start(kind, tmp_path_factory.mktemp(kind))
        run.train()
        runs[kind] = run, run.finish(run.folder / "model.npz")
    return runs
