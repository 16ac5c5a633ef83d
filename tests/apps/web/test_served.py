"""All bytes that a gallery serves are counted."""

import shutil

import numpy as np
import pytest
import scripts
from gallery_page import QUICK
from PIL import Image

from comrec.encoder import plain as encoder_plain


def test_a_preset_that_browsers_do_not_run_is_said(run, source, out):
    preset = ("-p", "jiang2017-gray-q50-2")
    assert run("compress", source / "photo.png", *preset, *QUICK).status == 0
    ran = run("web", source, out)
    assert ran.status == 0
    assert "browsers do not run jiang2017-gray-q50-2" in ran.err


def test_every_byte_that_is_served_is_in_the_total(run, source, out):
    ran = run("web", source, out, *QUICK, "--json")
    total = ran.rows[-1]
    served = [
        path
        for path in out.rglob("*")
        if path.is_file() and path.name not in ("LICENCES.txt", "comrec-web.json")
    ]
    assert total["total_bytes"] == sum(path.stat().st_size for path in served)
    assert total["network_bytes"] > 200_000
    assert total["total_gzip_bytes"] < total["total_bytes"]
    jpeg = (out / "pictures" / "photo.comrec.jpg").stat().st_size
    assert total["pictures_bytes"] == jpeg
    assert total["input_bytes"] == (source / "photo.png").stat().st_size


def test_plain_jpeg_is_compared_with_only_where_it_was_measured(run, source, out):
    # A fixed JPEG quality has no plain JPEG to compare with.
    assert run("web", source, out, *QUICK, "--json").rows[-1]["plain_bytes"] == 0
    assert "plain JPEG" not in (out / "index.html").read_text()
    ran = run("web", source, out, "-q", "60", "--effort", "0", "--json")
    row, total = ran.rows
    assert total["plain_bytes"] == row["plain_bytes"] > 0
    with Image.open(source / "photo.png") as picture:
        plain = encoder_plain.plain(np.asarray(picture), 60)
    assert row["plain_bytes"] == len(plain.jpeg)
    assert row["psnr_db"] >= round(plain.psnr_db, 3)


@pytest.mark.slow
def test_the_bytes_of_a_page_are_compared_at_equal_psnr(photo, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i in range(2):
        shutil.copy(photo, folder / f"{i}.png")
    scripts.run(
        "experiments/browser/page.py", folder, "--first", "1", "--qualities", "20",
        "--out", tmp_path / "rows.tsv",
    )  # fmt: skip
    head, line = (tmp_path / "rows.tsv").read_text().splitlines()
    row = dict(zip(head.split("\t"), line.split("\t"), strict=True))
    number = {name: float(row[name]) for name in row if name.endswith("_bytes")}
    assert row["photos"] == "1"
    assert number["network_bytes"] > 200_000, "a picture that networks restore"
    assert number["total_bytes"] == sum(
        number[name] for name in ("pictures_bytes", "script_gzip_bytes",
                                  "network_bytes", "page_gzip_bytes")
    )  # fmt: skip
    with Image.open(photo) as picture:
        pixels = np.asarray(picture)
    plain = [encoder_plain.plain(pixels, quality) for quality in range(1, 101)]
    closer = [len(one.jpeg) for one in plain if one.psnr_db >= float(row["psnr_db"])]
    farther = [len(one.jpeg) for one in plain if one.psnr_db < float(row["psnr_db"])]
    assert max(farther) - 40 <= number["plain_pictures_bytes"] <= min(closer) + 1
