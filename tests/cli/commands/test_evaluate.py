"""`comrec evaluate`: the summary, and the files that are written."""

from __future__ import annotations

import pictures
import pytest

pytest.importorskip("scipy", reason="comes with the eval extra")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "set"
    folder.mkdir()
    for name in "abc":
        (folder / f"{name}.png").write_bytes(pictures.photo_file(".png"))
    return folder


def test_every_second_picture_is_measured_and_the_summary_printed(
    run, photos, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    words = "evaluate", photos, "--codecs", "jpeg", "--points", 4, "--every", 2
    ran = run(*words, "-j", 1, "--no-figure", "--json")
    assert ran.status == 0, ran.err
    assert {row["codec"] for row in ran.rows} == {"jpeg"}
    assert {row["pictures"] for row in ran.rows} == {2}
    assert ran.err.startswith("comrec: written: set.tsv")
    assert not list(tmp_path.glob("*.png"))
    quiet = run(*words, "-j", 1, "--no-figure", "--quiet")
    assert (quiet.status, quiet.out, quiet.err) == (0, b"", "")


@pytest.mark.parametrize(
    "words",
    [("--points", 1), ("--every", 0), ("--metrics", "eye"), ("--published", "set7"),
     ("--codecs", "no-such-codec")],
    ids=str,
)  # fmt: skip
def test_an_illegal_option_exits_with_2_and_writes_nothing(run, photos, listing, words):
    before = listing()
    ran = run("evaluate", photos, "-o", photos.with_name("rows.tsv"), *words)
    assert (ran.status, ran.out) == (2, b"")
    assert listing() == before
