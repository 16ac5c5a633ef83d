"""Reads and writes directories of TIFF, which hold the tags of TIFF and of EXIF.

Values stay the bytes of the file, so text of any encoding and values of unknown types
come through unchanged.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

ENTRIES_MAX = 4096  # of one directory; TIFF has about 200 tags
HEADERS = {
    b"II*\0": ("<", False), b"MM\0*": (">", False),
    b"II+\0": ("<", True), b"MM\0+": (">", True),
}  # fmt: skip
# Bytes of a value of each type, and the unit in which the order of bytes is swapped.
_TYPES = {
    1: (1, 1), 2: (1, 1), 3: (2, 2), 4: (4, 4), 5: (8, 4), 6: (1, 1), 7: (1, 1),
    8: (2, 2), 9: (4, 4), 10: (8, 4), 11: (4, 4), 12: (8, 8), 13: (4, 4), 16: (8, 8),
    17: (8, 8), 18: (8, 8),
}  # fmt: skip
# Whole numbers. Some cameras write signed types where the tag has an unsigned one;
# a negative number becomes one that is beyond all limits.
_WHOLE = {
    1: "B", 3: "H", 4: "I", 6: "B", 7: "B", 8: "H", 9: "I", 13: "I", 16: "Q", 17: "Q",
    18: "Q",
}  # fmt: skip
SHORT, LONG = 3, 4
EXIF, GPS, INTEROP = 0x8769, 0x8825, 0xA005  # tags that hold the place of a directory
ORIENTATION = 0x0112


class DirectoryError(ValueError):
    """Reports data that are no TIFF, or a directory that lies outside of them."""


class Entry(NamedTuple):
    """Holds one tag's value, in the byte order of its file."""

    type: int
    length: int  # in values of this type
    value: bytes
    place: int  # of the value in the data


@dataclass(frozen=True)
class Directory:
    """Holds the entries of one directory by tag, and the place of the next."""

    entries: dict[int, Entry]
    next: int
    order: Literal["<", ">"]

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Returns the whole numbers of a tag, or the default where it has none."""
        entry = self.entries.get(tag)
        if entry is None or entry.type not in _WHOLE:
            return default
        form = f"{self.order}{entry.length}{_WHOLE[entry.type]}"
        return struct.unpack(form, entry.value)

    def number(self, tag: int, default: int = 0) -> int:
        """Returns the first whole number of a tag."""
        return (*self.numbers(tag), default)[0]


def header(data: bytes) -> tuple[Literal["<", ">"], bool, int]:
    """Returns byte order, whether it is a BigTIFF, and the first directory's place.

    Raises:
      DirectoryError: the data do not begin as a TIFF.
    """
    if data[:4] not in HEADERS or len(data) < (16 if b"+" in data[2:4] else 8):
        raise DirectoryError("no TIFF header")
    order, big = HEADERS[data[:4]]
    first = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
    return order, big, first  # type: ignore[return-value]


def read(data: bytes, place: int, order: Literal["<", ">"], big: bool) -> Directory:
    """Reads one directory, without the tags whose values lie outside of the data.

    Raises:
      DirectoryError: the directory lies outside of the data.
    """
    width, offset = (20, "Q") if big else (12, "I")
    head = struct.Struct(order + ("Q" if big else "H"))
    link = struct.Struct(order + offset)
    try:
        count = head.unpack_from(data, place)[0]
        start = place + head.size
        if count > ENTRIES_MAX or start + count * width > len(data):
            raise DirectoryError("a directory ends after the data")
        entries = {}
        for at in range(start, start + count * width, width):
            tag, kind, n = struct.unpack_from(f"{order}HH{offset}", data, at)
            size = n * _TYPES.get(kind, (0, 1))[0]
            value_at = at + 4 + link.size
            if size > link.size:
                value_at = link.unpack_from(data, value_at)[0]
            if value_at + size > len(data):
                continue  # readers of EXIF pass over such a tag too
            entries[tag] = Entry(kind, n, data[value_at : value_at + size], value_at)
        end = start + count * width
        has_next = end + link.size <= len(data)  # EXIF may end before it
        after = link.unpack_from(data, end)[0] if has_next else 0
    except (struct.error, OverflowError) as err:
        raise DirectoryError("a directory ends after the data") from err
    return Directory(entries, after, order)


def first(data: bytes) -> Directory:
    """Reads the first directory of a TIFF or an EXIF block.

    Raises:
      DirectoryError: the data are damaged.
    """
    order, big, place = header(data)
    return read(data, place, order, big)


def chain(data: bytes, most: int) -> Iterator[Directory]:
    """Yields the directories of a TIFF, at most `most`; ends at a damaged one."""
    order, big, place = header(data)
    seen: set[int] = set()
    while place and place not in seen and len(seen) < most:
        seen.add(place)
        try:
            found = read(data, place, order, big)
        except DirectoryError:
            return
        yield found
        place = found.next


def packed(
    entries: Mapping[int, Entry], order: Literal["<", ">"], big: bool, place: int
) -> bytes:
    """Returns a directory with all its values, to stand at an even `place`."""
    offset = "Q" if big else "I"
    link = struct.Struct(order + offset)
    count = struct.pack(order + ("Q" if big else "H"), len(entries))
    at = place + len(count) + len(entries) * (4 + 2 * link.size) + link.size
    rows, values = [count], []
    for tag, entry in sorted(entries.items()):
        row = struct.pack(f"{order}HH{offset}", tag, entry.type, entry.length)
        value = entry.value
        if len(value) > link.size:
            row += link.pack(at)
            value += b"\0" * (len(value) % 2)
            values.append(value)
            at += len(value)
        else:
            row += value.ljust(link.size, b"\0")
        rows.append(row)
    return b"".join([*rows, link.pack(0), *values])


def with_directory(data: bytes, entries: Mapping[int, Entry]) -> bytes:
    """Returns the data with a new first directory at their end, in the same order."""
    order, big, _ = header(data)
    padding = b"\0" * (len(data) % 2)
    place = len(data) + len(padding)
    link = struct.pack(order + ("Q" if big else "I"), place)
    start, view = 8 if big else 4, memoryview(data)  # a large file is copied once
    new = packed(entries, order, big, place)
    return b"".join([view[:start], link, view[start + len(link) :], padding, new])


def copied(
    data: bytes, directory: Directory, order: Literal["<", ">"], place: int
) -> tuple[bytes, dict[int, Entry]]:
    """Copies the directories of EXIF and GPS below a directory.

    Args:
      data: that `directory` was read from.
      directory: the first one.
      order: byte order of the copy.
      place: even, where the copy will stand.

    Returns:
      The copy, and the tags that lead to it. Damaged directories are missing.
    """
    out, tags = b"", {}
    for tag in (EXIF, GPS):
        if not (found := _below(data, directory, tag)):
            continue
        entries = {t: swapped(e, found.order, order) for t, e in found.entries.items()}
        entries.pop(INTEROP, None)  # an offset in the old file
        if deepest := _below(data, found, INTEROP):
            entries[INTEROP] = whole(LONG, order, place + len(out))
            inner = {
                t: swapped(e, deepest.order, order) for t, e in deepest.entries.items()
            }
            out += packed(inner, order, False, place + len(out))
        tags[tag] = whole(LONG, order, place + len(out))
        out += packed(entries, order, False, place + len(out))
    return out, tags


def _below(data: bytes, directory: Directory, tag: int) -> Directory | None:
    place, big = directory.number(tag), header(data)[1]
    if not place:
        return None
    try:
        return read(data, place, directory.order, big)
    except DirectoryError:
        return None


def swapped(entry: Entry, order: str, wanted: str) -> Entry:
    """Returns an entry in another byte order."""
    unit = _TYPES.get(entry.type, (0, 1))[1]
    if order == wanted or unit == 1:
        return entry
    value = entry.value
    turned = b"".join(value[i : i + unit][::-1] for i in range(0, len(value), unit))
    return entry._replace(value=turned)


def whole(kind: int, order: str, *numbers: int) -> Entry:
    """Makes an entry of whole numbers."""
    value = struct.pack(f"{order}{len(numbers)}{_WHOLE[kind]}", *numbers)
    return Entry(kind, len(numbers), value, 0)


def orientation(block: bytes) -> int:
    """Returns the orientation of an EXIF block; 0 where it has none or is damaged."""
    try:
        return first(block).number(ORIENTATION)
    except DirectoryError:
        return 0


def with_orientation(block: bytes | None, turn: int) -> bytes:
    """Sets the orientation in an EXIF block; all its other bytes stay.

    Args:
      block: None is an empty block. A damaged block becomes an empty one.
      turn: EXIF orientation, 1 to 8.
    """
    empty = b"MM\0*\0\0\0\x08" + bytes(8)
    block = block or empty
    try:
        found = first(block)
    except DirectoryError:
        block = empty
        found = first(block)
    entry = found.entries.get(ORIENTATION)
    if entry and entry.type in _WHOLE and entry.length:
        value = whole(entry.type, found.order, turn).value
        end = entry.place + len(value)
        return block[: entry.place] + value + block[end:]
    added = {ORIENTATION: whole(SHORT, found.order, turn)}
    if block is empty:
        return block[:8] + packed(added, found.order, False, 8)
    return with_directory(block, found.entries | added)
