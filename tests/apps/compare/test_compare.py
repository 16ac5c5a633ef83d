"""A page is written once, names are text, and errors keep to one picture."""

from __future__ import annotations

import shutil

import pictures
import pytest

from comrec.apps import compare
from comrec.encoder.options import Options
from comrec.errors import OutputError

QUICK = ("-p", "plain", "-q", 10, "--points", 0)


def test_a_page_that_came_meanwhile_is_not_replaced(made, tmp_path):
    report = compare.Report(tmp_path / "page.html", force=False)
    report.add(made)
    (tmp_path / "page.html").write_text("mine")
    with pytest.raises(OutputError, match="exists"):
        report.write()
    assert (tmp_path / "page.html").read_text() == "mine"


def test_a_codec_named_twice_is_compared_once():
    request = compare.CompareRequest(Options(), ["webp", "jpeg-smaller", "webp"])
    assert request.others == ("webp",)


def test_only_a_page_of_comrecs_own_is_replaced(path, tmp_path, run):
    photo = tmp_path / "photo.png"
    photo.write_bytes(pictures.photo_file(".png"))
    target = tmp_path / "page.html"
    target.write_text("<!doctype html><p>mine</p>")
    for more in ([], ["-f"]):
        ran = run("compare", photo, "--report", target, *QUICK, *more)
        assert ran.status == 1
        assert f"{target}: exists" in ran.err
    assert "mine" in target.read_text()
    shutil.copy(path, target)
    ran = run("compare", photo, "--report", target, *QUICK, "-f")
    assert ran.status == 0, ran.err
    assert "photo.png" in target.read_text()


def test_a_picture_that_cannot_be_read_does_not_keep_the_others(run, tmp_path):
    photo, broken = tmp_path / "photo.png", tmp_path / "broken.png"
    photo.write_bytes(pictures.photo_file(".png"))
    broken.write_bytes(b"no picture")
    report = tmp_path / "page.html"
    ran = run("compare", broken, photo, tmp_path / "none.png", "--json", *QUICK,
              "--report", report)  # fmt: skip
    assert ran.status == 1
    assert [row["input"] for row in ran.rows] == [
        str(path) for path in (broken, photo, tmp_path / "none.png")
    ]
    assert [row.get("outcome") for row in ran.rows] == ["failed", None, "failed"]
    assert {codec["codec"] for codec in ran.rows[1]["codecs"]} >= {"comrec"}
    lines = ran.err.splitlines()
    assert [str(p) in line for p, line in zip(
        (broken, tmp_path / "none.png"), lines, strict=True
    )] == [True, True]  # fmt: skip
    assert report.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--codecs", "gif"], "no codec is called 'gif'"),
        (["--points", "1000"], "must be a whole number from 0 to 100"),
        (["--points", "1"], "a curve has 2 points or more"),
        (["--report", "page.txt"], "a page ends in .html"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(run, tmp_path, options, said):
    photo = tmp_path / "photo.png"
    photo.write_bytes(pictures.photo_file(".png"))
    ran = run("compare", photo, *options)
    assert ran.status in (1, 2)
    assert said in ran.err
    assert ran.out == b""
