"""Finds and replaces arrays in ONNX files, without the `onnx` package.

An ONNX file is a protocol buffer: a sequence of fields with a number, a kind and a
value. This module reads only the path to the initialisers of the graph. Callers verify
the hash of a file first, so damaged files need no checks here.
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
_FIXED_BYTES = {1: 8, 5: 4}  # by kind

Field = tuple[int, int, int]  # (number, start, end) or (number, -1, value)


@dataclass(frozen=True)
class Tensor:
    """Describes the place of a float32 array in a file."""

    shape: tuple[int, ...]
    start: int
    end: int

    def read(self, data: bytes) -> np.ndarray:
        """Returns the array, float32, of `shape`."""
        return np.frombuffer(data[self.start : self.end], "<f4").reshape(self.shape)


def find(data: bytes) -> dict[str, Tensor]:
    """Finds the float32 initialisers of a graph, by name.

    Args:
      data: an ONNX file with arrays as raw data.
    """
    found = {}
    for number, start, end in _iterate_fields(data, 0, len(data)):
        if number != _GRAPH:
            continue
        for inner, first, last in _iterate_fields(data, start, end):
            if inner == _INITIALISER:
                found.update(_read_tensor(data, first, last))
    return found


def replace(data: bytes, arrays: Mapping[str, np.ndarray]) -> bytes:
    """Returns the file with other values of initialisers.

    Raises:
      ValueError: an array has another shape than its initialiser.
    """
    places, out = find(data), bytearray(data)
    for name, array in arrays.items():
        place = places[name]
        if array.shape != place.shape:
            raise ValueError(f"{name} is {place.shape}. Received: {array.shape}")
        out[place.start : place.end] = array.astype("<f4").tobytes()
    return bytes(out)


def _read_tensor(data: bytes, start: int, end: int) -> dict[str, Tensor]:
    shape: list[int] = []
    name, kind, raw = "", 0, None
    for number, first, last in _iterate_fields(data, start, end):
        if number == _DIMS and first < 0:
            shape.append(last)
        elif number == _DIMS:
            shape += _iterate_varints(data, first, last)
        elif number == _DATA_TYPE:
            kind = last
        elif number == _NAME:
            name = data[first:last].decode()
        elif number == _RAW:
            raw = first, last
    if kind != _FLOAT or raw is None or raw[1] - raw[0] != 4 * math.prod(shape):
        return {}
    return {name: Tensor(tuple(shape), *raw)}


def _iterate_fields(data: bytes, position: int, end: int) -> Iterator[Field]:
    while position < end:
        key, position = _read_varint(data, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _read_varint(data, position)
            yield number, -1, value
        elif kind == _BYTES:
            length, position = _read_varint(data, position)
            yield number, position, position + length
            position += length
        else:
            position += _FIXED_BYTES[kind]


def _iterate_varints(data: bytes, position: int, end: int) -> Iterator[int]:
    while position < end:
        value, position = _read_varint(data, position)
        yield value


def _read_varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[position]
        value |= (byte & 127) << shift
        position, shift = position + 1, shift + 7
        if byte < 128:
            return value, position
