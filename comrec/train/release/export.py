"""A trained network as the two files of a preset: Keras master and ONNX export."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from comrec.errors import UsageError, WeightsError
from comrec.networks.engine import BLOCKS

SIZES_PX = ((48, 64), (37, 53), (1, 1), (1, 17))  # height, width: even, odd, tiny
SIDE_PX = 16
TOLERANCE = 1e-4  # of the pixel range
TOLD = {"Reshape", "Transpose", "Unsqueeze"}  # nodes from which it comes to the maps


def save(model: keras.Model, master: Path, export: Path, multiple_px: int = 1) -> None:
    """Writes both files of a network, and checks that they compute the same.

    Args:
      model: a network of `comrec.networks.models`, in float32.
      master: ends in `.weights.h5`; gets the weights.
      export: ends in `.onnx`; gets the network with its weights.
      multiple_px: sides that the network takes are multiples of it.

    Raises:
      UsageError: Keras does not run on TensorFlow, which the export needs.
      WeightsError: the export computes something else.
    """
    if keras.backend.backend() != "tensorflow":
        raise UsageError(
            f"the ONNX export needs the TensorFlow backend of Keras. Received: "
            f"{keras.backend.backend()}; set KERAS_BACKEND=tensorflow"
        )
    model.save_weights(master)
    shapes = model.input_shape
    several = isinstance(shapes, list)
    specs = [
        keras.InputSpec(shape=shape, dtype="float32")
        for shape in (shapes if several else [shapes])
    ]
    _predict(model, _random(model, np.random.default_rng(0), SIDE_PX, SIDE_PX))
    model.export(
        export, format="onnx", verbose=False,
        input_signature=[specs] if several else specs,
    )  # fmt: skip
    restore_squeeze(export, rank=len(model.output_shape))
    keep_blocks(export)
    check(model, export, multiple_px)


def restore_squeeze(export: Path, rank: int) -> None:
    """Takes axes of length 1 off the front of the output until it has `rank` axes.

    A file whose output has that rank is left as it is.
    """
    # tf2onnx 1.17 turns the transposes of a network with one channel into Reshape and
    # Squeeze in a loop that shortens the list it walks over, and that list is in the
    # order of a set of objects, so of memory addresses. Where the last transpose is
    # skipped it is done after the Identity at the output has gone; then the Squeeze
    # is lost, and what should be (B, H, W, 1) comes as (1, B, H, W, 1).
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

    On CPUs it keeps maps in blocks of channels. What a network is told is added in
    another layout, in which the sum then stays, so that each residual addition turned
    its maps twice. A convolution by one, which in float32 changes no value, leads back.
    A file that has it, or where nothing is told, is left as it is.
    """
    import onnx

    exported = onnx.load(export)
    graph = exported.graph
    makers = {name: node for node in graph.node for name in node.output}
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    kernel = f"{BLOCKS}_kernel"
    for place, node in enumerate(graph.node):
        made = {makers[n].op_type: makers[n] for n in node.input if n in makers}
        is_told = "Conv" in made and len(made) == 2 and made.keys() & TOLD
        if node.op_type != "Add" or not is_told or kernel in tensors:
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
    """Runs random pictures of several sizes through both.

    Raises:
      WeightsError: shapes differ, or values by more than TOLERANCE.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(export, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    rng = np.random.default_rng(0)
    for height, width in SIZES_PX:
        height, width = (
            -(-side // multiple_px) * multiple_px for side in (height, width)
        )
        inputs = _random(model, rng, height, width)
        ours = _predict(model, inputs)
        # Copies: what a framework hands out may be a view of memory it uses again.
        theirs = np.array(session.run(None, dict(zip(names, inputs, strict=True)))[0])
        _compare(f"{export.name}: {model.name} at {width}x{height}", ours, theirs)


def _random(
    model: keras.Model, rng: np.random.Generator, height: int, width: int
) -> list[np.ndarray]:
    """A picture, and what else the network is told."""
    return [
        rng.random(
            (1, height, width)[: len(tensor.shape) - 1] + tensor.shape[-1:], np.float32
        )
        for tensor in model.inputs
    ]


def _predict(model: keras.Model, inputs: list[np.ndarray]) -> np.ndarray:
    given = inputs if len(inputs) > 1 else inputs[0]
    return np.array(model.predict_on_batch(given), np.float32)


def _compare(what: str, ours: np.ndarray, theirs: np.ndarray) -> None:
    if ours.shape != theirs.shape:
        raise WeightsError(
            f"{what}: the ONNX export gives an array of shape {theirs.shape} where "
            f"Keras gives {ours.shape}. Export with another version of tf2onnx"
        )
    worst = float(np.abs(ours - theirs).max())
    if not worst <= TOLERANCE:  # nor is NaN
        raise WeightsError(
            f"{what}: the ONNX export differs from Keras by {worst:.2g}, shape "
            f"{ours.shape}; at most {TOLERANCE:g} is legal. Export with another "
            f"version of tf2onnx"
        )
