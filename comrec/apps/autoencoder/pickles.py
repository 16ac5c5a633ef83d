"""Reads pickles of arrays of numbers as data, and never calls the code they name.

The standard library splits a pickle into its instructions. This module carries out only
the instructions for dicts, lists, bytes and arrays, on a stack of plain values; classes
and functions are names only. The length of the pickle and the number of instructions
bound the memory, since no legal instruction copies a value, except by reference.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

STEPS_MAX = 2**20  # instructions; CIFAR-100's larger pickle has about 250,000
KINDS = ("u1", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8")


def read(data: bytes) -> Any:
    """Reads a pickle of dict, list, tuple, bytes, str, int and ndarray.

    Raises:
      ValueError: the pickle is damaged, too long, or holds another type.
    """
    machine = _Machine(2 * len(data))
    try:
        for step, (code, given, _) in enumerate(pickletools.genops(data)):
            if code.name == "STOP":
                (found,) = machine.stack
                return found
            if step >= STEPS_MAX:
                raise ValueError(f"a pickle of more than {STEPS_MAX} instructions")
            machine.carry_out(code.name, given)
    except (IndexError, KeyError, TypeError, AttributeError, OverflowError) as err:
        raise ValueError(f"a damaged pickle ({type(err).__name__})") from err
    except ValueError as err:
        words = " ".join(str(err).split())[:200]
        raise ValueError(
            words if "pickle" in words else f"a damaged pickle ({words})"
        ) from err
    raise ValueError("a damaged pickle (no end)")


class _Name(NamedTuple):
    module: str
    name: str


# The module of NumPy's core has had two names, which pickles contain.
_EMPTY, _FILLED = (
    [_Name(f"{core}.{module}", name) for core in ("numpy.core", "numpy._core")]
    for module, name in (("multiarray", "_reconstruct"), ("numeric", "_frombuffer"))
)
_NDARRAY, _DTYPE = _Name("numpy", "ndarray"), _Name("numpy", "dtype")
_ENCODE = _Name("_codecs", "encode")
_KNOWN = (*_EMPTY, *_FILLED, _NDARRAY, _DTYPE, _ENCODE)


class _Kind:
    """Holds a dtype until the pickle sets its byte order."""

    def __init__(self, name: str) -> None:
        if name not in KINDS:
            raise ValueError(
                f"a pickle of an array of {name!r}, and only numbers are read"
            )
        self.dtype = np.dtype(name)


class _Machine:
    """Carries out instructions, with the stack and the memo of one pickle.

    Args:
      copied_max: bytes of all arrays and strings that the pickle may make.
    """

    def __init__(self, copied_max: int) -> None:
        self._copied_left = copied_max
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def carry_out(self, code: str, given: Any) -> None:
        """Carries out an instruction, by its name in `pickletools`."""
        if code in _PUSHED:
            self.stack.append(_PUSHED[code](given))
        elif code == "MARK":
            self._marks.append(len(self.stack))
        elif code in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
            place = len(self._memo) if code == "MEMOIZE" else given
            self._memo[place] = self.stack[-1]
        elif code in ("GET", "BINGET", "LONG_BINGET"):
            self.stack.append(self._memo[given])
        elif code in ("TUPLE", "LIST", "DICT"):
            self.stack.append(_GATHERED[code](self._pop_to_mark()))
        elif code in ("TUPLE1", "TUPLE2", "TUPLE3"):
            self.stack.append(tuple(self._pop(int(code[-1]))))
        elif code in ("APPEND", "APPENDS"):
            parts = self._pop_to_mark() if code == "APPENDS" else self._pop(1)
            _require(list, self.stack[-1]).extend(parts)
        elif code in ("SETITEM", "SETITEMS"):
            parts = self._pop_to_mark() if code == "SETITEMS" else self._pop(2)
            _require(dict, self.stack[-1]).update(_to_dict(parts))
        elif code == "STACK_GLOBAL":
            self.stack.append(_read_name(*self._pop(2)))
        elif code == "REDUCE":
            called, arguments = self._pop(2)
            self.stack.append(_call(called, *arguments))
            self._count(self.stack[-1])
        elif code == "BUILD":
            (state,) = self._pop(1)
            _fill(self.stack[-1], *state)
            self._count(self.stack[-1])
        elif code not in ("PROTO", "FRAME"):
            raise ValueError(f"a pickle with {code}, and {_ONLY}")

    def _pop(self, count: int) -> list[Any]:
        floor = self._marks[-1] if self._marks else 0
        if len(self.stack) - floor < count:
            raise IndexError
        parts = self.stack[-count:]
        del self.stack[-count:]
        return parts

    def _count(self, made: Any) -> None:
        self._copied_left -= made.nbytes if isinstance(made, np.ndarray) else 0
        self._copied_left -= len(made) if isinstance(made, bytes) else 0
        if self._copied_left < 0:
            raise ValueError("a pickle whose arrays are more than its own bytes")

    def _pop_to_mark(self) -> list[Any]:
        at = self._marks.pop()
        parts = self.stack[at:]
        del self.stack[at:]
        return parts


_ONLY = "only dict, list, bytes and ndarray are read"


def _require(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _to_bytes(text: str) -> bytes:
    """Returns the bytes of a Python 2 string, which `pickletools` gives as Latin-1."""
    return text.encode("latin1")


def _to_text(value: Any) -> str:
    return (
        value.decode("ascii") if isinstance(value, bytes) else str(_require(str, value))
    )


def _to_dict(parts: list[Any]) -> dict[Any, Any]:
    keys = parts[::2]
    if not all(type(key) in (str, bytes, int) for key in keys):
        raise TypeError
    return dict(zip(keys, parts[1::2], strict=True))


def _read_name(module: Any, name: Any) -> _Name:
    found = _Name(_to_text(module), _to_text(name))
    if found not in _KNOWN:
        named = f"{found.module}.{found.name}"[:80]
        raise ValueError(f"a pickle that names {named!r}, and {_ONLY}")
    return found


def _call(called: Any, *given: Any) -> Any:
    """Returns the result that a call of a known name would have."""
    if called in _EMPTY and given[:2] == (_NDARRAY, (0,)):
        return np.ndarray((0,), np.uint8)  # filled by `_fill`
    if called in _FILLED:
        raw, kind, shape, order = given
        _check(shape, kind, raw)
        return np.frombuffer(raw, kind.dtype).reshape(shape, order=order)
    if called == _DTYPE:
        return _Kind(_to_text(given[0]))
    if called == _ENCODE and _to_text(given[1]) == "latin1":
        return _to_bytes(given[0])
    raise ValueError(f"a pickle that makes another object, and {_ONLY}")


def _fill(made: Any, *state: Any) -> None:
    """Sets the values of an array, or the byte order of a dtype."""
    if type(made) is np.ndarray:
        _, shape, kind, by_columns, raw = state
        _check(shape, kind, raw)
        made.__setstate__((1, shape, kind.dtype, bool(by_columns), raw))  # type: ignore[arg-type]
    elif type(made) is _Kind and state[2:5] == (None, None, None):
        made.dtype = made.dtype.newbyteorder(_to_text(state[1]))  # type: ignore[arg-type]
    else:
        raise ValueError(f"a pickle that sets another object, and {_ONLY}")


def _check(shape: Any, kind: Any, raw: Any) -> None:
    """Checks that the bytes of an array fit its shape and dtype.

    Raises:
      ValueError: they do not.
    """
    sides = _require(tuple, shape)
    legal = all(type(side) is int and side >= 0 for side in sides)
    size = math.prod(sides) * _require(_Kind, kind).dtype.itemsize if legal else -1
    if not isinstance(raw, bytes | bytearray) or size != len(raw):
        raise ValueError("a pickle of an array that does not fit its bytes")


_GATHERED: Mapping[str, Callable[[list[Any]], Any]] = {
    "TUPLE": tuple, "LIST": list, "DICT": _to_dict,
}  # fmt: skip


def _keep(value: Any) -> Any:
    return value


_PUSHED = {
    "NONE": lambda _: None, "NEWTRUE": lambda _: True, "NEWFALSE": lambda _: False,
    "EMPTY_LIST": lambda _: [], "EMPTY_DICT": lambda _: {}, "EMPTY_TUPLE": lambda _: (),
    "GLOBAL": lambda words: _read_name(*words.split(" ", 1)),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _to_bytes),
    **dict.fromkeys(
        (
            "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "UNICODE",
            "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES",
            "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
        ),
        _keep,
    ),
}  # fmt: skip
