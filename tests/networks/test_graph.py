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
        found = ours.find_array(tensor.name)
        if tensor.data_type != onnx.TensorProto.INT32:
            np.testing.assert_array_equal(found, onnx.numpy_helper.to_array(tensor))
    for node, of_onnx in zip(ours.nodes, theirs.node, strict=True):
        attributes = {
            a.name: onnx.helper.get_attribute_value(a) for a in of_onnx.attribute
        }
        assert read_attributes(node) == {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in attributes.items()
        }


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
