"""Weights come back from an ONNX export, each to its layer, or not at all."""

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from comrec.errors import WeightsError
from comrec.networks import models, presets, weights
from comrec.networks.graph import Graph
from comrec.networks.models import from_onnx

LITE = presets.find("comrec-lite-2")


def test_networks_with_batch_normalisation_are_folded():
    sizes = presets.find("jiang2017-gray-q50").sizes
    for network, is_folded in (("comcnn", False), ("reccnn", True)):
        model = models.build_exact("jiang2017", network, **sizes[network])
        assert from_onnx.is_folded(model) == is_folded


def test_every_weight_is_set():
    model = models.build_exact("comrec", "comcnn", **LITE.sizes["comcnn"])
    for weight in model.weights:
        weight.assign(np.full(weight.shape, np.nan))
    file = LITE.onnx["comcnn"]
    from_onnx.assign(model, weights.read(file), file.name)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())


def test_a_tensor_that_is_missing_is_named_by_its_layer():
    export = Graph(weights.read(LITE.onnx["comcnn"]))
    tensors = export.model.graph.initializer
    kept = [tensor for tensor in tensors if "/head_1/" not in tensor.name]
    del tensors[:]
    tensors.extend(kept)
    model = models.build_exact("comrec", "comcnn", **LITE.sizes["comcnn"])
    with pytest.raises(WeightsError, match=r"x\.onnx: has 0 tensors .* 'head'"):
        from_onnx.assign(model, export.to_bytes(), "x.onnx")


def test_an_export_of_another_size_is_refused_by_layer():
    preset = presets.find("comrec-lite-2")
    export = weights.read(preset.onnx["comcnn"])
    model = models.build_exact("comrec", "comcnn", width=5, blocks=1)
    with pytest.raises(WeightsError, match=r"x\.onnx: has 0 tensors .*'told'"):
        from_onnx.assign(model, export, "x.onnx")
