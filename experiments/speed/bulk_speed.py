"""Measures the overhead of `comrec bulk` per picture, and compares its runners.

Claim: with two workers, Dask takes at most 15 % longer than processes; two shards at
once take about as long as one run with `-j 2`; the memory of a worker does not grow
with the number of pictures. Cost: half an hour on two idle cores; half a minute
with `--quick`. Needs Linux, and `comrec[cluster]` for Dask, else Dask is left out.

    python experiments/speed/bulk_speed.py --out experiments/results/bulk.tsv

Method. 1,000 crops of the bundled photo, 192x192, at `-q 75`: small, so that the
overhead is visible. Each worker has one core, a shard and the single process too. In
each round every runner compresses all crops once into a new folder; the order rotates
by one each round.
`total_s` is the whole command with its start and its end. `steady_s` is the time from
the first row of the manifest to the last, per picture after the first; `overhead_ms` is
the remainder per picture and worker after subtracting the worker's own seconds.
Memory is resident, the mean of the workers, after a fifth of the pictures and at the
end. Ratios are to `pool` within a round; there is a row for every round, and `round` 0
has the medians. Presets: pictures of 400x400 at `-q 75`, one after the other in one
worker with one core.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from pathlib import Path

from PIL import Image
from speed_parts import report

import comrec
from comrec.cli import values
from comrec.networks import presets
from comrec.system import cores, files

PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.png"
CODING = ("-p", "comrec-lite-2", "-q", "75")
ONE_CORE = ("-j", "1", "--threads", "1")
PRESETS = (presets.DEFAULT, "comrec-lite-2", "plain")
WORKERS = 2
RUNNERS = {
    "compress": (), "one": ONE_CORE, "pool": ("-j", "2"),
    "shards": ONE_CORE, "dask": ("-j", "2", "--runner", "dask"),
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """Holds the pictures that are compressed, and how."""

    pictures: int = 1000
    rounds: int = 3
    side_px: int = 192
    large_px: int = 400  # of the pictures for presets
    large_pictures: int = 20
    more: tuple[str, ...] = ()  # options of every command


QUICK = Plan(6, 1, 48, 64, 2, ("--effort", "0"))


@dataclass(frozen=True)
class Row:
    """Describes one runner in one round."""

    runner: str
    round: int
    workers: int
    pictures: int
    side_px: int
    total_s: float
    steady_s: float | None = None
    worker_s: float | None = None
    overhead_ms: float | None = None
    ratio_to_pool: float | None = None
    early_mb: float | None = None
    late_mb: float | None = None
    mp_per_s: float | None = None
    comrec: str = comrec.__version__


def make_pictures(folder: Path, count: int, side_px: int) -> Path:
    """Writes `count` different crops, a hundred to a folder; returns `folder`."""
    with Image.open(PHOTO) as photo:
        whole = photo.convert("RGB")
    room = whole.width - side_px + 1
    for number in range(count):
        left, top = number * 7 % room, number * 13 % room
        path = folder / f"{number // 100:03d}" / f"{number:06d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        whole.crop((left, top, left + side_px, top + side_px)).save(path)
    return folder


def commands(runner: str, source: Path, out: Path, plan: Plan) -> list[list[str]]:
    """Returns the commands of a runner, which are to run at the same time."""
    comrec_ = [sys.executable, "-m", "comrec"]
    coding = [*CODING, *plan.more]
    if runner == "compress":
        more = ["-r", "-o", f"{out}/", "-j", str(WORKERS), "--quiet"]
        return [[*comrec_, "compress", str(source), *coding, *more]]
    more = [*coding, *RUNNERS[runner], "--quiet"]
    parts = (
        [f"{i}/{WORKERS}" for i in range(WORKERS)] if runner == "shards" else ["0/1"]
    )
    return [
        [*comrec_, "bulk", str(source), str(out), *more, "--shard", part]
        for part in parts
    ]


def measure(runner: str, number: int, source: Path, plan: Plan) -> Row:
    """Runs one runner over all pictures, and samples the memory of its workers."""
    workers, count = (1 if runner == "one" else WORKERS), plan.pictures
    early_mb = late_mb = None
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        started = time.perf_counter()
        running = [subprocess.Popen(c) for c in commands(runner, source, out, plan)]
        while any(process.poll() is None for process in running):
            time.sleep(0.25)
            memory = worker_mb([process.pid for process in running], workers)
            if memory is None:
                continue
            so_far = count_rows(out)
            if so_far >= count / 5:
                early_mb = early_mb or memory
                late_mb = memory if so_far < count - WORKERS else late_mb
        total_s = time.perf_counter() - started
        if any(process.returncode for process in running):
            raise SystemExit(f"{runner}: failed; see above")
        row = Row(runner, number, workers, count, plan.side_px, round(total_s, 2))
        if runner == "compress":
            return row
        found = [json.loads(line) for line in lines(out)]
    times = sorted(line["at"] for line in found)
    steady_s = (times[-1] - times[0]) / max(len(times) - 1, 1)
    worker_s = statistics.fmean(line["seconds"] for line in found)
    return replace(
        row, steady_s=round(steady_s, 4), worker_s=round(worker_s, 4),
        overhead_ms=round(1000 * (steady_s * workers - worker_s), 1),
        early_mb=early_mb, late_mb=late_mb,
    )  # fmt: skip


def lines(out: Path) -> Iterator[str]:
    """Yields the rows of the manifest as JSON."""
    for path in sorted((out / "comrec-manifest").glob("*.jsonl")):
        yield from path.read_text().splitlines()


def count_rows(out: Path) -> int:
    """Returns the number of rows in the manifest."""
    return sum(1 for _ in lines(out))


def worker_mb(roots: Sequence[int], workers: int) -> float | None:
    """Returns the mean resident MB of the largest descendants; None if too few."""
    parents: dict[int, int] = {}
    resident: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid = int(stat.parent.name)
            parents[pid] = int(stat.read_text().rpartition(")")[2].split()[1])
            pages = int((stat.parent / "statm").read_text().split()[1])
        except OSError:  # the process has ended
            continue
        resident[pid] = pages * 4096 / 1e6
    tree = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    found = sorted((resident.get(pid, 0) for pid in tree - set(roots)), reverse=True)
    largest = found[:workers]
    return round(statistics.fmean(largest), 1) if len(largest) == workers else None


def preset_row(preset: str, plan: Plan) -> Row:
    """Measures the megapixels per second of one worker on one core."""
    with tempfile.TemporaryDirectory() as folder:
        count, side_px = plan.large_pictures, plan.large_px
        source = make_pictures(Path(folder) / "src", count, side_px)
        out = Path(folder) / "out"
        command = [
            sys.executable, "-m", "comrec", "bulk", str(source), str(out), "-p", preset,
            "-q", "75", "-j", "1", "--threads", "1", "--quiet", *plan.more,
        ]  # fmt: skip
        started = time.perf_counter()
        subprocess.run(command, check=True)
        total_s = time.perf_counter() - started
        seconds = [json.loads(line)["seconds"] for line in lines(out)][1:]
    speed = side_px**2 / 1e6 / statistics.fmean(seconds)
    return Row(
        f"-p {preset} -q 75", 0, 1, count, side_px, round(total_s, 2),
        mp_per_s=round(speed, 4),
    )  # fmt: skip


def rounds(plan: Plan, names: Sequence[str]) -> list[Row]:
    """Runs every runner once in each round, and adds the ratios to `pool`."""
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        source = make_pictures(Path(folder) / "src", plan.pictures, plan.side_px)
        for number in range(1, plan.rounds + 1):
            turn = number % len(names)
            some = [
                measure(n, number, source, plan) for n in (*names[turn:], *names[:turn])
            ]
            pool_s = next(row.total_s for row in some if row.runner == "pool")
            some = [
                replace(r, ratio_to_pool=round(r.total_s / pool_s, 3)) for r in some
            ]
            for row in some:
                print(f"round {number}: {row.runner} {row.total_s} s", file=sys.stderr)
            found += some
    return found


def medians(found: Sequence[Row]) -> list[Row]:
    """Returns round 0 of each runner: the medians of its rounds in each column."""
    made = []
    for name in dict.fromkeys(row.runner for row in found):
        mine = [asdict(row) for row in found if row.runner == name]
        middle = dict(mine[0]) | {"round": 0}
        for key, value in mine[0].items():
            if isinstance(value, float):
                middle[key] = round(statistics.median(row[key] for row in mine), 4)
        made.append(Row(**middle))
    return made


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, metavar="ROWS.tsv", required=True)
    parser.add_argument(
        "--pictures", type=values.number(10, 10**6), default=Plan.pictures
    )
    parser.add_argument("--rounds", type=values.number(1, 99), default=Plan.rounds)
    parser.add_argument("--runners", nargs="+", choices=RUNNERS, default=list(RUNNERS))
    parser.add_argument("--quick", action="store_true", help="a round of 6 small ones")
    args = parser.parse_args(argv)
    plan = QUICK if args.quick else Plan(args.pictures, args.rounds)
    names = [*dict.fromkeys(["pool", *args.runners])]  # ratios are to pool
    if "dask" in names and not importlib.util.find_spec("distributed"):
        names.remove("dask")
        print("Dask is left out: pip install comrec[cluster]", file=sys.stderr)
    if cores.available() < WORKERS:
        print(f"only {cores.available()} core: ratios mean little", file=sys.stderr)
    found = rounds(plan, names)
    found = [*medians(found), *found]
    found += [preset_row(name, plan) for name in PRESETS]
    cells = [["" if x is None else x for x in astuple(row)] for row in found]
    files.write(args.out, report.as_tsv([field.name for field in fields(Row)], cells))


if __name__ == "__main__":
    main()
