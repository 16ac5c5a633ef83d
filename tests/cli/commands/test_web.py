"""`comrec web`: the text of a gallery, and failures."""

from __future__ import annotations

import pictures
import pytest

from comrec.cli.commands import web

QUICK = ("--jpeg-quality", 40, "--scale", 2)
ROW = {"input": "a.png", "output": "pictures/a.comrec.jpg", "bytes": 1234}


@pytest.mark.parametrize(
    ("change", "end"),
    [
        ({"outcome": "comrec"}, "a.comrec.jpg: 1,234 bytes"),
        ({"outcome": "comrec", "input_bytes": 9999}, ": 9,999 → 1,234 bytes"),
        ({"outcome": "skipped"}, "bytes, up to date"),
        ({"outcome": "taken"}, "bytes, a pair of SRC"),
        ({"outcome": "plain"}, "bytes, plain JPEG: the networks give no gain"),
        ({"outcome": "unchanged"}, "bytes, unchanged: cannot be made 5 % smaller"),
    ],
)
def test_each_outcome_of_a_picture_has_its_line(change, end):
    text = web._format_picture(ROW | change)
    assert text.startswith("a.png → pictures/a.comrec.jpg: ")
    assert text.endswith(end)


def test_the_lines_of_a_gallery_count_pictures_and_savings():
    names = ("total", "total_gzip", "pictures", "script", "script_gzip", "network",
             "page", "compared", "judged")  # fmt: skip
    row = {f"{name}_bytes": 1000 for name in names} | {
        "gallery": "site", "pictures": 2, "input_bytes": 4000, "plain_bytes": 0,
    }  # fmt: skip
    lines = web._format_gallery(row).splitlines()
    assert lines[0] == "site: 2 pictures, 1,000 bytes, 1,000 with gzip"
    assert lines[2:] == ["  pictures: 75 % fewer bytes than the input files"]


def test_a_picture_that_fails_leaves_the_others_in_the_gallery(run, tmp_path):
    source, out = tmp_path / "src", tmp_path / "site"
    source.mkdir()
    (source / "bad.png").write_bytes(b"no picture")
    (source / "photo.png").write_bytes(pictures.photo_file(".png"))
    ran = run("web", source, out, *QUICK, "--json")
    assert ran.status == 1
    failed, made, total = ran.rows
    assert failed["outcome"] == "failed"
    assert failed["input"].endswith("bad.png")
    assert "not a picture" in failed["error"]
    assert made["outcome"] == "comrec"
    assert total["pictures"] == 1
    assert (out / "index.html").is_file()


@pytest.mark.parametrize("words", [(), ("--drop",), ("photos",)])
def test_a_missing_folder_is_one_line_of_error(run, words):
    ran = run("web", *words)
    assert (ran.status, ran.out) == (2, b"")
    assert ran.err == "comrec: name SRC and DIR, or DIR alone with --drop\n"


def test_a_source_that_is_no_folder_is_refused(refused, tmp_path):
    path = tmp_path / "none"
    ran = refused("web", path, tmp_path / "site", names=path, status=2)
    assert "--" not in ran


def test_a_gallery_of_your_own_preset_is_made_again_with_sidecars_that_browsers_read(
    run, own, tmp_path
):
    source, site = tmp_path / "src", tmp_path / "site"
    source.mkdir()
    (source / "photo.png").write_bytes(pictures.photo_file(".png"))
    words = "web", source, site, "-p", own, *QUICK, "--json"
    for outcome in ("comrec", "skipped"):
        ran = run(*words)
        assert ran.status == 0, ran.err
        assert "go beside the pictures" in ran.err
        assert ran.rows[0]["outcome"] == outcome
    assert (site / "pictures" / "photo.comrec.json").is_file()
    assert list((site / "comrec").glob("my-net.*.bin"))
