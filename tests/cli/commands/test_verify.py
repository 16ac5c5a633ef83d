"""`comrec verify`: the PSNR of a pair, and originals that are not its own."""

from __future__ import annotations

import io

import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.jpeg import segments


def test_verify_measures_the_psnr_of_the_pair(run, made, pair, tmp_path):
    assert run("verify", pair[0]).status == 0
    ran = run("verify", pair[0], "--original", tmp_path / "photo.png", "--json")
    assert ran.status == 0
    assert ran.rows[0]["psnr_db"] == round(made.report.psnr_db, 3)


@pytest.mark.parametrize("other", ["mirrored", "cropped", "grey", "alpha"])
def test_verify_refuses_another_original(refused, tmp_path, other):
    photo = pictures.photo()
    array = pictures.with_alpha(photo) if other == "alpha" else photo
    (tmp_path / "x.jpg").write_bytes(
        comrec.compress(array, jpeg_quality=50, embed=True).jpeg
    )
    changed = {
        "mirrored": 255 - photo, "cropped": photo[:, 1:], "grey": pictures.grey(),
    }.get(other, array).copy()  # fmt: skip
    if other == "alpha":
        changed[5, 5, 3] ^= 1
    (tmp_path / "other.png").write_bytes(pictures.file_of(changed, "PNG"))
    line = refused(
        "verify", tmp_path / "x.jpg", "--original", tmp_path / "other.png",
        names=tmp_path / "x.jpg",
    )  # fmt: skip
    assert "Keep" in line


def test_verify_refuses_a_changed_jpg(refused, pair):
    data = pair[0].read_bytes()
    picture = Image.open(io.BytesIO(data))
    marker = [(s.marker, bytes(s.payload)) for s in segments.parse(data)
              if s.marker == segments.APP11]  # fmt: skip
    pair[0].write_bytes(segments.insert(pictures.file_of(picture, "JPEG"), marker))
    refused("verify", pair[0], names=pair[1])


@pytest.mark.parametrize("kind", ["two frames", "16 bits", "CMYK"])
def test_verify_keeps_an_original_that_holds_more(run, tmp_path, kind):
    data, note = {
        "two frames": (pictures.animations()["two.gif"], "the first of 2 frames"),
        "16 bits": (pictures.deep_inputs()["rgb16.png"][0], "16 bits a channel came"),
        "CMYK": (pictures.file_of(pictures.cmyk(), "TIFF"), "CMYK came"),
    }[kind]
    (tmp_path / "odd.bin").write_bytes(data)
    jpeg = tmp_path / "x.jpg"
    run("compress", tmp_path / "odd.bin", "-o", jpeg, "--jpeg-quality", 50, "--quiet")
    ran = run("verify", jpeg, "--original", tmp_path / "odd.bin", "--json")
    assert ran.status == 1
    assert ran.err.startswith(f"comrec: {jpeg}: restores to ")
    assert f"{note}" in ran.err
    assert "Keep the original" in ran.err


def test_flat_pictures_are_compared_though_plain_jpeg_keeps_them(run, tmp_path):
    flat, photo = tmp_path / "flat.png", tmp_path / "photo.png"
    flat.write_bytes(pictures.file_of(np.full((64, 64, 3), 255, np.uint8), "PNG"))
    photo.write_bytes(pictures.photo_file(".png"))
    out = tmp_path / "out"
    made = run("compress", "--jpeg-quality", 50, flat, photo, "-o", f"{out}/")
    assert made.status == 0
    assert b"PSNR infinite (identical); better than comrec" in made.out
    assert (out / "photo.comrec.jpg").exists()
    jpeg = out / "flat.comrec.jpg"
    assert run("verify", jpeg, "--original", flat).status == 0
    black = tmp_path / "black.png"
    black.write_bytes(pictures.file_of(np.zeros((64, 64, 3), np.uint8), "PNG"))
    assert run("verify", jpeg, "--original", black).status == 1
