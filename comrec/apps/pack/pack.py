"""Packs and unpacks one file: reads, checks, writes, and removes if that is asked."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from comrec.errors import ComrecError, ImageError, OutputError, naming_errors
from comrec.format import container, names, pair, provenance
from comrec.image import source
from comrec.image.picture import MAX_PIXELS
from comrec.jpeg import lepton
from comrec.system import files
from comrec.system.batch import Job, Row


@dataclass(frozen=True)
class PackOptions:
    """Holds the options of both directions.

    Attributes:
      max_pixels: larger pictures are refused.
      force: replace outputs that comrec made.
      skip_existing: skip inputs whose outputs are complete, by their content.
      replace: remove each input once its output is on the disk.
    """

    max_pixels: int = MAX_PIXELS
    force: bool = False
    skip_existing: bool = False
    replace: bool = False


def pack(job: Job, options: PackOptions, send: Callable[[bytes], None]) -> Row:
    """Packs one JPEG, and returns its row.

    Args:
      job: the .jpg and the .lep.
      options: of the run.
      send: writes the result to stdout, for a job without a target.

    Raises:
      ComrecError: the file cannot be packed, or an output cannot be written.
    """
    return _convert(job, options, send, lepton.pack)


def unpack(job: Job, options: PackOptions, send: Callable[[bytes], None]) -> Row:
    """Unpacks one JPEG, and returns its row; arguments and errors as of `pack`."""
    return _convert(job, options, send, lepton.unpack)


def _convert(
    job: Job,
    options: PackOptions,
    send: Callable[[bytes], None],
    change: Callable[[bytes, int], bytes],
) -> Row:
    target = job.target
    row: Row = {"input": job.name, "output": str(target or "-")}
    data = _read(job, options.max_pixels)
    if target and options.skip_existing and _is_done(data, target, options):
        outcome = "skipped"
    else:
        if target:
            pair.refuse_existing(target, options.force)
        outcome = "packed" if change is lepton.pack else "unpacked"
        with naming_errors(job.name):
            made = change(data, options.max_pixels)
        if target is None:
            send(made)
        else:
            row |= _write(job.source, target, data, made, options)
        row |= {"input_bytes": len(data), "output_bytes": len(made)}
    row["outcome"] = outcome
    if options.replace and job.source and target:
        _remove(job.source, data)
        row["removed"] = True
    return row


def _read(job: Job, max_pixels: int) -> bytes:
    if job.source:
        return source.read(job.source, max_pixels)
    try:
        max_bytes = files.picture_bytes(max_pixels)
        return files.read_bounded(sys.stdin.buffer, max_bytes)
    except OSError as err:
        raise ImageError(
            f"{job.name}: cannot be read ({err.strerror}). Send one file"
        ) from err


def _is_done(data: bytes, target: Path, options: PackOptions) -> bool:
    """Tells whether an existing output and an input are of the same JPEG."""
    try:
        found = source.read(target, options.max_pixels)
        return _jpeg_of(found, options) == _jpeg_of(data, options)
    except ComrecError:
        return False


def _jpeg_of(data: bytes, options: PackOptions) -> bytes:
    return source.open_packed(data, options.max_pixels)


def _write(
    path: Path | None, target: Path, data: bytes, made: bytes, options: PackOptions
) -> Row:
    """Writes an output, and a copy of the sidecar into another folder.

    Returns:
      What this adds to the row.
    """
    row: Row = {}
    sidecar = None
    if path and names.sidecar_of(path) != names.sidecar_of(target):
        jpeg = made if lepton.is_packed(data) else data
        sidecar, notes = _find_sidecar(path, jpeg, options.max_pixels)
        row |= {"notes": notes} if notes else {}
    if sidecar is None:
        pair.write_output(target, made, options.force)
    else:
        _write_pair(target, made, sidecar, options.force)
        row["sidecar"] = str(names.sidecar_of(target))
    if path:
        # As gzip does, and as `replace` needs: times and permissions are the input's.
        with suppress(OSError):
            shutil.copystat(path, target)
    return row


def _find_sidecar(
    path: Path, jpeg: bytes, max_pixels: int
) -> tuple[bytes | None, list[str]]:
    """Returns the sidecar beside a file, if it fits its JPEG; and notes."""
    beside = names.sidecar_of(path)
    if os.path.lexists(beside):
        limit = container.max_sidecar_bytes(jpeg, max_pixels)
        with suppress(ComrecError):
            content = container.read_sidecar(beside, limit, pipes=False)
            if provenance.fitting_record(jpeg, content):
                return content, []
    if container.needs_sidecar(jpeg):
        return None, [f"its sidecar {beside} is missing or does not fit: not copied"]
    return None, []


def _write_pair(target: Path, made: bytes, sidecar: bytes, force: bool) -> None:
    beside = names.sidecar_of(target)
    if _holds(beside, sidecar):  # written by an earlier run, or by another tool
        pair.write_output(target, made, force)
        return
    pair.refuse_shared(target)
    pair.write_pair(target, made, sidecar, force)


def _holds(path: Path, content: bytes) -> bool:
    try:
        return files.read(path, len(content), pipes=False) == content
    except OSError:
        return False


def _remove(path: Path, data: bytes) -> None:
    """Removes an input whose output is on the disk.

    Raises:
      OutputError: the file is no longer the one that was read, or cannot be removed.
    """
    try:
        if not _holds(path, data):
            raise OutputError(
                f"{path}: changed while it was read, and was kept. Run the same "
                f"command again with `force`"
            )
        path.unlink()
    except OSError as err:
        raise OutputError(
            f"{path}: its output is complete, but the file cannot be removed "
            f"({err.strerror}). Check the permissions of its folder"
        ) from err
