"""`models.load` gives a network of a preset with its verified weights, in one line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from comrec.errors import UsageError, WeightsError
from comrec.networks import models, presets, weights

NETWORKS = [
    (preset.name, network)
    for preset in presets.PRESETS.values()
    for network, file in preset.weights.items()
    if weights.path_of(file).exists()  # the masters that the checkout has
]


@pytest.mark.parametrize(("name", "network"), NETWORKS)
def test_the_weights_are_those_of_the_master_to_the_last_bit(name, network):
    preset = presets.find(name)
    master = models.build_exact(preset.family, network, **preset.sizes[network])
    master.load_weights(weights.path_of(preset.weights[network]))
    loaded = models.load(name, network)
    assert loaded.name == network
    for ours, theirs in zip(loaded.get_weights(), master.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("comrec-base", "reccnn"),
        ("comrec-lite", "comcnn"),
        ("jiang2017-gray-q50", "comcnn"),
    ],
)
def test_presets_without_masters_load_from_their_exports(name, network):
    assert models.load(name, network).count_params() > 1000


def test_folded_networks_say_that_they_need_a_master():
    preset = presets.find("jiang2017-gray-q50-2")
    file = replace(preset.weights["reccnn"], name="gone.weights.h5")
    without = replace(preset, weights={"reccnn": file})
    with pytest.raises(WeightsError, match=r"folded.* checkout .* gone\.weights\.h5"):
        models.load(without, "reccnn")


def test_a_network_that_is_not_there_is_refused():
    with pytest.raises(WeightsError, match=r"plain: has no reccnn\. Networks: none"):
        models.load("plain", "reccnn")
    with pytest.raises(UsageError, match="no preset is called 'nobody'"):
        models.load("nobody", "reccnn")
