"""The work of the command line on one file: read, code, write."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from comrec.api.compress import compress_picture, read_input
from comrec.api.decompress import restore
from comrec.cli import console
from comrec.encoder import options
from comrec.encoder.plain import encode_plain
from comrec.encoder.report import decibel
from comrec.errors import ImageError, OutputError, naming_errors
from comrec.format import container, names, pair, provenance
from comrec.format.container import UnpackedPair
from comrec.image import picture, reader, writer
from comrec.image.metrics import psnr_db
from comrec.image.picture import MAX_PIXELS
from comrec.image.source import load
from comrec.networks import presets
from comrec.networks.codec import MEMORY_MB
from comrec.system import files
from comrec.system.batch import Job, Row

# Two pictures this close are the same to the eye, and no mistaken pair.
ALIKE_DB = 40.0


@dataclass(frozen=True)
class OverwritePolicy:
    """What to do where outputs exist already."""

    force: bool = False
    skip_existing: bool = False
    dry_run: bool = False

    def skips(self, job: Job, needs_sidecar: bool) -> bool:
        """Whether a finished output makes the job unnecessary; refuses a clash."""
        if job.target is None:
            return False
        done = provenance.is_whole if needs_sidecar else os.path.isfile
        if self.skip_existing and done(job.target):
            return True
        force = self.force
        if needs_sidecar and self.skip_existing:
            force = provenance.is_half(job.target)
        pair.refuse_existing(job.target, force)
        if needs_sidecar:
            pair.refuse_existing(names.sidecar_of(job.target), force)
            pair.refuse_shared(job.target)
        return False


def compress(job: Job, options: options.Options, writing: OverwritePolicy) -> Row:
    """Compresses one file; a row for --json and for people."""
    row: Row = {"input": job.name, "output": str(job.target) if job.target else "-"}
    if writing.skips(job, needs_sidecar=True):
        return row | {"outcome": "skipped"}
    data, name = _read(job, options.max_pixels)
    if job.target is None:
        options = replace(options, embed=True)
    with naming_errors(name):
        picture = read_input(data, options.max_pixels)
        result = compress_picture(picture, options, data)
    if job.target is None:
        console.send(result.jpeg)
    elif writing.dry_run:
        row["dry_run"] = True
    else:
        pair.write_pair(job.target, result.jpeg, result.sidecar)
    if result.sidecar and job.target:
        row["sidecar"] = str(names.sidecar_of(job.target))
    return row | {"input_bytes": len(data)} | result.report.row()


@dataclass(frozen=True)
class DecodeOptions:
    """Where the sidecar comes from, and the limits of decoding."""

    sidecar: Path | None = None
    assume: str | None = None
    size: tuple[int, int] | None = None  # (H, W)
    scale: float | None = None
    max_pixels: int = MAX_PIXELS
    memory_mb: int = MEMORY_MB
    engine: str = "auto"
    threads: int = 0
    exact: bool = False

    def open(self, job: Job) -> UnpackedPair:
        """Reads and checks the files of one picture."""
        data, name = _read(job, self.max_pixels)
        with naming_errors(name):
            if self.assume and self.size:
                preset = presets.find(self.assume)
                picture.check_size(*self.size, self.max_pixels)
                return container.assume(data, preset, self.size, self.scale)
            if data[:2] != b"\xff\xd8":
                raise ImageError(
                    "not a JPEG. Name the .jpg that comrec wrote"
                    if data
                    else "empty file. Use another copy"
                )
            path = self.sidecar
            if path is None and job.source is not None:
                path = names.sidecar_of(job.source)
            beside = self._read_sidecar(path)
            return container.unpack(
                data, name, beside, str(path or ""), self.max_pixels
            )

    def _read_sidecar(self, path: Path | None) -> bytes | None:
        typed = path is not None and path == self.sidecar
        if path is None or not (typed or os.path.lexists(path)):
            return None
        return container.read_sidecar(path, self.max_pixels, pipes=typed)


def decompress(job: Job, reading: DecodeOptions, writing: OverwritePolicy) -> Row:
    """Restores one file; a row for --json and for people."""
    row: Row = {"input": job.name, "output": str(job.target) if job.target else "-"}
    if writing.skips(job, needs_sidecar=False):
        return row | {"outcome": "skipped"}
    if job.target and job.target.suffix.lower() not in writer.WRITES:
        raise OutputError(
            f"{job.target}: no format has this suffix. Name one of "
            f"{', '.join(writer.WRITES)}"
        )
    opened = reading.open(job)
    with naming_errors(job.name):
        picture = _restore(opened, reading)
    with naming_errors(str(job.target)):
        suffix = job.target.suffix if job.target else ".png"
        data = writer.write(picture, suffix, reading.threads)
    if job.target is None:
        console.send(data)
    else:
        files.write(job.target, data)
    return row | {
        "outcome": "restored" if opened.sidecar else "plain",
        "preset": opened.sidecar.preset if opened.sidecar else presets.PLAIN,
        "width_px": picture.size[1],
        "height_px": picture.size[0],
        "notes": list(picture.notes),
    }


def verify(job: Job, reading: DecodeOptions, original: Path | None) -> Row:
    """Decodes one pair and compares it with the original, if that is there."""
    opened = reading.open(job)
    with naming_errors(job.name):
        picture = _restore(opened, reading)
    row: Row = {
        "input": job.name,
        "outcome": "restored" if opened.sidecar else "plain",
        "width_px": picture.size[1],
        "height_px": picture.size[0],
    }
    if original is None:
        return row
    data, name = load(original, reading.max_pixels)
    with naming_errors(name):
        wanted = reader.read(data, reading.max_pixels)
    with naming_errors(job.name):
        if wanted.pixels.shape != picture.pixels.shape:
            raise ImageError(
                f"restores to {_shape(picture)}, but {original} is {_shape(wanted)}. "
                f"Keep the original"
            )
        if not _same(wanted.alpha, picture.alpha):
            raise ImageError(f"its alpha channel is not that of {original}. Keep it")
    # The floor any encoder reaches: a restored picture below it is another picture.
    # It has no bound: of a flat picture, the coarsest JPEG is exact.
    floor_db = min(encode_plain(wanted.pixels, 1).psnr_db, ALIKE_DB)
    restored_db = psnr_db(wanted.pixels, picture.pixels)
    if restored_db < floor_db:
        raise ImageError(
            f"{job.name}: {restored_db:.2f} dB from {original}, a closeness that the "
            f"coarsest JPEG of it exceeds ({floor_db:.2f} dB). Keep the original"
        )
    if wanted.notes:
        raise ImageError(
            f"{job.name}: restores to {_shape(picture)}, not to all of {original}: "
            f"{', '.join(wanted.notes)}. Keep the original"
        )
    return row | {"original": str(original), "psnr_db": decibel(restored_db)}


def _read(job: Job, max_pixels: int) -> tuple[bytes, str]:
    if job.source is not None:
        return load(job.source, max_pixels)
    try:
        max_bytes = files.picture_bytes(max_pixels)
        return files.read_bounded(sys.stdin.buffer, max_bytes), job.name
    except OSError as err:
        raise ImageError(
            f"{job.name}: cannot be read ({err.strerror}). Send one picture"
        ) from err


def _restore(opened: UnpackedPair, reading: DecodeOptions) -> picture.Picture:
    return restore(
        opened,
        engine=reading.engine,
        threads=reading.threads,
        memory_mb=reading.memory_mb,
        max_pixels=reading.max_pixels,
        exact=reading.exact,
    )


def _same(a: object, b: object) -> bool:
    if a is None or b is None:
        return a is b
    return bool((a == b).all())  # type: ignore[attr-defined]


def _shape(picture: picture.Picture) -> str:
    kind = "grey" if picture.pixels.shape[2] == 1 else "colour"
    return f"{picture.size[1]}x{picture.size[0]} {kind}"
