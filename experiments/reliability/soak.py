"""Compresses and restores thousands of pictures in one process, and watches memory.

Claim: memory and speed stay constant, and every picture is restored in its size and
mode, with its exact alpha channel.
Cost: about 0.1 s of a core for each picture; seconds with `--quick`.

    python experiments/reliability/soak.py --out experiments/results/soak.tsv

Method. Pictures are crops of the bundled photo, or of those in `--data`, 8 to 96 pixels
wide and high, in four pixel layouts and five formats. The command line, called in this
process, takes them in folders of 50: `compress` with one of four requests in turn,
`decompress`, and a comparison. There is a row for every 200 pictures: memory allocated
by malloc and not freed; resident memory after `malloc_trim`; open files; and pictures
per second of CPU time, compressing and restoring together.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import io
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from comrec.cli.main import main as command_line
from comrec.image.metrics import psnr_db

PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.png"
FOLDER = 50
REQUESTS = (
    ("--jpeg-quality", "40", "--scale", "2"),
    ("--jpeg-quality", "70", "--scale", "1.5", "--embed"),
    ("--jpeg-quality", "30", "--scale", "1", "--tune", "visual"),
    ("-q", "20", "--effort", "0"),
)
SAVES: dict[str, dict[str, object]] = {
    "png": {}, "tif": {}, "webp": {"lossless": True, "exact": True},
    "jpg": {"quality": 95}, "bmp": {},
}  # fmt: skip
LIBC = ctypes.CDLL("libc.so.6")
LIBC.open_memstream.restype = ctypes.c_void_p
MIN_PSNR_DB = 15.0  # below, the picture counts as another one


class Row(NamedTuple):
    pictures: int
    restored: int
    per_cpu_second: float
    in_use_mb: float
    resident_mb: float
    open_files: int


def picture(photos: list[np.ndarray], chance: np.random.Generator) -> np.ndarray:
    """Returns a random crop in one of the four layouts."""
    photo = photos[int(chance.integers(len(photos)))]
    height, width = (int(n) for n in chance.integers(8, 97, 2))
    y, x = (int(chance.integers(max(n - 97, 1))) for n in photo.shape[:2])
    crop = photo[y : y + height, x : x + width]
    kind = int(chance.integers(4))
    alpha = crop[::-1, :, 0]
    if kind < 2:
        grey = crop[..., 1]
        return grey if kind == 0 else np.dstack([grey, alpha])
    return crop if kind == 2 else np.dstack([crop, alpha])


def save(pixels: np.ndarray, path: Path, chance: np.random.Generator) -> Path:
    """Saves a picture in a random format that can hold it; returns its path."""
    has_alpha = pixels.ndim == 3 and pixels.shape[2] in (2, 4)
    suffixes = ["png", "tif"] if has_alpha else ["png", "tif", "bmp", "jpg"]
    if pixels.ndim == 3 and pixels.shape[2] > 2:
        suffixes.append("webp")
    suffix = str(chance.choice(suffixes))
    path = path.with_name(f"{path.name}.{suffix}")
    Image.fromarray(np.ascontiguousarray(pixels)).save(path, **SAVES[suffix])
    return path


def is_restored(pixels: np.ndarray, path: Path) -> bool:
    """Returns whether a file has the size, mode, alpha and about the pixels given."""
    if not path.exists():
        return False
    with Image.open(path) as stored:
        found = np.asarray(stored)
    if found.shape != pixels.shape:
        return False
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if channels in (2, 4):
        if not np.array_equal(found[..., -1], pixels[..., -1]):
            return False
        found, pixels = found[..., :-1], pixels[..., :-1]
    return psnr_db(pixels, found) > MIN_PSNR_DB


def one_folder(
    pictures: list[np.ndarray], preset: str, request: tuple[str, ...],
    chance: np.random.Generator,
) -> tuple[int, float]:  # fmt: skip
    """Returns the number of restored pictures, and the CPU seconds of both commands."""
    with TemporaryDirectory() as place:
        source, coded, back = (Path(place, name) for name in ("in", "coded", "back"))
        source.mkdir()
        paths = [save(p, source / f"{i}", chance) for i, p in enumerate(pictures)]
        words = ["compress", "-r", str(source), "-o", f"{coded}/", "-p", preset]
        started = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            status = command_line([*words, *request, "--quiet"])
            status += command_line(
                ["decompress", "-r", str(coded), "-o", f"{back}/", "--quiet"]
            )
        seconds = time.process_time() - started
        if status:
            print(f"status {status} with {request}", file=sys.stderr)
        restored = [
            is_restored(pixels, back / f"{path.stem}.restored.png")
            for pixels, path in zip(pictures, paths, strict=True)
        ]
        return sum(restored), seconds


def rows(count: int, photos: list[np.ndarray], preset: str, seed: int) -> Iterator[Row]:
    """Yields a row for every four folders."""
    chance = np.random.default_rng(seed)
    restored, seconds, since = 0, 0.0, 0
    for done in range(FOLDER, count + 1, FOLDER):
        request = REQUESTS[done // FOLDER % len(REQUESTS)]
        pictures = [picture(photos, chance) for _ in range(FOLDER)]
        found, took = one_folder(pictures, preset, request, chance)
        restored, seconds, since = restored + found, seconds + took, since + FOLDER
        if since == 4 * FOLDER or done == count:
            gc.collect()
            LIBC.malloc_trim(0)
            yield Row(
                done, restored, round(since / seconds, 2), _in_use_mb(), _resident_mb(),
                len(os.listdir("/proc/self/fd")) - 1,
            )  # fmt: skip
            seconds, since = 0.0, 0


def _in_use_mb() -> float:
    """Returns the MB that malloc has allocated and not freed, in all arenas."""
    text, length = ctypes.c_char_p(), ctypes.c_size_t()
    stream = LIBC.open_memstream(ctypes.byref(text), ctypes.byref(length))
    LIBC.malloc_info(0, ctypes.c_void_p(stream))
    LIBC.fclose(ctypes.c_void_p(stream))
    report = ElementTree.fromstring(text.value or b"")
    LIBC.free(text)
    total = {each.get("type"): int(each.get("size", 0)) for each in report}
    system = report.find("system[@type='current']")
    of_arenas = int(system.get("size", 0)) if system is not None else 0
    used = of_arenas - total["fast"] - total["rest"] + total["mmap"]
    return round(used / 2**20, 1)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=2000, help="pictures (2000)")
    parser.add_argument("--quick", action="store_true", help="100 pictures")
    parser.add_argument("--data", type=Path, help="folder of pictures to crop")
    parser.add_argument("--preset", default="comrec-lite-2")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="TSV file to write")
    args = parser.parse_args()
    paths = sorted(args.data.rglob("*.*")) if args.data else [PHOTO]
    photos = [np.asarray(Image.open(path).convert("RGB")) for path in paths[:50]]
    count = 2 * FOLDER if args.quick else args.count
    lines, last = ["\t".join(Row._fields)], None
    for row in rows(count, photos, args.preset, args.seed):
        last = row
        lines.append("\t".join(map(str, row)))
        print(lines[-1], flush=True)
        if args.out:
            args.out.write_text("\n".join(lines) + "\n")
    return int(last is None or last.restored != last.pictures)


if __name__ == "__main__":
    sys.exit(main())
