"""`comrec restore`: outputs by suffix, folders, and JPEGs that are left alone."""

from __future__ import annotations

import numpy as np
import pictures
import pytest
from outputs import names_in
from PIL import Image

import comrec

LIGHT = ("-p", "comrec-lite-2", "--exact")


@pytest.fixture
def jpeg(folder):
    path = folder / "photo.jpg"
    path.write_bytes(pictures.file_of(pictures.photo(), "JPEG", quality=30))
    return path


def test_a_jpeg_gets_a_png_beside_it_and_a_line(run, folder, jpeg):
    ran = run("restore", jpeg, *LIGHT)
    assert (ran.status, ran.err) == (0, "")
    assert names_in(folder) == {"photo.png", "photo.jpg", "photo.restored.png"}
    expected = comrec.restore(jpeg, preset="comrec-lite-2", exact=True).to_array()
    with Image.open(folder / "photo.restored.png") as image:
        np.testing.assert_array_equal(np.asarray(image), expected)
    text = ran.out.decode()
    assert "56x40 pixels, quality 30, 4:2:0" in text
    assert "expected: +" in text


def test_the_gain_of_an_own_preset_is_not_known(run, folder, jpeg, own):
    ran = run("restore", jpeg, "-p", own, "--exact")
    assert ran.status == 0, ran.err
    assert b"expected: not known, as the gain of this preset" in ran.out
    row = run("restore", jpeg, "-p", own, "--exact", "-f", "--json").rows[0]
    assert (row["outcome"], row["expected_db"]) == ("restored", None)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".tif", ".avif"])
def test_the_suffix_of_the_output_is_its_format(run, folder, jpeg, suffix):
    assert run("restore", jpeg, "-o", f"x{suffix}", *LIGHT).status == 0
    with Image.open(folder / f"x{suffix}") as image:
        assert image.size == (56, 40)
        wanted = {".tif": "TIFF"}.get(suffix, suffix[1:].upper())
        assert image.format == wanted


def test_a_folder_is_restored_without_what_comrec_made(run, folder, jpeg):
    assert run("compress", "photo.png", "--jpeg-quality", 50).status == 0
    ran = run("restore", "-r", ".", "-o", "out/", "--json", *LIGHT)
    assert ran.status == 0
    assert [row["input"] for row in ran.rows] == ["photo.jpg"]
    row = ran.rows[0]
    assert (row["outcome"], row["quality"], row["sampling"]) == (
        "restored", 30, "4:2:0",
    )  # fmt: skip
    assert "pictures that are no JPEGs (1)" in ran.err
    assert names_in(folder / "out") == {"photo.restored.png"}


def test_a_jpeg_that_would_not_gain_gets_no_output(run, folder):
    data = pictures.file_of(pictures.photo(), "JPEG", quality=99, subsampling=0)
    (folder / "fine.jpg").write_bytes(data)
    ran = run("restore", "fine.jpg", "--keep-times", *LIGHT)
    assert ran.status == 0
    assert b"left alone: no gain to expect" in ran.out
    assert names_in(folder) == {"photo.png", "fine.jpg"}
    sent = run("restore", "-", stdin=data)
    assert sent.status == 0
    assert sent.out.startswith(b"\x89PNG")


def test_a_pair_and_a_png_are_refused(run, folder):
    assert run("compress", "photo.png", "--jpeg-quality", 50).status == 0
    for name, message in (
        ("photo.comrec.jpg", "made by comrec already"), ("photo.png", "not a JPEG"),
    ):  # fmt: skip
        ran = run("restore", name, *LIGHT)
        assert (ran.status, ran.out) == (1, b"")
        assert message in ran.err


def test_an_existing_output_is_kept_or_replaced_as_asked(run, folder, jpeg):
    assert run("restore", jpeg, *LIGHT).status == 0
    assert run("restore", jpeg, *LIGHT).status == 1
    assert run("restore", jpeg, "--skip-existing", *LIGHT).status == 0
    assert run("restore", jpeg, "-f", *LIGHT).status == 0


@pytest.mark.parametrize("strength", ["-1", "1.1", "x"])
def test_a_strength_out_of_range_is_refused(run, jpeg, strength):
    assert run("restore", jpeg, f"--strength={strength}").status == 2
