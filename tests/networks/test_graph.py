"""ONNX files: read, extended and written as the `onnx` package does it."""

from __future__ import annotations

import numpy as np
import pytest

from comrec.errors import WeightsError
from comrec.networks import engine, presets, weights
from comrec.networks.graph import Graph, read_attributes

LITE = weights.read(presets.find("comrec-lite-2").onnx["reccnn"])


def test_a_file_that_is_read_and_written_says_the_same():
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    again = onnx.load_from_string(Graph(LITE).to_bytes())
    assert again == onnx.load_from_string(LITE)
    assert again.graph.value_info or again.producer_name  # what no field here names


def test_arrays_and_attributes_are_those_that_onnx_reads():
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    theirs, ours = onnx.load_from_string(LITE).graph, Graph(LITE)
    for tensor in theirs.initializer:
        wanted = onnx.numpy_helper.to_array(tensor)
        np.testing.assert_array_equal(ours.find_array(tensor.name), wanted)
        assert (tensor.name in ours.read_floats()) == (wanted.dtype == np.float32)
    for node, of_onnx in zip(ours.nodes, theirs.node, strict=True):
        attributes = {
            a.name: onnx.helper.get_attribute_value(a) for a in of_onnx.attribute
        }
        assert read_attributes(node) == {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in attributes.items()
        }


def test_replaced_arrays_are_read_back_and_all_others_stay():
    graph = Graph(LITE)
    before = graph.read_floats()
    name = next(iter(before))
    graph.replace_floats({name: before[name] + 1})
    for each, array in Graph(graph.to_bytes()).read_floats().items():
        np.testing.assert_array_equal(array, before[each] + (each == name))


@pytest.mark.parametrize("name", ["blocks_kernel", "nothing"])
def test_an_array_that_does_not_fit_is_refused(name):
    with pytest.raises(ValueError, match=rf"{name} is .*Received: \(2,\)"):
        Graph(LITE).replace_floats({name: np.zeros(2, np.float32)})


def test_an_array_that_is_no_raw_data_is_refused_by_name():
    graph = Graph(LITE)
    tensor = graph.model.graph.initializer[0]
    tensor.raw_data = tensor.raw_data[:-1]
    with pytest.raises(WeightsError, match=f"array '{tensor.name}' is not float32"):
        graph.find_array(tensor.name)


def test_a_value_that_the_graph_computes_is_no_array():
    graph = Graph()
    assert graph.find_array(graph.add("Relu", "x")) is None


def test_a_graph_made_here_is_a_legal_one_and_runs():
    graph = Graph()
    made = graph.add("Concat", "x", np.array([[7]], np.uint8), axis=1)
    made = graph.add("Transpose", made, perm=[1, 0])
    graph.declare(graph.model.graph.input, "x", np.uint8, 2)
    graph.declare(graph.model.graph.output, made, np.uint8, 2)
    run = engine.load_graph(graph.to_bytes(), threads=1)
    assert run(np.array([[1, 2]], np.uint8))[0].tolist() == [[1], [2], [7]]
    checker = pytest.importorskip("onnx.checker", reason="needs the train extra")
    checker.check_model(graph.to_bytes(), full_check=True)


def test_names_that_are_added_do_not_meet_names_that_are_there():
    first = Graph()
    name = first.add("Relu", "x")
    second = Graph(first.to_bytes())
    assert second.add("Relu", "x") != name


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\xff" * 20])
def test_what_is_no_onnx_file_is_refused(data):
    with pytest.raises(WeightsError, match="not an ONNX file"):
        Graph(data)
