"""The network file: RecCNN of one preset as a web page downloads it.

    8 bytes  "comrecnn"
    u32      length of the header in bytes
    header   UTF-8 JSON, padded with spaces to a multiple of 4
    data     arrays, each at its `offset` from here, a multiple of 4

Numbers are little-endian. Arrays are named after the layers of
`comrec.networks.models.pyramid` and have Keras's order of axes. `f16` and `f32` are
floats; an `i8` has a `step` for each of the last axis, and is
the whole number times it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from comrec.apps.web import tensors
from comrec.errors import UsageError, WeightsError
from comrec.networks import families, weights
from comrec.networks.presets import Preset

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
    """What a network file holds.

    Attributes:
      header: as in the file.
      arrays: by name, float32, what the file's numbers stand for.
    """

    header: Mapping[str, Any]
    arrays: Arrays


def check(preset: Preset) -> None:
    """Raises UsageError for a preset whose networks browsers are not made to run."""
    if not families.find(preset.family).can_export(preset.sizes):
        raise UsageError(
            f"{preset.name}: browsers run presets of the comrec family that have one "
            f"width, such as comrec-lite-2. Name one of these"
        )


def file_name(preset: Preset, bits: int) -> str:
    """What the file is called: the preset, and the hash of the master."""
    stem = weights.stem(preset.name, "reccnn", preset.weights["reccnn"].sha256)
    return f"{stem}.{KINDS[bits]}.bin"


def dump(preset: Preset, bits: int) -> bytes:
    """The network file of a preset, of its verified weights.

    Args:
      preset: of the comrec family, with one width.
      bits: of a kernel's weight: 8, 16 or 32. All else has 32.

    Raises:
      UsageError: the preset is another.
      WeightsError: its weights are missing or altered.
    """
    check(preset)
    parts: list[bytes] = []
    entries: list[dict[str, Any]] = []
    offset = 0
    for name, array in arrays_of(preset).items():
        kind = KINDS[bits] if array.ndim == 4 else "f32"
        stored, more = _stored(array, kind)
        entries.append(
            {"name": name, "shape": list(array.shape), "type": kind, "offset": offset}
            | more
        )
        data = stored.astype(_DTYPES[kind]).tobytes()
        parts.append(data + bytes(-len(data) % _ALIGN))
        offset += len(parts[-1])
    header = json.dumps(_header(preset, bits) | {"arrays": entries}).encode()
    header += b" " * (-len(header) % _ALIGN)
    return b"".join([MAGIC, len(header).to_bytes(4, "little"), header, *parts])


def read(data: bytes) -> Network:
    """What `dump` wrote, with kernels as a browser has them.

    Raises:
      WeightsError: it is no network file, or of another format.
    """
    start = len(MAGIC) + 4
    try:
        if data[: len(MAGIC)] != MAGIC:
            raise ValueError("no network file")
        length = int.from_bytes(data[len(MAGIC) : start], "little")
        header = json.loads(data[start : start + length])
        if header["format"] != FORMAT:
            raise ValueError(f"format {header['format']}, this comrec reads {FORMAT}")
        rest = memoryview(data)[start + length :]
        arrays = {entry["name"]: _read(rest, **entry) for entry in header["arrays"]}
    except (ValueError, KeyError, TypeError) as err:
        raise WeightsError(
            f"not a network for the web ({err}). Export it again"
        ) from err
    return Network(header, arrays)


def arrays_of(preset: Preset) -> dict[str, np.ndarray]:
    """RecCNN's arrays, float32, in Keras's order of axes, from the verified export."""
    data = weights.read(preset.onnx["reccnn"])
    found = tensors.tensors(data)
    return {
        name: _to_keras(found[key].read(data)) for name, key in _keys(preset, found)
    }


def onnx(preset: Preset, arrays: Arrays) -> bytes:
    """The preset's RecCNN as an ONNX file, with other arrays in it.

    Args:
      preset: whose.
      arrays: as `arrays_of` or `read` give them.
    """
    data = weights.read(preset.onnx["reccnn"])
    keys = dict(_keys(preset, tensors.tensors(data)))
    return tensors.replaced(data, {keys[n]: _to_onnx(a) for n, a in arrays.items()})


def _header(preset: Preset, bits: int) -> dict[str, Any]:
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


def _stored(array: np.ndarray, kind: str) -> tuple[np.ndarray, dict[str, Any]]:
    """The numbers that stand in the file, and what else its header says of them."""
    if kind != "i8":
        return array, {}
    step = np.abs(array).max(axis=tuple(range(array.ndim - 1))) / np.float32(_LEVELS)
    step = np.maximum(step, np.finfo(np.float32).tiny)  # of a map that is all zeros
    return np.rint(array / step), {"step": [float(str(value)) for value in step]}


def _read(
    data: memoryview, name: str, shape: list[int], type: str, offset: int,
    step: list[float] | None = None,
) -> np.ndarray:  # fmt: skip
    count = int(np.prod(shape))
    array = np.frombuffer(data, _DTYPES[type], count, offset).astype(np.float32)
    array = array.reshape(shape)
    return array if step is None else array * np.array(step, np.float32)


def _layers(preset: Preset) -> Iterator[str]:
    yield from ("head", "told")
    for i in range(preset.sizes["reccnn"]["blocks"][0]):
        yield from (f"down0_{i}a", f"down0_{i}b")
    yield from ("tail", "gain")


def _keys(
    preset: Preset, found: Mapping[str, tensors.Tensor]
) -> Iterator[tuple[str, str]]:
    """(name here, name in the export) of every array.

    The export has paths, in which a layer may have a number at its end.
    """
    for layer in _layers(preset):
        inside = re.compile(rf"(.*/)?{layer}(_\d+)?/")
        keys = [key for key in found if inside.match(key)]
        # A kernel, and a bias of one axis.
        kernel, bias = sorted(keys, key=lambda key: -len(found[key].shape))
        yield f"{layer}/kernel", kernel
        yield f"{layer}/bias", bias


def _to_keras(array: np.ndarray) -> np.ndarray:
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array


def _to_onnx(array: np.ndarray) -> np.ndarray:
    return array.transpose(3, 2, 0, 1) if array.ndim == 4 else array
