"""Every family of networks is one record, which holds whatever differs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from comrec.errors import UsageError
from comrec.image.window import Window
from comrec.networks import families, presets
from comrec.networks.families import FAMILIES

# One released preset of each family; a family that has none is not looked at.
PRESETS = {row.family: row for row in presets.PRESETS.values() if row.onnx}
EACH = pytest.mark.parametrize("name", [name for name in FAMILIES if name in PRESETS])


@EACH
def test_a_family_says_how_far_its_networks_look_as_released_rows_do(name):
    pytest.importorskip("keras", reason="needs the train extra")
    for preset in presets.PRESETS.values():
        if preset.family == name and preset.onnx:
            family = FAMILIES[name]
            assert family.reach_px(preset.sizes) == preset.reach_px
            assert family.multiple_px(preset.sizes) == preset.multiple_px


@EACH
def test_a_condition_is_what_reccnn_takes_besides_the_image(name):
    onnxruntime = pytest.importorskip("onnxruntime")
    from comrec.networks import weights

    preset = PRESETS[name]
    steps = np.full((2, 8, 8), 16, np.float32)
    condition = FAMILIES[name].condition(steps, preset.scales[0])
    session = onnxruntime.InferenceSession(weights.read(preset.onnx["reccnn"]))
    shapes = [tuple(value.shape)[1:] for value in session.get_inputs()[1:]]
    assert [each.shape[1:] for each in condition] == shapes
    assert all(each.dtype == np.float32 for each in condition)


@EACH
def test_windows_of_a_compact_image_are_those_of_the_whole(name):
    preset = PRESETS[name]
    scale = preset.compact_scales[0]
    image = np.random.default_rng(1).random((48, 64, preset.channels), np.float32)
    source = families.Source(lambda window: image[window.slices], (48, 64), scale)
    wide = replace(preset, reach_px={"comcnn": 64, "reccnn": 64})

    def comcnn(tile: np.ndarray, *condition: np.ndarray) -> np.ndarray:
        assert len(condition) == (name == "comrec")
        return np.zeros_like(tile) if condition else tile[:, ::2, ::2] / 2

    def make(window: Window) -> np.ndarray:
        return FAMILIES[name].compact(comcnn, source, window, wide)

    height, width = int(np.ceil(48 / scale)), int(np.ceil(64 / scale))
    whole = make(Window(0, height, 0, width))
    part = make(Window(4, height, 8, width))
    assert whole.shape == (height, width, preset.channels)
    np.testing.assert_array_equal(whole[4:, 8:], part)


@EACH
def test_a_family_builds_the_networks_of_its_presets(name):
    pytest.importorskip("keras", reason="needs the train extra")
    preset = PRESETS[name]
    for network, sizes in preset.sizes.items():
        assert FAMILIES[name].build(network, sizes).name == network


def test_only_pages_that_know_a_shape_get_it():
    assert FAMILIES["comrec"].can_export(PRESETS["comrec"].sizes)
    assert not FAMILIES["comrec"].can_export({"reccnn": {"widths": (8, 16)}})
    assert not FAMILIES["jiang2017"].can_export(PRESETS["jiang2017"].sizes)


def test_an_unknown_family_is_refused_with_those_that_are_known():
    with pytest.raises(UsageError, match=r"'gdn'. Families: jiang2017, comrec"):
        families.find("gdn")
