"""Compares architectures of RecCNN after equal training, and their speed.

Claim: networks with equal numbers of multiply-adds differ in quality and in speed, and
the rows show which is better. Each candidate gets the same batches in the same order,
at equal learning rates. Gains are those of one seed on validation pictures (scale 1).
Times are of onnxruntime with one thread, the best of several rounds in which the
candidates take turns, so only their ratios count. Cost: on an idle core, about 40
minutes for each candidate with 130 k multiply-adds and 7 for each with 6 k; several
times that on a busy machine.

    python experiments/training/race.py experiments/configs/race-nano.json \\
        experiments/configs/race-base.json --codings runs/codings-scale1 \\
        --validation cid22 clic2025_half --out experiments/results/race.tsv

The crops are made by prepare_codings.py, with `--scales 1 --scale-shares 1`. Every
tenth picture of each folder of --validation, by name, is used to validate. The script
can be stopped at any moment; the same command continues from the last epoch, and does
not train finished candidates again. Several processes may share the work by --only;
`--minutes 0 --out ROWS` then writes the rows, without gains for untrained candidates.
"""

from __future__ import annotations

import argparse
import os
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from candidates import Candidate
    from race_run import RaceConfig

    Entry = tuple[str, Candidate, RaceConfig]  # the name of its race, and its training

# One thread each: several candidates are trained side by side.
for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")  # half the time of small networks
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import training_script

from comrec.train.prepared.shards import RECIPE, PreparedCrops

HELD_BACK = 10
RUNS = Path("runs/race")
TRAINED, UNTRAINED = "reccnn.onnx", "untrained.onnx"
GAINS = ("gain_db_1_0.25", "gain_db_1_0.5", "gain_db_1_1.0")
JPEG_GAINS = tuple(f"jpeg_gain_db_{q}" for q in (10, 20, 30, 40))
HEAD = (
    "race", "name", "stride", "widths", "blocks", "tail_px", "grid",
    "multiply_adds", "kernel_weights", "steps", "steps_done", "batch",
    "patch_px", "seconds",
    *GAINS, *JPEG_GAINS,
    "ms_per_megapixel", "speed_of_lite", "crops", "versions",
)  # fmt: skip


def main() -> None:
    training_script.call(race, parse(sys.argv[1:]), "the same command")


def parse(argv: list[str]) -> argparse.Namespace:
    parser = training_script.parser(__doc__)
    add = parser.add_argument
    add("configs", type=Path, nargs="+", help="JSON: candidates and their training")
    add("--codings", type=Path, required=True, help="folder of prepared crops")
    add(
        "--validation",
        type=training_script.folder,
        nargs="+",
        required=True,
        help="folders of pictures",
    )
    add("--every", type=int, default=HELD_BACK, help="validate on every n-th picture")
    add("--runs", type=Path, default=RUNS, help="folder of the runs")
    add("--only", nargs="+", default=[], help="names of candidates to train")
    add(
        "--minutes", type=float, default=float("inf"), help="of training; 0: rows alone"
    )
    add("--out", type=Path, help="TSV to write")
    return parser.parse_args(argv)


def race(args: argparse.Namespace) -> None:
    """Trains unfinished candidates, then measures speed and writes the rows."""
    entries = load(args)
    waiting = [e for e in entries if not _is_done(args.runs / e[1].name)]
    waiting = [e for e in waiting if not args.only or e[1].name in args.only]
    if waiting and args.minutes > 0:
        train(args, waiting)
    if args.out:
        write(args, entries)


def train(args: argparse.Namespace, waiting: list[Entry]) -> None:
    """Trains candidates one after the other, until the budget is spent."""
    import time

    from race_run import RaceRun, RaceValidation

    from comrec.train.alternating.data import list_pictures, load_picture
    from comrec.train.run.progress import Display
    from comrec.train.run.run import OutOfTime

    ends = time.monotonic() + args.minutes * 60
    crops = PreparedCrops(args.codings, scales=(1,))
    paths = [p for f in args.validation for p in list_pictures(f)[:: args.every]]
    validation = RaceValidation([load_picture(path, 3) for path in paths])
    for _, candidate, config in waiting:
        folder = args.runs / candidate.name
        with Display() as show:
            print(f"{candidate.name}: {config.steps} steps", flush=True)
            try:
                run = RaceRun(config, folder, crops, validation, show)
                run.train(ends - time.monotonic())
            except OutOfTime:
                print("out of time. Continue by the same command", file=sys.stderr)
                return
        export(run.reccnn, candidate, folder / TRAINED)


def load(args: argparse.Namespace) -> list[Entry]:
    """Returns the race, the candidate and its training, of each row of all configs."""
    import candidates
    from race_run import RaceConfig

    recipe = args.codings / RECIPE
    checksum = f"{zlib.crc32(recipe.read_bytes()):08x}" if recipe.exists() else ""
    found = []
    for path in args.configs:
        training, rows = candidates.load(path)
        for row in rows:
            config = RaceConfig(row.record(), checksum, **training)
            found.append((path.stem.removeprefix("race-"), row, config))
    return found


def _is_done(folder: Path) -> bool:
    return (folder / TRAINED).exists()


def export(reccnn: Any, candidate: Candidate, path: Path) -> None:
    """Writes a network as ONNX, by whose file a finished candidate is known."""
    from comrec.train.release.export import save

    path.parent.mkdir(parents=True, exist_ok=True)
    making = path.with_name("making.onnx")
    save(reccnn, path.with_suffix(".weights.h5"), making, candidate.multiple_px)
    making.replace(path)


def find_export(folder: Path, candidate: Candidate) -> Path:
    """Returns the export of a candidate, or of its untrained network, for timing."""
    from candidates import build

    if _is_done(folder):
        return folder / TRAINED
    path = folder / UNTRAINED
    if not path.exists():
        export(build(candidate), candidate, path)
    return path


def write(args: argparse.Namespace, entries: list[Entry]) -> None:
    """Writes a row for each candidate, without gains for those not yet trained."""
    from speed_of import measure_ms

    from comrec.train.run.log import RunLog, read_versions

    lite_ms, times_ms = measure_ms(
        [find_export(args.runs / c.name, c) for _, c, _ in entries]
    )
    made = read_versions("onnxruntime")
    rows = []
    for (race_name, candidate, config), taken_ms in zip(entries, times_ms, strict=True):
        log = RunLog(args.runs / candidate.name / "metrics.jsonl")
        epochs, scores = log.rows("epoch"), log.rows("validation")
        score = scores[-1] if scores else {}
        rows.append((
            race_name, candidate.name, candidate.stride,
            ",".join(map(str, candidate.widths)), ",".join(map(str, candidate.blocks)),
            candidate.tail_px, ",".join(map(str, candidate.grid)) or "-",
            candidate.count_multiply_adds(),
            sum(weights for weights, _ in candidate.kernels()), config.steps,
            sum(row["steps"] for row in epochs), config.batch, config.patch_px,
            round(sum(row["duration_s"] for row in epochs)),
            *(score.get(name, "-") for name in (*GAINS, *JPEG_GAINS)),
            round(taken_ms, 1), round(lite_ms / taken_ms, 2), config.codings,
            f"comrec {made['comrec']}, keras {made['keras']}, "
            f"onnxruntime {made['onnxruntime']}",
        ))  # fmt: skip
    training_script.write_rows(args.out, HEAD, rows)


if __name__ == "__main__":
    main()
