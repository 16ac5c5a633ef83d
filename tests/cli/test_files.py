"""One file on the command line: its outputs, its row and its options."""

from __future__ import annotations

import json
import os

import numpy as np
import pictures
import pytest
from outputs import names_in, pixels_of
from PIL import Image

import comrec
from comrec.format import container

USED = ("--jpeg-quality", 50)
FAST = ("--effort", 0)  # what is claimed with it holds at every effort


def test_a_picture_is_compressed_and_restored_beside_itself(run, folder):
    assert run("compress", "photo.png", *USED).status == 0
    assert names_in(folder) == {"photo.png", "photo.comrec.jpg", "photo.comrec.json"}
    assert run("decompress", "photo.comrec.jpg").status == 0
    restored = pixels_of((folder / "photo.restored.png").read_bytes())
    assert restored.shape == pictures.photo().shape


def test_o_names_the_pair_and_embed_leaves_one_file(run, folder):
    assert run("compress", "photo.png", "-o", "x.jpg", *USED).status == 0
    assert run("compress", "photo.png", "-o", "y.jpg", "--embed", *USED).status == 0
    assert names_in(folder) == {"photo.png", "x.jpg", "x.comrec.json", "y.jpg"}
    for name in ("x.jpg", "y.jpg"):
        assert run("decompress", name, "-o", f"{name}.png").status == 0
    x, y = ((folder / f"{name}.jpg.png").read_bytes() for name in "xy")
    np.testing.assert_array_equal(pixels_of(x), pixels_of(y))


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        ("png", "PNG"), ("tif", "TIFF"), ("webp", "WEBP"), ("bmp", "BMP"),
        ("jpg", "JPEG"),
    ],
)  # fmt: skip
def test_the_suffix_of_o_picks_the_format(run, pair, tmp_path, suffix, kind):
    output = tmp_path / f"out.{suffix}"
    assert run("decompress", pair[0], "-o", output).status == 0
    with Image.open(output) as picture:
        assert picture.format == kind
        if kind != "JPEG":
            np.testing.assert_array_equal(
                np.asarray(picture), comrec.decompress(pair[0])
            )


def test_an_unknown_suffix_is_refused_before_the_work(refused, pair, tmp_path):
    output = tmp_path / "out.heic"
    refused("decompress", pair[0], "-o", output, names=output)


def test_stdin_and_stdout_carry_the_picture_and_nothing_else(run, folder):
    png = (folder / "photo.png").read_bytes()
    made = run("compress", "-", *USED, "--json", stdin=png)
    assert made.status == 0
    assert made.out == comrec.compress(png, jpeg_quality=50, embed=True).jpeg
    assert json.loads(made.err)["outcome"] == "comrec"
    again = run("compress", "photo.png", "-o", "-", *USED)
    assert again.out == made.out
    back = run("decompress", "-", stdin=made.out)
    np.testing.assert_array_equal(pixels_of(back.out), comrec.decompress(made.out))
    assert names_in(folder) == {"photo.png"}
    assert run("compress", "-", "-o", "in.jpg", *USED, stdin=png).status == 0
    assert "in.jpg" in names_in(folder)


def test_a_failure_on_stdout_writes_nothing_there(run, folder):
    ran = run("compress", "-", stdin=b"no picture")
    assert (ran.status, ran.out) == (1, b"")
    assert ran.err.startswith("comrec: stdin: not a picture")


@pytest.mark.parametrize(
    ("words", "held"),
    [
        (("--target-size", 700), lambda row: row["jpeg_bytes"] <= 700),
        (("--target-bpp", 2.5), lambda row: row["rate_bpp"] <= 2.5),
        (("--target-psnr", 24.5), lambda row: row["psnr_db"] >= 24.5),
        (("-q", 20), lambda row: row["psnr_db"] >= row["plain_psnr_db"]),
    ],
    ids=["size", "bpp", "psnr", "quality"],
)
def test_a_target_is_met_and_is_in_the_row(run, folder, words, held):
    row = run("compress", "photo.png", *words, *FAST, "--json").rows[0]
    assert held(row)
    name = {"-q": "quality"}.get(words[0], words[0].strip("-").replace("-", "_"))
    assert (row["target"], row["target_value"]) == (name, words[1])
    assert row["scale"] in (1, 1.5, 2)


def test_a_target_that_cannot_be_met_fails_for_that_input_alone(run, folder):
    for name, side in (("large.png", 120), ("small.png", 8)):
        data = pictures.file_of(pictures.photo(side, side), "PNG")
        (folder / name).write_bytes(data)
    words = "--target-size", 280, *FAST, "--json"
    ran = run("compress", "large.png", "small.png", *words)
    assert ran.status == 1
    assert ran.err.startswith("comrec: large.png: does not fit 280 bytes; ")
    assert [row["outcome"] for row in ran.rows] == ["failed", "plain"]


@pytest.mark.parametrize(
    "words", [FAST, (*FAST, "--tune", "visual"), (*FAST, "--scale", 2)]
)
def test_options_of_the_search_are_taken(run, folder, words):
    assert run("compress", "photo.png", "-q", 10, *words).status == 0
    assert "photo.comrec.jpg" in names_in(folder)


@pytest.mark.parametrize("name", ["photo.restored.png", "mine.png", "mine.jpg"])
def test_force_replaces_no_picture_of_other_software(refused, pair, tmp_path, name):
    theirs = tmp_path / name
    theirs.write_bytes(pictures.photo_file(theirs.suffix))
    line = refused("decompress", pair[0], "-o", theirs, "-f", names=theirs)
    assert "nothing in it shows that comrec made it" in line
    if theirs.suffix == ".jpg":
        source = tmp_path / "photo.png"
        refused("compress", source, "-o", theirs, "-f", names=theirs)


def test_force_replaces_no_sidecar_of_another_pair(refused, pair, tmp_path):
    other = tmp_path / "other.png"
    other.write_bytes(pictures.file_of(pictures.photo()[::-1].copy(), "PNG"))
    target = tmp_path / "photo.jpg"  # its sidecar would be photo.comrec.json too
    refused("compress", other, "-o", target, *USED, names=pair[1])
    line = refused("compress", other, "-o", target, "-f", *USED, names=target)
    assert f"belongs to {pair[0]}" in line


def test_skip_existing_completes_missing_outputs_only(run, folder):
    assert run("compress", "photo.png", *USED, "--skip-existing").status == 0
    (folder / "other.png").write_bytes(pictures.photo_file(".png"))
    again = run(
        "compress", "photo.png", "other.png", *USED, "--skip-existing", "--json"
    )
    assert [row["outcome"] for row in again.rows] == ["skipped", "comrec"]
    sidecar = folder / "photo.comrec.json"
    before = sidecar.read_bytes()
    sidecar.unlink()  # as a kill between the two files might leave it
    assert run("compress", "photo.png", *USED, "--skip-existing").status == 0
    assert sidecar.read_bytes() == before
    (folder / "photo.comrec.jpg").unlink()
    assert run("compress", "photo.png", *USED, "--skip-existing").status == 0
    assert comrec.decompress(folder / "photo.comrec.jpg").shape == (40, 56, 3)


def test_dry_run_prints_the_same_row_and_writes_nothing(run, folder, listing):
    before = listing()
    dry = run("compress", "photo.png", *USED, "--dry-run", "--json")
    assert listing() == before
    rows = dry.rows
    assert rows[0].pop("dry_run") is True
    assert run("compress", "photo.png", *USED, "--json").rows == rows
    said = run("compress", "photo.png", *USED, "--dry-run", "-f").out
    assert said.startswith(b"would write: photo.png")


def test_json_is_one_object_per_input_with_the_sizes_on_disk(run, folder):
    row = run("compress", "photo.png", *USED, "--json").rows[0]
    assert row["jpeg_bytes"] == os.stat("photo.comrec.jpg").st_size
    assert row["sidecar_bytes"] == os.stat("photo.comrec.json").st_size
    assert row["input_bytes"] == os.stat("photo.png").st_size
    assert (row["output"], row["sidecar"]) == ("photo.comrec.jpg", "photo.comrec.json")
    total = row["jpeg_bytes"] + row["sidecar_bytes"]
    assert row["rate_bpp"] == pytest.approx(8 * total / (40 * 56), abs=1e-4)


def test_without_a_gain_by_networks_a_plain_jpeg_is_written(run, folder):
    ran = run("compress", "photo.png", "-q", 100, *FAST)
    assert ": the networks give no gain" in ran.out.decode()
    assert names_in(folder) == {"photo.png", "photo.comrec.jpg"}
    jpeg = (folder / "photo.comrec.jpg").read_bytes()
    assert not container.is_comrec(jpeg)
    back = run("decompress", "photo.comrec.jpg")
    assert back.status == 0
    assert "plain JPEG, decoded without networks" in back.out.decode()
    np.testing.assert_array_equal(
        pixels_of((folder / "photo.restored.png").read_bytes()), pixels_of(jpeg)
    )


def test_a_jpg_that_is_small_already_is_copied_to_the_byte(run, folder):
    small = pictures.file_of(pictures.photo(), "JPEG", quality=20, optimize=True)
    (folder / "small.jpg").write_bytes(small)
    ran = run("compress", "small.jpg", "-q", 95, *FAST)
    assert ran.status == 0
    assert (folder / "small.comrec.jpg").read_bytes() == small
    assert "unchanged" in ran.out.decode()


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (
            pictures.file_of(pictures.cmyk(), "JPEG", quality=95),
            "CMYK came, RGB is kept",
        ),
        (pictures.deep_inputs()["rgb16.png"][0], "16 bits a channel came, 8 are kept"),
        (pictures.animations()["two.gif"], "the first of 2 frames was taken"),
    ],
    ids=["CMYK", "16 bits", "frames"],
)
def test_a_property_that_is_not_kept_is_one_line_on_stderr(run, folder, data, note):
    (folder / "odd.png").write_bytes(data)  # the content counts, not the name
    ran = run("compress", "odd.png", *USED, "--json")
    assert ran.err == f"comrec: odd.png: {note}\n"
    assert run("compress", "odd.png", *USED, "-f", "--quiet").err == ""
