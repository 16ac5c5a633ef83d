"""Measures time and peak memory of RecCNN by the size of the tile.

Claim: onnxruntime needs at most `Family.bytes_per_pixel` bytes of working memory per
pixel of a tile with its halo, for all sizes. Times are for ratios within one run.
Cost: a minute or two on two idle cores.

    python experiments/speed/tiles.py --out experiments/results/tiles.tsv
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import resource
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from speed_parts import report

from comrec.networks import engine, families, presets, tiling
from comrec.system import files

SIDES_PX = (
    (64, 64), (128, 128), (256, 256), (256, 768), (512, 512), (512, 768),
    (384, 1536), (512, 1536), (768, 1536), (1024, 1536),
)  # fmt: skip
PRESETS = (presets.DEFAULT, "comrec-lite-2", "jiang2017-gray-q50-2")
PICTURE_PX = 1024, 1536
STEPS = np.full((2, 8, 8), 16, np.float32)  # any steps make a condition


class Row(NamedTuple):
    preset: str
    engine: str
    height_px: int
    width_px: int
    wide_px: int  # pixels of the largest tile with its halo
    seconds_per_megapixel: float
    peak_mb: float  # above the memory of the loaded engine
    bytes_per_pixel: float  # of the tile with its halo


def measure(sides_px: tuple[int, int], preset_name: str) -> Row:
    """Times one tile size; called in a new process, so that the peak is its own."""
    preset = presets.find(preset_name)
    reach = preset.reach_px["reccnn"]
    loaded = engine.load(preset, "reccnn")
    condition = families.find(preset.family).condition(STEPS, preset.scales[0])
    areas = [0]

    def network(tile: np.ndarray) -> np.ndarray:
        areas.append(tile.shape[1] * tile.shape[2])
        return loaded(tile, *condition)

    network(np.zeros((1, 8, 8, preset.channels), np.float32))
    image = np.random.default_rng(0).random((*PICTURE_PX, preset.channels), np.float32)
    before = peak_bytes()
    started = time.perf_counter()
    for window in tiling.tiles(PICTURE_PX, sides_px):
        tiling.run(
            network, lambda part: image[part.slices], PICTURE_PX, window, reach,
            multiple_px=preset.multiple_px,
        )  # fmt: skip
    seconds = time.perf_counter() - started
    peak = peak_bytes() - before
    return Row(
        preset_name, engine.choose(), *sides_px, max(areas),
        round(seconds / math.prod(PICTURE_PX) * 1e6, 3), round(peak / 1e6, 1),
        round(peak / max(areas), 1),
    )  # fmt: skip


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presets", nargs="+", default=PRESETS)
    parser.add_argument("--out", type=Path, help="TSV file to write")
    parser.add_argument("--quick", action="store_true", help="two sizes")
    args = parser.parse_args()
    rows = []
    for name in args.presets:
        for sides in SIDES_PX[:2] if args.quick else SIDES_PX:
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                rows.append(pool.apply(measure, (sides, name)))
            print(rows[-1], flush=True)
    if args.out:
        files.write(args.out, report.as_tsv(Row._fields, rows))


if __name__ == "__main__":
    main()
