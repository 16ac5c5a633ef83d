"""`comrec bulk` in processes of its own, to be killed; what it left, to be checked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pictures

import comrec

ROOT = Path(comrec.__file__).parents[1]
PRESET, QUALITY, SCALE = "comrec-lite-2", 50, 2
CODING = ["-p", PRESET, "--jpeg-quality", str(QUALITY), "--scale", str(SCALE)]
ENV = os.environ | {
    "PYTHONPATH": str(ROOT), "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_EC2_METADATA_DISABLED": "true",
}  # fmt: skip
SIDE_PX = 128
KINDS = 6  # of pictures, of which there are many copies
END_S = 400  # after which a process hangs


def sources(count: int) -> dict[str, bytes]:
    """So many pictures by key."""
    whole = pictures.photo(SIDE_PX + 8 * KINDS, SIDE_PX)
    kinds = [
        pictures.file_of(whole[8 * i : 8 * i + SIDE_PX], "PNG") for i in range(KINDS)
    ]
    return {f"{i % 3}/p{i:04d}.png": kinds[i % KINDS] for i in range(count)}


def outputs(given: dict[str, bytes]) -> dict[str, bytes]:
    """What `compress` makes of them."""
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
    return subprocess.Popen(
        list(map(str, command)), env=ENV | (env or {}), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def end(process: subprocess.Popen, status: int = 0) -> dict:
    """The summary of a run that ends by itself."""
    try:
        out, err = process.communicate(timeout=END_S)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == status, err
    return json.loads(out)


def kill(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def lines(manifest: Path) -> list[bytes]:
    """The whole lines of all files of a manifest."""
    found = []
    for path in sorted(manifest.glob("*.jsonl")):
        found += [n for n in path.read_bytes().splitlines(True) if n.endswith(b"\n")]
    return found


def wait_for(count: int, counted: Callable[[], int], process: subprocess.Popen) -> bool:
    """Whether there were so many before the process ended."""
    end_s = time.monotonic() + END_S
    while counted() < count:
        assert time.monotonic() < end_s
        if process.poll() is not None:
            return counted() >= count
        time.sleep(0.02)
    return True


def check(rows: Iterable[bytes], given: dict[str, bytes], found: dict[str, bytes]):
    """Nothing is lost, nothing is there twice, and rows and outputs are one."""
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
    """All files of a destination but its manifest."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "comrec-manifest" not in path.parts
    }


def children(pid: int) -> list[int]:
    """Processes that a process started, by /proc."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it has ended meanwhile
            continue
        if parent == pid:
            found.append(int(path.parent.name))
    return found


def says(pid: int, word: str) -> bool:
    """Whether a process has a word in its command line."""
    try:
        return word in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return False
