"""Reads and writes the texts of a PNG, which also carry XMP, EXIF and IPTC."""

from __future__ import annotations

import binascii
import re
import struct
import zlib
from collections.abc import Iterable

from PIL.PngImagePlugin import iTXt

from comrec.errors import ImageError
from comrec.image.metadata import TEXT_MAX_BYTES, Metadata, inflated, note_repeated
from comrec.image.notes import Notes

XMP_KEYWORD = b"XML:com.adobe.xmp"
SIGNATURE = b"Software\0comrec"  # text of every PNG that comrec writes
FIGURE = "comrec figure"  # software of every figure that comrec draws
IPTC_RESOURCE = b"8BIM\x04\x04\0\0"
_RAW = re.compile(rb"Raw profile type (exif|APP1|iptc|8bim|xmp|icc|icm)")


def read(chunks: Iterable[tuple[bytes, bytes]], notes: Notes) -> Metadata:
    """Reads (kind, data) of the text chunks of a PNG.

    Returns:
      The texts, unchanged; and XMP, EXIF, IPTC and comments that stand in texts.
    """
    kept: list[bytes] = []
    blocks: dict[str, bytes] = {}
    size = 0
    for kind, data in chunks:
        keyword = data.partition(b"\0")[0] if kind != b"tIME" else b""
        raw = _RAW.fullmatch(keyword)
        if keyword == XMP_KEYWORD or raw:
            try:
                content = _content(kind, data, TEXT_MAX_BYTES)
                name, block = ("xmp", content) if raw is None else _raw(raw[1], content)
                if blocks.setdefault(name, block) != block:
                    note_repeated({name: 2}, notes)
            except (ImageError, ValueError):
                name = "xmp" if raw is None else raw[1].decode()
                notes.leave_out("text", f"text left out: its {name} is damaged")
            continue
        if data == SIGNATURE:
            continue
        size += len(data) + 8
        if size > TEXT_MAX_BYTES:
            notes.leave_out("text", f"texts beyond {TEXT_MAX_BYTES} bytes left out")
            break
        kept.append(struct.pack(">I", len(data)) + kind + data)
    return Metadata(text=b"".join(kept) or None).updated(**blocks)


def split(text: bytes) -> list[tuple[bytes, bytes]]:
    """Splits `Metadata.text` into (kind, data) of its chunks; ends at damage."""
    found, at = [], 0
    while at + 8 <= len(text):
        size, kind = struct.unpack_from(">I4s", text, at)
        at += 8 + size
        if at > len(text) or kind not in (b"tEXt", b"zTXt", b"iTXt", b"tIME"):
            break
        found.append((kind, text[at - size : at]))
    return found


def raw_profile(name: bytes, block: bytes) -> bytes:
    """Returns the data of a zTXt chunk that carries a block, in ImageMagick's form."""

    digits = binascii.hexlify(block)
    lines = [digits[i : i + 72] for i in range(0, len(digits), 72)]
    text = b"\n%s\n%8d\n%s\n" % (name, len(block), b"\n".join(lines))
    return b"Raw profile type " + name + b"\0\0" + zlib.compress(text)


def decode(text: bytes) -> dict[str, str]:
    """Returns the texts in `Metadata.text` by their keywords, as Pillow gives them.

    Damaged texts are passed over, and all that follow the first 16 MB. Pillow itself
    refuses a whole file for a text above 1 MB.
    """
    found: dict[str, str] = {}
    left = TEXT_MAX_BYTES
    for kind, data in split(text):
        if kind == b"tIME":
            continue
        keyword, _, rest = data.partition(b"\0")
        try:
            content = _content(kind, data, left)
            value = content.decode("utf-8" if kind == b"iTXt" else "latin-1")
            if kind == b"iTXt":
                names = [name.decode() for name in rest[2:].split(b"\0", 2)[:2]]
                value = iTXt(value, *names)
        except (ImageError, UnicodeDecodeError):
            continue
        left -= len(content)
        if left < 0:
            break
        found[keyword.decode("latin-1")] = value
    return found


def _content(kind: bytes, data: bytes, max_bytes: int) -> bytes:
    rest = data.partition(b"\0")[2]
    if kind == b"tEXt":
        return rest
    if kind == b"zTXt":
        return inflated(rest[1:], max_bytes)
    packed, text = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]
    return inflated(text, max_bytes) if packed else text


def _raw(name: bytes, content: bytes) -> tuple[str, bytes]:
    """Returns the kind and the bytes of a block in hexadecimal."""
    digits = b"".join(content.split()[2:])
    block = binascii.unhexlify(digits)
    if name in (b"exif", b"APP1"):
        if block.startswith(b"http://ns.adobe.com/xap/1.0/\0"):
            return "xmp", block.partition(b"\0")[2]
        return "exif", block.removeprefix(b"Exif\0\0")
    if name in (b"iptc", b"8bim"):
        if not block.startswith(b"8BIM"):
            block = IPTC_RESOURCE + struct.pack(">I", len(block)) + block
        return "iptc", block
    return ("xmp" if name == b"xmp" else "icc"), block
