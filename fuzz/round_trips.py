"""Packs odd JPEGs, and checks that each comes back to the byte or is refused.

Claim: of ten thousand JPEGs of all kinds, damaged ones among them that Pillow opens,
each comes back from `comrec.jpeg.lepton` to the byte, or is refused in one line; of
packed files that are damaged, none gives another JPEG than the one packed. None takes
more than the limits. Cost: about 20 ms for each.

    python fuzz/round_trips.py --count 10000 --out experiments/results/round_trips.tsv

Seeds are the golden pairs of the tests, crops of the bundled photo in every form that
Pillow and mozjpeg write, and the .jpg files of the folders that `--also` names. Each
seed is packed as it is; then seeds are damaged as `fuzz/mutations.py` damages bytes.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

import mozjpeg_lossless_optimization
import numpy as np
from mutations import BYTES
from PIL import Image, ImageFile
from trials import GOLDEN, ROOT, refusal

from comrec.errors import ComrecError
from comrec.jpeg import lepton
from comrec.system import files

MAX_PIXELS = 2**24
SLOWEST_S = 10
SIZES = ((1, 1), (8, 8), (17, 9), (64, 96), (131, 97))
MODES = ("L", "RGB", "YCbCr", "CMYK")
DAMAGED, PACKED = "damaged: {}", "packed, then damaged"


class Row(NamedTuple):
    kind: str
    tried: int
    exact: int  # came back to the byte
    refused: int  # in one line
    failed: int  # everything else
    bytes: int  # of those that came back
    packed_bytes: int
    slowest_ms: int  # packing or unpacking


def seeds(folders: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Yields JPEGs with their kinds."""
    for path in sorted(GOLDEN.rglob("*.jpg")):
        yield "golden", path.read_bytes()
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in (".jpg", ".jpeg"):
                yield "given", path.read_bytes()
    photo = Image.open(ROOT / "examples" / "astronaut.png").convert("RGB")
    forms = (
        {}, {"progressive": True}, {"optimize": True}, {"restart_marker_rows": 1},
        {"restart_marker_blocks": 3}, {"progressive": True, "restart_marker_rows": 2},
        {"comment": b"x" * 300, "icc_profile": b"p" * 70_000},
    )  # fmt: skip
    for size, mode, form, quality in product(SIZES, MODES, forms, (1, 30, 75, 100)):
        picture = photo.crop((180, 30, 180 + size[0], 30 + size[1])).convert(mode)
        for subsampling in (0, 1, 2) if mode in ("RGB", "YCbCr") else (0,):
            out = io.BytesIO()
            picture.save(out, "JPEG", quality=quality, subsampling=subsampling, **form)
            yield mode, out.getvalue()
        if mode == "RGB":
            yield "mozjpeg", mozjpeg_lossless_optimization.optimize(out.getvalue())
            yield "RGB and more", out.getvalue() + out.getvalue()[:999]
            yield "RGB, padded", out.getvalue()[:2] + b"\xff" * 9 + out.getvalue()[2:]


def opens(data: bytes) -> bool:
    """Tells whether Pillow opens a file, damage in the picture data aside."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            if picture.size[0] * picture.size[1] > MAX_PIXELS:
                return False
            picture.load()
    except Exception:  # Pillow's errors on damaged files are undocumented
        return False
    return True


def damaged(
    known: list[tuple[str, bytes]], chance: np.random.Generator
) -> Iterator[tuple[str, bytes]]:
    """Yields damaged seeds that Pillow opens, without end."""
    while True:
        for name, change in BYTES.items():
            _, data = known[int(chance.integers(len(known)))]
            made = change(chance, data)
            if opens(made):
                yield DAMAGED.format(name), made


class Trials:
    """Counts the trials by kind.

    Attributes:
      faults: what is neither exact nor refused, as lines.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self._counts: dict[str, Counter[str]] = {}

    def pack(self, kind: str, data: bytes) -> bytes | None:
        """Packs and unpacks a JPEG; returns the packed file, if there is one."""
        counts, started = self._start(kind)
        packed = None
        try:
            packed = lepton.pack(data, MAX_PIXELS)
            exact = lepton.unpack(packed, MAX_PIXELS) == data
        except ComrecError as err:
            counts[refusal(err)] += 1
        except Exception as err:  # any other end is a failure
            self._fail(kind, repr(err))
        else:
            if exact:
                counts["exact"] += 1
                counts["bytes"] += len(data)
                counts["packed_bytes"] += len(packed)
            else:
                self._fail(kind, "another JPEG came back")
        self._end(kind, started)
        return packed

    def unpack(self, packed: bytes, data: bytes) -> None:
        """Unpacks a damaged file, of which only the JPEG that was packed may come."""
        counts, started = self._start(PACKED)
        try:
            exact = lepton.unpack(packed, MAX_PIXELS) == data
            counts["exact"] += exact
            if not exact:
                self._fail(PACKED, "another JPEG came")
        except ComrecError as err:
            counts[refusal(err)] += 1
        except Exception as err:  # any other end is a failure
            self._fail(PACKED, repr(err))
        self._end(PACKED, started)

    def rows(self) -> list[Row]:
        names = Row._fields[1:]
        return [Row(k, *(c[n] for n in names)) for k, c in self._counts.items()]

    def _start(self, kind: str) -> tuple[Counter[str], float]:
        counts = self._counts.setdefault(kind, Counter())
        counts["tried"] += 1
        return counts, time.perf_counter()

    def _end(self, kind: str, started: float) -> None:
        ms = round(1000 * (time.perf_counter() - started))
        counts = self._counts[kind]
        counts["slowest_ms"] = max(counts["slowest_ms"], ms)

    def _fail(self, kind: str, what: str) -> None:
        self._counts[kind]["failed"] += 1
        self.faults.append(f"{kind}, number {self._counts[kind]['tried']}: {what}")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--count", type=int, default=1000, help="of JPEGs (1000)")
    add("--also", type=Path, nargs="*", default=[], metavar="FOLDER",
        help="folders of .jpg files")  # fmt: skip
    add("--seed", type=int, default=0)
    add("--seconds", type=float, default=3600, help="end after this time (3600)")
    add("--out", type=Path, help="TSV file to write")
    args = parser.parse_args()
    warnings.simplefilter("ignore")  # of Pillow, about damaged files
    chance, trials = np.random.default_rng(args.seed), Trials()
    known = list(seeds(args.also))
    whole = [known[int(i)] for i in chance.permutation(len(known))]
    end_s = time.monotonic() + args.seconds
    stream = damaged(known, chance)
    for i in range(args.count):
        kind, data = whole[i] if i < len(whole) else next(stream)
        packed = trials.pack(kind, data)
        if packed and i % 4 == 0:
            change = list(BYTES.values())[i // 4 % len(BYTES)]
            trials.unpack(change(chance, packed), data)
        if time.monotonic() > end_s:
            break
    lines = ["\t".join(Row._fields)]
    lines += ["\t".join(map(str, row)) for row in sorted(trials.rows())]
    print("\n".join([*lines, *trials.faults]))
    if args.out:
        files.write(args.out, "\n".join([*lines, ""]).encode())
    return int(bool(trials.faults))


if __name__ == "__main__":
    sys.exit(main())
