"""Measures what restoring in 8-bit integers gains in time and loses in PSNR.

Claim: int8 is slower than float32 in onnxruntime on the CPU of the rows, and changes
pixels by up to 14 grey levels. Rows have the seconds of RecCNN alone in both (weights
per channel, activations per tensor, the first and the last convolution in float32), and
the differences of pixels and PSNR. Cost: five minutes on two cores. Needs
`comrec[train]`.

    python experiments/speed/int8.py PICTURES --out experiments/results/int8.tsv

Method. Ranges are calibrated on the bundled photo at every scale and quality measured;
the pictures are others. Times are of a tile of half a megapixel, float32 and int8 in
turn; rows have the median of the rounds and of their ratios. They depend on the CPU:
one with VNNI or AMX has instructions for int8.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from drift import difference
from speed_parts import report, work

from comrec.apps.evaluate import sweep
from comrec.cli import values
from comrec.cli.console import spell
from comrec.errors import ComrecError
from comrec.networks import engine, presets, weights
from comrec.networks.codec import Codec
from comrec.system import cores, files

PRESETS = (presets.DEFAULT, "comrec-lite-2")
QUALITIES = (10, 40, 80)
TILE_PX = (1, 512, 1024, 3)
PHOTO_PX = (512, 512)


class Row(NamedTuple):
    preset: str
    hash: str
    scale: float
    jpeg_quality: int
    pictures: int
    speed_up: float  # float32 seconds over int8 seconds, of the network alone
    float32_s: float
    int8_s: float
    mean_levels: float
    worst_levels: int
    lost_db: float
    worst_lost_db: float
    threads: int
    onnxruntime: str
    cpu: str


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, help="folder of pictures")
    add("--presets", nargs="+", default=PRESETS)
    add("--every", type=values.number(1, 10**6), default=1, metavar="N",
        help="take every N-th picture")  # fmt: skip
    add("--rounds", type=values.number(1, 10**6), default=7)
    add("--out", type=Path, help="TSV file to write")
    args = parser.parse_args()
    try:
        found = list(rows(args))
    except (ComrecError, ImportError) as err:
        raise SystemExit(f"int8: {spell(err)}") from None
    if args.out:
        files.write(args.out, report.as_tsv(Row._fields, found))


def rows(args: argparse.Namespace) -> Iterator[Row]:
    subjects, _ = sweep.subjects(args.pictures, args.every)
    pictures = [subject.pixels() for subject in subjects]
    for name in args.presets:
        preset = presets.find(name)
        exact = engine.load(preset, "reccnn", "onnxruntime", exact=True)
        fast = quantised(preset)
        seconds = alternately([exact, fast], args.rounds)
        taken = (statistics.median(each) for each in zip(*seconds, strict=True))
        float32_s, int8_s = (round(each, 4) for each in taken)
        for scale in preset.scales:
            exactly = Codec(preset, scale, "onnxruntime", exact=True)
            other = Codec(preset, scale, networks={"reccnn": fast})
            for quality in QUALITIES:
                found = [difference(exactly, other, quality, one) for one in pictures]
                mean, worst, lost = (
                    np.array(each) for each in zip(*found, strict=True)
                )
                row = Row(
                    name, preset.hash, scale, quality, len(found),
                    round(statistics.median(a / b for a, b in seconds), 3),
                    float32_s, int8_s,
                    round(float(mean.mean()), 4), int(worst.max()),
                    round(float(lost.mean()), 4), round(float(lost.max()), 4),
                    cores.available(), report.engine_version("onnxruntime"),
                    report.cpu_model(),
                )  # fmt: skip
                print(row, flush=True)
                yield row


def quantised(preset: presets.Preset) -> engine.Network:
    """Returns RecCNN in int8, calibrated on the bundled photo."""
    import onnx
    import onnxruntime
    from onnxruntime import quantization

    data = weights.read(preset.onnx["reccnn"])
    graph = onnx.load_from_string(data).graph
    convolutions = [
        node.name
        for node in graph.node
        if node.op_type == "Conv" and node.name != engine.BLOCKS
    ]
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder) / "float32.onnx", Path(folder) / "int8.onnx"
        prepared = Path(folder) / "prepared.onnx"
        source.write_bytes(data)
        quantization.shape_inference.quant_pre_process(
            source, prepared, skip_symbolic_shape=True
        )
        quantization.quantize_static(
            prepared, made, Calibration(preset, [i.name for i in graph.input]),
            per_channel=True, nodes_to_quantize=convolutions[1:-1],
            calibrate_method=quantization.CalibrationMethod.Percentile,
        )  # fmt: skip
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = cores.affinity_limit()
        session = onnxruntime.InferenceSession(
            made.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    names = [value.name for value in session.get_inputs()]
    return lambda *x: session.run(None, dict(zip(names, x, strict=True)))[0]


class Calibration:
    """Gives the quantiser the inputs of RecCNN for the bundled photo."""

    def __init__(self, preset: presets.Preset, names: list[str]) -> None:
        inputs: list[dict[str, np.ndarray]] = []

        def keep(*x: np.ndarray) -> np.ndarray:
            inputs.append(dict(zip(names, x, strict=True)))
            return np.zeros_like(x[0])

        photo = work.picture(*PHOTO_PX)
        for scale in preset.scales:
            for quality in QUALITIES:
                coded = encoded(preset, scale, quality, photo)
                Codec(preset, scale, networks={"reccnn": keep}).restore(coded, PHOTO_PX)
        self._left = iter(inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._left, None)


def encoded(
    preset: presets.Preset, scale: float, quality: int, pixels: np.ndarray
) -> bytes:
    exact = Codec(preset, scale, "onnxruntime", exact=True)
    return exact.encode(exact.compact(pixels), quality)


def alternately(
    networks: list[Callable[..., Any]], rounds: int
) -> list[tuple[float, ...]]:
    """Returns the seconds of each network in each round."""
    rng = np.random.default_rng(0)
    given = rng.random(TILE_PX, np.float32), np.zeros((1, 5), np.float32)
    found = []
    for _ in range(rounds + 1):  # the first round warms up
        taken = []
        for network in networks:
            started = time.perf_counter()
            network(*given)
            taken.append(time.perf_counter() - started)
        found.append(tuple(taken))
    return found[1:]


if __name__ == "__main__":
    main()
