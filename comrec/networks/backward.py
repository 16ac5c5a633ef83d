"""Extends the graph of a network by its backward pass: reverse-mode differentiation.

Every kind of node has a rule in RULES, which adds the nodes that lead the gradient from
the node's output to one of its inputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from comrec.errors import WeightsError
from comrec.networks.graph import FLOAT, Graph, read_attributes

# (graph, node, place among the node's inputs, gradient of its output) to the gradient
# of that input; values are given by their names.
Rule = Callable[[Graph, Any, int, str], str]


def add_gradient(graph: Graph, source: str, result: str, seed: str) -> str:
    """Adds the backward pass from one value of a graph to another.

    A value that depends on the source must have the full shape of each sum or product
    that it goes into; what is repeated there must not depend on the source.

    Args:
      graph: is extended.
      source: name of the value with respect to which is differentiated.
      result: name of the value whose gradient is known.
      seed: name of that gradient.

    Returns:
      The name of the source's gradient.

    Raises:
      WeightsError: no rule is known for a node on the way; the message names it.
    """
    nodes = list(graph.nodes)
    varying = {source}
    for node in nodes:
        if node.op_type != "Shape" and varying.intersection(node.input):
            varying.update(node.output)
    parts: dict[str, list[str]] = {result: [seed]}
    for node in reversed(nodes):
        if node.output[0] not in parts or node.output[0] not in varying:
            continue
        gradient = _add_sum(graph, parts.pop(node.output[0]))
        for place, name in enumerate(node.input):
            if name in varying:
                rule = RULES.get(node.op_type, _refuse)
                part = rule(graph, node, place, gradient)
                parts.setdefault(name, []).append(part)
    if source not in parts:
        raise WeightsError("the network ignores its image. Export it again")
    return _add_sum(graph, parts[source])


def _add_sum(graph: Graph, names: list[str]) -> str:
    total = names[0]
    for name in names[1:]:
        total = graph.add("Add", total, name)
    return total


def _refuse(graph: Graph, node: Any, place: int, gradient: str) -> str:
    raise WeightsError(
        f"no gradient is known for input {place} of node {node.name!r} "
        f"({node.op_type}); known kinds: {', '.join(RULES)}. Use another preset, or an "
        f"encoder that needs no gradient"
    )


def _add(graph: Graph, node: Any, place: int, gradient: str) -> str:
    return gradient


def _mul(graph: Graph, node: Any, place: int, gradient: str) -> str:
    return graph.add("Mul", gradient, node.input[1 - place])


def _div(graph: Graph, node: Any, place: int, gradient: str) -> str:
    if place:
        return _refuse(graph, node, place, gradient)
    return graph.add("Div", gradient, node.input[1])


def _matmul(graph: Graph, node: Any, place: int, gradient: str) -> str:
    matrix = graph.find_array(node.input[1])
    if place or matrix is None or matrix.ndim != 2:
        return _refuse(graph, node, place, gradient)
    return graph.add("MatMul", gradient, matrix.T)


def _relu(graph: Graph, node: Any, place: int, gradient: str) -> str:
    is_positive = graph.add("Greater", node.output[0], np.zeros((), np.float32))
    # A tenth faster than Where, in onnxruntime.
    return graph.add("Mul", gradient, graph.add("Cast", is_positive, to=FLOAT))


def _reshape(graph: Graph, node: Any, place: int, gradient: str) -> str:
    return graph.add("Reshape", gradient, graph.add("Shape", node.input[0]))


def _transpose(graph: Graph, node: Any, place: int, gradient: str) -> str:
    order = read_attributes(node)["perm"]
    back = [order.index(axis) for axis in range(len(order))]
    return graph.add("Transpose", gradient, perm=back)


def _conv(graph: Graph, node: Any, place: int, gradient: str) -> str:
    """Leads the gradient through a convolution, by a convolution of stride 1.

    Input pixels whose position modulo the stride is the same depend on the gradient
    through a kernel of their own. Each of these kernels makes maps of its own, which
    depth-to-space interleaves.
    """
    kernel, attributes = graph.find_array(node.input[1]), read_attributes(node)
    if place or kernel is None or kernel.ndim != 4 or _is_dilated(attributes):
        return _refuse(graph, node, place, gradient)
    stride = attributes.get("strides", [1, 1])[0]
    groups = attributes.get("group", 1)
    if kernel.shape[1:] == (1, 1, 1) and len(node.input) < 3 and (kernel == 1).all():
        return gradient  # the convolution by one, comrec.networks.engine.BLOCKS
    before = []
    for axis, size in enumerate(kernel.shape[2:]):
        if attributes.get("strides", [1, 1])[axis] != stride:
            return _refuse(graph, node, place, gradient)
        start, end = _read_pads(attributes, axis, size, stride)
        if not 0 <= start + end - size + stride < stride:
            return _refuse(graph, node, place, gradient)
        before.append(start)
    turned, pads = _turn(kernel, stride, groups, before)
    made = graph.add("Conv", gradient, turned, pads=pads, group=groups)
    if stride == 1:
        return made
    return graph.add("DepthToSpace", made, blocksize=stride, mode="CRD")


def _is_dilated(attributes: dict[str, Any]) -> bool:
    return any(step != 1 for step in attributes.get("dilations", []))


def _read_pads(
    attributes: dict[str, Any], axis: int, size: int, stride: int
) -> tuple[int, int]:
    """Returns the rows or columns that a convolution pads before and behind."""
    total = max(size - stride, 0)  # the input's side is a multiple of the stride
    same = {
        "SAME_UPPER": (total // 2, total - total // 2),
        "SAME_LOWER": (total - total // 2, total // 2),
    }
    pads = attributes.get("pads", [0, 0, 0, 0])
    return same.get(attributes.get("auto_pad", ""), (pads[axis], pads[axis + 2]))


def _turn(
    kernel: np.ndarray, stride: int, groups: int, before: list[int]
) -> tuple[np.ndarray, list[int]]:
    """Returns the kernel of the backward pass of a convolution, and its pads.

    Args:
      kernel: (outputs, inputs / groups, h, w).
      stride: of the convolution.
      groups: of channels, that the convolution keeps apart.
      before: rows and columns that the convolution pads before the image.

    Returns:
      float32 (inputs * stride**2, outputs / groups, h', w'); four numbers.
    """
    # Input pixel stride*j + r gets, from output pixel j - d, the kernel's element
    # stride*d + r + before, for all d at which there is such an element.
    shape = kernel.shape[2:]
    first = [-((stride - 1 + pad) // stride) for pad in before]
    last = [(size - 1 - pad) // stride for size, pad in zip(shape, before, strict=True)]
    missing = [
        (-(stride * low + pad), stride * (high + 1) + pad - size)
        for low, high, pad, size in zip(first, last, before, shape, strict=True)
    ]
    outputs, inputs = kernel.shape[0], kernel.shape[1] * groups
    padded = np.pad(kernel, [(0, 0), (0, 0), *missing])
    high, wide = (side // stride for side in padded.shape[2:])
    taps = padded.reshape(
        groups, outputs // groups, inputs // groups, high, stride, wide, stride
    )[:, :, :, ::-1, :, ::-1]
    turned = taps.transpose(0, 2, 4, 6, 1, 3, 5).reshape(
        inputs * stride**2, outputs // groups, high, wide
    )
    return turned, [*last, *(-low for low in first)]


RULES: dict[str, Rule] = {
    "Add": _add,
    "Conv": _conv,
    "Div": _div,
    "MatMul": _matmul,
    "Mul": _mul,
    "Relu": _relu,
    "Reshape": _reshape,
    "Squeeze": _reshape,
    "Transpose": _transpose,
    "Unsqueeze": _reshape,
}
