"""Loads the weights that a training run begins from."""

from __future__ import annotations

from collections.abc import Iterable

import keras

from comrec.errors import UsageError
from comrec.networks import presets
from comrec.networks.models import load


def load_preset(models: Iterable[keras.Model], preset: presets.Preset) -> None:
    """Sets models to the weights of a preset's networks of the same name.

    Raises:
      UsageError: the preset has no such network.
      ValueError: the network has another size.
    """
    for model in models:
        if model.name not in preset.sizes:
            raise UsageError(
                f"start: {preset.name!r} has no {model.name} to begin from"
            )
        model.set_weights(load(preset, model.name).get_weights())
