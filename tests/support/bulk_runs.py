"""Runs `comrec bulk` in processes, kills them, and checks their outputs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pictures
import processes
import pytest

import comrec

ROOT = Path(comrec.__file__).parents[1]
PRESET, QUALITY, SCALE = "comrec-lite-2", 50, 2
CODING = ["-p", PRESET, "--jpeg-quality", str(QUALITY), "--scale", str(SCALE)]
ENV = os.environ | {
    "PYTHONPATH": str(ROOT), "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_EC2_METADATA_DISABLED": "true",
}  # fmt: skip
SIDE_PX = 128
KINDS = 6  # of pictures, each copied many times
END_S = 400  # after which a process hangs
COUNT, FEW = 120, 36  # of pictures


def sources(count: int) -> dict[str, bytes]:
    """Returns pictures by key."""
    whole = pictures.photo(SIDE_PX + 8 * KINDS, SIDE_PX)
    kinds = [
        pictures.file_of(whole[8 * i : 8 * i + SIDE_PX], "PNG") for i in range(KINDS)
    ]
    return {f"{i % 3}/p{i:04d}.png": kinds[i % KINDS] for i in range(count)}


def outputs(given: dict[str, bytes]) -> dict[str, bytes]:
    """Returns the outputs of `compress` by key."""
    made = {
        data: comrec.compress(
            data, preset=PRESET, jpeg_quality=QUALITY, scale=SCALE, threads=1
        )
        for data in set(given.values())
    }
    found = {}
    for key, data in given.items():
        base = key.removesuffix(".png")
        found[f"{base}.comrec.jpg"] = made[data].jpeg
        found[f"{base}.comrec.json"] = made[data].sidecar
    return found


def fill(folder: Path, given: dict[str, bytes]) -> Path:
    for key, data in given.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(data)
    return folder


def start(*arguments: object, env: dict[str, str] | None = None) -> subprocess.Popen:
    command = [sys.executable, "-m", "comrec", "bulk", *arguments, "--json"]
    return processes.start(
        command, env=ENV | (env or {}), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def end(process: subprocess.Popen, status: int = 0) -> dict:
    """Waits for a run; returns its summary."""
    out, err = process.communicate(timeout=END_S)
    assert process.returncode == status, err
    return json.loads(out)


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def lines(manifest: Path) -> list[bytes]:
    """Returns the complete lines of all files of a manifest."""
    found = []
    for path in sorted(manifest.glob("*.jsonl")):
        found += [n for n in path.read_bytes().splitlines(True) if n.endswith(b"\n")]
    return found


def wait_for(count: int, counted: Callable[[], int], process: subprocess.Popen) -> bool:
    """Waits for a count; returns whether it was reached before the process ended."""
    end_s = time.monotonic() + END_S
    while counted() < count:
        assert time.monotonic() < end_s
        if process.poll() is not None:
            return counted() >= count
        time.sleep(0.02)
    return True


def check(rows: Iterable[bytes], given: dict[str, bytes], found: dict[str, bytes]):
    """Checks that each picture has one row, and that rows and outputs agree."""
    parsed = [json.loads(row) for row in rows]
    assert {row["state"] for row in parsed} == {"done"}, parsed
    assert set(Counter(row["input"] for row in parsed).values()) == {1}
    assert {row["input"] for row in parsed} == set(given)
    sizes = {
        f"{row['input'].rpartition('/')[0]}/{name}": size
        for row in parsed
        for name, size in row["outputs"].items()
    }
    assert sizes == {key: len(data) for key, data in found.items()}
    assert found == outputs(given)


def tree(folder: Path) -> dict[str, bytes]:
    """Returns all files of a destination except its manifest."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "comrec-manifest" not in path.parts
    }


def children(pid: int) -> list[int]:
    """Returns the processes that a process started, from /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # ended meanwhile
            continue
        if parent == pid:
            found.append(int(path.parent.name))
    return found


def says(pid: int, word: str) -> bool:
    """Tells whether the command line of a process contains a word."""
    try:
        return word in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False


def in_processes(test):
    """Marks a test that kills real processes."""
    has_proc = Path("/proc/self/stat").exists()
    needs_proc = pytest.mark.skipif(not has_proc, reason="needs /proc")
    return pytest.mark.slow(needs_proc(test))


def pool_workers(run: subprocess.Popen) -> list[int]:
    """Returns the workers of a run, which are children of its fork server."""
    return [pid for child in children(run.pid)
            for pid in children(child)]  # fmt: skip


def dask_workers(run: subprocess.Popen) -> list[int]:
    found = children(run.pid)
    return [pid for pid in found if says(pid, "spawn_main")]


def kill_one(pids: list[int]) -> bool:
    try:
        os.kill(random.choice(pids), signal.SIGKILL)
    except (IndexError, ProcessLookupError):
        return False
    return True


def kill_workers(run, workers, dst: Path, times: int, every: int = 2) -> int:
    """Kills random workers, each after `every` more pictures; returns how many.

    A fast machine may finish all pictures before the last kill.
    """

    def counted() -> int:
        return len(lines(dst / "comrec-manifest"))

    for i in range(times):
        if not wait_for(counted() + every, counted, run):
            return i
        time.sleep(random.uniform(0, 0.02))
        end_s = time.monotonic() + 60
        while not kill_one(workers(run)):
            if run.poll() is not None:
                return i
            assert time.monotonic() < end_s
            time.sleep(0.02)
    return times


def left(dst: Path) -> list[Path]:
    return list(dst.rglob(".*.tmp"))
