"""Measures restoring in the browser: bytes to download, seconds per megapixel.

Claim: script, runtime and WASM are less than 1 MB with gzip, and two workers restore a
megapixel of comrec-lite-2 within 3 s on two cores, while no task of the page's main
thread takes 50 ms. tfjs and onnxruntime-web run the same network. Seconds are the
median of the passes: of tiles with their halo in running workers ("network"), and from
the loaded JPEG to the restored picture on the page with an empty cache ("whole").
"First picture" is the time until the JPEG is painted, over links of limited speed, on a
page with the script, with an empty script, and with a plain <img>. Cost: about six
minutes on two idle cores.

    (cd web && npm ci && cd bench && npm ci)
    python experiments/browser/speed.py --out experiments/results/web_speed.tsv
"""

from __future__ import annotations

import argparse
import gzip
import json
import platform
import statistics
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

import comrec
from comrec.apps.web import export, network
from comrec.networks import presets, weights

ROOT = Path(__file__).parents[2]
DIST = ROOT / "comrec" / "apps" / "web" / "dist"
PHOTO = ROOT / "examples" / "astronaut.png"
SIDE_PX = 1000
TILES_PX = 128, 256, 512, 1024
TILE_PX = 512  # the default of web/src/networks/tiles.js
SCRIPT = '<script type="module" fetchpriority="low" src="{}"></script>'
IMAGE = f'<img src="photo.comrec.jpg" alt="" width="{SIDE_PX}" height="{SIDE_PX}">'
BODIES = {
    "restored": f"<comrec-img>{IMAGE}</comrec-img>" + SCRIPT.format("comrec-img.js"),
    "empty": IMAGE + SCRIPT.format("empty.js"),
    "plain": IMAGE,
}
PAGES = {"tfjs": "restored", "empty script": "empty", "plain <img>": "plain"}
LINKS = {"loopback": (1000, 0), "4G": (9, 60), "3G": (1.6, 150)}  # Mbit/s, ms
# Files of the two folders that a page downloads for a runtime.
DOWNLOADS = {
    "tfjs": (
        "comrec-img.js",
        "picture.js",
        "comrec-worker.js",
        "chunk-*.js",
        "*-simd.wasm",
    ),
    "tfjs threads": ("tfjs-threaded.js", "tfjs-backend-wasm-threaded-simd.wasm"),
    "onnxruntime-web": ("ort.js", "ort-wasm-*"),
    "tfjs webgpu chunk": ("webgpu-*.js",),
    "network": ("*.reccnn.*.bin",),
    "plain <img>": (),
    "empty script": (),
}
WORKERS = {"tfjs": "tfjs", "tfjs threads": "tfjs-threaded", "onnxruntime-web": "ort"}


class Row(NamedTuple):
    runtime: str
    measure: str  # "network", "whole", "first picture" over a link, or "download"
    workers: int | str
    threads: int | str  # of each worker
    tile_px: int | str
    gzip_bytes: int
    seconds_per_mp: float | str
    least: float | str
    most: float | str
    longest_task_ms: float | str
    browser: str
    comrec: str
    cpu: str


def jobs(tiles_px: Sequence[int], passes: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yields runtimes with their jobs, in the form that web/bench/run.mjs reads."""
    preset = presets.find("comrec-lite-2")
    setup = {
        "network": f"/{network.make_file_name(preset, 16)}", "backend": "wasm",
        "onnx": f"/{preset.onnx['reccnn'].name}",
    }  # fmt: skip
    ways = [("tfjs", 1, 1, tile) for tile in tiles_px]
    ways += [("tfjs", 2, 1, tile) for tile in tiles_px]
    ways += [("tfjs threads", 1, threads, TILE_PX) for threads in (1, 2)]
    ways += [("onnxruntime-web", 1, threads, TILE_PX) for threads in (1, 2)]
    ways += [("onnxruntime-web", 2, 1, TILE_PX)]
    for runtime, workers, threads, tile_px in ways:
        wasm = "/" if runtime == "tfjs threads" else "/tfjs-backend-wasm-simd.wasm"
        yield runtime, {
            "kind": "network", "isolated": runtime != "tfjs",
            "worker": WORKERS[runtime], "workers": workers, "threads": threads,
            "tile": tile_px, "side": SIDE_PX, "halo": preset.reach_px["reccnn"],
            "passes": passes, "setup": setup | {"wasm": wasm},
        }  # fmt: skip
    for workers in (1, 2):
        yield "tfjs", {
            "kind": "whole", "page": "restored.html", "workers": workers, "threads": 1,
            "processors": workers, "tile": TILE_PX, "passes": passes,
        }  # fmt: skip
    for link, (mbit_per_s, latency_ms) in LINKS.items():
        first = {
            "kind": "first", "said": f"first picture, {link}", "mbit_per_s": mbit_per_s,
            "latency_ms": latency_ms, "workers": "", "threads": "", "tile": "",
        }  # fmt: skip
        # In turns: they differ by less than the speed of the machine over a minute.
        for _ in range(4 * passes + 1):
            for runtime, page in PAGES.items():
                yield runtime, first | {"page": f"{page}.html"}


def prepare(folder: Path) -> None:
    """Writes pages with one picture, its network, and the network's ONNX file."""
    preset = presets.find("comrec-lite-2")
    export.put(preset, folder, 16, network.dump(preset, 16))
    (folder / preset.onnx["reccnn"].name).write_bytes(
        weights.read(preset.onnx["reccnn"])
    )
    photo = np.asarray(Image.open(PHOTO).convert("RGB"))
    photo = np.pad(photo, ((0, SIDE_PX - 512), (0, SIDE_PX - 512), (0, 0)), "reflect")
    made = comrec.compress(
        photo, preset=preset.name, jpeg_quality=60, scale=2, embed=True
    )
    (folder / "photo.comrec.jpg").write_bytes(made.jpeg)
    (folder / "empty.js").touch()
    for name, body in BODIES.items():
        (folder / f"{name}.html").write_text(
            f"<!doctype html><title>photo</title>{body}"
        )


def gzip_bytes(runtime: str, folders: Sequence[Path]) -> int:
    """Returns the bytes that a host with gzip sends for a runtime."""
    # The bench has copies of the scripts of dist/; each name counts once.
    names = {
        path.name: path
        for folder in folders
        for pattern in DOWNLOADS[runtime]
        for path in folder.glob(pattern)
        if not (runtime == "tfjs" and "threaded" in path.name)
    }
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in names.values())


def measure(tiles_px: Sequence[int], passes: int) -> list[Row]:
    """Runs all jobs in a headless browser, and returns their rows."""
    with tempfile.TemporaryDirectory() as name:
        bench, pages = Path(name, "bench"), Path(name, "pages")
        pages.mkdir()
        prepare(pages)
        planned = list(jobs(tiles_px, passes))
        settings = {
            "out": str(bench), "folders": [str(pages), str(DIST)],
            "jobs": [job for _, job in planned],
        }  # fmt: skip
        process = subprocess.run(
            ["node", str(ROOT / "web" / "bench" / "run.mjs")],
            input=json.dumps(settings), stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
        *found, last = map(json.loads, process.stdout.splitlines())
        folders = [bench, pages, DIST]
        context = last["browser"], comrec.__version__, cpu()
        seconds: dict[tuple, list[float]] = {}
        longest: dict[tuple, float] = {}
        for (runtime, job), answer in zip(planned, found, strict=True):
            measure_name = job.get("said", job["kind"])
            ran = runtime, measure_name, job["workers"], job["threads"], job["tile"]
            seconds.setdefault(ran, []).extend(answer["seconds"])
            longest[ran] = max(longest.get(ran, 0), answer["longest"])
        rows = [
            Row(*ran, gzip_bytes(ran[0], folders), *spread(took),
                round(longest[ran]), *context)
            for ran, took in seconds.items()
        ]  # fmt: skip
        for runtime in ("tfjs webgpu chunk", "network"):
            size = gzip_bytes(runtime, folders)
            rows.append(Row(runtime, "download", *[""] * 3, size, *[""] * 4, *context))
    return rows


def spread(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Returns median, least and most, in seconds per megapixel."""
    scaled = [each * 1e6 / SIDE_PX**2 for each in seconds]
    return tuple(
        round(each, 3) for each in (statistics.median(scaled), min(scaled), max(scaled))
    )


def cpu() -> str:
    """Returns the name of the CPU."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--out", type=Path, help="TSV file to write")
    parser.add_argument("--quick", action="store_true", help="one tile size only")
    args = parser.parse_args()
    rows = measure((TILE_PX,) if args.quick else TILES_PX, args.passes)
    lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in rows)]
    print("\n".join(lines))
    if args.out:
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
