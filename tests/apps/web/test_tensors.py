"""Arrays in ONNX files: found as `onnx` finds them, and replaced in place."""

import numpy as np
import pytest
from web_networks import LITE

from comrec.apps.web import tensors
from comrec.networks import weights


def test_tensors_are_those_that_onnx_reads():
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    numpy_helper = pytest.importorskip("onnx.numpy_helper")
    data = weights.read(LITE.onnx["reccnn"])
    wanted = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in onnx.load_from_string(data).graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    }
    found = tensors.find(data)
    assert found.keys() == wanted.keys()
    for name, place in found.items():
        assert np.array_equal(place.read(data), wanted[name])


def test_replaced_arrays_are_found_and_all_other_bytes_stay():
    data = weights.read(LITE.onnx["reccnn"])
    found = tensors.find(data)
    name, place = next(iter(found.items()))
    values = np.arange(np.prod(place.shape), dtype=np.float32).reshape(place.shape)
    changed = tensors.replace(data, {name: values})
    assert np.array_equal(tensors.find(changed)[name].read(changed), values)
    assert changed[: place.start] == data[: place.start]
    assert changed[place.end :] == data[place.end :]


def test_an_array_of_another_shape_is_refused():
    data = weights.read(LITE.onnx["reccnn"])
    name, place = next(iter(tensors.find(data).items()))
    with pytest.raises(ValueError, match=rf"{name} is \("):
        tensors.replace(data, {name: np.zeros((*place.shape, 1), np.float32)})
