"""Large pictures in bounded memory, small machines, and files after an interrupt."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pictures
import processes
import pytest
from PIL import Image

from comrec.format import names
from comrec.networks import engine

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="measures as Linux does")
LITE = "comrec-lite-2"
COMREC = (sys.executable, "-m", "comrec")
GIGABYTE = 10**9
# What a processor of 2012 has, for the libraries that can be told.
OLD_CPU = {
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX",
    "VIPS_NOVECTOR": "1",
}


def started(*arguments: object, **env: str) -> subprocess.Popen[bytes]:
    return processes.start(
        [*COMREC, *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ | env,
        # Who runs in the background of a script is deaf to it, and so is its child.
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def peak_bytes(*arguments: object) -> int:
    """Returns the peak resident memory of one command that must succeed."""
    # A small process between: what starts another is counted with it.
    script = (
        "import os, sys; p = os.spawnv(os.P_NOWAIT, sys.executable, sys.argv[1:]); "
        "_, status, used = os.wait4(p, 0); assert status == 0; print(used.ru_maxrss)"
    )
    command = [sys.executable, "-c", script, *COMREC, *map(str, arguments), "--quiet"]
    return 1024 * int(subprocess.check_output(command).split()[-1])


def telephone(path: Path, times: int) -> Path:
    """Writes a photo of (300 * times) x (400 * times) pixels."""
    tile = pictures.photo(300, 400)
    Image.fromarray(np.tile(tile, (times, times, 1))).save(path, quality=90)
    return path


@pytest.mark.slow
@pytest.mark.pretrained
@LINUX
def test_twelve_megapixels_are_restored_in_less_than_a_gigabyte(tmp_path):
    photo, made = telephone(tmp_path / "photo.jpg", 10), tmp_path / "made.jpg"
    options = "-p", LITE, "--jpeg-quality", 30, "--scale", 2
    assert peak_bytes("compress", *options, photo, "-o", made) < GIGABYTE
    restored = tmp_path / "restored.png"
    most = peak_bytes("decompress", made, "-o", restored)
    assert most < GIGABYTE
    restored.unlink()
    less = peak_bytes("decompress", made, "-o", restored, "--memory", 64)
    assert less < 0.9 * most


@pytest.mark.slow
@pytest.mark.pretrained
@LINUX
def test_the_search_keeps_few_copies_of_a_picture(tmp_path):
    photo, made = telephone(tmp_path / "photo.jpg", 5), tmp_path / "made.jpg"
    options = "-p", LITE, "--effort", 2, "-q", 30
    assert peak_bytes("compress", *options, photo, "-o", made) < GIGABYTE / 2
    assert names.sidecar_of(made).exists()  # else there was less to do


@pytest.mark.slow
@pytest.mark.pretrained
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
@pytest.mark.parametrize("name", ["onnxruntime", "openvino"])
def test_one_old_core_gives_the_same_picture(name, tmp_path):
    pytest.importorskip(engine.MODULES[name], reason=f"{name} is not installed")
    photo = tmp_path / "photo.png"
    Image.fromarray(pictures.photo(64, 96)).save(photo)
    restored = []
    held = os.sched_getaffinity(0)
    every = set(range(os.cpu_count() or 1))  # a worker of several has its share alone
    for env, cores in (({}, every), (OLD_CPU, {min(held)})):
        made = tmp_path / f"{len(restored)}.jpg"
        out = made.with_suffix(".png")
        os.sched_setaffinity(0, cores)
        try:
            for command in (
                ("compress", "-p", LITE, "--jpeg-quality", 40, photo, "-o", made),
                ("decompress", "--exact", made, "-o", out),
            ):
                process = started(*command, "--engine", name, **env)
                said = process.communicate(timeout=120)
                assert process.returncode == 0, said
        finally:
            os.sched_setaffinity(0, held)
        with Image.open(out) as picture:
            restored.append(np.asarray(picture).astype(int))
    # The compact image may differ by rounding, and so may what is made of it.
    assert np.abs(restored[0] - restored[1]).mean() < 0.1


@pytest.mark.slow
@pytest.mark.pretrained
@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT is sent")
def test_ctrl_c_leaves_whole_pairs_and_no_process(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for i in range(24):
        picture = pictures.photo(120, 160)
        Image.fromarray(np.roll(picture, 9 * i, axis=1)).save(source / f"{i:02}.png")
    command = "compress", "-r", "-p", LITE, "--effort", 0, source, "-o", out
    process = started(*command, "-j", 2)
    deadline = time.monotonic() + 60
    while not list(out.rglob("*.jpg")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.decode().splitlines()[-1].startswith("comrec: interrupted")
    written = [path for path in out.rglob("*") if path.is_file()]
    made = [path for path in written if path.suffix == ".jpg"]
    assert 0 < len(made) < 24
    for path in made:
        with Image.open(path) as picture:
            picture.load()
    whole = {*made, *map(names.sidecar_of, made)}
    assert {path for path in written if path not in whole} == set()
    again = started(*command, "--skip-existing")
    again.communicate(timeout=120)
    assert again.returncode == 0
    assert len(list(out.rglob("*.jpg"))) == 24
