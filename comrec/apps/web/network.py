"""Writes and reads network files: RecCNN of one preset for web pages.

    8 bytes  "comrecnn"
    u32      length of the header in bytes
    header   UTF-8 JSON, padded with spaces to a multiple of 4
    data     arrays, each at its `offset` from here, a multiple of 4

Numbers are little-endian. Arrays are named after the layers of
`comrec.networks.models.pyramid` and have Keras's order of axes. `f16` and `f32` are
floats. An `i8` is a whole number, which is multiplied by the `step` of its index on
the last axis.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from comrec.errors import UsageError, WeightsError
from comrec.networks import families, weights
from comrec.networks.graph import Graph
from comrec.networks.presets import Preset
from comrec.system.checks import parse_json

MAGIC = b"comrecnn"
FORMAT = 1
KINDS = {8: "i8", 16: "f16", 32: "f32"}  # of kernels, by bits
_DTYPES: dict[str, np.dtype[Any]] = {
    "i8": np.dtype("i1"),
    "f16": np.dtype("<f2"),
    "f32": np.dtype("<f4"),
}
_LEVELS = 127
_ALIGN = 4

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Network:
    """Holds the content of a network file.

    Attributes:
      header: as in the file.
      arrays: by name, float32, dequantised.
    """

    header: Mapping[str, Any]
    arrays: Arrays


def check(preset: Preset) -> None:
    """Raises UsageError for a preset that the script of web pages does not run."""
    if not families.find(preset.family).can_export(preset.sizes):
        raise UsageError(
            f"{preset.name}: browsers run presets of the comrec family with one width, "
            f"such as comrec-lite-2. Name one of these"
        )


def make_file_name(preset: Preset, bits: int) -> str:
    """Returns the name of a network file: the preset, the master's hash, the type."""
    master = preset.weights.get("reccnn") or preset.onnx["reccnn"]
    stem = weights.stem(preset.name, "reccnn", master.sha256)
    return f"{stem}.{KINDS[bits]}.bin"


def dump(preset: Preset, bits: int) -> bytes:
    """Returns the network file of a preset, from its verified weights.

    Args:
      preset: of the comrec family, with one width.
      bits: of a kernel's weight, 8, 16 or 32. Other arrays have 32.

    Raises:
      UsageError: browsers do not run the preset.
      WeightsError: its weights are missing or altered.
    """
    check(preset)
    parts: list[bytes] = []
    entries: list[dict[str, Any]] = []
    offset = 0
    for name, array in read_arrays(preset).items():
        kind = KINDS[bits] if array.ndim == 4 else "f32"
        stored, more = _quantise(array, kind)
        entries.append(
            {"name": name, "shape": list(array.shape), "type": kind, "offset": offset}
            | more
        )
        data = stored.astype(_DTYPES[kind]).tobytes()
        parts.append(data + bytes(-len(data) % _ALIGN))
        offset += len(parts[-1])
    header = json.dumps(_make_header(preset, bits) | {"arrays": entries}).encode()
    header += b" " * (-len(header) % _ALIGN)
    return b"".join([MAGIC, len(header).to_bytes(4, "little"), header, *parts])


def read(data: bytes) -> Network:
    """Reads a network file, with kernels as a browser computes them.

    Raises:
      WeightsError: the data are no network file, or have another format.
    """
    start = len(MAGIC) + 4
    try:
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError("no network file")
        length = int.from_bytes(data[len(MAGIC) : start], "little")
        header = parse_json(data[start : start + length])
        if header["format"] != FORMAT:
            raise ValueError(f"format {header['format']}, this comrec reads {FORMAT}")
        rest = memoryview(data)[start + length :]
        arrays = {
            entry["name"]: _read_array(rest, **entry) for entry in header["arrays"]
        }
    except (ValueError, KeyError, TypeError) as err:
        raise WeightsError(
            f"not a network for the web ({err}). Export it again"
        ) from err
    return Network(header, arrays)


def read_arrays(preset: Preset) -> dict[str, np.ndarray]:
    """Reads RecCNN's arrays from the verified export, float32, axes as in Keras."""
    found = Graph(weights.read(preset.onnx["reccnn"])).read_floats()
    return {name: _to_keras(found[key]) for name, key in _map_names(preset, found)}


def make_onnx(preset: Preset, arrays: Arrays) -> bytes:
    """Returns the preset's RecCNN as an ONNX file with other arrays.

    Args:
      preset: of the comrec family, with one width.
      arrays: as `read_arrays` or `read` return them.
    """
    graph = Graph(weights.read(preset.onnx["reccnn"]))
    keys = dict(_map_names(preset, graph.read_floats()))
    graph.replace_floats({keys[n]: _to_onnx(a) for n, a in arrays.items()})
    return graph.to_bytes()


def _make_header(preset: Preset, bits: int) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "preset": preset.name,
        "number": preset.number,
        "hashes": preset.hash,
        "scales": list(preset.scales),
        "channels": preset.channels,
        "multiple_px": preset.multiple_px,
        "reach_px": preset.reach_px["reccnn"],
        "widths": list(preset.sizes["reccnn"]["widths"]),
        "blocks": list(preset.sizes["reccnn"]["blocks"]),
        "bits": bits,
    }


def _quantise(array: np.ndarray, kind: str) -> tuple[np.ndarray, dict[str, Any]]:
    """Returns the numbers of the file, and further items of their header entry."""
    if kind != "i8":
        return array, {}
    step = np.abs(array).max(axis=tuple(range(array.ndim - 1))) / np.float32(_LEVELS)
    step = np.maximum(step, np.finfo(np.float32).tiny)  # for a map of zeros
    return np.rint(array / step), {"step": [float(str(value)) for value in step]}


def _read_array(
    data: memoryview, name: str, shape: list[int], type: str, offset: int,
    step: list[float] | None = None,
) -> np.ndarray:  # fmt: skip
    count = int(np.prod(shape))
    array = np.frombuffer(data, _DTYPES[type], count, offset).astype(np.float32)
    array = array.reshape(shape)
    return array if step is None else array * np.array(step, np.float32)


def _list_layers(preset: Preset) -> Iterator[str]:
    yield from ("head", "told")
    for i in range(preset.sizes["reccnn"]["blocks"][0]):
        yield from (f"down0_{i}a", f"down0_{i}b")
    yield from ("tail", "gain")


def _map_names(preset: Preset, found: Arrays) -> Iterator[tuple[str, str]]:
    """Yields the name of every array here, and its name in the export.

    Names in the export are paths, in which a layer may end with a number.
    """
    for layer in _list_layers(preset):
        inside = re.compile(rf"(.*/)?{layer}(_\d+)?/")
        keys = [key for key in found if inside.match(key)]
        # The kernel has more axes than the bias.
        kernel, bias = sorted(keys, key=lambda key: -found[key].ndim)
        yield f"{layer}/kernel", kernel
        yield f"{layer}/bias", bias


def _to_keras(array: np.ndarray) -> np.ndarray:
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def _to_onnx(array: np.ndarray) -> np.ndarray:
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
