"""Mutates valid pairs, and checks that each is restored exactly or refused.

Claim: for every mutation of a valid pair, `decompress` gives the exact picture of the
intact pair, or refuses the pair in one line. It does not crash, hang or warn, allocates
no more than for the intact pairs, and gives no other picture. One case cannot be
detected: a .jpg that lost its sidecar *and* its marker is a plain JPEG ("bare").
Cost: about 2 ms for each mutation of the small pairs, 20 ms with a network.

    python fuzz/mutate.py --each 3000 --golden 500 \\
        --out experiments/results/mutations.tsv

The small pairs have networks without computation; the others are the golden pairs of
comrec-lite-2, or of `--preset`. One mutation in `EVERY` goes through the command line
as well, which has to print one line on stderr and leave no file where it refuses.
"""

from __future__ import annotations

import argparse
import contextlib
import faulthandler
import io
import resource
import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
import trials
from mutations import KINDS, Files
from PIL import Image
from trials import Pair, Violation

from comrec.cli.main import main as command_line

EVERY = 20  # one mutation in 20 goes through the command line
SLOWEST_S = 10
SUFFIXES = (".png", ".tif", ".webp", ".jpg")


class Row(NamedTuple):
    pairs: str
    kind: str
    tried: int
    same: int  # restored to the exact picture
    refused: int
    bare: int  # became a plain JPEG
    forged: int  # the checksum fits by chance
    failed: int  # everything else
    by_command: int  # those of the tried that the command line got as well
    slowest_ms: int
    peak_mb: int  # resident, of the process so far


def check_command(files: Files, outcome: str, suffix: str) -> None:
    """Raises Violation if the command line treats a pair differently."""
    jpeg, beside = files
    said = io.StringIO()
    with TemporaryDirectory() as folder, contextlib.redirect_stderr(said):
        source = Path(folder, "x.comrec.jpg")
        source.write_bytes(jpeg)
        if beside is not None:
            source.with_name("x.comrec.json").write_bytes(beside)
        target = Path(folder, f"restored{suffix}")
        words = ["decompress", str(source), "-o", str(target), "--quiet"]
        limits = ["--max-pixels", str(trials.MAX_PIXELS)]
        status = command_line([*words, *limits])
        lines = said.getvalue().splitlines()
        left = {p.name for p in Path(folder).iterdir()} - {source.name, "x.comrec.json"}
        if "unexpected" in said.getvalue() or status not in (0, 1):
            raise Violation(f"status {status}: {said.getvalue()}")
        if status == 0:
            if lines or left != {target.name} or outcome == "refused":
                raise Violation(f"restored by the command line only: {lines} {left}")
            with Image.open(target) as picture:
                picture.load()
        elif len(lines) != 1 or left:
            raise Violation(f"refused with {len(lines)} lines and {left} left")


def try_kind(
    pairs: Sequence[Pair], label: str, kind: str, times: int, seed: int
) -> tuple[Row, list[str]]:
    """Returns the row of one kind of mutation, and its failures."""
    chance = np.random.default_rng([seed, *kind.encode()])
    found: Counter[str] = Counter()
    faults, slowest_s, commands = [], 0.0, 0
    for i in range(times):
        pair, other = (pairs[int(n)] for n in chance.integers(len(pairs), size=2))
        files = KINDS[kind](chance, pair, other)
        faulthandler.dump_traceback_later(SLOWEST_S, exit=True)
        started = time.perf_counter()
        try:
            outcome = trials.restore(*files, pairs)
            slowest_s = max(slowest_s, time.perf_counter() - started)
            found[outcome] += 1
            if i % EVERY == 0:
                commands += 1
                check_command(files, outcome, SUFFIXES[i // EVERY % len(SUFFIXES)])
        except Exception as err:  # any other end is a failure
            found["failed"] += 1
            faults.append(f"{kind}, {pair.name}, number {i}: {err!r}")
        faulthandler.cancel_dump_traceback_later()
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    counts = [found[n] for n in ("same", "refused", "bare", "forged", "failed")]
    slowest_ms = round(1000 * slowest_s)
    return Row(label, kind, times, *counts, commands, slowest_ms, peak_mb), faults


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--each",
        type=int,
        default=200,
        metavar="N",
        help="N mutations of each kind (200)",
    )
    parser.add_argument(
        "--golden",
        type=int,
        default=20,
        metavar="N",
        help="N mutations of each kind for the golden pairs (20)",
    )
    parser.add_argument(
        "--preset", default="comrec-lite-2", help="preset of the golden pairs"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="TSV file to write")
    args = parser.parse_args()
    warnings.simplefilter("error")
    lines, failed = ["\t".join(Row._fields)], 0
    with trials.fake_pair.installed():
        sets = {"small": trials.small(), args.preset: trials.golden(f"{args.preset}/*")}
        for label, pairs in sets.items():
            for kind in KINDS:
                times = args.each if label == "small" else args.golden
                row, faults = try_kind(pairs, label, kind, times, args.seed)
                failed += row.failed
                lines.append("\t".join(map(str, row)))
                print(lines[-1], flush=True)
                for fault in faults[:5]:
                    print(f"  {fault}", file=sys.stderr)
    if args.out:
        args.out.write_text("\n".join(lines) + "\n")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
