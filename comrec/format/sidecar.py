"""Reads and writes the sidecar: the data that a decoder needs beside the JPEG.

A sidecar file is one line of JSON. An embedded sidecar is binary, in APP11 segments
that begin with MAGIC. A .jpg with a sidecar file carries MAGIC alone, so that a lost
sidecar is noticed. While a new pair replaces an old one, the file holds a line for
each, and the line whose checksum fits the .jpg counts.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import dataclass, replace

from comrec.errors import SidecarError
from comrec.image.resample import compact_size, exact
from comrec.jpeg import segments as seg
from comrec.networks import presets
from comrec.networks.preset import IN_FOLDER

VERSION = 1
MAGIC = b"comrec\0"
SIDE_MAX_PX = 2**24 - 1  # three bytes in the binary form
MARKS_MAX = 100  # of JSON in a line, which has ten: bounds the memory of its values
RECORDS_MAX = 2  # of the old pair and the new one, while one replaces the other
_MARKER_CHANGES = 2  # most changed bytes in a damaged MAGIC
_BINARY_BYTES = 13
_HALF = 128  # added to the byte of the scale for a half
_BINARY_FIELDS = ((3, 6), (6, 9), (9, 13))  # width, height, crc32


@dataclass(frozen=True)
class Sidecar:
    """Holds one record.

    Attributes:
      preset: name of the preset that made the compact image.
      width_px, height_px: of the image.
      scale: linear size ratio image : compact, a multiple of a half.
      alpha: the alpha channel as a grey PNG; None for an opaque image.
      crc32: over the other fields, the hash of the weights, and the JPEG's
        coded data (`segments.coded_crc32`).
    """

    preset: str
    width_px: int
    height_px: int
    scale: float
    alpha: bytes | None = None
    crc32: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.scale, float):  # the checksum covers the digits
            object.__setattr__(self, "scale", exact(self.scale))

    def paired(self, jpeg: bytes) -> Sidecar:
        """Returns the record with the checksum that ties it to `jpeg`."""
        return replace(self, crc32=self._checksum(jpeg))

    def fits(self, jpeg: bytes) -> bool:
        """Tells whether the record is, unaltered, the sidecar of `jpeg`."""
        return self.crc32 == self._checksum(jpeg)

    def _checksum(self, jpeg: bytes) -> int:
        preset = presets.find(self.preset)
        fields = (self.preset, preset.hash, self.width_px, self.height_px, self.scale)
        start = zlib.crc32(self.alpha or b"", zlib.crc32(repr(fields).encode()))
        return seg.coded_crc32(seg.parse(jpeg), jpeg, start)

    def to_json(self) -> bytes:
        """Returns the line of JSON, with the scale only if the preset has several."""
        record: dict[str, object] = {
            "comrec": VERSION,
            "preset": self.preset,
            "size": [self.width_px, self.height_px],
        }
        if len(presets.find(self.preset).scales) > 1:
            record["scale"] = self.scale
        if self.alpha is not None:
            record["alpha"] = base64.b64encode(self.alpha).decode()
        record["crc"] = f"{self.crc32:08x}"
        return json.dumps(record, separators=(",", ":")).encode() + b"\n"

    def to_binary(self) -> bytes:
        """Returns version, preset number, scale, width, height, CRC-32 and alpha.

        The scale's byte is its whole part, plus 128 for a half. Width and height take
        three bytes each. A preset in a folder has no number: its sidecar is the line of
        JSON, which begins with a brace and not with a version.
        """
        number = presets.find(self.preset).number
        if number == presets.NO_NUMBER:
            return self.to_json()
        whole, half = divmod(self.scale, 1)
        return b"".join(
            (
                bytes((VERSION, number, int(whole + 2 * _HALF * half))),
                self.width_px.to_bytes(3, "big"),
                self.height_px.to_bytes(3, "big"),
                self.crc32.to_bytes(4, "big"),
                self.alpha or b"",
            )
        )


def parse_json(text: bytes, source: str) -> list[Sidecar]:
    """Reads a sidecar file.

    Args:
      text: content of the file.
      source: name of the file for messages.

    Returns:
      One or two records.

    Raises:
      SidecarError: the file is no sidecar, damaged, or of a later version.
    """
    ends = max(text.count(b"\n"), text.count(b"\r"))
    lines = text.splitlines() if ends <= RECORDS_MAX else []
    if not 1 <= len(lines) <= RECORDS_MAX:
        raise SidecarError(
            f"{source}: not a comrec sidecar (one line of JSON is expected). Restore "
            f"the file that comrec wrote."
        )
    return [_parse_line(line, source) for line in lines]


def _parse_line(line: bytes, source: str) -> Sidecar:
    try:
        many = max(map(line.count, (b",", b"[", b"{"))) > MARKS_MAX
        record = json.loads(b"" if many else line)
    except (ValueError, RecursionError) as err:
        raise SidecarError(
            f"{source}: not a comrec sidecar (invalid JSON). Restore the file that "
            f"comrec wrote."
        ) from err
    if not isinstance(record, dict) or type(record.get("comrec")) is not int:
        raise SidecarError(
            f'{source}: not a comrec sidecar (no "comrec" version). Restore the file '
            f"that comrec wrote."
        )
    _check_version(record["comrec"], source)
    preset = _known_preset(record.get("preset"), source)
    wanted = {"comrec", "preset", "size", "crc"}
    wanted |= {"scale"} if len(preset.scales) > 1 else set()
    missing, unknown = wanted - record.keys(), record.keys() - wanted - {"alpha"}
    if missing or unknown:
        raise SidecarError(
            f"{source}: fields do not match sidecar version {VERSION}: "
            f"missing {sorted(missing)}, unknown {_short(sorted(unknown))}. Restore "
            f"the file that comrec wrote."
        )
    size, crc, alpha = record["size"], record["crc"], None
    if type(size) is not list or len(size) != 2:
        raise _bad_field(source, "size", "[width, height]", size)
    if type(crc) is not str or not re.fullmatch("[0-9a-f]{8}", crc):
        raise _bad_field(source, "crc", "8 hex digits", crc)
    if "alpha" in record:
        try:
            alpha = base64.b64decode(record["alpha"], validate=True)
        except (ValueError, TypeError):
            alpha = b""
        if not alpha:
            raise _bad_field(source, "alpha", "a PNG in base64", record["alpha"])
    scale = record.get("scale", preset.scales[0])
    width, height = size
    sidecar = Sidecar(preset.name, width, height, scale, alpha, int(crc, 16))
    return _checked(sidecar, source)


def parse_binary(data: bytes, source: str) -> Sidecar:
    """Reads an embedded sidecar.

    Args:
      data: payloads without MAGIC.
      source: name of the .jpg for messages.

    Raises:
      SidecarError: the data are damaged, or of a later version.
    """
    if data.startswith(b"{"):
        return _parse_line(data, source)
    if data:
        _check_version(data[0], source)
    if len(data) < _BINARY_BYTES:
        raise SidecarError(
            f"{source}: embedded sidecar of {len(data)} bytes; it has at least "
            f"{_BINARY_BYTES}. The file is damaged: use another copy."
        )
    names = [p.name for p in presets.PRESETS.values() if p.number == data[1]]
    preset = _known_preset(names[0] if names else data[1], source)
    width, height, crc = (int.from_bytes(data[i:j], "big") for i, j in _BINARY_FIELDS)
    alpha = data[_BINARY_BYTES:] or None
    scale = data[2] if data[2] < _HALF else data[2] - _HALF + 0.5
    return _checked(Sidecar(preset.name, width, height, scale, alpha, crc), source)


def _check_version(version: int, source: str) -> None:
    if version != VERSION:
        raise SidecarError(
            f"{source}: sidecar version {_short(version)}, but this comrec reads "
            f"version {VERSION}. Upgrade comrec, or view the .jpg on its own: it is an "
            f"ordinary JPEG of the compact image."
        )


def _known_preset(name: object, source: str) -> presets.Preset:
    if found := presets.find_named(name):
        return found
    if isinstance(name, str) and IN_FOLDER.fullmatch(name):
        refused = "".join(f" ({problem})" for problem in presets.problems()[:1])
        raise SidecarError(
            f"{source}: unknown preset {_short(name)}, a network trained by somebody. "
            f"Name its folder by `presets` or in {presets.VARIABLE}{refused}."
        )
    raise SidecarError(
        f"{source}: unknown preset {_short(name)}. This comrec has "
        f"{', '.join(presets.PRESETS)}: upgrade it, or the sidecar is damaged."
    )


def _checked(sidecar: Sidecar, source: str) -> Sidecar:
    for side in (sidecar.width_px, sidecar.height_px):
        if type(side) is not int or not 1 <= side <= SIDE_MAX_PX:
            raise _bad_field(source, "size", f"1 to {SIDE_MAX_PX} each way", side)
    scales = presets.find(sidecar.preset).scales
    if sidecar.scale not in scales or isinstance(sidecar.scale, bool):
        raise _bad_field(source, "scale", f"one of {list(scales)}", sidecar.scale)
    return sidecar


def _bad_field(source: str, name: str, legal: str, came: object) -> SidecarError:
    return SidecarError(
        f"{source}: {name} must be {legal}. Received: {_short(came)}. The sidecar is "
        f"damaged: restore the file that comrec wrote."
    )


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else text[:37] + "..."


def marker() -> list[tuple[int, bytes]]:
    """Returns the segments of a .jpg with a sidecar file."""
    return [(seg.APP11, MAGIC)]


def embedded(sidecar: Sidecar) -> list[tuple[int, bytes]]:
    """Returns the segments that hold an embedded sidecar."""
    parts = seg.split_payload(MAGIC, sidecar.to_binary())
    return [(seg.APP11, part) for part in parts]


def read_embedded(
    segments: list[seg.Segment], source: str
) -> tuple[bool, Sidecar | None]:
    """Reads the marker and an embedded sidecar.

    Returns:
      Whether the .jpg has the marker, and the embedded sidecar or None.

    Raises:
      SidecarError: the embedded sidecar is damaged, or of a later version.
    """
    parts = list(seg.payloads(segments, seg.APP11, MAGIC))
    data = b"".join(parts)
    return bool(parts), parse_binary(data, source) if data else None


def is_marker_damaged(segments: list[seg.Segment]) -> bool:
    """Tells whether an APPn segment begins like the marker, with a byte or two changed.

    A marker in another APPn segment than APP11 counts too. Such a .jpg is no plain
    JPEG: it shows a compact image.
    """
    alike = (
        sum(a == b for a, b in zip(segment.payload, MAGIC, strict=False))
        for segment in segments
        if segment.is_metadata and segment.marker != seg.COM
    )
    return any(count >= len(MAGIC) - _MARKER_CHANGES for count in alike)


def pick(
    candidates: list[Sidecar], jpeg: bytes, source: str, jpeg_source: str
) -> Sidecar:
    """Picks the record that belongs to a .jpg.

    Args:
      candidates: records of one sidecar.
      jpeg: the whole .jpg.
      source, jpeg_source: names of sidecar and .jpg for messages.

    Raises:
      SidecarError: no record fits, or its compact size is not that of the .jpg.
    """
    for sidecar in candidates:
        if sidecar.fits(jpeg):
            _check_compact(sidecar, jpeg, source)
            return sidecar
    raise SidecarError(
        f"{source}: does not belong to {jpeg_source}, or one of them was changed "
        f"(their checksum differs). Bring the two files that comrec wrote together; "
        f"the .jpg on its own still shows the compact image."
    )


def _check_compact(sidecar: Sidecar, jpeg: bytes, source: str) -> None:
    height, width, _ = seg.frame_size(seg.parse(jpeg))
    size = compact_size(sidecar.height_px, sidecar.width_px, sidecar.scale)
    if size != (height, width):
        raise SidecarError(
            f"{source}: a {sidecar.width_px}x{sidecar.height_px} image at scale "
            f"{sidecar.scale} has a {size[1]}x{size[0]} compact image, but the .jpg is "
            f"{width}x{height}."
        )
