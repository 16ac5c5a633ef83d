"""Times comrec beside a bare convolution of the machine and other codecs.

Claim: comrec-base-3 restores at least five times as fast as the paper's pair in Keras,
float32. Rows have, for each preset and engine, the megapixels per second of restoring
and compressing, and the networks' share of the rate of a bare 64-channel 3x3
convolution.
Cost: about half an hour on two cores, and 10 GB of memory, for all engines; seconds
with `--quick`. Needs Linux, and `comrec[train,fast,eval,torch]` for every row; the
script names what it leaves out.

    python experiments/speed/speed.py --out experiments/results/speed.tsv

Method. Each task is timed once per round, one task at a time; figures are medians of
the rounds, and ratios are taken within a round. Each preset and engine has its own
process, in which each task has run once before. The script and its processes use
`--threads` cores. Networks: the calls of RecCNN, tile by tile with the halos, counted
in pixels of the picture; they alternate with the bare convolution, because the speed of
a machine changes within seconds, and the medians of these turns count. Command:
`comrec decompress` to PNG as a new process, with its peak memory; start is the same
for 16x16 pixels. Compressing is in float32 with every engine, and takes another crop of
the photo in each round, because a search needs one decode or two. AVIF and JPEG XL
encode in one thread. The bare convolution is a chain of eight at half the size of a
tile.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import track
from speed_parts import convolution, report, work
from speed_parts.report import Found
from speed_parts.work import BFLOAT16, FLOAT32, Case, Runner, Values

from comrec.cli import values
from comrec.cli.console import spell
from comrec.errors import ComrecError, OutputError, UsageError, WeightsError
from comrec.networks import engine, presets
from comrec.system import files

COUNT = values.number(1, 10**6)
PAPER = "jiang2017-gray-q50-2"
REFERENCE = Runner(PAPER, "keras", FLOAT32)
PRESETS = (presets.DEFAULT, "comrec-lite-2", PAPER)
QUICK_PRESETS = ("comrec-lite-2",)
MEGAPIXELS, QUICK_MEGAPIXELS = 2.0, 0.01
ROUNDS, TURNS = 5, 5
FBCNN = Runner("FBCNN", "torch", FLOAT32)
RIVALS = Runner("rivals")  # its process runs small tasks as well
FRESH = {"python alone": ("-c", ""), "import comrec": ("-c", "import comrec")}


class Plan(NamedTuple):
    """Describes the tasks of a run."""

    runners: list[Runner]  # of presets
    multiply_adds: dict[str, float]  # per pixel, by preset; empty without onnx
    rivals: dict[str, str]  # other codecs with their versions
    notes: list[str]  # one for each task that is left out


class Workers:
    """Holds a process for each runner, so that none shares threads or memory."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._pools: dict[Runner, ProcessPoolExecutor] = {}

    def run(self, runner: Runner, task: Callable[..., Any], *given: object) -> Any:
        """Calls a function in the runner's process, and returns its result."""
        if runner not in self._pools:
            pool = ProcessPoolExecutor(1, get_context("spawn"), work.hush)
            self._pools[runner] = self._stack.enter_context(pool)
        return self._pools[runner].submit(task, *given).result()


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        measure(args)
    except ComrecError as err:
        raise SystemExit(f"speed: {spell(err)}") from err
    except BrokenProcessPool as err:
        raise SystemExit(
            f"speed: a process was killed ({err}). Lower --size, or name fewer "
            f"--presets"
        ) from err


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = made.add_argument
    add("-o", "--out", type=Path, metavar="FILE.tsv", help="rows to write")
    add("--presets", nargs="+", metavar="NAME", help=f"({' '.join(PRESETS)})")
    add("--engines", nargs="+", choices=engine.MODULES, help="(all that are installed)")
    add(
        "--size",
        type=values.positive,
        metavar="MP",
        help=f"megapixels ({MEGAPIXELS:g})",
    )
    add("--rounds", type=COUNT, metavar="N", help=f"({ROUNDS})")
    add(
        "--threads",
        type=COUNT,
        metavar="N",
        help="cores to use (all)",
    )
    add(
        "--quick", action="store_true",
        help="one round of a tiny picture, with one preset and engine by default",
    )  # fmt: skip
    return made


def measure(args: argparse.Namespace) -> None:
    """Times every task, writes the rows after each round and prints the tables.

    Raises:
      ComrecError: an argument is not legal, or no engine is installed.
    """
    refuse_other(args.out)
    threads = hold(args.threads)
    size = args.size or (QUICK_MEGAPIXELS if args.quick else MEGAPIXELS)
    height_px = max(math.isqrt(round(size * 1e6 * 2 / 3)), work.START_PX)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        case = Case(folder, height_px, height_px * 3 // 2, threads)
        workers = Workers(stack)
        planned = plan(args, workers)
        rounds = args.rounds or (1 if args.quick else ROUNDS)
        for found in timed(planned, rounds, workers, case):
            report.derive(found, planned.multiply_adds, REFERENCE)
            if args.out:  # after each round, so that a run can be stopped
                rows = report.rows(found, planned.rivals, case)
                files.write(args.out, report.as_tsv(report.Row._fields, rows))
    where = (
        f"{case.width_px}x{height_px} pixels, {rounds} round(s), {threads} core(s) of "
        f"{report.cpu_model()}."
    )
    report.show(found, [where, *remarks(found), *planned.notes])


def refuse_other(out: Path | None) -> None:
    """Raises OutputError if the file exists and was not written by this script."""
    head = report.as_tsv(report.Row._fields, [])
    if out and out.exists() and not out.read_bytes().startswith(head):
        raise OutputError(f"{out}: exists, without the columns of speed.py. Move it")


def hold(threads: int | None) -> int:
    """Restricts this process and its children to some cores; returns their number."""
    if not hasattr(os, "sched_setaffinity"):
        raise UsageError(
            "speed.py needs Linux, which can restrict a process to some cores"
        )
    cores = sorted(os.sched_getaffinity(0))
    if threads and threads > len(cores):
        raise UsageError(f"`threads` must be 1 to {len(cores)}. Received: {threads}")
    chosen = cores[-threads:] if threads else cores
    os.sched_setaffinity(0, chosen)
    return len(chosen)


def plan(args: argparse.Namespace, workers: Workers) -> Plan:
    """Returns the tasks that this machine can time, and notes on all others."""
    names = args.presets or (QUICK_PRESETS if args.quick else PRESETS)
    for name in names:
        if not presets.find(name).onnx:
            raise UsageError(f"preset {name} has no networks. Name another")
    wanted = args.engines or ([engine.choose()] if args.quick else engine.MODULES)
    kinds, notes = engines_here(wanted, workers)
    runners = [Runner(name, *kind) for name in dict.fromkeys(names) for kind in kinds]
    if REFERENCE not in runners:
        notes.append(f"Left out: times of {PAPER} in Keras, which is not in this run.")
    counts = {}
    if is_here("onnx"):
        counts = {n: workers.run(RIVALS, convolution.multiply_adds, n) for n in names}
    else:
        notes.append("Left out: the bare convolution (pip install comrec[train]).")
    rivals, more = workers.run(RIVALS, work.rivals)
    if not is_here("torch"):
        more.append("Left out: FBCNN (pip install comrec[torch]).")
    return Plan(runners, counts, rivals, notes + more)


def engines_here(
    wanted: Collection[str], workers: Workers
) -> tuple[list[tuple[str, str]], list[str]]:
    """Returns engines and precisions that are installed, and notes on the others."""
    kinds = []
    notes = [f"Left out: {name} (not asked for)." for name in engine.MODULES
             if name not in wanted]  # fmt: skip
    backend = os.environ["KERAS_BACKEND"]
    for name in wanted:
        try:
            engine.choose(name)
        except WeightsError as err:
            notes.append(f"Left out: {err}.")
            continue
        if name == "keras" and not is_here(backend):
            notes.append(f"Left out: keras ({backend} is not installed).")
            continue
        kinds.append((name, FLOAT32))
        if name == "openvino":
            if workers.run(RIVALS, work.has_bfloat16):
                kinds.append((name, BFLOAT16))
            else:
                notes.append("Left out: bfloat16 (this CPU has none).")
    if not kinds:
        raise WeightsError(f"no engine to time. {' '.join(notes)}")
    return kinds, notes


def is_here(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def timed(planned: Plan, rounds: int, workers: Workers, case: Case) -> Iterator[Found]:
    """Yields all measures so far after each round; everything is loaded before."""
    console = Console(stderr=True)
    bar = partial(track, console=console, disable=not console.is_terminal)
    for runner in bar(planned.runners, "loading"):
        workers.run(runner, work.prepare, runner, case)
    found: Found = {}
    for i in range(rounds):
        tasks = list(all_tasks(planned, workers, case._replace(round=i)))
        for runner, task in bar(tasks, f"round {i + 1} of {rounds}"):
            some = found.setdefault(runner, {})
            for name, value in task().items():
                some.setdefault(name, []).append(value)
        yield found


def all_tasks(
    planned: Plan, workers: Workers, case: Case
) -> Iterator[tuple[Runner, Callable[[], Values]]]:
    """Yields the tasks of a round; those of one ratio follow each other closely."""

    def within(runner: Runner, task: Callable[..., Values]) -> Any:
        return runner, partial(workers.run, runner, task, runner, case)

    for kind in dict.fromkeys(runner[1:] for runner in planned.runners):
        for runner in planned.runners:
            if runner[1:] == kind:
                has_bare = bool(planned.multiply_adds)
                yield runner, partial(networks, workers, runner, case, has_bare)
    if is_here("torch"):
        yield within(FBCNN, work.fbcnn)
    for runner in planned.runners:
        yield within(runner, work.decompress)
        if runner.precision == FLOAT32:
            yield within(runner, work.compress_q75)
            yield within(runner, work.compress_fixed)
    for runner in planned.runners:  # from this process, whose memory is small
        yield runner, partial(work.command, runner, case)
        yield runner, partial(work.start, runner, case)
        if runner.precision == FLOAT32:
            yield runner, partial(work.compress_command, runner, case)
    for name, arguments in FRESH.items():
        yield Runner(name), partial(work.python, *arguments)
    for name in planned.rivals:
        yield Runner(name), partial(workers.run, RIVALS, work.rival, name, case)


def networks(workers: Workers, runner: Runner, case: Case, has_bare: bool) -> Values:
    """Times the networks and the bare convolution of the same engine in turns."""
    bare, turns = runner._replace(name=convolution.NAME), []
    for _ in range(TURNS if has_bare else 1):
        turn = workers.run(runner, work.networks, runner, case)
        if has_bare:
            turn |= workers.run(bare, convolution.rate, bare, case)
        turns.append(turn)
    return {name: median(turn[name] for turn in turns) for name in turns[0]}


def remarks(found: Found) -> list[str]:
    """Returns a note for each preset whose picture came out as a plain JPEG."""
    plain = [
        runner.name
        for runner, some in found.items()
        if 0 in some.get("q75_by_networks", [])
    ]
    return [
        f"{name}: -q {work.QUALITY} came out as plain JPEG, which no network restores."
        for name in dict.fromkeys(plain)
    ]


if __name__ == "__main__":
    main()
