"""Copies the weights of an ONNX export back into the Keras model it was made from.

An export by tf2onnx names each tensor after its layer: `reccnn_1/head_1/...`. Kernels
of convolutions are stored as (out, in, height, width), everything else as in Keras.
"""

from __future__ import annotations

import re

import keras
import numpy as np

from comrec.errors import WeightsError
from comrec.networks.graph import Graph

_LAYER = re.compile(r"[^/]+/(?P<layer>[^/]+?)_\d+/")


def is_folded(model: keras.Model) -> bool:
    """Returns whether an export of the model merges weights, so that they are lost."""
    normalisation = keras.layers.BatchNormalization
    return any(isinstance(layer, normalisation) for layer in model.layers)


def assign(model: keras.Model, export: bytes, name: str) -> None:
    """Sets every weight of a model to that of its export, to the last bit.

    Args:
      model: built with the sizes that the export was made with.
      export: content of the ONNX file.
      name: of the file, for messages.

    Raises:
      WeightsError: the file does not have exactly one tensor for each weight.
    """
    tensors = _tensors(export)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(
                [
                    _match(tensors.get(layer.name, []), weight.shape, layer.name, name)
                    for weight in layer.weights
                ]
            )


def _tensors(export: bytes) -> dict[str, list[np.ndarray]]:
    """Returns the float tensors of an export by layer, with the axes of Keras."""
    found: dict[str, list[np.ndarray]] = {}
    for name, array in Graph(export).read_floats().items():
        place = _LAYER.match(name)
        if place:
            turned = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array
            found.setdefault(place["layer"], []).append(turned)
    return found


def _match(
    tensors: list[np.ndarray], shape: tuple[int, ...], layer: str, name: str
) -> np.ndarray:
    fitting = [tensor for tensor in tensors if tensor.shape == tuple(shape)]
    if len(fitting) != 1:
        raise WeightsError(
            f"{name}: has {len(fitting)} tensors of shape {tuple(shape)} for layer "
            f"{layer!r}, where 1 is expected. Export the network again"
        )
    return fitting[0]
