"""Writes a trained network as the files of a preset: Keras master and ONNX export."""

from __future__ import annotations

import warnings
from pathlib import Path

import keras
import numpy as np

from comrec.errors import UsageError, WeightsError
from comrec.networks.engine import BLOCKS

SIZES_PX = ((48, 64), (37, 53), (1, 1), (1, 17))  # height, width: even, odd, tiny
SIDE_PX = 16
TOLERANCE = 1e-4  # of the pixel range
# Nodes from which the condition comes to the maps.
CONDITION = {"Reshape", "Transpose", "Unsqueeze"}


def save(model: keras.Model, master: Path, export: Path, multiple_px: int = 1) -> None:
    """Writes both files of a network, and checks that both compute the same.

    Args:
      model: a network of `comrec.networks.models`, in float32.
      master: ends in `.weights.h5`; gets the weights.
      export: ends in `.onnx`; gets the network with its weights.
      multiple_px: sides of the network's input are multiples of this number.

    Raises:
      UsageError: Keras does not run on TensorFlow, which the export needs.
      WeightsError: the export computes other values.
    """
    if keras.backend.backend() != "tensorflow":
        raise UsageError(
            f"the ONNX export needs the TensorFlow backend of Keras. Received: "
            f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow"
        )
    # Keras does not name the library that is missing.
    import tf2onnx  # noqa: F401

    model.save_weights(master)
    shapes = model.input_shape
    several = isinstance(shapes, list)
    specs = [
        keras.InputSpec(shape=shape, dtype="float32")
        for shape in (shapes if several else [shapes])
    ]
    _predict(model, _draw_inputs(model, np.random.default_rng(0), SIDE_PX, SIDE_PX))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # Keras asks for `np.object`
        model.export(
            export, format="onnx", verbose=False,
            input_signature=[specs] if several else specs,
        )  # fmt: skip
    restore_squeeze(export, rank=len(model.output_shape))
    keep_blocks(export)
    check(model, export, multiple_px)


def restore_squeeze(export: Path, rank: int) -> None:
    """Removes leading axes of length 1 from the output until `rank` axes remain.

    A file whose output has `rank` axes is not changed.
    """
    # tf2onnx 1.17 replaces the transposes of a network with one channel by Reshape and
    # Squeeze in a loop that shortens the list of the loop, and the order of that list
    # is that of memory addresses. If the loop skips the last transpose, tf2onnx
    # replaces that transpose after the Identity at the output is removed. Then the
    # Squeeze is lost, and the output is (1, B, H, W, 1) in place of (B, H, W, 1).
    import onnx

    exported = onnx.load(export)
    output = exported.graph.output[0]
    axes = output.type.tensor_type.shape.dim
    extra = len(axes) - rank
    if extra <= 0 or any(axis.dim_value != 1 for axis in axes[:extra]):
        return
    node = next(node for node in exported.graph.node if output.name in node.output)
    unsqueezed = f"{output.name}_unsqueezed"
    node.output[list(node.output).index(output.name)] = unsqueezed
    lost = onnx.numpy_helper.from_array(np.arange(extra), f"{output.name}_axes")
    exported.graph.initializer.append(lost)
    exported.graph.node.append(
        onnx.helper.make_node("Squeeze", [unsqueezed, lost.name], [output.name])
    )
    del axes[:extra]
    onnx.checker.check_model(exported, full_check=True)
    onnx.save(exported, export)


def keep_blocks(export: Path) -> None:
    """Lets onnxruntime compute all convolutions without a change of memory layout.

    On CPUs, onnxruntime keeps maps in blocks of channels. The condition of a network is
    added in another layout, and the sum would stay in that layout, so that each
    residual addition would convert its maps twice. A convolution by one, which in
    float32 changes no value, restores the blocks. A file that has this convolution, or
    a network without a condition, is not changed.
    """
    import onnx

    exported = onnx.load(export)
    graph = exported.graph
    makers = {name: node for node in graph.node for name in node.output}
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    kernel = f"{BLOCKS}_kernel"
    for place, node in enumerate(graph.node):
        made = {makers[n].op_type: makers[n] for n in node.input if n in makers}
        adds_condition = (
            node.op_type == "Add"
            and "Conv" in made
            and len(made) == 2
            and made.keys() & CONDITION
        )
        if not adds_condition or kernel in tensors:
            continue
        channels = tensors[made["Conv"].input[1]].dims[0]
        ones = np.ones((channels, 1, 1, 1), np.float32)
        graph.initializer.append(onnx.numpy_helper.from_array(ones, kernel))
        total = node.output[0]
        node.output[0] = f"{total}_{BLOCKS}"
        same = onnx.helper.make_node(
            "Conv", [node.output[0], kernel], [total], BLOCKS, group=channels
        )
        graph.node.insert(place + 1, same)
        onnx.checker.check_model(exported, full_check=True)
        onnx.save(exported, export)
        return


def check(model: keras.Model, export: Path, multiple_px: int = 1) -> None:
    """Compares a network and its export on random pictures of several sizes.

    Args:
      model: the network.
      export: path of the ONNX file.
      multiple_px: sides of the network's input are multiples of this number.

    Raises:
      WeightsError: shapes differ, or values differ by more than TOLERANCE.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(export, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    rng = np.random.default_rng(0)
    for height, width in SIZES_PX:
        height, width = (
            -(-side // multiple_px) * multiple_px for side in (height, width)
        )
        inputs = _draw_inputs(model, rng, height, width)
        ours = _predict(model, inputs)
        # A copy, since the output may be a view of memory that is used again.
        theirs = np.array(session.run(None, dict(zip(names, inputs, strict=True)))[0])
        _compare(f"{export.name}: {model.name} at {width}x{height}", ours, theirs)


def _draw_inputs(
    model: keras.Model, rng: np.random.Generator, height: int, width: int
) -> list[np.ndarray]:
    """Draws a picture and the other inputs of a network at random."""
    return [
        rng.random(
            (1, height, width)[: len(tensor.shape) - 1] + tensor.shape[-1:], np.float32
        )
        for tensor in model.inputs
    ]


def _predict(model: keras.Model, inputs: list[np.ndarray]) -> np.ndarray:
    given = inputs if len(inputs) > 1 else inputs[0]
    return np.array(model.predict_on_batch(given), np.float32)


def _compare(name: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    if ours.shape != theirs.shape:
        raise WeightsError(
            f"{name}: the ONNX export gives an array of shape {theirs.shape} where "
            f"Keras gives {ours.shape}. Export with another version of tf2onnx"
        )
    worst = float(np.abs(ours - theirs).max())
    if not worst <= TOLERANCE:  # true for NaN, too
        raise WeightsError(
            f"{name}: the ONNX export differs from Keras by {worst:.2g}, shape "
            f"{ours.shape}; at most {TOLERANCE:g} is legal. Export with another "
            f"version of tf2onnx"
        )
