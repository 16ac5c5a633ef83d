"""Memory that was freed goes back to the system."""

import os
import platform
import subprocess
import sys

import pytest

from comrec.system import memory


def resident_mb() -> float:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="glibc has what is tested"
)
def test_what_was_freed_goes_back_to_the_system():
    blocks = [bytes(1000) for _ in range(100_000)]
    last = bytes(1000)  # lies above them, so that glibc keeps what is below
    held_mb = resident_mb()
    blocks.clear()
    memory.trim()
    assert len(last) == 1000
    assert resident_mb() < held_mb - 50


PEAK = """
import numpy as np
from comrec.system import memory
memory.tune()
def resident_mb():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6
last = []
for size in (28, 24, 20):
    freed = np.ones(size * 10**6, np.uint8)
    last.append(bytes(10**5))  # lies above it, where it lay among small ones
    del freed
print(resident_mb() - at_first)
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="glibc has what is tested"
)
def test_a_large_array_goes_back_when_it_is_freed():
    def kept_mb(program: str) -> float:
        program = program.replace("last = []", "last = []; at_first = resident_mb()")
        env = {k: v for k, v in os.environ.items() if k[:6] not in ("MALLOC", "GLIBC_")}
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True, text=True, check=True, env=env,
        )  # fmt: skip
        return float(done.stdout)

    assert kept_mb(PEAK) < 5 < kept_mb(PEAK.replace("memory.tune()\n", ""))
