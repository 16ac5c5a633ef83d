"""The arrays inside an ONNX file, read without the `onnx` package.

An ONNX file is a protocol buffer: fields of a number, a kind and a value. Only what
leads to the initialisers of the graph is looked at. The files are verified before, so
damage is no concern here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

# Field numbers of ModelProto, GraphProto and TensorProto, from onnx.proto.
_GRAPH, _INITIALISER = 7, 5
_DIMS, _DATA_TYPE, _NAME, _RAW = 1, 2, 8, 9
_FLOAT = 1
_VARINT, _BYTES = 0, 2  # kinds of values
_FIXED = {1: 8, 5: 4}  # of so many bytes

Field = tuple[int, int, int]  # number, and start and end, or number, -1 and value


@dataclass(frozen=True)
class Tensor:
    """Where a float32 array is in a file."""

    shape: tuple[int, ...]
    start: int
    end: int

    def read(self, data: bytes) -> np.ndarray:
        """The array, float32, of `shape`."""
        return np.frombuffer(data[self.start : self.end], "<f4").reshape(self.shape)


def tensors(data: bytes) -> dict[str, Tensor]:
    """The float32 initialisers of a graph, by name, where they are in the file.

    Args:
      data: the ONNX file, which keeps its arrays as raw data.
    """
    found = {}
    for number, start, end in _fields(data, 0, len(data)):
        if number != _GRAPH:
            continue
        for inner, first, last in _fields(data, start, end):
            if inner == _INITIALISER:
                found.update(_tensor(data, first, last))
    return found


def replaced(data: bytes, arrays: Mapping[str, np.ndarray]) -> bytes:
    """The file with other values in some of its initialisers."""
    places, out = tensors(data), bytearray(data)
    for name, array in arrays.items():
        place = places[name]
        if array.shape != place.shape:
            raise ValueError(f"{name} is {place.shape}. Received: {array.shape}")
        out[place.start : place.end] = array.astype("<f4").tobytes()
    return bytes(out)


def _tensor(data: bytes, start: int, end: int) -> dict[str, Tensor]:
    shape: list[int] = []
    name, kind, raw = "", 0, None
    for number, first, last in _fields(data, start, end):
        if number == _DIMS and first < 0:
            shape.append(last)
        elif number == _DIMS:
            shape += _varints(data, first, last)
        elif number == _DATA_TYPE:
            kind = last
        elif number == _NAME:
            name = data[first:last].decode()
        elif number == _RAW:
            raw = first, last
    if kind != _FLOAT or raw is None or raw[1] - raw[0] != 4 * math.prod(shape):
        return {}
    return {name: Tensor(tuple(shape), *raw)}


def _fields(data: bytes, position: int, end: int) -> Iterator[Field]:
    while position < end:
        key, position = _varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _varint(data, position)
            yield number, -1, value
        elif kind == _BYTES:
            length, position = _varint(data, position)
            yield number, position, position + length
            position += length
        else:
            position += _FIXED[kind]


def _varints(data: bytes, position: int, end: int) -> Iterator[int]:
    while position < end:
        value, position = _varint(data, position)
        yield value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position
