"""The folder of a finished run becomes a preset by one call."""

from __future__ import annotations

import shutil

import numpy as np
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
