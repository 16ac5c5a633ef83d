"""Runs the command on a folder of small pictures, with faults on request."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import comrec
from comrec.cli.main import main as command_line
from comrec.errors import ComrecError
from comrec.format import names, sidecar
from comrec.jpeg import segments as seg

PHOTO = Path(__file__).parents[3] / "examples" / "astronaut.png"
ASKED = ("-p", "comrec-lite-2", "--scale", "2", "--jpeg-quality")
NEW_QUALITY, OLD_QUALITY = "40", "70"
STEPS = ("replace", "link", "unlink", "fsync")
Files = dict[str, bytes]


@dataclass(frozen=True)
class Found:
    """Holds the counts of `Batch.inspect`."""

    originals_touched: int
    half_files: int
    other_pictures: int
    half_pairs: int
    left_over: int
    new_pairs: int


class Batch:
    """Holds pictures in `folder`/in, and the outputs of the command in `folder`/out."""

    def __init__(self, folder: Path) -> None:
        self.source, self.out = folder / "in", folder / "out"
        self.source.mkdir()
        self.out.mkdir()
        _save_pictures(self.source)
        self.originals = _contents(self.source)
        self.old = self._make(OLD_QUALITY)
        self.new = self._make(NEW_QUALITY)
        self._pixels = [_restored(files) for files in (self.new, self.old)]
        self.names = sorted(self._pixels[0])

    def command(self, *words: str, quality: str = NEW_QUALITY) -> list[str]:
        """Returns the arguments of a run, with further words at the end."""
        to = ["-o", f"{self.out}/"]
        return ["compress", "-r", str(self.source), *to, *ASKED, quality, *words]

    def _make(self, quality: str) -> Files:
        self.clear()
        status, text = run(self.command(quality=quality))
        if status:
            raise SystemExit(f"the pictures cannot be compressed: {text}")
        return {path.name: path.read_bytes() for path in self.out.iterdir()}

    def clear(self) -> None:
        """Removes all outputs."""
        for path in self.out.iterdir():
            path.unlink()

    def start_over(self, old: bool) -> None:
        """Restores the outputs of an earlier run if `old`, else removes all outputs."""
        self.clear()
        for name, data in (self.old if old else {}).items():
            (self.out / name).write_bytes(data)

    def inspect(self) -> Found:
        """Reads every file, decodes every pair, and counts what it finds."""
        half, left, other, alone, new = 0, 0, 0, 0, 0
        for path in self.out.iterdir():
            data = path.read_bytes()
            half += not _is_whole(data)
            left += path.name.startswith(".")
        for name in self.names:
            jpeg = self.out / f"{name}.comrec.jpg"
            both = jpeg.exists(), names.sidecar_of(jpeg).exists()
            if all(both):
                kind = self._kind(name, jpeg)
                other += kind is None
                new += kind == 0
            alone += any(both) and not all(both)
        touched = sum(
            _contents(self.source).get(name) != entry
            for name, entry in self.originals.items()
        )
        return Found(touched, half, other, alone, left, new)

    def _kind(self, name: str, jpeg: Path) -> int | None:
        """Returns 0 for the new picture, 1 for the old one, else None."""
        try:
            pixels = comrec.decompress(jpeg)
        except ComrecError:
            return None
        same = [np.array_equal(pixels, known[name]) for known in self._pixels]
        return same.index(True) if any(same) else None


def _save_pictures(folder: Path) -> None:
    with Image.open(PHOTO) as photo:
        rgb = np.asarray(photo.convert("RGB"))[30:70, 180:236]
    grey = rgb[..., 1]
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: rotated
    Image.fromarray(grey[:31, :45]).save(folder / "grey.png")
    Image.fromarray(np.dstack([rgb, grey])).save(folder / "alpha.png")
    Image.fromarray(rgb).save(folder / "turned.jpg", quality=95, exif=exif)
    Image.fromarray(rgb[::-1].copy()).save(folder / "scan.tif")


def _contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
    }


def _restored(files: Files) -> dict[str, np.ndarray]:
    return {
        name.removesuffix(".comrec.jpg"): comrec.decompress(
            data, files[name.replace(".comrec.jpg", ".comrec.json")]
        )
        for name, data in files.items()
        if name.endswith(".jpg")
    }


def _is_whole(data: bytes) -> bool:
    """Returns whether a file is a complete JPEG or sidecar."""
    try:
        return bool(seg.parse(data) if data[:1] == b"\xff" else
                    sidecar.parse_json(data, "sidecar"))  # fmt: skip
    except ComrecError:
        return False


# Runs

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(  # importing these would take most of a run
    [
        "comrec.cli.main",
        "comrec.cli.files",
        "PIL.ImageCms",
        "cv2",
        "onnxruntime",
        "pyvips",
    ]
)


def start(
    words: Sequence[str], die_at: int = 0, max_bytes: int = 0
) -> tuple[BaseProcess, Path]:
    """Starts a run in a new process; returns the process and the path of its log.

    Args:
      words: the arguments of the command.
      die_at: kills it at this moment: 1 is before its first step, 2 after it, and so
        on; 0 never.
      max_bytes: limit to the size of each file that it writes; 0 for no limit.
    """
    log = Path(words[2]).parent / f"log-{os.urandom(4).hex()}"
    process = _context.Process(
        target=_child, args=(list(words), log, die_at, max_bytes)
    )
    process.start()
    return process, log


def wait(started: tuple[BaseProcess, Path]) -> tuple[int | None, str]:
    """Waits for a run; returns its status and its output."""
    process, log = started
    process.join(120)
    if process.exitcode is None:
        process.kill()
        return None, "Traceback: the process hangs"
    text = log.read_text() if log.exists() else ""
    log.unlink(missing_ok=True)
    return process.exitcode, text


def run(words: Sequence[str], **harm: int) -> tuple[int | None, str]:
    """Runs the command to its end; returns its status and its output."""
    return wait(start(words, **harm))


def _child(words: list[str], log: Path, die_at: int, max_bytes: int) -> None:
    stream = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    if max_bytes:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, max_bytes))
    if die_at:
        _die_at(die_at)
    sys.exit(command_line(words))


def _die_at(moment: int) -> None:
    """Kills this process before or after one of its steps."""
    passed = 0

    def tick() -> None:
        nonlocal passed
        passed += 1
        if passed == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **options: Any) -> Any:
            tick()
            result = real(*args, **options)
            tick()
            return result

        return step

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))
