"""Times one task each; functions return measures by name, with the unit in the name."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

import comrec
from comrec.apps import evaluate
from comrec.apps.evaluate import peers
from comrec.errors import ComrecError
from comrec.format import container, names, pair
from comrec.networks import engine, presets
from comrec.networks.codec import Codec

PHOTO = Path(__file__).parents[3] / "examples" / "astronaut.png"
FLOAT32, BFLOAT16 = "float32", "bfloat16"
# Each gives about 1 bit per pixel on the Kodak pictures, see results/kodak.tsv.
JPEG_QUALITY = 47  # of comrec-base and comrec-lite at scale 1
PEERS = {"jpeg": 59, "webp": 76, "jpeg2000": 1.0, "avif": 64, "jxl": 2.2}
QUALITY = 75
START_PX, STEP_PX = 16, 56

Values = dict[str, float]


class Runner(NamedTuple):
    """Names a preset, engine and precision, or another program that is timed."""

    name: str
    engine: str = ""
    precision: str = ""


class Case(NamedTuple):
    """Describes the picture, the threads and the round, equal for all runners."""

    folder: Path  # holds the files to restore
    height_px: int
    width_px: int
    threads: int
    round: int = 0  # each compresses another picture: the search time varies

    @property
    def megapixels(self) -> float:
        return self.height_px * self.width_px / 1e6

    def jpeg(self, preset: str) -> Path:
        return self.folder / f"{preset}.comrec.jpg"

    def pixels(self) -> np.ndarray:
        """Returns the picture to compress, another crop of the photo each round."""
        start = STEP_PX * self.round
        return picture(start + self.height_px, self.width_px)[start:]

    def small_jpeg(self, preset: str) -> Path:
        return self.folder / f"{preset}-small.comrec.jpg"


def hush() -> None:
    """Closes stderr of this process: TensorFlow writes to it while it is imported."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


@lru_cache(maxsize=2)
def picture(height_px: int, width_px: int) -> np.ndarray:
    """Returns the bundled photo, extended by reflection or cropped: uint8 (H, W, 3)."""
    with Image.open(PHOTO) as photo:
        pixels = np.asarray(photo.convert("RGB"))
    missing = [
        (0, max(n - m, 0))
        for n, m in zip((height_px, width_px), pixels.shape, strict=False)
    ]
    grown = np.pad(pixels, (*missing, (0, 0)), mode="symmetric")
    return np.ascontiguousarray(grown[:height_px, :width_px])


# comrec in this process


def prepare(runner: Runner, case: Case) -> None:
    """Runs each task of a preset once, so that loading is not timed.

    The first runner of a preset writes the files that all its runners restore. Only
    float32 compresses: the promises of `compress` are measured in float32.
    """
    for path, size in (
        (case.small_jpeg(runner.name), (START_PX, START_PX)),
        (case.jpeg(runner.name), (case.height_px, case.width_px)),
    ):
        if not path.exists():
            made = _compress(runner, case, picture(*size), jpeg_quality=JPEG_QUALITY)
            pair.write_pair(path, made.jpeg, made.sidecar)
    decompress(runner, case)
    if runner.precision == FLOAT32:
        compress_q75(runner, case)


def networks(runner: Runner, case: Case) -> Values:
    """Times the calls of RecCNN alone, tile by tile as the codec makes them."""
    preset = presets.find(runner.name)
    network = engine.load(preset, "reccnn", *_engine(runner, case))
    spent_s, seen_px = 0.0, 0

    def timed(*given: np.ndarray) -> np.ndarray:
        nonlocal spent_s, seen_px
        started = time.perf_counter()
        residual = network(*given)
        spent_s += time.perf_counter() - started
        seen_px += math.prod(given[0].shape[1:3])
        return residual

    jpeg, sidecar = _pair(runner, case)
    opened = container.unpack(jpeg, "the .jpg", sidecar, "its sidecar")
    assert opened.sidecar is not None  # `prepare` wrote it
    codec = Codec(preset, opened.sidecar.scale, networks={"reccnn": timed})
    codec.restore(opened.jpeg, (case.height_px, case.width_px))
    return {
        "networks_mp_per_s": case.megapixels / spent_s,
        "network_px_per_px": seen_px / (case.height_px * case.width_px),
    }


def decompress(runner: Runner, case: Case) -> Values:
    """Times the decoding of both files, in memory, to pixels."""
    jpeg, sidecar = _pair(runner, case)
    name, threads, exact = _engine(runner, case)
    started = time.perf_counter()
    comrec.decompress(jpeg, sidecar, engine=name, threads=threads, exact=exact)
    return {"decompress_mp_per_s": case.megapixels / (time.perf_counter() - started)}


def compress_fixed(runner: Runner, case: Case) -> Values:
    """Times compressing at one quality of the compact JPEG, without a search."""
    pixels = case.pixels()
    started = time.perf_counter()
    made = _compress(runner, case, pixels, jpeg_quality=JPEG_QUALITY)
    seconds = time.perf_counter() - started
    return {
        "compress_fixed_mp_per_s": case.megapixels / seconds,
        "compress_fixed_bpp": 8 * made.report.total_bytes / (case.megapixels * 1e6),
    }


def compress_q75(runner: Runner, case: Case) -> Values:
    """Times compressing with `-q 75` at the default effort."""
    pixels = case.pixels()
    started = time.perf_counter()
    made = _compress(runner, case, pixels, quality=QUALITY)
    seconds = time.perf_counter() - started
    return {
        "compress_q75_mp_per_s": case.megapixels / seconds,
        "q75_by_networks": float(made.report.outcome == "comrec"),
    }


def _compress(
    runner: Runner, case: Case, pixels: np.ndarray, **asked: Any
) -> comrec.Compressed:
    return comrec.compress(
        pixels, preset=runner.name, engine=runner.engine, threads=case.threads, **asked
    )


def _pair(runner: Runner, case: Case) -> tuple[bytes, bytes]:
    path = case.jpeg(runner.name)
    return path.read_bytes(), names.sidecar_of(path).read_bytes()


def _engine(runner: Runner, case: Case) -> tuple[str, int, bool]:
    """Returns name, threads and exact, as `engine.load` takes them."""
    return runner.engine, case.threads, runner.precision == FLOAT32


def has_bfloat16() -> bool:
    """Returns whether OpenVINO supports bfloat16 on this CPU."""
    import openvino

    return "BF16" in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


# Fresh processes


def command(runner: Runner, case: Case) -> Values:
    """Times `comrec decompress` to PNG as a new process."""
    seconds, peak_mb = _decompressed(runner, case, case.jpeg(runner.name))
    return {"command_mp_per_s": case.megapixels / seconds, "command_peak_mb": peak_mb}


def compress_command(runner: Runner, case: Case) -> Values:
    """Times `comrec compress -q 75` of a PNG as a new process."""
    source = case.folder / f"picture-{case.round}.png"
    if not source.exists():
        Image.fromarray(case.pixels()).save(source, compress_level=1)
    made = case.folder / "made.jpg"
    made.unlink(missing_ok=True)  # -f does not replace a plain JPEG
    seconds, peak_mb = fresh(
        "-m", "comrec", "compress", "-f", str(source), "-o", str(made),
        "-p", runner.name, "-q", str(QUALITY), "--engine", runner.engine, "--quiet",
    )  # fmt: skip
    return {
        "compress_command_mp_per_s": case.megapixels / seconds,
        "compress_command_peak_mb": peak_mb,
    }


def start(runner: Runner, case: Case) -> Values:
    """Times `comrec decompress` of 16x16 pixels, which is the start-up time."""
    return {"start_s": _decompressed(runner, case, case.small_jpeg(runner.name))[0]}


def python(*arguments: str) -> Values:
    """Times the start of this Python with the given arguments."""
    return {"start_s": fresh(*arguments)[0]}


def _decompressed(runner: Runner, case: Case, jpeg: Path) -> tuple[float, float]:
    out = case.folder / "restored.png"
    out.unlink(missing_ok=True)
    exact = ["--exact"] if runner.precision == FLOAT32 else []
    return fresh(
        "-m", "comrec", "decompress", str(jpeg), "-o", str(out), *exact,
        "--engine", runner.engine, "--quiet",
    )  # fmt: skip


def fresh(*arguments: str) -> tuple[float, float]:
    """Runs a new process of this Python; returns its seconds and its peak MB.

    On Linux the peak includes the memory of the parent process, which has to be small.

    Raises:
      ComrecError: the process failed; the message has its last line on stderr.
    """
    with tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *arguments], stdout=subprocess.DEVNULL, stderr=errors
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            last = errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise ComrecError(f"python {' '.join(arguments)}: failed ({last})")
    return seconds, usage.ru_maxrss * 1024 / 1e6


# Rivals


def rivals() -> tuple[dict[str, str], list[str]]:
    """Returns the installed codecs with their versions, and a note for each other.

    Runs each codec once, so that loading is not timed.
    """
    found, notes = peers.load(PEERS)
    for peer in found:
        evaluate.run(peer, picture(START_PX, START_PX), PEERS[peer.name])
    return {peer.name: peer.version for peer in found}, notes


def rival(name: str, case: Case) -> Values:
    """Times one other codec, encoding and decoding."""
    pixels = picture(case.height_px, case.width_px)
    passed = evaluate.run(peers.find(name), pixels, PEERS[name])
    return {
        "encode_mp_per_s": case.megapixels / passed.encode_s,
        "decode_mp_per_s": case.megapixels / passed.decode_s,
        "rate_bpp": 8 * passed.rate_bytes / (case.megapixels * 1e6),
    }


def fbcnn(runner: Runner, case: Case) -> Values:
    """Times FBCNN, see `fbcnn.rate`."""
    from speed_parts import fbcnn  # imports PyTorch

    return fbcnn.rate(case)
