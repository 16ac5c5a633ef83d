"""The rules of the backward pass, each against the node that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from comrec.errors import WeightsError
from comrec.networks import backward, engine
from comrec.networks.graph import FLOAT, Graph

pytest.importorskip("onnxruntime")

RNG = np.random.default_rng(0)
SHAPE = (1, 4, 8, 6)  # of the source


def draw(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def load(graph: Graph, inputs: list[str], output: str) -> Callable[..., np.ndarray]:
    values = graph.model.graph
    for name in inputs:
        values.input.add(name=name).type.tensor_type.elem_type = FLOAT
    values.output.add(name=output).type.tensor_type.elem_type = FLOAT
    run = engine.load_graph(graph.to_bytes(), threads=1)
    return lambda *x: run(*x)[0]


def check(build: Callable[[Graph], str], start: np.ndarray, change: np.ndarray) -> None:
    """The gradient's product with a change is the seed's with that of the output."""
    forward, both = Graph(), Graph()
    value_of = load(forward, ["source"], build(forward))
    gradient = backward.add_gradient(both, "source", build(both), "seed")
    gradient_of = load(both, ["source", "seed"], gradient)
    low, high = (value_of(x).astype(float) for x in (start - change, start + change))
    seed = draw(*low.shape)
    found = gradient_of(start, seed)
    assert found.shape == start.shape
    expected = (seed * (high - low)).sum() / 2
    assert (found.astype(float) * change).sum() == pytest.approx(expected, rel=1e-4)


CONVOLUTIONS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    "3x3": ((5, 4, 3, 3), {"auto_pad": "SAME_UPPER", "strides": [1, 1]}),
    "3x3 with pads": ((5, 4, 3, 3), {"pads": [1, 1, 1, 1]}),
    "3x5": ((5, 4, 3, 5), {"auto_pad": "SAME_UPPER"}),
    "2x2 with pads behind": ((5, 4, 2, 2), {"auto_pad": "SAME_UPPER"}),
    "6x6 of stride 2": ((5, 4, 6, 6), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "3x3 of stride 2": ((5, 4, 3, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
    "3x3 of stride 2, pads before": (
        (5, 4, 3, 3), {"auto_pad": "SAME_LOWER", "strides": [2, 2]},
    ),
    "3x3 of stride 2, pads on all sides": (
        (5, 4, 3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 2]},
    ),
    "2x2 of stride 2": ((5, 4, 2, 2), {"strides": [2, 2]}),
    "1x1 of stride 2": ((5, 4, 1, 1), {"strides": [2, 2]}),
    "two groups": ((6, 2, 3, 3), {"auto_pad": "SAME_UPPER", "group": 2}),
    "two groups of stride 2": (
        (6, 2, 4, 4), {"pads": [1, 1, 1, 1], "strides": [2, 2], "group": 2},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_a_convolution_leads_the_gradient_back(name):
    shape, attributes = CONVOLUTIONS[name]
    kernel, bias = draw(*shape), draw(shape[0])
    check(
        lambda graph: graph.add("Conv", "source", kernel, bias, **attributes),
        draw(*SHAPE), draw(*SHAPE),
    )  # fmt: skip


OTHERS: dict[str, tuple[list[np.ndarray], dict[str, Any]]] = {
    "Add": ([draw(1, 4, 1, 1)], {}),
    "Mul": ([draw(1, 4, 1, 1)], {}),
    "Div": ([np.array(255, np.float32)], {}),
    "MatMul": ([draw(6, 3)], {}),
    "Reshape": ([np.array([2, 2, -1])], {}),
    "Squeeze": ([np.array([0])], {}),
    "Transpose": ([], {"perm": [0, 2, 3, 1]}),
    "Unsqueeze": ([np.array([0])], {}),
    "Relu": ([], {}),
}


def test_each_rule_is_tested():
    assert {*OTHERS, "Conv"} == backward.RULES.keys()


@pytest.mark.parametrize("kind", OTHERS)
def test_a_node_leads_the_gradient_back(kind):
    others, attributes = OTHERS[kind]
    start, change = draw(*SHAPE), draw(*SHAPE)
    change[np.abs(start) < np.abs(change)] = 0  # differences stay on one side of zero
    check(lambda graph: graph.add(kind, "source", *others, **attributes), start, change)


def test_a_convolution_by_one_takes_no_time_on_the_way_back():
    graph = Graph()
    made = graph.add("Conv", "source", np.ones((4, 1, 1, 1), np.float32), group=4)
    assert backward.add_gradient(graph, "source", made, "seed") == "seed"


def test_the_gradients_of_all_uses_of_a_value_are_added():
    def build(graph: Graph) -> str:
        square = graph.add("Mul", "source", "source")
        return graph.add("Add", graph.add("Add", square, "source"), square)

    check(build, draw(*SHAPE), draw(*SHAPE))


def test_values_that_do_not_lead_to_the_result_need_no_rule():
    graph = Graph()
    graph.add("Sin", "source")
    made = graph.add("Relu", "source")
    graph.add("Cos", made)
    backward.add_gradient(graph, "source", made, "seed")


REFUSED: dict[str, tuple[str, list[Any], dict[str, Any]]] = {
    "another kind": ("Sin", ["source"], {}),
    "a kernel that varies": ("Conv", [draw(*SHAPE), "source"], {}),
    "a kernel that is computed": ("Conv", ["source", "kernel"], {}),
    "dilation": ("Conv", ["source", draw(5, 4, 3, 3)], {"dilations": [2, 2]}),
    "no pads": ("Conv", ["source", draw(5, 4, 3, 3)], {}),
    "two strides": ("Conv", ["source", draw(5, 4, 2, 1)], {"strides": [2, 1]}),
    "a divisor that varies": ("Div", [draw(*SHAPE), "source"], {}),
    "a matrix that varies": ("MatMul", [draw(*SHAPE), "source"], {}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_node_without_a_known_gradient_is_refused_by_name(name):
    kind, inputs, attributes = REFUSED[name]
    graph = Graph()
    made = graph.add(kind, *inputs, **attributes)
    with pytest.raises(WeightsError, match=rf"node '{made}' \({kind}\); known kinds"):
        backward.add_gradient(graph, "source", made, "seed")


def test_a_network_that_ignores_the_image_is_refused():
    graph = Graph()
    made = graph.add("Relu", graph.add("Shape", "source"))
    with pytest.raises(WeightsError, match="ignores its image"):
        backward.add_gradient(graph, "source", made, "seed")
