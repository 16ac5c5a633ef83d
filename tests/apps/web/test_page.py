"""The page of a gallery: strict, accessible, and safe with any name."""

import html
import json
import os
import shutil

import numpy as np
import pytest
from gallery_page import QUICK, Page, file_of
from PIL import Image

from comrec.apps.web import page

HOSTILE = ("50% off", "a \"b\" <c> & 'd'", "#1?x=y", "ünï ☃", "two\nlines", "a:b")


def test_the_first_picture_is_eager_the_others_lazy_and_all_have_a_size(
    run, source, out, photo
):
    shutil.copy(photo, source / "other.png")
    assert run("web", source, out, *QUICK).status == 0
    images = Page(out / "index.html").all("img")
    assert [i["loading"] for i in images] == ["eager", "lazy"]
    assert {(i["width"], i["height"]) for i in images} == {("64", "48")}
    assert [i["alt"] for i in images] == ["other", "photo"]


def test_the_page_knows_the_shape_of_each_picture_without_inline_styles(
    run, source, out
):
    assert run("web", source, out, *QUICK).status == 0
    (figure,) = Page(out / "index.html").all("figure")
    assert figure["class"] == "restores s64x48"
    rule = ".s64x48 { --ratio: 1.333; --width: 64px; }"
    assert rule in (out / "page.css").read_text()


def test_the_makers_of_the_networks_and_their_licence_are_named(run, source, out):
    assert run("web", source, out, *QUICK).status == 0
    text = Page(out / "index.html").text
    assert "Network by the comrec developers: comrec-lite-2 (CC BY-SA 4.0, as" in text
    assert page.credit(["plain"]) == ""
    both = page.credit(["comrec-lite-2", "comrec-base-3"])
    assert both.startswith("Networks by the comrec developers: comrec-base-3, comrec-l")
    index = json.loads((out / "comrec" / "networks.json").read_text())
    assert index["networks"][0]["licence"].startswith("CC BY-SA 4.0")


def test_the_page_is_strict_about_what_may_run(run, source, out):
    assert run("web", source, out, *QUICK).status == 0
    page = Page(out / "index.html")
    policy = next(m["content"] for m in page.all("meta") if "http-equiv" in m)
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert "unsafe-inline" not in policy
    assert "http" not in policy
    for tag, attributes in page.elements:
        assert tag != "style"
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
    assert all("src" in script for script in page.all("script"))


def test_the_divider_has_a_name_and_waits_for_the_restored_picture(run, source, out):
    assert run("web", source, out, *QUICK).status == 0
    page = Page(out / "index.html")
    (divider,) = page.all("input")
    assert divider["type"] == "range"
    assert "disabled" in divider
    assert divider["aria-label"].startswith("photo: ")
    assert 'lang="en"' in page.text
    assert len(page.all("h1")) == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_escaped(name, run, tmp_path, photo, out):
    folder = tmp_path / "src"
    folder.mkdir()
    shutil.copy(photo, folder / f"{name}.png")
    ran = run("web", folder, out, *QUICK, "--title", name, "--json")
    assert ran.status == 0, ran.err
    page = Page(out / "index.html")
    (image,) = page.all("img")
    assert file_of(out, image["src"]).is_file()
    assert file_of(out, image["src"]).name == f"{name}.comrec.jpg"
    assert image["alt"] == name
    assert f"<h1>{html.escape(name)}</h1>" in page.text
    assert not page.all("c")


@pytest.mark.skipif(os.name == "nt", reason="names there are text")
def test_a_name_that_is_no_text_is_linked_all_the_same(run, tmp_path, photo, out):
    folder = tmp_path / "src"
    folder.mkdir()
    try:
        shutil.copy(photo, os.fsencode(folder) + b"/caf\xe9.png")
    except OSError:
        pytest.skip("this file system takes text alone")
    assert run("web", folder, out, *QUICK).status == 0
    (image,) = Page(out / "index.html").all("img")
    assert file_of(out, image["src"]).is_file()
    assert "caf%E9" in image["src"]


def test_a_picture_with_alpha_is_restored_though_its_jpeg_is_plain(run, tmp_path, out):
    folder = tmp_path / "src"
    folder.mkdir()
    flat = np.full((16, 16, 4), 90, np.uint8)  # where no network pays
    Image.fromarray(flat).save(folder / "alpha.png")
    Image.fromarray(flat[..., :3]).save(folder / "plain.png")
    ran = run("web", folder, out, "--json")
    assert ran.status == 0, ran.err
    assert {row.get("preset") for row in ran.rows[:-1]} == {"plain"}
    page = Page(out / "index.html")
    kinds = [f["class"].split()[0] for f in page.all("figure")]
    assert kinds == ["restores", "plain"]
    assert len(page.all("comrec-img")) == len(page.all("input")) == 1


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0 bytes"), (999, "999 bytes"), (1000, "1.0 KB"), (9999, "10.0 KB"),
     (10_000, "10 KB"), (999_499, "999 KB"), (999_500, "1.0 MB"),
     (12_345_678, "12.3 MB")],
)  # fmt: skip
def test_bytes_are_given_in_units_that_fit_their_size(size, text):
    assert page.format_bytes(size) == text.replace(" ", "\N{NO-BREAK SPACE}")


def test_a_picture_larger_than_its_source_is_said_to_be_larger():
    row = {
        "width_px": 9, "height_px": 5, "restores": False, "preset": "plain",
        "bytes": 150, "input_bytes": 100,
    }  # fmt: skip
    assert page._list_facts(row)[2] == (
        "50\N{NO-BREAK SPACE}% more than the file it was made from "
        "(100\N{NO-BREAK SPACE}bytes)"
    )
    assert "as much as" in page._list_facts(row | {"bytes": 100})[2]


def test_no_text_of_a_record_is_markup(monkeypatch):
    monkeypatch.setattr(page, "_list_facts", lambda _: ["<b>", "&"])
    row = {"files": ["a.jpg"], "title": "<i>", "restores": False, "width_px": 1,
           "height_px": 1}  # fmt: skip
    made = page._make_figure(row, True)
    assert "<b>" not in made
    assert "<i>" not in made
    assert "&lt;b&gt; · &amp;" in made
