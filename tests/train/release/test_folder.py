"""The folder of a finished run becomes a preset by one call."""

from __future__ import annotations

import dataclasses
import shutil

import numpy as np
import own_preset
import pictures
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")
pytest.importorskip("tf2onnx", reason="needs the train extra")
if keras.backend.backend() != "tensorflow":
    pytest.skip("the export needs TensorFlow", allow_module_level=True)

import comrec
from comrec.errors import UsageError
from comrec.networks import models, presets
from comrec.train.release import folder
from comrec.train.release.release import find


def test_a_run_is_a_preset_that_compresses_and_restores(finished_joint, tmp_path):
    run = shutil.copytree(finished_joint, tmp_path / "My Run")
    preset = folder.write_run(run)
    assert preset.name.startswith("my-run.")
    assert presets.find(run) == preset
    image = pictures.photo(45, 71)
    made = comrec.compress(image, preset=run, jpeg_quality=30)
    assert made.report.preset == preset.name
    restored = comrec.decompress(made.jpeg, made.sidecar, presets=run)
    assert restored.shape == image.shape
    reccnn = models.load(run, "reccnn")
    assert reccnn.count_params() > 100
    np.testing.assert_array_equal(comrec.decompress(made.jpeg, made.sidecar), restored)


def test_what_is_no_finished_run_or_no_name_is_refused(finished_joint, tmp_path):
    with pytest.raises(UsageError, match="config"):
        folder.write_run(tmp_path)
    run = shutil.copytree(finished_joint, tmp_path / "run")
    with pytest.raises(UsageError, match="name of small letters"):
        folder.write_run(run, name="My Net")


@pytest.mark.slow
def test_the_row_from_before_is_kept_and_its_pictures_are_restored(
    finished_joint, tmp_path, monkeypatch
):
    run = shutil.copytree(finished_joint, tmp_path / "run")
    source = find(run)
    row = dataclasses.replace(
        presets.find("comrec-lite-2"), name="mine", weights={}, onnx={},
        **source.derive_preset(),
    )  # fmt: skip
    models = source.load_models()
    first = folder.write(models, row, run)
    made = comrec.compress(pictures.photo(17, 33), preset=run, jpeg_quality=30)
    assert folder.write(models, row, run) == first, "each export has other bytes"
    assert not list(run.glob("preset.*.json")), "the same row is no earlier one"
    weights = models[-1].get_weights()
    models[-1].set_weights([w * 1.5 for w in weights])
    assert folder.write(models, row, run).name != first.name
    assert len(list(run.glob("preset.*.json"))) == 1
    own_preset.forget(monkeypatch)
    comrec.decompress(made.jpeg, made.sidecar, presets=run)
