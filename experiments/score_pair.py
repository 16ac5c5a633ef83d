"""Scores a preset on grey pictures at the bytes of plain JPEG, one row a picture.

Claim: `jiang2017-gray-q50` restores the paper's seven pictures at least 1.0 dB
closer than plain JPEG QF 10 of the same bytes (28.17 dB in the mean; half size
without networks reaches 27.71; the authors' released weights 30.07).
Cost: half a minute on two CPU cores.

    python experiments/score_pair.py PICTURES --out experiments/results/set7.tsv

Two protocols. `byte-fair`: optimised Huffman tables on both sides, the compact
quality is the highest whose .jpg and sidecar together fit the bytes of the plain
JPEG. `paper`: standard Huffman tables on both sides, fixed compact quality, .jpg
bytes alone, as in Tables I and II. PSNR is on 8-bit grey (BT.601) pixels.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import PIL
from PIL import Image, features

import comrec
from comrec import container, jpeg, presets, rate
from comrec.codec import Codec
from comrec.metadata import Metadata
from comrec.metrics import psnr_db
from comrec.sidecar import Sidecar

STANDARD = jpeg.JpegSettings(huffman="standard", scans="baseline")


class Row(NamedTuple):
    image: str
    protocol: str
    plain_quality: int
    plain_bytes: int
    plain_psnr_db: float
    half_psnr_db: float
    compact_quality: int
    jpeg_bytes: int
    sidecar_bytes: int
    rate_bpp: float
    psnr_db: float
    gain_db: float
    preset: str
    weights: str
    comrec: str
    pillow: str
    libjpeg_turbo: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=Path, help="a folder")
    parser.add_argument("--preset", default=presets.DEFAULT)
    parser.add_argument("--plain-quality", type=int, default=10)
    parser.add_argument("--out", type=Path, help="TSV to write")
    parser.add_argument("--quick", action="store_true", help="the first picture only")
    args = parser.parse_args()
    codec = Codec(presets.find(args.preset))
    paths = sorted(p for p in args.pictures.iterdir() if p.suffix != ".md")
    rows = [
        row
        for path in paths[: 1 if args.quick else None]
        for row in (
            byte_fair(codec, path, args.plain_quality),
            paper(codec, path, args.plain_quality),
        )
    ]
    lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in rows)]
    for protocol in ("byte-fair", "paper"):
        chosen = [row for row in rows if row.protocol == protocol]
        print(
            f"{protocol}: {mean(chosen, 'psnr_db'):.2f} dB at "
            f"{mean(chosen, 'rate_bpp'):.3f} bpp; plain JPEG "
            f"{mean(chosen, 'plain_psnr_db'):.2f}; gain {mean(chosen, 'gain_db'):+.2f}"
        )
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text("\n".join(lines) + "\n")


def byte_fair(codec: Codec, path: Path, plain_quality: int) -> Row:
    pixels = grey(path)
    plain = rate.plain(pixels, plain_quality)
    compact = codec.compact(pixels)

    def size(quality: int) -> int:
        return sum(files(codec, pixels, codec.encode(compact, quality)))

    quality = rate.largest(lambda q: size(q) <= len(plain.jpeg), 1, 100)
    if quality is None:
        raise SystemExit(f"{path}: no compact JPEG fits the bytes of the plain one")
    return measure(
        codec, path, "byte-fair", plain, compact, quality, half(plain, pixels)
    )


def paper(codec: Codec, path: Path, plain_quality: int) -> Row:
    pixels = grey(path)
    data = jpeg.encode(pixels, plain_quality, STANDARD)
    plain = rate.Coded(data, plain_quality, psnr_db(pixels, jpeg.decode(data)))
    preset = replace(codec.preset, jpeg=STANDARD)
    quality = preset.compact_quality
    fixed = Codec(preset)
    compact = fixed.compact(pixels)
    return measure(fixed, path, "paper", plain, compact, quality, float("nan"))


def measure(
    codec: Codec, path: Path, protocol: str, plain: rate.Coded, compact: np.ndarray,
    quality: int, half_db: float,
) -> Row:  # fmt: skip
    pixels = grey(path)
    coded = codec.encode(compact, quality)
    restored = codec.restore(coded, pixels.shape[:2])
    jpeg_bytes, sidecar_bytes = files(codec, pixels, coded)
    if protocol == "paper":
        jpeg_bytes, sidecar_bytes = len(coded), 0
    reached = psnr_db(pixels, restored)
    return Row(
        path.stem, protocol, plain.quality, len(plain.jpeg), round(plain.psnr_db, 4),
        round(half_db, 4), quality, jpeg_bytes, sidecar_bytes,
        round(8 * (jpeg_bytes + sidecar_bytes) / pixels.size, 5), round(reached, 4),
        round(reached - plain.psnr_db, 4), codec.preset.name, codec.preset.hash,
        comrec.__version__, PIL.__version__, str(features.version("libjpeg_turbo")),
    )  # fmt: skip


def half(plain: rate.Coded, pixels: np.ndarray) -> float:
    """PSNR of half size by bicubic, without networks, at the plain JPEG's bytes."""
    from comrec import resample

    small = resample.reduce(pixels.astype(np.float32) / 255, 2)
    small = np.rint(np.clip(small, 0, 1) * 255).astype(np.uint8)
    fits = rate.plain_within(small, len(plain.jpeg))
    if fits is None:
        return float("nan")
    coded = jpeg.decode(fits.jpeg).astype(np.float32) / 255
    enlarged = resample.enlarge(coded, 2, pixels.shape[:2])
    return psnr_db(pixels, np.rint(np.clip(enlarged, 0, 1) * 255).astype(np.uint8))


def files(codec: Codec, pixels: np.ndarray, coded: bytes) -> tuple[int, int]:
    """Bytes of the .jpg and the sidecar that comrec would write."""
    record = Sidecar(codec.preset.name, pixels.shape[1], pixels.shape[0], codec.scale)
    data, sidecar = container.pack(coded, Metadata(), record, embed=False)
    return len(data), len(sidecar or b"")


def grey(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))[..., None]


def mean(rows: list[Row], column: str) -> float:
    return float(np.mean([getattr(row, column) for row in rows]))


if __name__ == "__main__":
    main()
