"""Parses WebP: size, frames and metadata."""

from __future__ import annotations

from collections.abc import Iterator

from comrec.image.formats.parsed import Parsed, damaged
from comrec.image.metadata import Metadata, note_repeated
from comrec.image.notes import Notes

CHUNKS_MAX = 100_000
_KNOWN = {
    b"VP8 ",
    b"VP8L",
    b"VP8X",
    b"ALPH",
    b"ANIM",
    b"ANMF",
    b"ICCP",
    b"EXIF",
    b"XMP ",
}


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    end, at = min(len(data), 8 + int.from_bytes(data[4:8], "little")), 12
    for _ in range(CHUNKS_MAX):
        if at + 8 > end:
            return
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > end:
            raise damaged("the file ends inside a chunk")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise damaged(f"more than {CHUNKS_MAX} chunks")


def parse(data: bytes, notes: Notes) -> Parsed:
    """Parses a WebP.

    Raises:
      ImageError: the structure is broken.
    """
    if 8 + int.from_bytes(data[4:8], "little") > len(data) + 1:
        raise damaged("the file ends before the picture")
    found = list(_chunks(data))
    first: dict[bytes, bytes] = {}
    for kind, content in found:
        first.setdefault(kind, content)
    kinds = [kind for kind, _ in found]
    blocks = {"exif": b"EXIF", "icc": b"ICCP", "xmp": b"XMP "}
    note_repeated({name: kinds.count(kind) for name, kind in blocks.items()}, notes)
    frames = kinds.count(b"ANMF")
    if frames > 1:
        notes.leave_out("frames", f"the first of {frames} frames was taken")
    if others := sorted({k for k, _ in found} - _KNOWN):
        named = ", ".join(k.decode("latin-1") for k in others if k.isalnum())
        notes.leave_out(
            "application data", f"left out, of no known kind: {named or '?'}"
        )
    rest = data[8 + int.from_bytes(data[4:8], "little") :]
    notes.leave_out_rest(rest, b"\0\r\n")
    width, height = _size(first)
    exif = first.get(b"EXIF", b"").removeprefix(b"Exif\0\0")
    return Parsed(
        "WEBP", 8, height, width, _cleaned(data, found),
        Metadata(exif=exif or None, icc=first.get(b"ICCP") or None,
                 xmp=first.get(b"XMP ") or None),
    )  # fmt: skip


def _cleaned(data: bytes, found: list[tuple[bytes, bytes]]) -> bytes:
    """Returns the file without metadata; of an animation, without later frames."""
    kept, frames = [], 0
    for kind, content in found:
        frames += kind == b"ANMF"
        if kind in (b"ICCP", b"EXIF", b"XMP ") or kind not in _KNOWN or frames > 1:
            continue
        if kind == b"VP8X" and content:
            content = bytes((content[0] & ~0b101100,)) + content[1:]
        size = len(content).to_bytes(4, "little")
        kept += [kind, size, content, b"\0" * (len(content) % 2)]
    body = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def _size(first: dict[bytes, bytes]) -> tuple[int, int]:
    """Returns width and height in pixels."""
    if len(head := first.get(b"VP8X", b"")) >= 10:
        return (
            1 + int.from_bytes(head[4:7], "little"),
            1 + int.from_bytes(head[7:10], "little"),
        )
    if len(head := first.get(b"VP8L", b"")) >= 5:
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if len(head := first.get(b"VP8 ", b"")) >= 10:
        sides = (int.from_bytes(head[i : i + 2], "little") & 0x3FFF for i in (6, 8))
        width, height = sides
        return width, height
    raise damaged("no picture in it")
