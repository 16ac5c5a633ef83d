"""Saves the weights and the optimiser of a run in one file, whole or not at all."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from comrec.errors import OutputError, UsageError

State = dict[str, np.ndarray]


def collect_weights(models: Iterable[keras.Model]) -> State:
    """Returns the weights of models as arrays.

    Returns:
      Arrays named `comcnn_0`, `comcnn_1`, ... in the order of `model.variables`.
    """
    return {
        f"{model.name}_{i}": keras.ops.convert_to_numpy(variable)
        for model in models
        for i, variable in enumerate(model.variables)
    }


def assign(models: Iterable[keras.Model], state: Mapping[str, np.ndarray]) -> None:
    """Sets the weights of models to the arrays of `collect_weights`.

    Raises:
      ValueError: an array is missing, or has the shape of another network.
    """
    for model in models:
        for i, variable in enumerate(model.variables):
            value = state.get(f"{model.name}_{i}")
            if value is None or value.shape != tuple(variable.shape):
                raise ValueError(f"other networks: {model.name} does not fit")
            variable.assign(value)


def save(path: Path, state: State) -> None:
    """Writes a checkpoint; a process that is killed leaves the file of before.

    Raises:
      OutputError: the file cannot be written. No part of the file stays.
    """
    temporary = path.with_name(f"{path.stem}.tmp.npz")
    try:
        np.savez(temporary, **state)  # type: ignore[arg-type]
        temporary.replace(path)
    except OSError as err:
        temporary.unlink(missing_ok=True)
        raise OutputError(
            f"{path}: cannot be written ({err.strerror or err}). Make room and go on "
            f"with `resume`"
        ) from err


def load(path: Path) -> State:
    """Reads a checkpoint.

    Raises:
      UsageError: the file is missing, damaged or no checkpoint.
    """
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as state:
            return {name: state[name] for name in state.files}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as err:
        why = getattr(err, "strerror", None) or "damaged, or another kind of file"
        raise UsageError(f"{path}: not a checkpoint ({why})") from err


def collect_optimizer(optimizer: keras.Optimizer | None) -> State:
    """Returns the variables of an optimiser as `optimizer_0`, `optimizer_1`, ..."""
    variables: list[Any] = optimizer.variables if optimizer else []
    values = [keras.ops.convert_to_numpy(variable) for variable in variables]
    return {f"optimizer_{i}": value for i, value in enumerate(values)}


def assign_optimizer(optimizer: keras.Optimizer, state: State) -> None:
    """Sets the variables of an optimiser to the arrays of `collect_optimizer`."""
    for i, variable in enumerate(optimizer.variables):
        variable.assign(state[f"optimizer_{i}"])
