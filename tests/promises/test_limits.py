"""Limits of pixels, disk, folders and weights are checked before files change."""

from __future__ import annotations

import builtins
import errno
import os
import shutil
import struct
import subprocess
import tracemalloc
import zlib

import pictures
import pytest
from PIL import Image

import comrec
from comrec.errors import ComrecError, ImageError, SidecarError
from comrec.format import container
from comrec.format.sidecar import Sidecar
from comrec.image.metadata import Metadata
from comrec.networks import engine, presets, weights
from comrec.system import files

USED = ("--jpeg-quality", 50)


def png_that_claims(width: int, height: int) -> bytes:
    """Returns a PNG with a valid header and no pixels."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IDAT" + zlib.compress(b"")
    chunks = b"".join(
        struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c))
        for c in (header, body, b"IEND")
    )
    return b"\x89PNG\r\n\x1a\n" + chunks


def test_a_gigantic_claim_is_refused_without_allocation(refused, tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_that_claims(60_000, 60_000))
    tracemalloc.start()
    line = refused("compress", path, names=path)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "60000x60000 is beyond the limit of 268435456 pixels" in line
    assert peak_bytes < 50 * 2**20


def test_max_pixels_lowers_the_limit_and_raises_it(run, refused, tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(pictures.photo_file(".png"))
    line = refused("compress", path, "--max-pixels", 40 * 56 - 1, names=path)
    assert "--max-pixels" in line
    assert run("compress", path, *USED, "--max-pixels", 40 * 56).status == 0
    bomb = tmp_path / "bomb.png"
    bomb.write_bytes(png_that_claims(17_000, 17_000))
    raised = run("compress", bomb, "--max-pixels", 300_000_000, "--dry-run")
    assert "beyond the limit" not in raised.err  # it is missing its pixels instead
    assert raised.status == 1


def test_max_pixels_holds_for_decompress(refused, pair):
    refused("decompress", pair[0], "--max-pixels", 999, names=pair[0])


def test_a_sidecar_that_claims_a_gigantic_size_with_a_valid_crc_is_refused():
    jpeg, _ = container.pack(
        pictures.file_of(pictures.photo(), "JPEG"), Metadata(), None, False
    )
    record = Sidecar("plain", 2**24 - 1, 2**24 - 1, 1).paired(jpeg)
    with pytest.raises(ComrecError, match=r"image|limit"):
        comrec.decompress(jpeg, record.to_json())


def test_a_pair_beyond_the_limit_is_refused_though_the_compact_image_is_within():
    made = comrec.compress(pictures.photo(), jpeg_quality=50)
    with pytest.raises(ImageError, match="56x40 is beyond the limit of 2239 pixels"):
        comrec.decompress(made.jpeg, made.sidecar, max_pixels=40 * 56 - 1)


@pytest.mark.parametrize(
    "alpha",
    [
        pictures.file_of(pictures.alpha(9, 9), "PNG"),
        pictures.file_of(pictures.photo(), "PNG"),
        pictures.file_of(pictures.alpha(), "JPEG"),
        pictures.file_of(pictures.alpha(), "PNG")[:70],
        png_that_claims(60_000, 60_000),
        b"\x89PNG\r\n\x1a\n",
    ],
    ids=["another size", "colour", "JPEG", "cut", "bomb", "start"],
)
@pytest.mark.parametrize("embed", [False, True])
def test_a_false_alpha_channel_with_a_valid_crc_is_refused(alpha, embed):
    coded = pictures.file_of(pictures.photo(), "JPEG")
    record = Sidecar("plain", 56, 40, 1, alpha)
    jpeg, beside = container.pack(coded, Metadata(), record, embed)
    with pytest.raises(SidecarError, match=r"alpha channel .* is damaged"):
        comrec.decompress(jpeg, beside)


def test_a_sidecar_larger_than_any_can_be_is_refused_unread(run, pair):
    with open(pair[1], "wb") as file:
        file.truncate(2**30)  # sparse: no disk is used
    ran = run("decompress", pair[0], "--max-pixels", 10_000)
    assert ran.status == 1
    assert f"{pair[1]}: not a comrec sidecar (over" in ran.err


@pytest.fixture
def own_weights(tmp_path_factory, monkeypatch):
    """Copies the weights, so that a test may damage them."""
    folder = tmp_path_factory.mktemp("weights")
    for path in weights.folder().glob("*.onnx"):
        shutil.copy(path, folder)
    monkeypatch.setattr(weights, "folder", lambda: folder)
    engine._load.cache_clear()
    yield folder
    engine._load.cache_clear()


@pytest.mark.parametrize("how", ["missing", "altered", "empty"])
@pytest.mark.parametrize("network", ["comcnn", "reccnn"])
def test_bad_weights_are_refused(refused, made, pair, own_weights, how, network):
    preset = presets.find(made.report.preset)
    path = own_weights / preset.onnx[network].name
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(b"" if how == "empty" else content)
    if how == "missing":
        path.unlink()
    command, name = ("compress", pair[0].with_name("photo.png"))
    if network == "reccnn":
        command, name = "decompress", pair[0]
    extra = ["-f", *USED, "--preset", preset.name, "--scale", 2]
    if command == "decompress":
        extra = []
    line = refused(command, name, *extra, names=name)
    assert path.name in line
    assert "Reinstall comrec" in line


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_an_existing_output_is_refused_and_force_replaces_it(
    run, refused, made, pair, tmp_path, command
):
    source = tmp_path / "photo.png" if command == "compress" else pair[0]
    if command == "decompress":
        run("decompress", source)
    output = tmp_path / {
        "compress": "photo.comrec.jpg", "decompress": "photo.restored.png",
    }[command]  # fmt: skip
    before = output.read_bytes()
    same = (*USED, "--preset", made.report.preset, "--scale", 2)
    extra = same if command == "compress" else ()
    line = refused(command, source, *extra, names=output)
    assert "Use -f" in line
    assert run(command, source, "-f", *extra).status == 0
    assert output.read_bytes() == before


@pytest.mark.parametrize("below", ["file.txt/sub", "/proc/nowhere"])
def test_a_folder_that_cannot_be_written_is_refused(refused, pair, tmp_path, below):
    (tmp_path / "file.txt").write_text("a file, not a folder")
    target = tmp_path / below / "x.png"  # an absolute second part replaces the first
    line = refused("decompress", pair[0], "-o", target, names=target)
    assert "cannot be written" in line
    assert "-o" in line


@pytest.mark.parametrize("step", ["open", "replace"])
@pytest.mark.parametrize(
    ("code", "reason"), [(errno.EACCES, "Permission denied"), (errno.ENOSPC, "full")]
)
def test_a_refused_write_leaves_nothing(refused, pair, monkeypatch, step, code, reason):
    def refuse(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    if step == "open":

        def opening(path, mode="r", *args, **kwargs):
            return refuse() if "x" in mode else builtins.open(path, mode)

        monkeypatch.setattr(files, "open", opening, raising=False)
    else:
        monkeypatch.setattr(files, "_rename_new", refuse)
    target = pair[0].with_name("photo.restored.png")
    assert reason in refused("decompress", pair[0], names=target)


@pytest.fixture
def small_disk(tmp_path):
    """Mounts a folder of 16 kB, or skips the test."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, check=False).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_a_full_disk_is_refused_and_unchanged(
    refused, pair, small_disk, monkeypatch, command
):
    (small_disk / "other").write_bytes(bytes(11_000))
    noise = pair[0].with_name("noise.png")
    noise.write_bytes(pictures.file_of(pictures.photo(90, 90), "PNG"))
    target = small_disk / ("x.jpg" if command == "compress" else "x.png")
    given = [noise, "--jpeg-quality", 100]
    if command == "decompress":
        made = comrec.compress(noise, jpeg_quality=50, embed=True)
        given = [pair[0].with_name("whole.comrec.jpg")]
        given[0].write_bytes(made.jpeg)
    line = refused(command, *given, "-o", target, names=target)
    assert "the disk is full" in line
    assert os.listdir(small_disk) == ["other"]


@pytest.mark.parametrize("where", ["read", "compact", "sidecar", "jpeg"])
def test_an_interrupt_leaves_no_temporary_file(
    run, listing, tmp_path, monkeypatch, where
):
    (tmp_path / "photo.png").write_bytes(pictures.photo_file(".png"))
    before = listing()
    calls = 0

    def stop(*args, **kwargs):
        nonlocal calls
        calls += 1
        if where == "jpeg" and calls == 1:
            return rename(*args)
        raise KeyboardInterrupt

    rename = files._rename_new
    place = {
        "read": "comrec.image.reader.read",
        "compact": "comrec.networks.codec.Codec.compact",
        "sidecar": "comrec.system.files._rename_new",
        "jpeg": "comrec.system.files._rename_new",
    }[where]
    monkeypatch.setattr(place, stop)
    ran = run("compress", tmp_path / "photo.png", *USED)
    assert ran.status == 130
    assert ran.err == "comrec: interrupted; outputs already named are whole\n"
    monkeypatch.undo()
    assert listing() == before


def test_the_pixel_limit_of_pillow_is_back_after_a_run(run, pair, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 77)
    for command, path, *words in (
        ("compress", "photo.png", *USED),
        ("decompress", "photo.comrec.jpg"),
    ):
        assert run(command, pair[0].with_name(path), "-f", *words).status == 0
        assert Image.MAX_IMAGE_PIXELS == 77


@pytest.mark.parametrize("length", [248, 251, 252, 300])
@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_a_name_too_long_fails_alone(run, pair, tmp_path, command, length):
    suffix = {"compress": ".png", "decompress": ".jpg"}[command]
    good = {"compress": tmp_path / "photo.png", "decompress": pair[0]}[command]
    source = tmp_path / ("n" * (length - len(suffix)) + suffix)
    if length <= 255:
        source.write_bytes(pictures.photo_file(suffix))
    extra = USED if command == "compress" else ()
    ran = run(command, source, good, "-f", *extra)
    assert ran.status == 1
    assert (ran.err.count("\n"), ran.err.count("too long")) == (2, 1)
    assert "report it" not in ran.err


def test_an_output_whose_sidecar_has_too_long_a_name_is_refused(refused, pair):
    target = pair[0].with_name("n" * 246 + ".jpg")
    sidecar = pair[0].with_name("n" * 246 + ".comrec.json")
    refused("compress", pair[0].with_name("photo.png"), "-o", target, *USED,
            names=sidecar)  # fmt: skip
