"""Counts the multiply-adds of RecCNN, and times a bare convolution as a reference."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from comrec.networks import engine, presets, weights
from comrec.networks.presets import WeightFile
from comrec.system import files
from speed_parts.work import FLOAT32, Case, Runner, Values

NAME = "bare convolution"
WIDTH = 64  # feature maps in and out
LAYERS = 8
REPEATS = 5
SIDE_PX = 256  # at most half a tile, the size at which comrec's networks compute
COUNTED_PX = 64


def multiply_adds(preset_name: str) -> float:
    """Returns the multiply-adds of RecCNN's convolutions per pixel of the image."""
    import onnx

    model = onnx.load_from_string(
        weights.read(presets.find(preset_name).onnx["reccnn"])
    )
    sides = model.graph.input[0].type.tensor_type.shape.dim
    for side, size in zip(sides, (1, COUNTED_PX, COUNTED_PX), strict=False):
        side.dim_value = size
    graph = onnx.shape_inference.infer_shapes(model).graph
    kernels = {tensor.name: math.prod(tensor.dims) for tensor in graph.initializer}
    maps = {
        value.name: [side.dim_value for side in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output)
    }
    counts = [
        kernels[node.input[1]] * math.prod(maps[node.output[0]][2:])  # of (B, C, h, w)
        for node in graph.node
        if node.op_type == "Conv" and node.name != engine.BLOCKS
    ]
    return sum(counts) / COUNTED_PX**2


def rate(runner: Runner, case: Case) -> Values:
    """Times a chain of 3x3 convolutions at half the size of the picture or a tile."""
    sides = [min(side // 2, SIDE_PX) for side in (case.height_px, case.width_px)]
    keras = runner.engine == "keras"
    shape = (1, *sides, WIDTH) if keras else (1, WIDTH, *sides)
    network, x = _network(runner, case), np.zeros(shape, np.float32)
    network(x)  # the first call compiles
    started = time.perf_counter()
    for _ in range(REPEATS):
        network(x)
    seconds = time.perf_counter() - started
    flop = 2 * REPEATS * LAYERS * 9 * WIDTH**2 * math.prod(sides)
    return {"bare_gflop_per_s": flop / seconds / 1e9}


@lru_cache(maxsize=1)
def _network(runner: Runner, case: Case) -> engine.Network:
    if runner.engine == "keras":
        return _keras()
    path = case.folder / "convolution.onnx"
    data = _onnx()
    files.write(path, data)
    # `weights.read` joins the name to its folder; an absolute path stays as it is.
    file = WeightFile(str(Path(path).resolve()), weights.digest(data))
    preset = replace(
        presets.find(presets.PLAIN), onnx={NAME: file}, sizes={NAME: {}}
    )  # a preset, so that the engine has the same settings as for one
    exact = runner.precision == FLOAT32
    return engine.load(preset, NAME, runner.engine, case.threads, exact)


def _onnx() -> bytes:
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    kernels = rng.normal(0, 1 / (3 * WIDTH**0.5), (LAYERS, WIDTH, WIDTH, 3, 3))
    initial = [
        numpy_helper.from_array(kernel.astype(np.float32), f"kernel{i}")
        for i, kernel in enumerate(kernels)
    ]
    nodes = [
        helper.make_node("Conv", [f"x{i}", f"kernel{i}"], [f"x{i + 1}"], pads=[1] * 4)
        for i in range(LAYERS)
    ]
    ends = [
        helper.make_tensor_value_info(
            f"x{i}", TensorProto.FLOAT, [1, WIDTH, None, None]
        )
        for i in (0, LAYERS)
    ]
    graph = helper.make_graph(nodes, "convolutions", ends[:1], ends[1:], initial)
    opset = helper.make_opsetid("", 13)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=8)
    return model.SerializeToString()


def _keras() -> engine.Network:
    import keras

    conv = {"padding": "same", "use_bias": False}
    layers = [keras.layers.Conv2D(WIDTH, 3, **conv) for _ in range(LAYERS)]
    model = keras.Sequential([keras.Input((None, None, WIDTH)), *layers])
    return model.predict_on_batch
