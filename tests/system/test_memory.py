"""What is done so that a process takes no more memory than it has to."""

import os
import platform
import subprocess
import sys

import numpy as np
import pictures
import pytest

from comrec.encoder.mode import CodingMode
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.settings import PLAIN
from comrec.networks.codec import Codec
from comrec.networks.presets import find
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


@pytest.mark.parametrize("scale", [1, 2])
def test_a_decode_is_judged_by_its_parts_as_the_whole_is(scale):
    pixels = np.tile(pictures.photo(96, 128), (1, 12, 1))  # wider than a tile
    codec = Codec(find("comrec-lite-2"), scale)
    made = CodingMode(pixels, None, 0, codec).decode_in_full(40)
    whole = codec.restore(made.jpeg, pixels.shape[:2])
    assert made.psnr_db == psnr_db(pixels, whole)
    plain = CodingMode(pixels, PLAIN, 0).decode_in_full(40)
    assert plain.psnr_db == psnr_db(pixels, coding.decode(plain.jpeg))
