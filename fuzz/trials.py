"""Runs single inputs through the readers, and makes valid inputs as seeds.

A trial may end in two ways: with the exact picture of the intact pair, or with a
`ComrecError` of one line. Every other end is a `Violation` or another exception.
"""

from __future__ import annotations

import io
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import comrec
from comrec.apps.autoencoder import bitstream
from comrec.errors import ComrecError
from comrec.format import container, names, sidecar
from comrec.format.sidecar import Sidecar
from comrec.image.metadata import Metadata
from comrec.jpeg import segments as seg

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "support"))
import fake_pair

GOLDEN = ROOT / "tests" / "data" / "golden"
CRAE = ROOT / "tests" / "data" / "golden-autoencoder"
MAX_PIXELS = 10**6


class Violation(Exception):
    """Says that a reader did what it must never do."""


@dataclass(frozen=True)
class Pair:
    """Holds a valid pair and its picture; `beside` is None for an embedded sidecar."""

    name: str
    jpeg: bytes
    beside: bytes | None
    pixels: np.ndarray

    @property
    def coded(self) -> bytes:
        return seg.coded_only(self.jpeg)


def golden(pattern: str) -> list[Pair]:
    """Returns the pairs of the tests that match a pattern, with their pictures."""
    found = []
    for path in sorted(GOLDEN.glob(f"{pattern}.comrec.jpg")):
        beside = names.sidecar_of(path)
        text = beside.read_bytes() if beside.exists() else None
        name = str(path.relative_to(GOLDEN)).removesuffix(".comrec.jpg")
        found.append(Pair(name, path.read_bytes(), text, comrec.decompress(path)))
    return found


def small() -> list[Pair]:
    """Makes pairs of a few hundred pixels whose networks compute nothing.

    Call it inside `fake_pair.installed()`.
    """
    chance = np.random.default_rng(1)
    y, x = np.mgrid[:19, :26]
    base = np.dstack([9 * x, 12 * y, 5 * (x + y)]) + chance.integers(0, 30, (19, 26, 3))
    rgb = base.clip(0, 255).astype(np.uint8)
    arrays = {"grey": rgb[..., 0], "rgb": rgb, "rgba": np.dstack([rgb, rgb[..., 0]])}
    found = []
    for name, array in arrays.items():
        for scale in (1, 2):
            for embed in (False, True):
                made = comrec.compress(
                    array, preset=fake_pair.NAME, jpeg_quality=40, scale=scale,
                    embed=embed,
                )  # fmt: skip
                pixels = comrec.decompress(made.jpeg, made.sidecar)
                form = "embedded" if embed else "pair"
                label = f"{name}-{scale}-{form}"
                found.append(Pair(label, made.jpeg, made.sidecar, pixels))
    return [*found, _progressive(found[0])]


def _progressive(pair: Pair) -> Pair:
    """Returns the pair with a progressive JPEG and metadata."""
    record = sidecar.parse_json(pair.beside or b"", "seed")[0]
    out = io.BytesIO()
    with Image.open(io.BytesIO(pair.jpeg)) as picture:
        picture.save(out, "JPEG", quality=60, progressive=True)
    exif = Image.Exif()
    exif[0x013B] = "Somebody"
    kept = Metadata(exif.tobytes().removeprefix(b"Exif\0\0"), b"profile", b"<x/>")
    jpeg, beside = container.pack(out.getvalue(), kept, record, embed=False)
    pixels = comrec.decompress(jpeg, beside)
    return Pair("progressive", jpeg, beside, pixels)


def refusal(err: ComrecError) -> str:
    """Returns "refused"; raises Violation if the message is not one short line."""
    text = str(err)
    if "\n" in text or not text or len(text) > 2000:
        raise Violation(f"a message of {len(text)} characters or several lines")
    return "refused"


def restore(jpeg: bytes, beside: bytes | None, pairs: Sequence[Pair]) -> str:
    """Decompresses a pair that may be damaged.

    Returns:
      "refused"; "same" for the picture of the pair that has the same coded data; "bare"
      for a JPEG without marker and sidecar, which is a plain JPEG; or "forged" for
      other coded data that match a record, since the checksum is no signature.

    Raises:
      Violation: the picture is another one.
    """
    try:
        pixels = comrec.decompress(jpeg, beside, max_pixels=MAX_PIXELS)
    except ComrecError as err:
        return refusal(err)
    segments = seg.parse(jpeg)
    marked = container.is_comrec(jpeg) or sidecar.is_marker_damaged(segments)
    if beside is None and not marked:
        return "bare"
    coded = seg.coded_only(jpeg)
    origins = [pair for pair in pairs if pair.coded == coded]
    if any(np.array_equal(pixels, pair.pixels) for pair in origins):
        return "same"
    if not origins or _is_forged(jpeg, beside, origins):
        return "forged"
    raise Violation(f"{pixels.shape} pixels that are not those of {origins[0].name}")


def _is_forged(jpeg: bytes, beside: bytes | None, origins: Sequence[Pair]) -> bool:
    """Returns whether the record in use is of none of the original pairs."""
    legal = {_record(pair.jpeg, pair.beside) for pair in origins}
    return _record(jpeg, beside) not in legal


def _record(jpeg: bytes, beside: bytes | None) -> Sidecar | None:
    return container.unpack(jpeg, "pair", beside, "sidecar").sidecar


def parse_sidecar(text: bytes) -> str:
    """Reads a sidecar file; its records have to survive writing and reading."""
    try:
        records = sidecar.parse_json(text, "x.comrec.json")
    except ComrecError as err:
        return refusal(err)
    for record in records:
        if sidecar.parse_json(record.to_json(), "again") != [record]:
            raise Violation("another record after writing and reading")
        if sidecar.parse_binary(record.to_binary(), "again") != record:
            raise Violation("another record in binary")
    return "read"


def open_container(jpeg: bytes) -> str:
    """Unpacks a .jpg; its checksum must not depend on the metadata."""
    try:
        opened = container.unpack(jpeg, "x.jpg", max_pixels=MAX_PIXELS)
        bare = seg.coded_only(jpeg)
    except ComrecError as err:
        return refusal(err)
    checksums = [seg.coded_crc32(seg.parse(j), j) for j in (jpeg, bare)]
    if checksums[0] != checksums[1]:
        raise Violation("the checksum depends on metadata")
    if opened.sidecar:
        try:
            container.unpack_alpha(opened.sidecar)
        except ComrecError as err:
            return refusal(err)
    return "read"


def parse_crae(data: bytes) -> str:
    """Reads a .crae header, after correcting the checksum."""
    sealed = data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")
    try:
        stream = bitstream.parse(sealed, MAX_PIXELS)
    except ComrecError as err:
        return refusal(err)
    if bitstream.parse(stream.to_bytes(), MAX_PIXELS) != stream:
        raise Violation("another stream after writing and reading")
    return "read"


def join(jpeg: bytes, beside: bytes | None) -> bytes:
    """Returns a pair as one input: the length of the sidecar, sidecar and .jpg."""
    text = beside or b""
    return len(text).to_bytes(2, "big") + text + jpeg


def split(data: bytes) -> tuple[bytes, bytes | None]:
    """Returns the .jpg and the sidecar of an input made by `join`."""
    size = int.from_bytes(data[:2], "big")
    return data[2 + size :], data[2 : 2 + size] or None
