"""Loads the weights that a training run begins from."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

import keras

from comrec.errors import UsageError
from comrec.networks import presets, weights


def load_preset(models: Iterable[keras.Model], preset: presets.Preset) -> None:
    """Sets models to the verified weights of a preset.

    Raises:
      UsageError: the preset has no weights for a model.
      ValueError: the weights are those of a network of another size.
      WeightsError: a file of weights is missing or altered.
    """
    for model in models:
        if model.name not in preset.weights:
            raise UsageError(
                f"start: {preset.name!r} has no {model.name} to begin from"
            )
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            # Keras only warns about layers that the file does not have.
            warnings.simplefilter("error", UserWarning)
            path = Path(folder) / "verified.weights.h5"  # Keras reads paths only
            path.write_bytes(weights.read(preset.weights[model.name]))
            try:
                model.load_weights(path)
            except UserWarning as err:
                raise ValueError(str(err)) from err
