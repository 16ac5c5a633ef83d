"""`comrec compare`: rows, failures and the page."""

from __future__ import annotations

import fake_pair
import pytest

QUICK = ("-p", fake_pair.NAME, "-q", 10, "--points", 0)


@pytest.fixture(autouse=True)
def networks_that_cost_nothing():
    with fake_pair.installed():
        yield


def test_a_picture_is_a_row_of_codecs_and_a_line_of_text_for_each(run, folder):
    row = run("compare", "photo.png", *QUICK, "--json").rows[0]
    assert (row["width_px"], row["height_px"]) == (56, 40)
    lines = run("compare", "photo.png", *QUICK).out.decode().splitlines()
    assert lines[0] == "photo.png: 56x40 pixels"
    assert len(lines) >= 2 + len(row["codecs"]) + len(row["notes"])
    for line, codec in zip(lines[2:], row["codecs"], strict=False):
        assert line.strip().startswith(codec["codec"])
    assert all(len(line) <= 80 for line in lines)


def test_a_picture_that_fails_leaves_the_others_on_the_page(run, folder):
    (folder / "bad.png").write_bytes(b"no picture")
    words = "compare", "bad.png", "photo.png", "--report", "page.html", *QUICK
    ran = run(*words, "--json")
    assert ran.status == 1
    assert [row.get("outcome") for row in ran.rows] == ["failed", None]
    assert "bad.png: not a picture" in ran.err
    assert "photo.png" in (folder / "page.html").read_text()


def test_a_page_is_replaced_with_force_only(run, folder):
    words = "compare", "photo.png", "--report", "page.html", *QUICK
    assert run(*words).status == 0
    ran = run(*words)
    assert (ran.status, ran.out) == (1, b"")
    assert "page.html: exists" in ran.err
    assert run(*words, "-f").status == 0
