"""Compares the bytes of a page of photos with comrec and with plain JPEG.

Claim: a first visit to a gallery of `comrec web` downloads fewer bytes than plain JPEGs
of the same RGB PSNR from 13 to 39 photos on, depending on the quality; later pages save
about a third. A visit downloads the pictures with their sidecars, script, runtime,
network and page, with gzip except for pictures and network. Plain JPEG is
libjpeg-turbo's, optimised, 4:2:0, at qualities 1 to 100; bytes between two qualities
are interpolated. Cost: about ten seconds for each photo and quality on one core.

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
from comrec.apps.evaluate import sweep
from comrec.apps.web import gallery, served
from comrec.cli import values
from comrec.cli.console import spell
from comrec.encoder.options import Options
from comrec.encoder.plain import encode_plain
from comrec.errors import ComrecError
from comrec.image.metrics import psnr_db
from comrec.networks import presets
from comrec.system import files

PHOTOS = 12
QUALITIES = (30, 50, 75, 90)
WEBGPU = "webgpu-"  # downloaded only by browsers with WebGPU
KINDS = ("pictures", "page", "script", "webgpu", "network")
NOT_DOWNLOADED = ("LICENCES.txt", "comrec-web.json")


class Row(NamedTuple):
    preset: str
    hash: str
    version: str
    quality: int  # as -q takes it
    photos: int
    psnr_db: float  # mean over the photos, restored
    pictures_bytes: int
    script_bytes: int  # with its runtime, without WebGPU
    script_gzip_bytes: int
    webgpu_gzip_bytes: int  # in addition, with WebGPU
    network_bytes: int
    page_gzip_bytes: int  # comrec's page, which plain JPEG is charged with too
    total_bytes: int
    plain_pictures_bytes: int
    plain_total_bytes: int
    saved_percent: float  # on the first visit
    saved_later_percent: float  # with script and network in the cache
    pays_from_photos: int  # photos from which a first visit saves bytes; 0: never


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("photos", type=Path, help="folder of photos")
    add(
        "--first",
        type=values.number(1, 10**4),
        default=PHOTOS,
        metavar="N",
        help="take the first N photos (12)",
    )
    add("--qualities", nargs="+", type=values.number(1, 100), default=QUALITIES)
    add("--preset", default=gallery.PRESET)
    add("--effort", type=values.number(0, 9), default=5)
    add("--out", type=Path, help="TSV file to write")
    args = parser.parse_args()
    try:
        found = measure(args)
    except ComrecError as err:
        raise SystemExit(f"page: {spell(err)}") from None
    if args.out:
        lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in found)]
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def measure(args: argparse.Namespace) -> list[Row]:
    photos = sweep.subjects(args.photos)[0][: args.first]
    curves = {photo.path.stem: Curve(photo.pixels()) for photo in photos}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "photos"
        source.mkdir()
        for photo in photos:
            shutil.copy(photo.path, source / photo.path.name)
        for quality in args.qualities:
            options = Options(args.preset, quality=quality, effort=args.effort,
                              metadata="none", embed=True)  # fmt: skip
            site = Path(folder) / str(quality)
            rows.append(row_of(source, site, options, curves))
            print(rows[-1], flush=True)
    return rows


class Curve:
    """Holds bytes and PSNR of plain JPEGs of one photo at every quality."""

    def __init__(self, pixels: np.ndarray) -> None:
        self.pixels = pixels
        coded = [encode_plain(pixels, quality) for quality in range(1, 101)]
        # Points that another quality beats in both bytes and PSNR are left out.
        points = sorted((len(one.jpeg), one.psnr_db) for one in coded)
        self._bytes, self._db = [], []
        for size, db in points:
            if not self._db or db > self._db[-1]:
                self._bytes.append(size)
                self._db.append(db)

    def bytes_at(self, psnr_db: float) -> float:
        """Returns the interpolated bytes at a PSNR, at most those of the last point."""
        return math.exp(np.interp(psnr_db, self._db, np.log(self._bytes)))


def row_of(source: Path, site: Path, options: Options, curves: dict[str, Curve]) -> Row:
    """Makes a gallery of the photos, and compares it with plain JPEGs."""
    made = gallery.Gallery(gallery.GalleryRequest(source, site, options, "Photos"))
    for _, result in made.results():
        if isinstance(result, ComrecError):
            raise result
    made.finish()
    restored_db, plain_bytes = [], 0.0
    for name, curve in curves.items():
        restored = comrec.decompress(site / "pictures" / f"{name}.comrec.jpg")
        shape = curve.pixels.shape
        restored_db.append(psnr_db(curve.pixels, restored.reshape(shape)))
        plain_bytes += curve.bytes_at(restored_db[-1])
    return count(site, options, restored_db, round(plain_bytes))


def count(
    site: Path, options: Options, restored_db: Sequence[float], plain: int
) -> Row:
    """Returns the row of a gallery; `plain` is the bytes of the plain JPEGs."""
    preset = presets.find(options.preset)
    served = [
        p for p in site.rglob("*") if p.is_file() and p.name not in NOT_DOWNLOADED
    ]
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
    saved_each = (plain - size["pictures"]) / len(restored_db)
    return Row(
        preset.name, preset.hash, comrec.__version__, options.quality or 0,
        len(restored_db), round(float(np.mean(restored_db)), 3), size["pictures"],
        size["script"], packed["script"], packed["webgpu"], size["network"],
        packed["page"], total, plain, plain_total,
        round(100 * (1 - total / plain_total), 1),
        round(100 * (1 - size["pictures"] / plain), 1),
        math.ceil(once / saved_each) if saved_each > 0 else 0,
    )  # fmt: skip


def kind_of(path: Path) -> str:
    """Returns which of KINDS a file of a gallery is."""
    if path.parent.name != served.SCRIPT:
        kinds = {".html": "page", ".css": "page", ".js": "script"}
        return kinds.get(path.suffix, "pictures")
    if path.name.startswith(WEBGPU):
        return "webgpu"
    return "network" if path.suffix == ".bin" else "script"


if __name__ == "__main__":
    main()
