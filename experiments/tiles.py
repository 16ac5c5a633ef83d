"""How large a tile should be: time and peak memory of RecCNN by side of the tile.

Claim: onnxruntime needs at most `tiling.BYTES_PER_PIXEL` bytes of working memory
per pixel of a tile with its halo, whatever the side. Times are ratios on one
machine in one run, no more. Cost: a minute or two on two idle cores.

    python experiments/tiles.py --out experiments/results/tiles.tsv
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from comrec import engine, presets, tiling

SIDES_PX = (64, 128, 192, 256, 384, 512, 768)
PICTURE_PX = 768


class Row(NamedTuple):
    preset: str
    engine: str
    side_px: int
    wide_px: int  # with the halo on both sides
    seconds_per_megapixel: float
    peak_mb: float  # above what the loaded engine takes
    bytes_per_pixel: float  # of a tile with its halo


def measure(side_px: int, preset_name: str) -> Row:
    """One side in a process of its own, so that peak memory is its own."""
    preset = presets.find(preset_name)
    reach = preset.reach_px["reccnn"]
    loaded = engine.load(preset, "reccnn")
    told = () if preset.family == "jiang2017" else (np.zeros((1, 5), np.float32),)

    def network(tile: np.ndarray) -> np.ndarray:
        return loaded(tile, *told)

    network(np.zeros((1, 8, 8, preset.channels), np.float32))
    shape = (PICTURE_PX, PICTURE_PX, preset.channels)
    image = np.random.default_rng(0).random(shape, np.float32)
    before = peak_bytes()
    started = time.perf_counter()
    tiling.run_whole(network, image, side_px, reach, multiple_px=preset.multiple_px)
    seconds = time.perf_counter() - started
    wide = min(side_px + 2 * reach, PICTURE_PX)
    peak = peak_bytes() - before
    return Row(
        preset_name, engine.choose(), side_px, wide,
        round(seconds / PICTURE_PX**2 * 1e6, 3), round(peak / 1e6, 1),
        round(peak / wide**2, 1),
    )  # fmt: skip


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--preset", default=presets.DEFAULT)
    parser.add_argument("--out", type=Path, help="TSV to write")
    parser.add_argument("--quick", action="store_true", help="two sides only")
    args = parser.parse_args()
    rows = []
    for side in SIDES_PX[:2] if args.quick else SIDES_PX:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            rows.append(pool.apply(measure, (side, args.preset)))
        print(rows[-1], flush=True)
    lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in rows)]
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
