"""Builds the networks as Keras 3 functional models. Importing this loads Keras."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any

import keras

from comrec.errors import WeightsError
from comrec.networks import families, presets, weights
from comrec.networks.models import from_onnx
from comrec.networks.presets import Preset

__all__ = ["build_exact", "load"]


def build_exact(family: str, network: str, **sizes: Any) -> keras.Model:
    """Builds a network in float32, whatever dtype policy a training run has set.

    Args:
      family: key in `comrec.networks.families.FAMILIES`.
      network: "comcnn" or "reccnn".
      sizes: arguments of the family's builder of that network.

    Returns:
      An untrained functional model, as the builder documents.

    Raises:
      UsageError: no family has that name.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        return families.find(family).build(network, sizes)
    finally:
        keras.config.set_dtype_policy(policy)


def load(preset: str | Preset, network: str) -> keras.Model:
    """Builds a network of a preset with its verified weights.

        load("comrec-base-3", "reccnn")

    The weights come from the `.weights.h5` master where it is installed, else from the
    ONNX file, which every install has. Only networks without batch normalisation can be
    read from ONNX, where it is folded: RecCNN of jiang2017 needs its master.

    Args:
      preset: its name, its folder, or the preset itself.
      network: "comcnn" or "reccnn".

    Returns:
      A functional model in float32, as its builder documents.

    Raises:
      UsageError: no preset has that name.
      WeightsError: the preset has no such network, or its file is missing or altered.
    """
    if not isinstance(preset, Preset):
        preset = presets.find(preset)
    if network not in preset.sizes:
        raise WeightsError(
            f"{preset.name}: has no {network}. Networks: "
            f"{', '.join(preset.sizes) or 'none'}"
        )
    model = build_exact(preset.family, network, **preset.sizes[network])
    master = preset.weights.get(network)
    if master and weights.path_of(master).exists():
        _load_master(model, master)
    elif from_onnx.is_folded(model):
        raise WeightsError(
            f"{preset.name}: its {network} has batch normalisation, which the ONNX "
            f"file holds folded, and the master is not installed. Use a checkout of "
            f"comrec that has {master.name if master else 'the .weights.h5'}"
        )
    else:
        data = weights.read(preset.onnx[network])
        from_onnx.assign(model, data, preset.onnx[network].name)
    return model


def _load_master(model: keras.Model, file: presets.WeightFile) -> None:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Keras only warns of layers that the file does not have.
        warnings.simplefilter("error", UserWarning)
        path = Path(folder) / "verified.weights.h5"  # Keras reads paths only
        path.write_bytes(weights.read(file))
        model.load_weights(path)
