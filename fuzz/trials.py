"""What one input comes to, and valid inputs to begin from.

A trial ends well in two ways: the exact picture that the intact pair gives, or a
`ComrecError` of one line. All else is a `Violation`, or the exception itself.
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
    """What must never happen, happened."""


@dataclass(frozen=True)
class Pair:
    """A valid pair and the picture it restores to; no `beside` where it is embedded."""

    name: str
    jpeg: bytes
    beside: bytes | None
    pixels: np.ndarray

    @property
    def coded(self) -> bytes:
        return seg.coded_only(self.jpeg)


def golden(pattern: str) -> list[Pair]:
    """Pairs of the tests whose folder and name match, as they restore now."""
    found = []
    for path in sorted(GOLDEN.glob(f"{pattern}.comrec.jpg")):
        beside = names.sidecar_of(path)
        text = beside.read_bytes() if beside.exists() else None
        name = str(path.relative_to(GOLDEN)).removesuffix(".comrec.jpg")
        found.append(Pair(name, path.read_bytes(), text, comrec.decompress(path)))
    return found


def small() -> list[Pair]:
    """Pairs of a few hundred pixels of the preset with networks that cost nothing.

    For use inside `fake_pair.installed()`.
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
    """The same compact image in several scans, with metadata."""
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
    """ "refused", if the message is one line for a person."""
    text = str(err)
    if "\n" in text or not text or len(text) > 2000:
        raise Violation(f"a message of {len(text)} characters or several lines")
    return "refused"


def restore(jpeg: bytes, beside: bytes | None, pairs: Sequence[Pair]) -> str:
    """Decompresses what may be a damaged pair.

    Returns:
      "refused"; "same", the picture of the pair whose coded data these are; "bare",
      a coded JPEG that has lost marker and sidecar, and so is a plain JPEG; or
      "forged", other coded data that fit a record: the checksum is no signature.
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
    """Whether no record that belonged to these coded data is the one that was used."""
    legal = {_record(pair.jpeg, pair.beside) for pair in origins}
    return _record(jpeg, beside) not in legal


def _record(jpeg: bytes, beside: bytes | None) -> Sidecar | None:
    return container.unpack(jpeg, "pair", beside, "sidecar").sidecar


def parse_sidecar(text: bytes) -> str:
    """Reads a sidecar file; what is read is written and read again to the same."""
    try:
        records = sidecar.parse_json(text, "x.comrec.json")
    except ComrecError as err:
        return refusal(err)
    for record in records:
        if sidecar.parse_json(record.to_json(), "again") != [record]:
            raise Violation("another record when it is read again")
        if sidecar.parse_binary(record.to_binary(), "again") != record:
            raise Violation("another record in binary")
    return "read"


def open_container(jpeg: bytes) -> str:
    """Takes a .jpg apart; what is coded stays the same without its metadata."""
    try:
        opened = container.unpack(jpeg, "x.jpg", max_pixels=MAX_PIXELS)
        bare = seg.coded_only(jpeg)
    except ComrecError as err:
        return refusal(err)
    checksums = [seg.coded_crc32(seg.parse(j), j) for j in (jpeg, bare)]
    if checksums[0] != checksums[1]:
        raise Violation("the checksum sees metadata")
    if opened.sidecar:
        try:
            container.unpack_alpha(opened.sidecar)
        except ComrecError as err:
            return refusal(err)
    return "read"


def parse_crae(data: bytes) -> str:
    """Reads the header of a .crae whose checksum is made right."""
    sealed = data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little")
    try:
        stream = bitstream.parse(sealed, MAX_PIXELS)
    except ComrecError as err:
        return refusal(err)
    if bitstream.parse(stream.to_bytes(), MAX_PIXELS) != stream:
        raise Violation("another stream when it is read again")
    return "read"


def joined(jpeg: bytes, beside: bytes | None) -> bytes:
    """Both files of a pair in one input: the length of the first, and both."""
    text = beside or b""
    return len(text).to_bytes(2, "big") + text + jpeg


def parted(data: bytes) -> tuple[bytes, bytes | None]:
    """The inverse: .jpg and sidecar."""
    size = int.from_bytes(data[:2], "big")
    return data[2 + size :], data[2 : 2 + size] or None
