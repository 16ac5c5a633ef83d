"""Runs every fuzzer for a given time, and writes a row for each.

Claim: no input that a coverage-guided fuzzer finds makes the readers of comrec crash,
hang, exceed the memory limit, or restore another picture than that of the intact pair.
Cost: `--seconds` for each target, on one core. Needs `pip install comrec[fuzz]`.

    python fuzz/run.py --seconds 60 --out experiments/results/fuzz.tsv

Seeds are the golden pairs of the tests, or small pairs with networks without
computation. Inputs that reach new code stay in `fuzz/corpus`, failing ones in
`fuzz/failed`.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
TARGETS = (
    "sidecar",
    "container",
    "pair",
    "pair-lite",
    "crae",
    "reader",
    "packed",
)
SLOWEST_S, LARGEST_MB, LONGEST_BYTES = 10, 1500, 65_536


class Row(NamedTuple):
    target: str
    seconds: int
    inputs: int
    features: int  # of the code that were reached, as libFuzzer counts
    kept: int  # inputs in the corpus
    peak_mb: int
    failures: int  # 1 where an input failed, which ends the fuzzer


def run(target: str, seconds: int) -> Row:
    """Runs one fuzzer in a new process, and returns its row."""
    corpus, failed = HERE / "corpus" / target, HERE / "failed"
    for folder in (corpus, failed):
        folder.mkdir(parents=True, exist_ok=True)
    command = [
        sys.executable, str(HERE / "harness.py"), target, str(corpus),
        f"-max_total_time={seconds}", f"-timeout={SLOWEST_S}", "-seed=1",
        f"-dict={HERE}/words.dict", f"-rss_limit_mb={LARGEST_MB}",
        f"-max_len={LONGEST_BYTES}",
        f"-artifact_prefix={failed}/{target}-", "-print_final_stats=1",
    ]  # fmt: skip
    with tempfile.TemporaryFile("w+") as said:  # a file shows that a library wrote
        done = subprocess.run(command, stdout=said, stderr=said, check=False)
        said.seek(0)
        log = said.read()
    if "stat::number_of_executed_units" not in log:
        raise SystemExit(f"{target} did not start:\n{log[-2000:]}")
    if done.returncode:
        print(log[-3000:], file=sys.stderr)
    features = re.findall(r" ft: (\d+) ", log)
    return Row(
        target, seconds, _stat(log, "number_of_executed_units"),
        int(features[-1]) if features else 0, len(list(corpus.iterdir())),
        _stat(log, "peak_rss_mb"), int(done.returncode != 0),
    )  # fmt: skip


def _stat(log: str, name: str) -> int:
    found = re.findall(rf"stat::{name}:\s*(\d+)", log)
    return int(found[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "targets", nargs="*", metavar="TARGET", help="fuzzers to run (default: all)"
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each fuzzer (60)")
    parser.add_argument("--out", type=Path, help="TSV file to write")
    args = parser.parse_args()
    if unknown := set(args.targets) - set(TARGETS):
        parser.error(f"targets are {', '.join(TARGETS)}. Received: {unknown}")
    lines = ["\t".join(Row._fields)]
    failures = 0
    for target in args.targets or TARGETS:
        row = run(target, args.seconds)
        failures += row.failures
        lines.append("\t".join(map(str, row)))
        print(lines[-1], flush=True)
    if args.out:
        args.out.write_text("\n".join(lines) + "\n")
    return int(failures > 0)


if __name__ == "__main__":
    sys.exit(main())
