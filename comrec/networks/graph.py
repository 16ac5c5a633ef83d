"""Reads, extends and writes ONNX files, without the `onnx` package.

An ONNX file is a protocol buffer. `protobuf`, which onnxruntime brings along, reads and
writes such files and keeps the fields that are not named here.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    message,
    message_factory,
)

from comrec.errors import WeightsError

# Number and kind of the fields that are used, from onnx.proto; * is a repeated field.
_MESSAGES = {
    "Model": {"ir_version": (1, "int64"), "graph": (7, "Graph"),
              "opset_import": (8, "Opset*")},
    "Opset": {"domain": (1, "string"), "version": (2, "int64")},
    "Graph": {"node": (1, "Node*"), "name": (2, "string"),
              "initializer": (5, "Tensor*"), "input": (11, "Value*"),
              "output": (12, "Value*")},
    "Node": {"input": (1, "string*"), "output": (2, "string*"), "name": (3, "string"),
             "op_type": (4, "string"), "attribute": (5, "Attribute*")},
    "Attribute": {"name": (1, "string"), "f": (2, "float"), "i": (3, "int64"),
                  "s": (4, "bytes"), "ints": (8, "int64*"), "type": (20, "int32")},
    "Tensor": {"dims": (1, "int64*"), "data_type": (2, "int32"), "name": (8, "string"),
               "raw_data": (9, "bytes")},
    "Value": {"name": (1, "string"), "type": (2, "Type")},
    "Type": {"tensor_type": (1, "TensorType")},
    "TensorType": {"elem_type": (1, "int32"), "shape": (2, "Shape")},
    "Shape": {"dim": (1, "Dimension*")},
    "Dimension": {"dim_value": (1, "int64")},
}  # fmt: skip
_PACKAGE = "comrec.onnx"
# Numbers of ONNX for types of arrays and of attributes.
FLOAT = 1
_DTYPES: dict[int, np.dtype[Any]] = {
    FLOAT: np.dtype("<f4"),
    2: np.dtype("u1"),
    6: np.dtype("<i4"),
    7: np.dtype("<i8"),
}
_NUMBERS = {dtype: number for number, dtype in _DTYPES.items()}
_INT, _STRING, _INTS = 2, 3, 7
_IR_VERSION, _OPSET = 8, 15


def _make_model_class() -> Any:
    fields = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="comrec_onnx", package=_PACKAGE)
    for name, declared in _MESSAGES.items():
        kind = file.message_type.add(name=name)
        for field, (number, of) in declared.items():
            is_repeated, of = of.endswith("*"), of.rstrip("*")
            is_message = of in _MESSAGES
            kind.field.add(
                name=field,
                number=number,
                label=fields.LABEL_REPEATED if is_repeated else fields.LABEL_OPTIONAL,
                type=getattr(fields, f"TYPE_{'MESSAGE' if is_message else of.upper()}"),
                type_name=f".{_PACKAGE}.{of}" if is_message else None,
            )
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName(f"{_PACKAGE}.Model")
    return message_factory.GetMessageClass(found)


_Model = _make_model_class()


class Graph:
    """Holds an ONNX graph to which nodes can be added.

    Attributes:
      model: the protocol buffer, with the fields of `_MESSAGES`.
    """

    def __init__(self, data: bytes | None = None) -> None:
        """Reads an ONNX file, or begins an empty graph when `data` is None.

        Raises:
          WeightsError: the data are no ONNX file.
        """
        self.model = _Model(ir_version=_IR_VERSION)
        if data is None:
            self.model.graph.name = "graph"
            self.model.opset_import.add(version=_OPSET)
        else:
            try:
                self.model.ParseFromString(data)
            except message.DecodeError as err:
                raise WeightsError("not an ONNX file. Export it again") from err
        graph = self.model.graph
        self._names = {x.name for x in (*graph.input, *graph.initializer)}
        self._names.update(name for node in graph.node for name in node.output)

    @property
    def nodes(self) -> Any:
        """Returns the nodes, each after the nodes that make its inputs."""
        return self.model.graph.node

    def to_bytes(self) -> bytes:
        """Returns the content of an ONNX file."""
        return bytes(self.model.SerializeToString())

    def add(self, kind: str, *inputs: str | np.ndarray, **attributes: Any) -> str:
        """Adds a node behind all others.

        Args:
          kind: of the node, such as "Conv".
          inputs: names of values, or arrays, which become constants.
          attributes: whole numbers, texts, or lists of whole numbers.

        Returns:
          The name of the node's output.
        """
        names = [x if isinstance(x, str) else self._add_array(x) for x in inputs]
        made = self._new_name()
        node = self.nodes.add(op_type=kind, name=made, input=names, output=[made])
        for name, value in attributes.items():
            if isinstance(value, int):
                node.attribute.add(name=name, type=_INT, i=value)
            elif isinstance(value, str):
                node.attribute.add(name=name, type=_STRING, s=value.encode())
            else:
                node.attribute.add(name=name, type=_INTS, ints=value)
        return made

    def declare(self, values: Any, name: str, dtype: Any, rank: int) -> None:
        """Adds a value of any size to the inputs or to the outputs of the graph."""
        made = values.add(name=name).type.tensor_type
        made.elem_type = _NUMBERS[np.dtype(dtype)]
        for _ in range(rank):
            made.shape.dim.add()

    def find_array(self, name: str) -> np.ndarray | None:
        """Returns the constant of that name, or None where the graph computes it."""
        found = (x for x in self.model.graph.initializer if x.name == name)
        tensor = next(found, None)
        return None if tensor is None else _read_array(tensor)

    def read_floats(self) -> dict[str, np.ndarray]:
        """Returns the float32 constants, by name."""
        return {
            tensor.name: _read_array(tensor)
            for tensor in self.model.graph.initializer
            if tensor.data_type == FLOAT
        }

    def replace_floats(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Replaces float32 constants by others of the same shapes.

        Raises:
          ValueError: an array has another shape than its constant, or none has its
            name.
        """
        tensors = {
            tensor.name: tensor
            for tensor in self.model.graph.initializer
            if tensor.data_type == FLOAT
        }
        for name, array in arrays.items():
            shape = tuple(tensors[name].dims) if name in tensors else None
            if array.shape != shape:
                raise ValueError(f"{name} is {shape}. Received: {array.shape}")
            tensors[name].raw_data = array.astype("<f4").tobytes()

    def _add_array(self, array: np.ndarray) -> str:
        name = self._new_name()
        self.model.graph.initializer.add(
            name=name, dims=array.shape, data_type=_NUMBERS[array.dtype],
            raw_data=np.ascontiguousarray(array).tobytes(),
        )  # fmt: skip
        return name

    def _new_name(self) -> str:
        name = next(
            name
            for i in itertools.count(len(self._names))
            if (name := f"added/{i}") not in self._names
        )
        self._names.add(name)
        return name


def _read_array(tensor: Any) -> np.ndarray:
    dtype = _DTYPES.get(tensor.data_type)
    if dtype is None or len(tensor.raw_data) != dtype.itemsize * math.prod(tensor.dims):
        raise WeightsError(
            f"array {tensor.name!r} is not float32 or a whole number as raw data. "
            f"Export the network again"
        )
    return np.frombuffer(tensor.raw_data, dtype).reshape(tensor.dims)


def read_attributes(node: Any) -> dict[str, Any]:
    """Returns the attributes of a node: whole numbers, texts, lists of whole numbers.

    Attributes of other types are left out.
    """
    return {
        a.name: {_INT: a.i, _STRING: a.s.decode(), _INTS: list(a.ints)}[a.type]
        for a in node.attribute
        if a.type in (_INT, _STRING, _INTS)
    }
