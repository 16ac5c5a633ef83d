"""What a page of photos takes as plain JPEG, and with comrec restoring them in it.

Claim: the rows say how many bytes a first visit to a gallery of `comrec web` takes
(pictures with sidecars, script, runtime, network, page; with gzip what hosts pack, so
not pictures and network), how many a page of plain JPEGs of the same RGB PSNR, and from
how many such photos on the first is less. Plain is libjpeg-turbo, optimised, 4:2:0, at
every quality there is, and its bytes between two qualities are interpolated. Cost: some
ten seconds for each photo and quality on one core.

    python experiments/browser/page.py PHOTOS --out experiments/results/web_page.tsv
"""

from __future__ import annotations

import argparse
import gzip
import math
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

import comrec
from comrec.api.compress import read_input
from comrec.apps.web import gallery, served
from comrec.cli import values
from comrec.encoder.options import Options
from comrec.encoder.plain import encode_plain
from comrec.errors import ComrecError, UsageError
from comrec.format.names import PICTURES
from comrec.image.metrics import psnr_db
from comrec.image.source import load
from comrec.networks import presets
from comrec.system import files

PHOTOS = 12
QUALITIES = (30, 50, 75, 90)
WEBGPU = "webgpu-"  # loaded only where a browser has it
KINDS = ("pictures", "page", "script", "webgpu", "network")
UNASKED = ("LICENCES.txt", "comrec-web.json")


class Row(NamedTuple):
    preset: str
    hash: str
    version: str
    quality: int  # as -q takes it
    photos: int
    psnr_db: float  # mean over the photos, restored
    pictures_bytes: int
    script_bytes: int  # with its runtime, where there is no WebGPU
    script_gzip_bytes: int
    webgpu_gzip_bytes: int  # more where there is
    network_bytes: int
    page_gzip_bytes: int  # of comrec's page, and counted for plain JPEG too
    total_bytes: int
    plain_pictures_bytes: int
    plain_total_bytes: int
    saved_percent: float  # of the first visit
    saved_later_percent: float  # where script and network are in the cache
    pays_from_photos: int  # of such a gallery, on the first visit; 0: never


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("photos", type=Path, help="folder")
    add("--first", type=values.number(1, 10**4), default=PHOTOS, help="n of them (12)")
    add("--qualities", nargs="+", type=values.number(1, 100), default=QUALITIES)
    add("--preset", default=gallery.PRESET)
    add("--effort", type=values.number(0, 9), default=5)
    add("--out", type=Path, help="TSV to write")
    args = parser.parse_args()
    try:
        found = measure(args)
    except ComrecError as err:
        raise SystemExit(str(err)) from None
    if args.out:
        lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in found)]
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def measure(args: argparse.Namespace) -> list[Row]:
    paths = sorted(p for p in args.photos.glob("*") if p.suffix.lower() in PICTURES)
    paths = paths[: args.first]
    if not paths:
        raise UsageError(f"{args.photos}: no picture in it")
    curves = {path.stem: Curve(pixels_of(path)) for path in paths}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photos"
        source.mkdir()
        for path in paths:
            shutil.copy(path, source / path.name)
        for quality in args.qualities:
            options = Options(args.preset, quality=quality, effort=args.effort,
                              metadata="none", embed=True)  # fmt: skip
            site = Path(folder) / str(quality)
            rows.append(row_of(source, site, options, curves))
            print(rows[-1], flush=True)
    return rows


def pixels_of(path: Path) -> np.ndarray:
    return read_input(load(path)[0]).pixels


class Curve:
    """Plain JPEG of one photo at every quality."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels
        coded = [encode_plain(pixels, quality) for quality in range(1, 101)]
        # The fewest bytes that come so close, whatever the quality.
        points = sorted((len(one.jpeg), one.psnr_db) for one in coded)
        self._bytes, self._db = [], []
        for size, db in points:
            if not self._db or db > self._db[-1]:
                self._bytes.append(size)
                self._db.append(db)

    def bytes_at(self, db: float) -> float:
        """Bytes of so many dB; beyond the ends, of the end."""
        return math.exp(np.interp(db, self._db, np.log(self._bytes)))


def row_of(source: Path, site: Path, options: Options, curves: dict[str, Curve]) -> Row:
    made = gallery.Gallery(gallery.GalleryRequest(source, site, options, "Photos"))
    for _, result in made.results():
        if isinstance(result, ComrecError):
            raise result
    made.finish()
    closeness, plain = [], 0.0
    for name, curve in curves.items():
        restored = comrec.decompress(site / "pictures" / f"{name}.comrec.jpg")
        shape = curve.pixels.shape
        closeness.append(psnr_db(curve.pixels, restored.reshape(shape)))
        plain += curve.bytes_at(closeness[-1])
    return counted(site, options, closeness, round(plain))


def counted(
    site: Path, options: Options, closeness: Sequence[float], plain: int
) -> Row:
    preset = presets.find(options.preset)
    served = [p for p in site.rglob("*") if p.is_file() and p.name not in UNASKED]
    kinds: dict[str, list[bytes]] = {kind: [] for kind in KINDS}
    for path in served:
        kinds[kind_of(path)].append(path.read_bytes())
    size = {kind: sum(map(len, parts)) for kind, parts in kinds.items()}
    packed = {
        kind: sum(len(gzip.compress(part, 6, mtime=0)) for part in parts)
        for kind, parts in kinds.items()
    }
    once = packed["script"] + size["network"]
    total = size["pictures"] + once + packed["page"]
    plain_total = plain + packed["page"]
    saved_each = (plain - size["pictures"]) / len(closeness)
    return Row(
        preset.name, preset.hash, comrec.__version__, options.quality or 0,
        len(closeness), round(float(np.mean(closeness)), 3), size["pictures"],
        size["script"], packed["script"], packed["webgpu"], size["network"],
        packed["page"], total, plain, plain_total,
        round(100 * (1 - total / plain_total), 1),
        round(100 * (1 - size["pictures"] / plain), 1),
        math.ceil(once / saved_each) if saved_each > 0 else 0,
    )  # fmt: skip


def kind_of(path: Path) -> str:
    if path.parent.name != served.SCRIPT:
        kinds = {".html": "page", ".css": "page", ".js": "script"}
        return kinds.get(path.suffix, "pictures")
    if path.name.startswith(WEBGPU):
        return "webgpu"
    return "network" if path.suffix == ".bin" else "script"


if __name__ == "__main__":
    main()
