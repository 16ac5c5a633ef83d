"""Processes one picture: reads, codes and writes it, and returns its row."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from comrec.api.compress import compress_picture, read_input
from comrec.api.decompress import restore
from comrec.apps.bulk import transfer
from comrec.apps.bulk.manifest import Row
from comrec.apps.bulk.places import Place, PlaceError
from comrec.apps.bulk.plan import Task
from comrec.encoder.options import Options
from comrec.encoder.report import decibel
from comrec.errors import ComrecError, WeightsError, naming_errors
from comrec.format import container, names, provenance
from comrec.format.names import COMPRESS, DECOMPRESS, PACK
from comrec.image import writer
from comrec.image.notes import Notes
from comrec.image.picture import MAX_PIXELS
from comrec.image.source import open_packed
from comrec.jpeg import lepton
from comrec.networks import presets
from comrec.networks.codec import MEMORY_MB
from comrec.system import memory

# Options on which outputs do not depend.
EXECUTION_OPTIONS = ("max_pixels", "threads", "memory_mb", "presets")


@dataclass(frozen=True)
class Restoring:
    """Holds the options of decompression, which `comrec.decompress` documents."""

    max_pixels: int = MAX_PIXELS
    engine: str = "auto"
    threads: int = 0
    memory_mb: int = MEMORY_MB
    exact: bool = False
    presets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Packing:
    """Holds the options of packing."""

    max_pixels: int = MAX_PIXELS
    threads: int = 0


@dataclass(frozen=True)
class Work:
    """Holds the settings that all pictures of a run share."""

    source: Place
    destination: Place
    options: Options | Restoring | Packing = field(default_factory=Options)

    @property
    def direction(self) -> str:
        """Returns COMPRESS, DECOMPRESS or PACK."""
        if isinstance(self.options, Options):
            return COMPRESS
        return PACK if isinstance(self.options, Packing) else DECOMPRESS

    @property
    def output_settings(self) -> dict[str, object]:
        """Returns the settings on which outputs depend, by name."""
        options = asdict(self.options).items()
        chosen = {n: value for n, value in options if n not in EXECUTION_OPTIONS}
        if chosen.get("preset"):  # of a folder the content counts, not the path
            chosen["preset"] = presets.find(str(chosen["preset"])).name
        return {"direction": self.direction} | chosen

    @property
    def fingerprint(self) -> str:
        """Returns a hash of `output_settings`, 8 hexadecimal digits."""
        text = json.dumps(self.output_settings, sort_keys=True)
        return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def run_task(work: Work, task: Task) -> Row:
    """Compresses or decompresses one picture; reports every error in its row."""
    if task.problem:
        return make_failed_row(work, task, task.problem)
    if task.left_out:
        return {
            "input": task.key, "state": "left_out", "version": task.version,
            "options": work.fingerprint, "outputs": {}, "reason": task.left_out,
        }  # fmt: skip
    if task.key.endswith("/"):
        return {
            "input": task.key, "state": "listed", "version": task.version,
            "options": work.fingerprint, "outputs": {},
        }  # fmt: skip
    memory.tune()
    _limit_threads(work.options.threads)
    started = time.perf_counter()
    name = work.source.where(task.key)
    try:
        row = _process(work, task)
    except PlaceError as err:
        row = make_failed_row(work, task, str(err), "place")
    except WeightsError as err:
        row = make_failed_row(work, task, str(err), "worker")
    except ComrecError as err:
        row = make_failed_row(work, task, str(err))
    except MemoryError:
        row = make_failed_row(work, task, f"{name}: not enough memory for this picture")
    except Exception as err:  # one picture must not end the run
        kind = f"unexpected {type(err).__name__}"
        row = make_failed_row(work, task, f"{name}: {kind} ({err}). Please report it")
    return row | {"seconds": round(time.perf_counter() - started, 3)}


def _process(work: Work, task: Task) -> Row:
    if work.direction == COMPRESS:
        return _compress(work, task)
    return _pack(work, task) if work.direction == PACK else _restore(work, task)


def make_failed_row(work: Work, task: Task, error: str, fault: str = "picture") -> Row:
    """Returns the row of a picture that failed.

    Args:
      fault: "picture", "place" or "worker".
    """
    return {
        "input": task.key, "state": "failed", "version": task.version,
        "options": work.fingerprint, "outputs": {}, "fault": fault, "error": error,
    }  # fmt: skip


def _compress(work: Work, task: Task) -> Row:
    options = work.options
    assert isinstance(options, Options)
    data = transfer.read_picture(work.source, task, options.max_pixels)
    with naming_errors(work.source.where(task.key)):
        picture = read_input(data, options.max_pixels)
        result = compress_picture(picture, options, data)
    beside = names.sidecar_of(Path(task.output)).as_posix()
    transfer.prepare_outputs(work.destination, task, (task.output, beside))
    transfer.write_pair(work.destination, task, beside, result.jpeg, result.sidecar)
    report = result.report
    outputs = {os.path.basename(task.output): len(result.jpeg)}
    if result.sidecar is not None:
        outputs[os.path.basename(beside)] = len(result.sidecar)
    row = _make_row(work, task, outputs, len(data), *picture.size)
    row |= {"outcome": report.outcome, "psnr_db": decibel(report.psnr_db)}
    return row | ({"notes": list(report.notes)} if report.notes else {})


def _restore(work: Work, task: Task) -> Row:
    options = work.options
    assert isinstance(options, Restoring)
    name, beside = work.source.where(task.key), work.source.where(task.sidecar)
    content = transfer.read_picture(work.source, task, options.max_pixels)
    with naming_errors(name):
        data = open_packed(content, options.max_pixels)
    sidecar = _read_sidecar(work, task, data)
    presets.add_folders(options.presets)
    with naming_errors(name):
        unpacked = container.unpack(data, name, sidecar, beside, options.max_pixels)
        picture = restore(
            unpacked, options.engine, options.threads, options.memory_mb,
            options.max_pixels, options.exact,
        )  # fmt: skip
    notes = Notes(list(picture.notes), list(picture.left_out))
    with naming_errors(work.destination.where(task.output)):
        made = writer.write(picture, ".png", options.threads, notes)
    transfer.prepare_outputs(work.destination, task, (task.output,))
    transfer.write(work.destination, task.output, made)
    outputs = {os.path.basename(task.output): len(made)}
    row = _make_row(
        work, task, outputs, len(content) + len(sidecar or b""), *picture.size
    ) | {"outcome": "restored" if unpacked.sidecar else "plain"}
    return row | ({"notes": notes.lines} if notes.lines else {})


def _pack(work: Work, task: Task) -> Row:
    name, options = work.source.where(task.key), work.options
    data = transfer.read_picture(work.source, task, options.max_pixels)
    with naming_errors(name):
        packed = lepton.pack(data, options.max_pixels)
    sidecar = _read_sidecar(work, task, data)
    outputs = {os.path.basename(task.output): len(packed)}
    if sidecar and provenance.fitting_record(data, sidecar):
        beside = names.sidecar_of(Path(task.output)).as_posix()
        transfer.prepare_outputs(work.destination, task, (task.output, beside))
        transfer.write_pair(work.destination, task, beside, packed, sidecar)
        outputs[os.path.basename(beside)] = len(sidecar)
    else:  # one of its name may be of another file
        transfer.prepare_outputs(work.destination, task, (task.output,))
        transfer.write(work.destination, task.output, packed)
    extra_bytes = sum(outputs.values()) - len(packed)
    height, width = lepton.frame_size(data)
    row = _make_row(work, task, outputs, len(data) + extra_bytes, height, width)
    row["outcome"] = "packed"
    if not extra_bytes and container.needs_sidecar(data):
        row["notes"] = ["its sidecar is missing or does not fit: not copied"]
    return row


def _read_sidecar(work: Work, task: Task, jpeg: bytes) -> bytes | None:
    """Reads the sidecar of a .jpg, if the task has one."""
    if not task.sidecar:
        return None
    limit = container.max_sidecar_bytes(jpeg, work.options.max_pixels)
    return transfer.read(work.source, task.sidecar, task.sidecar_size, limit)


def _make_row(
    work: Work, task: Task, outputs: dict[str, int], input_bytes: int,
    height_px: int, width_px: int,
) -> Row:  # fmt: skip
    return {
        "input": task.key, "state": "done", "version": task.version,
        "options": work.fingerprint, "outputs": outputs, "input_bytes": input_bytes,
        "width_px": width_px, "height_px": height_px,
    }  # fmt: skip


@functools.lru_cache(maxsize=1)
def _limit_threads(threads: int) -> None:
    """Limits the threads of libvips; 0 leaves them as they are."""
    if threads:
        import pyvips

        if hasattr(pyvips, "concurrency_set"):  # not in the first of pyvips 3
            pyvips.concurrency_set(threads)
