"""Compresses, decompresses and verifies one file: reads, codes, writes."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from comrec.api.compress import compress_picture, read_input
from comrec.api.decompress import find_sidecar, restore
from comrec.cli import console, earlier
from comrec.encoder.options import Options
from comrec.encoder.plain import encode_plain
from comrec.encoder.report import Compressed, decibel
from comrec.errors import ImageError, OutputError, naming_errors
from comrec.format import container, names, pair, provenance
from comrec.format.container import UnpackedPair
from comrec.image import icc, picture, reader, writer
from comrec.image.metadata import NAMES
from comrec.image.metrics import psnr_db
from comrec.image.notes import Notes
from comrec.image.picture import MAX_PIXELS, Picture
from comrec.image.source import is_jpeg, load, open_packed
from comrec.networks import presets
from comrec.networks.codec import MEMORY_MB
from comrec.system import files
from comrec.system.batch import Job, Row

# From this PSNR on, `verify` takes two pictures for the same one.
SAME_PICTURE_DB = 40.0


@dataclass(frozen=True)
class OverwritePolicy:
    """Decides what to do with outputs that exist.

    Attributes:
      force: replace outputs that comrec wrote.
      skip_existing: skip inputs whose outputs are complete.
      dry_run: write nothing.
    """

    force: bool = False
    skip_existing: bool = False
    dry_run: bool = False

    def may_replace(self, job: Job) -> bool:
        """Tells whether outputs that comrec made may be replaced."""
        if job.target is None or not self.skip_existing:
            return self.force
        return provenance.is_half(job.target)

    def find_output(
        self, job: Job, needs_sidecar: bool, max_pixels: int
    ) -> Path | None:
        """Returns the complete output that makes the job unnecessary, or None.

        Raises:
          OutputError: an existing file may not be replaced.
        """
        if job.target is None:
            return None
        is_complete = provenance.is_whole if needs_sidecar else os.path.isfile
        if self.skip_existing:
            if is_complete(job.target):
                return job.target
            packed = job.target.with_name(names.packed_name(job.target.name))
            if needs_sidecar and os.path.isfile(packed) and is_complete(packed):
                return packed
            find = earlier.find_pair if needs_sidecar else earlier.find_restored
            if found := find(job, max_pixels):
                return found
        force = self.may_replace(job) if needs_sidecar else self.force
        pair.refuse_existing(job.target, force)
        if needs_sidecar:
            pair.refuse_existing(names.sidecar_of(job.target), force)
            pair.refuse_shared(job.target)
        return None


@dataclass(frozen=True)
class DecodeOptions:
    """Holds the options of decompression.

    Attributes:
      sidecar: path of the sidecar; None takes the file beside the .jpg.
      assume, size, scale: preset, (H, W) and scale of an image whose sidecar is lost.
      max_pixels, memory_mb, engine, threads, exact: as of `comrec.decompress`.
    """

    sidecar: Path | None = None
    assume: str | None = None
    size: tuple[int, int] | None = None
    scale: float | None = None
    max_pixels: int = MAX_PIXELS
    memory_mb: int = MEMORY_MB
    engine: str = "auto"
    threads: int = 0
    exact: bool = False


def compress(job: Job, options: Options, policy: OverwritePolicy) -> Row:
    """Compresses one file, and returns its row."""
    row = start_row(job)
    if found := policy.find_output(job, True, options.max_pixels):
        return row | {"output": str(found), "outcome": "skipped"}
    if job.target is None:  # stdout takes one file
        options = replace(options, embed=True)
    data, name = read_input_of(job, options.max_pixels)
    with naming_errors(name):
        source = read_input(data, options.max_pixels)
        result = compress_picture(source, options, data)
    try:
        row |= _write_pair(job, result, policy)
    except OutputError:  # unless another comrec has made the same pair meanwhile
        target = job.target
        if target and policy.skip_existing and provenance.is_whole(target):
            return row | {"outcome": "skipped"}
        raise
    return row | {"input_bytes": len(data)} | result.report.row()


def decompress(job: Job, options: DecodeOptions, policy: OverwritePolicy) -> Row:
    """Restores one file, and returns its row."""
    row = start_row(job)
    if found := policy.find_output(job, False, options.max_pixels):
        return row | {"output": str(found), "outcome": "skipped"}
    suffix = suffix_of(job)
    unpacked, restored = _decode(job, options)
    notes = Notes(list(restored.notes), list(restored.left_out))
    with naming_errors(str(job.target)):
        data = writer.write(restored, suffix, options.threads, notes)
    if job.target is None:
        console.send(data)
    else:
        pair.write_output(job.target, data, policy.force)
    preset = unpacked.sidecar.preset if unpacked.sidecar else presets.PLAIN
    row |= {"outcome": _outcome(unpacked), "preset": preset}
    row |= {"notes": notes.lines, "left_out": notes.left_out}
    return row | size_of(restored)


def verify(job: Job, options: DecodeOptions, original: Path | None) -> Row:
    """Restores one file, compares it with the original if named; returns its row."""
    unpacked, restored = _decode(job, options)
    row: Row = {"input": job.name, "outcome": _outcome(unpacked)} | size_of(restored)
    if original is None:
        return row
    data, name = load(original, options.max_pixels)
    with naming_errors(name):
        wanted = reader.read(data, options.max_pixels)
    if data == unpacked.jpeg and unpacked.sidecar is None:  # byte for byte
        return row | {"original": str(original), "psnr_db": None}
    with naming_errors(job.name):
        psnr = _compare(wanted, restored, original)
    return row | {"original": str(original), "psnr_db": decibel(psnr)}


def start_row(job: Job) -> Row:
    """Returns the names of a job's files."""
    return {"input": job.name, "output": str(job.target) if job.target else "-"}


def suffix_of(job: Job) -> str:
    """Returns the suffix by which a job's output is written.

    Raises:
      OutputError: no format has it.
    """
    suffix = job.target.suffix if job.target else ".png"
    if suffix.lower() not in writer.WRITES:
        raise OutputError(
            f"{job.target}: no format has this suffix. Name one of "
            f"{', '.join(writer.WRITES)}"
        )
    return suffix


def _outcome(unpacked: UnpackedPair) -> str:
    return "restored" if unpacked.sidecar else "plain"


def size_of(restored: Picture) -> Row:
    """Returns the width and height of a picture."""
    return {"width_px": restored.size[1], "height_px": restored.size[0]}


def read_input_of(job: Job, max_pixels: int) -> tuple[bytes, str]:
    """Reads the input of a job; returns its bytes, and its name for messages."""
    if job.source is not None:
        return load(job.source, max_pixels)
    try:
        max_bytes = files.picture_bytes(max_pixels)
        data = files.read_bounded(sys.stdin.buffer, max_bytes)
    except OSError as err:
        raise ImageError(
            f"{job.name}: cannot be read ({err.strerror}). Send one picture"
        ) from err
    with naming_errors(job.name):
        return open_packed(data, max_pixels), job.name


def _decode(job: Job, options: DecodeOptions) -> tuple[UnpackedPair, Picture]:
    """Reads, checks and restores the picture of a job."""
    data, name = read_input_of(job, options.max_pixels)
    with naming_errors(name):
        unpacked = _unpack(job, data, options)
        return unpacked, restore(
            unpacked, options.engine, options.threads, options.memory_mb,
            options.max_pixels, options.exact,
        )  # fmt: skip


def _unpack(job: Job, data: bytes, options: DecodeOptions) -> UnpackedPair:
    if options.assume and options.size:
        preset = presets.find(options.assume)
        picture.check_size(*options.size, options.max_pixels)
        return container.assume(data, preset, options.size, options.scale)
    if not data:
        raise ImageError("empty file. Use another copy")
    if job.name.endswith(names.SIDECAR_SUFFIX):
        raise ImageError("a sidecar whose .jpg is not beside it. Name the .jpg")
    if not is_jpeg(data):
        raise ImageError("not a JPEG. Name the .jpg that comrec wrote")
    max_bytes = container.max_sidecar_bytes(data, options.max_pixels)
    sidecar, name = find_sidecar(job.source, options.sidecar, max_bytes)
    return container.unpack(data, job.name, sidecar, name, options.max_pixels)


def _write_pair(job: Job, result: Compressed, policy: OverwritePolicy) -> Row:
    """Writes the files of one picture; returns what they add to the row."""
    row: Row = {}
    if job.target is None:
        console.send(result.jpeg)
        return row
    if policy.dry_run:
        row["dry_run"] = True
    else:
        force = policy.may_replace(job)
        pair.write_pair(job.target, result.jpeg, result.sidecar, force)
    if result.sidecar:
        row["sidecar"] = str(names.sidecar_of(job.target))
    return row


def _compare(wanted: Picture, restored: Picture, original: Path) -> float:
    """Returns the PSNR in dB of a restored picture.

    Raises:
      ImageError: the restored picture is another one, or lacks a part of the original.
    """
    if wanted.pixels.shape != restored.pixels.shape:
        raise ImageError(
            f"restores to {_describe(restored)}, but {original} is "
            f"{_describe(wanted)}. Keep the original"
        )
    if not _has_same_alpha(wanted, restored):
        raise ImageError(f"its alpha channel is not that of {original}. Keep it")
    # Every encoder exceeds the PSNR of the coarsest JPEG: a picture below it is another
    # one. Of a flat picture that JPEG is exact, hence the second bound.
    floor_db = min(encode_plain(wanted.pixels, 1).psnr_db, SAME_PICTURE_DB)
    psnr = psnr_db(wanted.pixels, restored.pixels)
    if psnr < floor_db:
        raise ImageError(
            f"PSNR {psnr:.2f} dB against {original}, below that of the coarsest JPEG "
            f"({floor_db:.2f} dB). Keep the original"
        )
    if wanted.left_out:
        raise ImageError(
            f"restores to {_describe(restored)}, not to all of {original}: "
            f"{', '.join(wanted.notes)}. Keep the original"
        )
    # Profiles are the same that say the same colours.
    ours, theirs = (icc.compact(p.metadata, Notes()) for p in (restored, wanted))
    if missing := ours.lacks(theirs):
        names_ = ", ".join(NAMES.get(kind, kind) for kind in missing)
        raise ImageError(
            f"restores without metadata of {original}, or with other: {names_}. Keep "
            f"the original"
        )
    return psnr


def _has_same_alpha(a: Picture, b: Picture) -> bool:
    if a.alpha is None or b.alpha is None:
        return a.alpha is b.alpha
    return bool((a.alpha == b.alpha).all())


def _describe(each: Picture) -> str:
    kind = "grey" if each.pixels.shape[2] == 1 else "colour"
    return f"{each.size[1]}x{each.size[0]} {kind}"
