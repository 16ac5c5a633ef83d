"""Loads trained networks as the start of an alternating run."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import keras

from comrec.errors import UsageError
from comrec.networks import presets
from comrec.train.alternating.finished import FinishedRound
from comrec.train.run import checkpoint
from comrec.train.run.start import load_preset


def load_start(models: Iterable[keras.Model], start: str) -> None:
    """Sets the models to the weights of a preset or of the best round of a run.

    Args:
      models: ComCNN and RecCNN.
      start: name of a preset, or folder of a run.

    Raises:
      UsageError: no such networks exist, or their size is another one.
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
            load_preset(models, presets.find(start))
    except ValueError as err:
        raise UsageError(
            f"start: {start!r} has networks of another size. channels, width and "
            f"depth must be those of its training"
        ) from err
