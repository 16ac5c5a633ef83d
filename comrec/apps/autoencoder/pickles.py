"""Pickles of arrays of numbers, read as data: nothing in them is ever called.

The standard library splits a pickle into its instructions, and the few that a dict, a
list, bytes or an array are made of are carried out here, on a stack of plain values.
What a pickle calls a class or a function is a name, and nothing more. Memory is bounded
by the pickle's own length and by how many instructions are legal: there are none that
repeat what is there, but by reference.
"""

from __future__ import annotations

import math
import pickletools
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

STEPS_MAX = 2**20  # instructions; CIFAR-100's larger pickle has some 250,000
KINDS = ("u1", "i1", "i2", "i4", "i8", "u2", "u4", "u8", "f4", "f8")


def read(data: bytes) -> Any:
    """What a pickle of dict, list, tuple, bytes, str, int and ndarray holds.

    Raises:
      ValueError: it has anything else in it, is damaged or has too many parts.
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


# NumPy's core has been called two things, and its pickles name both.
_EMPTY, _FILLED = (
    [_Name(f"{core}.{module}", name) for core in ("numpy.core", "numpy._core")]
    for module, name in (("multiarray", "_reconstruct"), ("numeric", "_frombuffer"))
)
_NDARRAY, _DTYPE = _Name("numpy", "ndarray"), _Name("numpy", "dtype")
_ENCODE = _Name("_codecs", "encode")
_KNOWN = (*_EMPTY, *_FILLED, _NDARRAY, _DTYPE, _ENCODE)


class _Kind:
    """A dtype that is still being told its byte order."""

    def __init__(self, name: str) -> None:
        if name not in KINDS:
            raise ValueError(
                f"a pickle of an array of {name!r}, and only numbers are read"
            )
        self.dtype = np.dtype(name)


class _Machine:
    """The stack and the memo of one pickle, and how many bytes it may copy."""

    def __init__(self, copied_max: int) -> None:
        self._copied_left = copied_max
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def carry_out(self, code: str, given: Any) -> None:
        """One instruction, by the name that `pickletools` has for it."""
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
            self.stack.append(_GATHERED[code](self._parts()))
        elif code in ("TUPLE1", "TUPLE2", "TUPLE3"):
            self.stack.append(tuple(self._last(int(code[-1]))))
        elif code in ("APPEND", "APPENDS"):
            parts = self._parts() if code == "APPENDS" else self._last(1)
            _of(list, self.stack[-1]).extend(parts)
        elif code in ("SETITEM", "SETITEMS"):
            parts = self._parts() if code == "SETITEMS" else self._last(2)
            _of(dict, self.stack[-1]).update(_dict(parts))
        elif code == "STACK_GLOBAL":
            self.stack.append(_name(*self._last(2)))
        elif code == "REDUCE":
            called, arguments = self._last(2)
            self.stack.append(_made(called, *arguments))
            self._count(self.stack[-1])
        elif code == "BUILD":
            (state,) = self._last(1)
            _fill(self.stack[-1], *state)
            self._count(self.stack[-1])
        elif code not in ("PROTO", "FRAME"):
            raise ValueError(f"a pickle with {code}, and {_ONLY}")

    def _last(self, count: int) -> list[Any]:
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

    def _parts(self) -> list[Any]:
        at = self._marks.pop()
        parts = self.stack[at:]
        del self.stack[at:]
        return parts


_ONLY = "only dict, list, bytes and ndarray are read"


def _of(kind: type, value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError
    return value


def _bytes(text: str) -> bytes:
    """What Python 2 called a string: `pickletools` gives it as Latin-1."""
    return text.encode("latin1")


def _text(value: Any) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(_of(str, value))


def _dict(parts: list[Any]) -> dict[Any, Any]:
    keys = parts[::2]
    if not all(type(key) in (str, bytes, int) for key in keys):
        raise TypeError
    return dict(zip(keys, parts[1::2], strict=True))


def _name(module: Any, name: Any) -> _Name:
    found = _Name(_text(module), _text(name))
    if found not in _KNOWN:
        named = f"{found.module}.{found.name}"[:80]
        raise ValueError(f"a pickle that names {named!r}, and {_ONLY}")
    return found


def _made(called: Any, *given: Any) -> Any:
    """What a call of one of the known names would give."""
    if called in _EMPTY and given[:2] == (_NDARRAY, (0,)):
        return np.ndarray((0,), np.uint8)  # its state then fills it
    if called in _FILLED:
        raw, kind, shape, order = given
        _check(shape, kind, raw)
        return np.frombuffer(raw, kind.dtype).reshape(shape, order=order)
    if called == _DTYPE:
        return _Kind(_text(given[0]))
    if called == _ENCODE and _text(given[1]) == "latin1":
        return _bytes(given[0])
    raise ValueError(f"a pickle that makes something else, and {_ONLY}")


def _fill(made: Any, *state: Any) -> None:
    """Gives an array its values, or a dtype its byte order."""
    if type(made) is np.ndarray:
        _, shape, kind, by_columns, raw = state
        _check(shape, kind, raw)
        made.__setstate__((1, shape, kind.dtype, bool(by_columns), raw))  # type: ignore[arg-type]
    elif type(made) is _Kind and state[2:5] == (None, None, None):
        made.dtype = made.dtype.newbyteorder(_text(state[1]))  # type: ignore[arg-type]
    else:
        raise ValueError(f"a pickle that sets what is no array's, and {_ONLY}")


def _check(shape: Any, kind: Any, raw: Any) -> None:
    """An array is what its bytes are, neither more nor less."""
    sides = _of(tuple, shape)
    legal = all(type(side) is int and side >= 0 for side in sides)
    size = math.prod(sides) * _of(_Kind, kind).dtype.itemsize if legal else -1
    if not isinstance(raw, bytes | bytearray) or size != len(raw):
        raise ValueError("a pickle of an array that is not what its bytes are")


_GATHERED: Mapping[str, Callable[[list[Any]], Any]] = {
    "TUPLE": tuple, "LIST": list, "DICT": _dict,
}  # fmt: skip


def _itself(value: Any) -> Any:
    return value


_PUSHED = {
    "NONE": lambda _: None, "NEWTRUE": lambda _: True, "NEWFALSE": lambda _: False,
    "EMPTY_LIST": lambda _: [], "EMPTY_DICT": lambda _: {}, "EMPTY_TUPLE": lambda _: (),
    "GLOBAL": lambda words: _name(*words.split(" ", 1)),
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), _bytes),
    **dict.fromkeys(
        (
            "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "UNICODE",
            "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES",
            "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
        ),
        _itself,
    ),
}  # fmt: skip
