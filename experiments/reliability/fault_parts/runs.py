"""A folder of small pictures, and runs of the command on it that may come to harm."""

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
    """What `Batch.look` sees."""

    originals_touched: int
    half_files: int
    other_pictures: int
    half_pairs: int
    left_over: int
    new_pairs: int


class Batch:
    """Pictures in `folder`/in, and what the command makes of them in `folder`/out."""

    def __init__(self, folder: Path) -> None:
        self.source, self.out = folder / "in", folder / "out"
        self.source.mkdir()
        self.out.mkdir()
        _save_pictures(self.source)
        self.originals = _contents(self.source)
        self.old = self._made(OLD_QUALITY)
        self.new = self._made(NEW_QUALITY)
        self._pixels = [_restored(files) for files in (self.new, self.old)]
        self.names = sorted(self._pixels[0])

    def command(self, *words: str, quality: str = NEW_QUALITY) -> list[str]:
        to = ["-o", f"{self.out}/"]
        return ["compress", "-r", str(self.source), *to, *ASKED, quality, *words]

    def _made(self, quality: str) -> Files:
        self.clear()
        status, said = run(self.command(quality=quality))
        if status:
            raise SystemExit(f"the pictures cannot be compressed: {said}")
        return {path.name: path.read_bytes() for path in self.out.iterdir()}

    def clear(self) -> None:
        for path in self.out.iterdir():
            path.unlink()

    def start_over(self, old: bool) -> None:
        """Outputs as an earlier run left them, or none; originals as they were."""
        self.clear()
        for name, data in (self.old if old else {}).items():
            (self.out / name).write_bytes(data)

    def look(self) -> Found:
        """Reads every file there is."""
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
        """0: the new picture, 1: the old one."""
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
    exif[0x0112] = 6  # turned
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
    """A JPEG to its end, or a sidecar."""
    try:
        return bool(seg.parse(data) if data[:1] == b"\xff" else
                    sidecar.parse_json(data, "sidecar"))  # fmt: skip
    except ComrecError:
        return False


# Runs

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(  # what would take most of a run otherwise
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
    words: Sequence[str], die_at: int = 0, largest_bytes: int = 0
) -> tuple[BaseProcess, Path]:
    """Begins a run in a process of its own, with a log.

    Args:
      die_at: which of its steps it is killed at: before the first, after it, and so on.
      largest_bytes: of any file that it may write; 0 for no limit.
    """
    log = Path(words[2]).parent / f"log-{os.urandom(4).hex()}"
    process = _context.Process(
        target=_child, args=(list(words), log, die_at, largest_bytes)
    )
    process.start()
    return process, log


def ended(started: tuple[BaseProcess, Path]) -> tuple[int | None, str]:
    """Waits for a run: its status, and what it said."""
    process, log = started
    process.join(120)
    if process.exitcode is None:
        process.kill()
        return None, "Traceback: it hangs"
    said = log.read_text() if log.exists() else ""
    log.unlink(missing_ok=True)
    return process.exitcode, said


def run(words: Sequence[str], **harm: int) -> tuple[int | None, str]:
    """A whole run: its status, and what it said."""
    return ended(start(words, **harm))


def _child(words: list[str], log: Path, die_at: int, largest_bytes: int) -> None:
    stream = os.open(log, os.O_WRONLY | os.O_CREAT)
    os.dup2(stream, 1)
    os.dup2(stream, 2)
    if largest_bytes:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_bytes, largest_bytes))
    if die_at:
        _die_at(die_at)
    sys.exit(command_line(words))


def _die_at(moment: int) -> None:
    passed = 0

    def tick() -> None:
        nonlocal passed
        passed += 1
        if passed == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **options: Any) -> Any:
            tick()
            result = real(*args, **options)
            tick()
            return result

        return step

    for name in STEPS:
        setattr(os, name, watched(getattr(os, name)))
