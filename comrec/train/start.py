"""Beginning from a trained pair instead of random weights."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterable
from pathlib import Path

import keras

from comrec import presets, weights
from comrec.errors import UsageError
from comrec.train import checkpoint
from comrec.train.finished import FinishedRound


def load_start(models: Iterable[keras.Model], start: str) -> None:
    """Puts the weights of a preset, or of a run's best round, into the models.

    Raises:
      UsageError: there is no such pair, or it has networks of another size.
    """
    try:
        if Path(start).is_dir():
            best = FinishedRound.find(Path(start))
            if best.config.reduction != "comcnn":
                raise UsageError(
                    f"start: the ComCNN of {start!r} never learned (reduction is "
                    f"{best.config.reduction!r}). Name a pair"
                )
            checkpoint.assign(models, checkpoint.load(best.path))
        else:
            _load_preset(models, presets.find(start))
    except ValueError as err:
        raise UsageError(
            f"start: {start!r} has networks of another size. channels, width and "
            f"depth must be those it was trained with"
        ) from err


def _load_preset(models: Iterable[keras.Model], preset: presets.Preset) -> None:
    for model in models:
        if model.name not in preset.weights:
            raise UsageError(
                f"start: {preset.name!r} has no {model.name} to begin from"
            )
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            # Keras only warns of layers that the file does not have.
            warnings.simplefilter("error", UserWarning)
            path = Path(folder) / "verified.weights.h5"  # Keras reads paths only
            path.write_bytes(weights.read(preset.weights[model.name]))
            try:
                model.load_weights(path)
            except UserWarning as err:
                raise ValueError(str(err)) from err
