"""Defines the mutations: functions of a random generator, a pair and another pair."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
from trials import Pair

from comrec.jpeg import segments as seg

Files = tuple[bytes, bytes | None]
Mutation = Callable[[np.random.Generator, Pair, Pair], Files]
ODD = (
    None, True, 0, -1, 1, 2**31, 10**30, 1.5, 1e400, "", "x", "0" * 8, [], [1], [1, 2],
    {}, {"a": 1}, "\x1b[2J", "../../etc/passwd", "\ud800",
)  # fmt: skip


def _place(chance: np.random.Generator, data: bytes) -> int:
    return int(chance.integers(len(data))) if data else 0


def _flipped(chance: np.random.Generator, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(int(chance.integers(1, 4))):
        changed[_place(chance, data)] ^= 1 << int(chance.integers(8))
    return bytes(changed)


def _overwritten(chance: np.random.Generator, data: bytes) -> bytes:
    at, size = _place(chance, data), int(chance.integers(1, 40))
    return data[:at] + chance.bytes(size) + data[at + size :]


def _cut_out(chance: np.random.Generator, data: bytes) -> bytes:
    at = _place(chance, data)
    return data[:at] + data[at + int(chance.integers(1, 60)) :]


def _put_in(chance: np.random.Generator, data: bytes) -> bytes:
    at = _place(chance, data)
    return data[:at] + chance.bytes(int(chance.integers(1, 60))) + data[at:]


def _cut_off(chance: np.random.Generator, data: bytes) -> bytes:
    return data[: _place(chance, data)]


def _repeated(chance: np.random.Generator, data: bytes) -> bytes:
    a, b = sorted((_place(chance, data), _place(chance, data)))
    return data[:b] + data[a:b] + data[b:]


BYTES = {
    "bits flipped": _flipped, "bytes overwritten": _overwritten,
    "bytes cut out": _cut_out, "bytes put in": _put_in, "cut off": _cut_off,
    "a part repeated": _repeated,
}  # fmt: skip


def _in_jpeg(spoil: Callable[[np.random.Generator, bytes], bytes]) -> Mutation:
    return lambda chance, pair, _: (spoil(chance, pair.jpeg), pair.beside)


def _in_sidecar(spoil: Callable[[np.random.Generator, bytes], bytes]) -> Mutation:
    def change(chance: np.random.Generator, pair: Pair, _: Pair) -> Files:
        if pair.beside is None:  # the record is in the first segment
            end = seg.parse(pair.jpeg)[0].end
            return spoil(chance, pair.jpeg[:end]) + pair.jpeg[end:], None
        return pair.jpeg, spoil(chance, pair.beside)

    return change


def _field(chance: np.random.Generator, pair: Pair, other: Pair) -> Files:
    """Changes, removes or adds a field of the record."""
    if pair.beside is None:
        return _in_sidecar(_flipped)(chance, pair, other)
    record = json.loads(pair.beside)
    name = str(chance.choice([*record, "alpha", "scale", "path"]))
    value = ODD[int(chance.integers(len(ODD)))]
    if chance.random() < 0.2:
        record.pop(name, None)
    elif name == "size" and chance.random() < 0.7:
        record["size"][int(chance.integers(2))] += int(chance.integers(-3, 4))
    else:
        record[name] = value
    return pair.jpeg, json.dumps(record).encode()


def _respelled(chance: np.random.Generator, pair: Pair, _: Pair) -> Files:
    """Writes the same record with other spaces and another order."""
    if pair.beside is None:
        return pair.jpeg, None
    items = list(json.loads(pair.beside).items())
    chance.shuffle(items)
    text = json.dumps(dict(items), separators=(" , ", ": "))
    return pair.jpeg, text.encode() + b" \r\n"


def _segments(jpeg: bytes) -> list[bytes]:
    return [jpeg[s.start : s.end] for s in seg.parse(jpeg)]


def _whole(parts: list[bytes]) -> bytes:
    return b"".join([b"\xff\xd8", *parts, b"\xff\xd9"])


def _segment_moved(chance: np.random.Generator, pair: Pair, other: Pair) -> Files:
    """Removes, doubles or moves a segment, or takes one of another pair."""
    parts, theirs = _segments(pair.jpeg), _segments(other.jpeg)
    taken = parts.pop(_place(chance, bytes(len(parts))))
    where = _place(chance, bytes(len(parts) + 1))
    how = int(chance.integers(4))
    if how == 1:
        parts[where:where] = [taken, taken]
    elif how == 2:
        parts.insert(where, taken)
    elif how == 3:
        parts.insert(where, theirs[_place(chance, bytes(len(theirs)))])
    return _whole(parts), pair.beside


PREFIXES = (
    b"", b"JFIF\0", b"JFXX\0", b"Adobe", b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08",
    b"ICC_PROFILE\0", b"ICC_PROFILE\0\1\1", b"MPF\0", b"Photoshop 3.0\0" + b"8BIM",
    b"http://ns.adobe.com/xap/1.0/\0", b"comrec\0", b"comrec\0\1",
)  # fmt: skip


def _metadata(chance: np.random.Generator, pair: Pair, _: Pair) -> Files:
    """Inserts metadata segments of any kind and content before the scan."""
    parts = _segments(pair.jpeg)
    for _ in range(int(chance.integers(1, 4))):
        marker = int(chance.choice([*range(0xE0, 0xF0), 0xFE]))
        prefix = PREFIXES[int(chance.integers(len(PREFIXES)))]
        payload = prefix + chance.bytes(int(chance.integers(0, 40)))
        made = bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload
        parts.insert(_place(chance, bytes(len(parts))), made)
    return _whole(parts), pair.beside


def _adobe(chance: np.random.Generator, pair: Pair, _: Pair) -> Files:
    """Inserts an Adobe segment that names another colour space."""
    payload = b"Adobe\0\x64\0\0\0\0" + bytes([int(chance.integers(3))])
    jpeg = pair.jpeg if chance.random() < 0.5 else seg.without_metadata(pair.jpeg)
    if pair.beside is None:
        jpeg = pair.jpeg
    return seg.insert(jpeg, [(0xEE, payload)]), pair.beside


def _stripped(chance: np.random.Generator, pair: Pair, _: Pair) -> Files:
    """Removes metadata as some hosts do; an embedded sidecar is lost with it."""
    return seg.coded_only(pair.jpeg), pair.beside


def _swapped(chance: np.random.Generator, pair: Pair, other: Pair) -> Files:
    """Takes the sidecar of another pair, both sidecars in one file, or none."""
    both = (pair.beside or b"") + (other.beside or b"")
    return pair.jpeg, (other.beside, both or None, None)[int(chance.integers(3))]


def _appended(chance: np.random.Generator, pair: Pair, other: Pair) -> Files:
    """Appends random bytes or another picture."""
    tail = (chance.bytes(50), other.jpeg)[int(chance.integers(2))]
    return pair.jpeg + tail, pair.beside


KINDS: dict[str, Mutation] = {
    **{f"jpg: {name}": _in_jpeg(spoil) for name, spoil in BYTES.items()},
    **{f"sidecar: {name}": _in_sidecar(spoil) for name, spoil in BYTES.items()},
    "sidecar: a field changed": _field,
    "sidecar: spelled otherwise": _respelled,
    "sidecar: another pair's, or none": _swapped,
    "jpg: a segment moved": _segment_moved,
    "jpg: metadata put in": _metadata,
    "jpg: another colour space claimed": _adobe,
    "jpg: metadata stripped": _stripped,
    "jpg: something behind the end": _appended,
}
