"""Reads and writes models, one .npz each without pickles; lists the released ones."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from comrec.apps.autoencoder import npz
from comrec.apps.autoencoder.architecture import Architecture
from comrec.apps.autoencoder.quantiser import BITS_MAX, Ranges
from comrec.errors import UsageError, WeightsError
from comrec.networks import weights
from comrec.networks.presets import WeightFile
from comrec.system import files
from comrec.system.checks import parse_json

TABLE = Path(__file__).with_name("models.json")
OWN = 0  # number of every model that is not in the table
MAX_BYTES = 2**28  # of all arrays of a model
RECORD_MAX_BYTES = 2**14  # of a model's name and architecture, as JSON
NAME_LEGAL = re.compile(r"[\w.+-]{1,64}", re.ASCII)
HALF_MAX = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Model:
    """Holds a trained autoencoder.

    Attributes:
      name: of the model.
      architecture: of the networks.
      weights: arrays of the encoder, then of the decoder, in Keras' order.
      ranges: of each latent value.
      counts: of each level of each value, uint16 (values, 256), for the entropy coder.
      number: in .crae files; 0 for a model that is not released.
      hash: the first 4 bytes of the SHA-256 of the model's file.
    """

    name: str
    architecture: Architecture
    weights: tuple[np.ndarray, ...]
    ranges: Ranges
    counts: np.ndarray
    number: int = OWN
    hash: bytes = b""


@dataclass(frozen=True)
class Released:
    """Holds one row of the table of released models.

    Attributes:
      name: on the command line.
      number: in .crae files, 1 to 255; name and number never change their meaning.
      summary: one line of description.
      file: in `pretrained/`, with its SHA-256.
      licence: terms of the weights.
      training: config of the training.
    """

    name: str
    number: int
    summary: str
    file: WeightFile
    licence: str
    training: str


def _read_table() -> Mapping[str, Released]:
    rows = json.loads(TABLE.read_bytes())
    made = [Released(**row | {"file": WeightFile(**row["file"])}) for row in rows]
    return MappingProxyType({row.name: row for row in made})


RELEASED = _read_table()


def load(name: str) -> Model:
    """Loads a released model, or the model of a training run.

    Args:
      name: of a released model, or path of a model.npz.

    Raises:
      UsageError: no model has this name, or the file is no model.
      WeightsError: the released file is missing or altered.
    """
    if name in RELEASED:
        row = RELEASED[name]
        return _parse(weights.read(row.file), row.file.name, row.name, row.number)
    path = Path(name)
    if path.suffix != ".npz":
        raise UsageError(
            f"no autoencoder is called {name!r}. Models: {', '.join(RELEASED)}, or "
            f"the model.npz of a training run"
        )
    try:
        data = path.read_bytes()
    except OSError as err:
        raise UsageError(
            f"{path}: cannot be read ({err.strerror}). Name a model.npz that training "
            f"wrote, or one of {', '.join(RELEASED)}"
        ) from err
    return _parse(data, str(path), "", OWN)


def find_name(number: int) -> str:
    """Returns the name of the released model with a number.

    Raises:
      WeightsError: this comrec has no model of this number.
    """
    for row in RELEASED.values():
        if row.number == number:
            return row.name
    known = ", ".join(f"{row.number} ({row.name})" for row in RELEASED.values())
    raise WeightsError(
        f"made by model number {number}, which this comrec does not have. Models: "
        f"{known}. Upgrade comrec"
    )


def save(path: Path, model: Model, half: bool = True) -> None:
    """Writes a model whole or not at all.

    Args:
      path: of the file.
      model: the model.
      half: whether the weights are in half precision, as in released models.

    Raises:
      OutputError: the file cannot be written.
    """
    kind = np.float16 if half else np.float32
    arrays = {
        f"weight_{i}": np.clip(array, -HALF_MAX, HALF_MAX).astype(kind)
        for i, array in enumerate(model.weights)
    }
    record = {"name": model.name, "architecture": model.architecture.to_record()}
    arrays["record"] = np.frombuffer(json.dumps(record).encode(), np.uint8)
    arrays |= {"low": model.ranges.low, "high": model.ranges.high}
    out = io.BytesIO()
    np.savez_compressed(out, counts=model.counts, **arrays)  # type: ignore[arg-type]
    files.write(path, out.getvalue())


def _parse(data: bytes, source: str, name: str, number: int) -> Model:
    try:
        arrays = npz.read(data, MAX_BYTES)
        record, architecture = _read_record(arrays["record"])
        model = Model(
            name or record, architecture, _read_weights(arrays, architecture),
            Ranges(arrays["low"], arrays["high"]), arrays["counts"],
            number, bytes.fromhex(weights.digest(data)[:8]),
        )  # fmt: skip
        _check(model)
    except (ValueError, KeyError, TypeError, RecursionError) as err:
        raise UsageError(
            f"{source}: not an autoencoder, or a damaged one ({err}). Name a model.npz "
            f"that training wrote, or one of {', '.join(RELEASED)}"
        ) from err
    return model


def _read_record(array: np.ndarray) -> tuple[str, Architecture]:
    if array.nbytes > RECORD_MAX_BYTES:
        raise ValueError("its record is too long")
    record = parse_json(array.tobytes())
    if not NAME_LEGAL.fullmatch(record["name"]):
        raise ValueError("its name is not 1 to 64 letters, digits and .+-_")
    return record["name"], Architecture.from_record(record["architecture"])


def _read_weights(
    arrays: Mapping[str, np.ndarray], architecture: Architecture
) -> tuple[np.ndarray, ...]:
    """Returns the weights as float32, after a check of shapes and values."""
    shapes = [shape for half in architecture.shapes() for shape in half]
    found = [arrays[f"weight_{i}"] for i in range(len(shapes))]
    for array, shape in zip(found, shapes, strict=True):
        if array.shape != shape or array.dtype not in (np.float16, np.float32):
            raise ValueError(
                f"weights {array.dtype}{array.shape}, and its architecture has {shape}"
            )
        if not np.isfinite(array).all():
            raise ValueError("weights that are no numbers")
    return tuple(array.astype(np.float32) for array in found)


def _check(model: Model) -> None:
    values, low, high = model.architecture.latent, model.ranges.low, model.ranges.high
    if (
        not low.shape == high.shape == (values,)
        or not low.dtype == high.dtype == np.float32
        or not (np.isfinite(low) & np.isfinite(high) & (low < high)).all()
        or model.counts.shape != (values, 2**BITS_MAX)
        or model.counts.dtype != np.uint16
        or not model.counts.all()
    ):
        raise ValueError("its ranges and counts are not those of its latent values")
