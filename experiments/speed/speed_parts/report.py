"""Makes rows of measurements, derived figures, and tables for the terminal."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from comrec import __version__
from comrec.networks import presets
from speed_parts.work import FLOAT32, Case, Runner

Found = dict[Runner, dict[str, list[float]]]  # values by measure, one for each round

WIDTH = 132  # columns, where the output is not a terminal
TABLES = {
    "comrec, megapixels a second": {
        "networks": "networks_mp_per_s",
        "decompress": "decompress_mp_per_s",
        "command to PNG": "command_mp_per_s",
        "compress, fixed": "compress_fixed_mp_per_s",
        "compress -q 75": "compress_q75_mp_per_s",
        "-q 75 : decompress": "compress_to_decompress",
        "commands": "compress_command_to_decompress_command",
    },
    "Networks, of the rate of a bare convolution; the command": {
        "GFLOP/s": "gflop_per_s",
        "bare": "bare_gflop_per_s",
        "of bare": "share_of_bare",
        "× the paper's": "times_the_paper",
        "pixels seen": "network_px_per_px",
        "peak MB": "command_peak_mb",
        "start s": "start_s",
    },
    "Other codecs, megapixels a second": {
        "encode": "encode_mp_per_s",
        "decode": "decode_mp_per_s",
        "bits per pixel": "rate_bpp",
    },
}


class Row(NamedTuple):
    name: str
    version: str  # hash of a preset's weights, or the library of a codec
    engine: str
    precision: str
    measure: str
    median: float  # of the rounds
    least: float
    most: float
    rounds: int
    threads: int
    height_px: int
    width_px: int
    comrec: str
    cpu: str


def derive(found: Found, multiply_adds: Mapping[str, float], paper: Runner) -> None:
    """Adds the figures that follow from several measures, round by round.

    Args:
      found: values by runner and measure; extended in place.
      multiply_adds: per pixel, by preset; empty where they could not be counted.
      paper: the runner that `times_the_paper` is relative to.
    """
    for runner, some in found.items():
        rates = some.get("networks_mp_per_s", [])
        if rates and paper in found:
            theirs = found[paper]["networks_mp_per_s"]
            some["times_the_paper"] = _ratios(rates, theirs)
        if runner.name in multiply_adds and "bare_gflop_per_s" in some:
            pixel = multiply_adds[runner.name]
            some["multiply_adds_per_px"] = [pixel]
            some["gflop_per_s"] = [2 * pixel * rate / 1e3 for rate in rates]
            some["share_of_bare"] = _ratios(
                some["gflop_per_s"], some["bare_gflop_per_s"]
            )
        if "decompress_mp_per_s" in some:
            made = found[runner._replace(precision=FLOAT32)]["compress_q75_mp_per_s"]
            some["compress_to_decompress"] = _ratios(some["decompress_mp_per_s"], made)
        if {"command_mp_per_s", "compress_command_mp_per_s"} <= {*some}:
            some["compress_command_to_decompress_command"] = _ratios(
                some["command_mp_per_s"], some["compress_command_mp_per_s"]
            )


def _ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    return [a / b for a, b in zip(over, under, strict=True)]


def rows(found: Found, rivals: Mapping[str, str], case: Case) -> list[Row]:
    """Returns a row for each measure of each runner.

    Args:
      found: values by runner and measure.
      rivals: version of each of the other codecs, by name.
      case: the picture and the threads of the run.
    """
    cpu, made = cpu_model(), []
    for runner, some in found.items():
        version = rivals.get(runner.name) or _hash(runner.name)
        run_by = engine_version(runner.engine)
        for measure, values in some.items():
            median, least, most = (
                float(f"{f(values):.5g}") for f in (statistics.median, min, max)
            )
            made.append(
                Row(
                    runner.name, version, run_by, runner.precision, measure, median,
                    least, most, len(values), case.threads, case.height_px,
                    case.width_px, __version__, cpu,
                )
            )  # fmt: skip
    return made


def as_tsv(columns: Sequence[str], found: Iterable[Sequence[object]]) -> bytes:
    """Returns a line of column names and a line for each row, separated by tabs."""
    lines = [columns, *found]
    return "".join("\t".join(map(str, line)) + "\n" for line in lines).encode()


def _hash(name: str) -> str:
    return presets.find(name).hash if name in presets.PRESETS else ""


def engine_version(name: str) -> str:
    """Returns name and version of an engine's library; for Keras the backend too."""
    names = [name, os.environ["KERAS_BACKEND"]] if name == "keras" else [name]
    return " ".join(map(_version, filter(None, names)))


def _version(package: str) -> str:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:  # installed under another name
        return package


def cpu_model() -> str:
    """Returns the name of the CPU, or of its architecture where Linux has no name."""
    info = Path("/proc/cpuinfo").read_text()
    models = [line for line in info.splitlines() if line.startswith("model name")]
    return models[0].partition(":")[2].strip() if models else platform.machine()


def show(found: Found, notes: Sequence[str]) -> None:
    """Prints the medians as tables, and the notes below them."""
    out = Console(markup=False, highlight=False)
    if not out.is_terminal:
        out = Console(markup=False, highlight=False, width=WIDTH)
    for title, columns in TABLES.items():
        runners = [
            runner for runner, some in found.items() if some.keys() & columns.values()
        ]
        if runners:
            out.print(_table(title, columns, runners, found))
    for note in notes:
        out.print(note)


def _table(
    title: str, columns: Mapping[str, str], runners: Sequence[Runner], found: Found
) -> Table:
    table = Table(title=title, box=box.SIMPLE)
    for heading in ("", "engine", "precision"):
        table.add_column(heading, no_wrap=True)
    for heading in columns:
        table.add_column(heading, justify="right")
    for runner in runners:
        cells = [found[runner].get(measure) for measure in columns.values()]
        table.add_row(*runner, *(_cell(values) for values in cells))
    return table


def _cell(values: Sequence[float] | None) -> str:
    return f"{statistics.median(values):.3g}" if values else "–"
