"""Pipes, devices, links and huge files in place of pictures are read or refused."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pictures
import pytest

import comrec
from comrec.errors import ImageError, SidecarError
from comrec.format import inspect, provenance
from comrec.image.source import load
from comrec.system import files

PLAIN = ("-p", "plain", "-q", 50)
if not hasattr(os, "mkfifo"):
    pytest.skip("needs named pipes", allow_module_level=True)


def started(*words: object) -> subprocess.CompletedProcess:
    """Runs the command in its own process, which is killed if it waits."""
    command = [sys.executable, "-m", "comrec", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Makes a picture among pipes, devices and links that are named like pictures."""
    (tmp_path / "photo.png").write_bytes(pictures.photo_file(".png"))
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe.comrec.jpg")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "ring.png").symlink_to("ring.png")
    (tmp_path / "up").symlink_to("..", target_is_directory=True)
    return tmp_path


@pytest.mark.slow
def test_pipes_and_devices_in_a_folder_are_no_pictures(folder):
    made = started("compress", "-r", folder, *PLAIN)
    assert made.returncode == 1  # for the link that leads nowhere, and that alone
    assert (folder / "photo.comrec.jpg").exists()
    (line,) = [s for s in made.stderr.splitlines() if "cannot be read" in s]
    assert "ring.png" in line
    back = started("decompress", "-r", folder)
    assert back.returncode == 0
    assert back.stderr.startswith("comrec: 6 left out: pipes and devices (3), ")
    assert (folder / "photo.restored.png").exists()


@pytest.mark.slow
def test_a_pipe_in_the_place_of_a_sidecar_is_refused(folder):
    jpeg = folder / "photo.comrec.jpg"
    jpeg.write_bytes(pictures.photo_file(".jpg"))
    os.mkfifo(folder / "photo.comrec.json")
    ran = started("decompress", jpeg)
    assert ran.returncode == 1
    assert "photo.comrec.json: cannot be read (not a plain file)" in ran.stderr
    for words in (("-f",), ("--skip-existing",)):
        again = started("compress", folder / "photo.png", *words, *PLAIN)
        assert again.returncode == 1
        assert "exists" in again.stderr


def test_a_pipe_beside_a_jpg_is_not_waited_for(folder):
    path = folder / "photo.jpg"
    path.write_bytes(pictures.photo_file(".jpg"))
    os.mkfifo(folder / "photo.comrec.json")
    with pytest.raises(SidecarError, match="not a plain file"):
        comrec.decompress(path)
    with pytest.raises(ImageError, match="not a plain file"):
        inspect.describe(path)


def test_a_device_is_refused(refused, folder):
    for command in ("compress", "decompress", "info"):
        path = folder / "device.png"
        assert "not a plain file" in refused(command, path, names=path)


def test_a_pipe_that_is_named_is_read(tmp_path):
    """Covers the pipes of shells: comrec compress <(convert ...)."""
    pipe, data = tmp_path / "pipe", pictures.photo_file(".png")
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=[data])
    writer.start()
    assert load(pipe) == (data, str(pipe))
    writer.join()


def test_a_file_larger_than_any_picture_within_the_limit_is_refused_unread(
    run, tmp_path
):
    path = tmp_path / "large.png"
    with open(path, "wb") as file:
        file.truncate(2**36)  # sparse: no disk is used
    ran = run("compress", path)
    assert f"larger than {8 * 2**28 + 2**26} bytes" in ran.err
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert not provenance.is_ours(path)


def test_the_bytes_read_of_a_pipe_are_limited(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(bytes(1001)))
    writer.start()
    with pytest.raises(files.TooLargeError, match="larger than 1000 bytes"):
        files.read(pipe, 1000)
    writer.join()


def test_a_limit_is_met_exactly(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(bytes(1000))
    assert files.read(path, 1000) == bytes(1000)
    with pytest.raises(files.TooLargeError):
        files.read(path, 999)


def test_the_limit_follows_that_of_pixels(monkeypatch, tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(pictures.photo_file(".png"))
    monkeypatch.setattr(files, "SLACK_BYTES", 0)
    with pytest.raises(ImageError, match=r"raise (--max-pixels|`max_pixels`)"):
        load(path, 10)
    assert load(path, 10**6)[0] == pictures.photo_file(".png")
