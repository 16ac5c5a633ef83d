"""Tests `comrec compress` against full disks, killed processes and changing files.

Claim: after a fault in the middle of a folder, no original is changed, no file is
incomplete, each pair restores to the picture of the old run or of the new one, and the
same command completes the rest and leaves no other file.
Cost: about ten minutes on a core; one minute with `--quick`. Needs Linux. As root, the
full disk and the read-only folder are real (a tmpfs); else files have a size limit, and
the folder has no write permission.

    python experiments/reliability/faults.py --out experiments/results/faults.tsv

Method. In each trial a new process runs the command on a folder of small pictures of
different formats. "Killed" is SIGKILL at a random moment of the run; "at a step" is
just before and just after every fourth of its calls to rename, link, unlink and fsync.
The script then reads every file, decodes and compares every pair, runs the command
again without a fault, and checks all files again.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from fault_parts.runs import OLD_QUALITY, Batch, run, start, wait

PAGE_KIB = 4  # smallest size of a file on a tmpfs
Run = tuple[int | None, str]


@dataclass
class Row:
    fault: str
    times: int = 0
    runs_failed: int = 0  # runs with a status other than 0, which is allowed
    originals_touched: int = 0
    half_files: int = 0  # under any name
    other_pictures: int = 0  # pairs that restore to neither the old picture nor the new
    half_pairs: int = 0  # new pairs with one file, which the second run completes
    left_over: int = 0  # complete files under a temporary name
    not_cleared: int = 0  # those of them that the second run leaves
    tracebacks: int = 0  # and hangs
    unfinished: int = 0  # pictures without a new pair after the second run

    @property
    def losses(self) -> int:
        """The sum of the counts that have to be 0."""
        return (
            self.originals_touched + self.half_files + self.other_pictures
            + self.tracebacks + self.unfinished + self.not_cleared
        )  # fmt: skip


class Trials:
    """Counts the results of one kind of fault."""

    def __init__(self, fault: str, batch: Batch, over: bool = False) -> None:
        self.batch, self.over = batch, over
        self.row = Row(f"{fault}, -f over old pairs" if over else fault)
        self.command = batch.command("-f" if over else "--skip-existing")

    def check(self, *harmed: Run) -> None:
        """Counts what the harmed runs left, and runs the command again."""
        row, found = self.row, self.batch.inspect()
        row.times += 1
        row.runs_failed += any(status != 0 for status, _ in harmed)
        row.tracebacks += sum(
            "Traceback" in text or "unexpected" in text for _, text in harmed
        )
        for name in ("half_files", "other_pictures", "half_pairs", "left_over"):
            setattr(row, name, getattr(row, name) + getattr(found, name))
        status, text = run(self.command)
        end = self.batch.inspect()
        undone = len(self.batch.names) - end.new_pairs
        row.originals_touched += max(found.originals_touched, end.originals_touched)
        row.not_cleared += end.left_over
        row.unfinished += undone or int(bool(status or end.half_pairs))
        if status or undone:
            print(f"{row.fault}: {status}, {undone} undone\n{text}", file=sys.stderr)


def killed(trials: Trials, times: int, chance: np.random.Generator) -> None:
    whole_s = undisturbed_s(trials)
    for _ in range(times):
        trials.batch.start_over(trials.over)
        process = start(trials.command)
        time.sleep(float(chance.uniform(0, whole_s)))
        process[0].kill()
        trials.check(wait(process))


def undisturbed_s(trials: Trials) -> float:
    """Returns the seconds of a run without a fault."""
    trials.batch.start_over(trials.over)
    began = time.perf_counter()
    run(trials.command)
    return time.perf_counter() - began


def killed_at_steps(trials: Trials, every: int) -> None:
    for moment in range(1, 10**4, every):
        trials.batch.start_over(trials.over)
        result = run(trials.command, die_at=moment)
        if result[0] == 0:  # past the last step
            break
        trials.check(result)


@contextmanager
def tmpfs(folder: Path, kib: int) -> Iterator[Callable[[str], None]]:
    """Mounts a small disk over a folder; yields a function that changes its options."""
    options = ["-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
    subprocess.run(["mount", *options], check=True, capture_output=True)
    try:
        yield lambda text: _remount(folder, text)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def _remount(folder: Path, text: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{text}", str(folder)], check=True)


def can_mount(folder: Path) -> bool:
    """Returns whether this user may mount a tmpfs."""
    try:
        with tmpfs(folder, 64):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def disk_full(trials: Trials, every: int) -> None:
    """Runs on disks of growing size, so that each write fails once."""
    files = len(trials.batch.new)
    least = files if trials.over else 0
    for pages in range(least, 2 * files + least + 2, every):
        with tmpfs(trials.batch.out, max(pages, 1) * PAGE_KIB) as change:
            trials.batch.start_over(trials.over)
            result = run(trials.command)
            change("size=16m")
            trials.check(result)


def file_limit(trials: Trials, every: int) -> None:
    """Runs with a limit to the size of files, where a tmpfs cannot be mounted."""
    sizes = sorted({len(data) for data in trials.batch.new.values()})
    for size in sizes[::every]:
        trials.batch.start_over(trials.over)
        trials.check(run(trials.command, max_bytes=max(size - 1, 1)))


def read_only(trials: Trials, mounted: bool) -> None:
    out = trials.batch.out
    if mounted:
        with tmpfs(out, 16_384) as change:
            trials.batch.start_over(trials.over)
            change("ro")
            result = run(trials.command)
            change("rw")
            trials.check(result)
        return
    trials.batch.start_over(trials.over)
    out.chmod(0o555)
    result = run(trials.command)
    out.chmod(0o755)
    trials.check(result)


def files_vanish(trials: Trials, times: int, chance: np.random.Generator) -> None:
    """Removes the originals during a run, and puts them back for the second."""
    batch, whole_s = trials.batch, undisturbed_s(trials)
    for _ in range(times):
        batch.start_over(trials.over)
        process = start(trials.command)
        time.sleep(float(chance.uniform(0, whole_s)))
        for name in batch.originals:
            (batch.source / name).unlink()
        result = wait(process)
        for name in batch.originals:
            _put_back(batch, name)
        trials.check(result)


def files_change(trials: Trials, times: int, chance: np.random.Generator) -> None:
    """Truncates and rewrites originals in place during a run."""
    batch = trials.batch
    for _ in range(times):
        batch.start_over(trials.over)
        process = start(trials.command)
        while process[0].exitcode is None:
            name = str(chance.choice(sorted(batch.originals)))
            data, _ = batch.originals[name]
            with open(batch.source / name, "r+b") as file:
                file.truncate(int(chance.integers(len(data))))
                time.sleep(float(chance.uniform(0, 0.05)))
                file.seek(0)
                file.write(data)
            _put_back(batch, name)
        trials.check(wait(process))


def _put_back(batch: Batch, name: str) -> None:
    data, changed_ns = batch.originals[name]
    path = batch.source / name
    path.write_bytes(data)
    os.utime(path, ns=(changed_ns, changed_ns))


def two_processes(trials: Trials, times: int) -> None:
    """Runs two processes on one folder, with two qualities where both may write."""
    for _ in range(times):
        trials.batch.start_over(trials.over)
        words = trials.command
        if trials.over:
            words = trials.batch.command("-f", quality=OLD_QUALITY)
        both = [start(trials.command), start(words)]
        trials.check(*[wait(process) for process in both])


def clock_back(trials: Trials) -> None:
    """Dates outputs to the year 2100; a second run must not write them again."""
    batch = trials.batch
    batch.start_over(trials.over)
    run(trials.command)
    for path in batch.out.iterdir():
        os.utime(path, (4_102_444_800,) * 2)
    before = {path: path.stat().st_mtime for path in batch.out.iterdir()}
    trials.check(run(trials.command))
    if not trials.over and before != {p: p.stat().st_mtime for p in before}:
        trials.row.unfinished += 1


def rows(folder: Path, quick: bool, seed: int, only: str) -> Iterator[Row]:
    """Yields a row for each kind of fault, without and with old pairs to replace."""
    chance, batch = np.random.default_rng(seed), Batch(folder)
    mounted = can_mount(batch.out)
    some, few, every, pages = (1, 1, 32, 16) if quick else (100, 8, 4, 1)
    for over in (False, True):
        todo: list[tuple[str, Callable[[Trials], None]]] = [
            ("killed", lambda t: killed(t, some, chance)),
            ("killed at a step", lambda t: killed_at_steps(t, every)),
            ("disk full", lambda t: disk_full(t, pages))
            if mounted
            else ("file size limit", lambda t: file_limit(t, pages)),
            ("read-only folder", lambda t: read_only(t, mounted)),
            ("originals vanish", lambda t: files_vanish(t, few, chance)),
            ("originals change", lambda t: files_change(t, few, chance)),
            ("two processes", lambda t: two_processes(t, few)),
            ("clock going back", clock_back),
        ]
        for name, work in todo:
            if only not in name:
                continue
            trials = Trials(name, batch, over)
            work(trials)
            yield trials.row


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--quick", action="store_true", help="a few trials of each fault"
    )
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="faults with this text in their name"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="TSV file to write")
    args = parser.parse_args()
    lines, losses = ["\t".join(f.name for f in fields(Row))], 0
    with TemporaryDirectory() as folder:
        for row in rows(Path(folder), args.quick, args.seed, args.only):
            losses += row.losses
            lines.append("\t".join(map(str, astuple(row))))
            print(lines[-1], flush=True)
            if args.out:
                args.out.write_text("\n".join(lines) + "\n")
    return int(losses > 0)


if __name__ == "__main__":
    sys.exit(main())
