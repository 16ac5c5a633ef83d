"""Models on disk: one .npz each, no pickle; and the table of the released ones."""

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

TABLE = Path(__file__).with_name("models.json")
OWN = 0  # the number of every model that is not in the table
MOST_BYTES = 2**28  # of all arrays of a model
RECORD_MAX_BYTES = 2**14  # its name and its architecture, as JSON
NAME_LEGAL = re.compile(r"[\w.+-]{1,64}", re.ASCII)
HALF_MAX = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class Model:
    """One trained autoencoder and everything that its files have to agree on.

    Attributes:
      name: what people call it.
      architecture: of the network.
      weights: arrays of the encoder, then of the decoder, in Keras' order.
      ranges: of each latent value.
      counts: of each level of each value, uint16 (values, 256); what the entropy
        coder goes by.
      number: what .crae files call it; 0 for one that is not released.
      hash: the first 4 bytes of the SHA-256 of its file.
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
    """One row of the table.

    Attributes:
      name: what the command line calls it.
      number: what .crae files call it, 1 to 255; neither is ever given another meaning.
      summary: one line for people.
      file: of `pretrained/`, and its SHA-256.
      licence: terms of the weights.
      training: the config it was trained with.
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
    """A released model by name, or one of a file that a training run wrote.

    Raises:
      UsageError: there is none of that name, or the file is something else.
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


def by_number(number: int) -> str:
    """The name of a released model.

    Raises:
      WeightsError: this comrec has none of that number.
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
      half: weights in half precision, as comrec releases them.

    Raises:
      OutputError: the file cannot be written.
    """
    kind = np.float16 if half else np.float32
    arrays = {
        f"weight_{i}": np.clip(array, -HALF_MAX, HALF_MAX).astype(kind)
        for i, array in enumerate(model.weights)
    }
    record = {"name": model.name, "architecture": model.architecture.record()}
    arrays["record"] = np.frombuffer(json.dumps(record).encode(), np.uint8)
    arrays |= {"low": model.ranges.low, "high": model.ranges.high}
    out = io.BytesIO()
    np.savez_compressed(out, counts=model.counts, **arrays)  # type: ignore[arg-type]
    files.write(path, out.getvalue())


def _parse(data: bytes, source: str, name: str, number: int) -> Model:
    try:
        arrays = npz.read(data, MOST_BYTES)
        record, architecture = _record(arrays["record"])
        model = Model(
            name or record, architecture, _weights(arrays, architecture),
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


def _record(array: np.ndarray) -> tuple[str, Architecture]:
    if array.nbytes > RECORD_MAX_BYTES:
        raise ValueError("its record is too long")
    record = json.loads(array.tobytes())
    if not NAME_LEGAL.fullmatch(record["name"]):
        raise ValueError("its name is not 1 to 64 letters, digits and .+-_")
    return record["name"], Architecture.of(record["architecture"])


def _weights(
    arrays: Mapping[str, np.ndarray], architecture: Architecture
) -> tuple[np.ndarray, ...]:
    """float32; looked at before anything of their size is made."""
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
