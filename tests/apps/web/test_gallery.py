"""`comrec web`: what is in a gallery's folder and in its page, and what is refused."""

import html
import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

import numpy as np
import pytest
import scripts
from PIL import Image

import comrec
from comrec.apps.web import gallery, network
from comrec.encoder import plain as encoder_plain
from comrec.networks import presets

QUICK = ("--scale", "2", "--jpeg-quality", "40")  # no search
HOSTILE = ("50% off", "a \"b\" <c> & 'd'", "#1?x=y", "ünï ☃", "two\nlines", "a:b")


@pytest.fixture(scope="module")
def photo(tmp_path_factory) -> Path:
    """Smooth, so that networks pay; small, so that they are quick."""
    y, x = np.mgrid[:48, :64] / 64
    planes = [0.5 + 0.4 * np.sin(9 * x + 5 * y), y, 1 - x * y]
    path = tmp_path_factory.mktemp("photo") / "photo.png"
    Image.fromarray((255 * np.stack(planes, axis=2)).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def source(photo, tmp_path) -> Path:
    folder = tmp_path / "src"
    folder.mkdir()
    shutil.copy(photo, folder / "photo.png")
    return folder


@pytest.fixture
def out(tmp_path) -> Path:
    return tmp_path / "site"


class Page(HTMLParser):
    """The elements of a page: (tag, attributes) in their order."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.text = path.read_text("utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]

    def urls(self) -> list[str]:
        named = [e.get(n) for _, e in self.elements for n in ("src", "href")]
        return [url for url in named if url is not None]


def file_of(folder: Path, url: str) -> Path:
    """What a static host serves for a relative URL."""
    parts = urlsplit(url)
    assert parts.path == url, "nothing but a path"
    return folder / os.fsdecode(unquote_to_bytes(parts.path))


# What is made


def test_a_gallery_has_all_that_its_page_asks_for(run, source, out, photo):
    ran = run("web", source, out, *QUICK)
    assert ran.status == 0, ran.err
    page = Page(out / "index.html")
    for url in page.urls():
        assert file_of(out, url).is_file(), url
    assert "photo.png" in ran.out.decode()
    made = out / "pictures" / "photo.comrec.jpg"
    restored = comrec.decompress(made)
    wanted = comrec.compress(
        photo, preset=gallery.PRESET, scale=2, jpeg_quality=40, embed=True,
        metadata="icc",
    )  # fmt: skip
    assert made.read_bytes() == wanted.jpeg
    assert restored.shape == (48, 64, 3)
    index = json.loads((out / "comrec" / "networks.json").read_text())["networks"]
    assert [row["preset"] for row in index] == [gallery.PRESET]
    data = (out / "comrec" / index[0]["file"]).read_bytes()
    assert data == network.dump(presets.find(gallery.PRESET), 16)


def test_the_default_is_the_newest_lite_pair():
    lite = [name for name in presets.PRESETS if name.startswith("comrec-lite")]
    assert max(lite, key=lambda n: presets.find(n).number) == gallery.PRESET


def test_the_first_picture_is_eager_the_others_lazy_and_all_have_a_size(
    run, source, out, photo
):
    shutil.copy(photo, source / "other.png")
    assert run("web", source, out, *QUICK).status == 0
    images = Page(out / "index.html").all("img")
    assert [i["loading"] for i in images] == ["eager", "lazy"]
    assert {(i["width"], i["height"]) for i in images} == {("64", "48")}
    assert [i["alt"] for i in images] == ["other", "photo"]


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


def test_pictures_whose_names_differ_in_ending_only_both_appear(run, source, out):
    with Image.open(source / "photo.png") as picture:
        picture.save(source / "photo.bmp")
        picture.save(source / "photo.png.gif")
    assert run("web", source, out, *QUICK).status == 0
    images = [unquote_to_bytes(i["src"]) for i in Page(out / "index.html").all("img")]
    assert images == [
        b"pictures/photo.bmp.comrec.jpg",
        b"pictures/photo.png.comrec.jpg",
        b"pictures/photo.png-2.comrec.jpg",
    ]
    assert len({file_of(out, i.decode()).read_bytes() for i in images}) > 1


def test_names_that_differ_in_case_alone_do_not_meet():
    names = gallery._names([Path("A.png"), Path("a.png"), Path("b/a.png")])
    assert len({str(name).casefold() for name in names}) == 3


def test_folders_are_taken_with_r_alone(run, source, out, photo):
    (source / "below").mkdir()
    shutil.copy(photo, source / "below" / "two.png")
    assert run("web", source, out, *QUICK).status == 0
    assert len(Page(out / "index.html").all("img")) == 1
    assert run("web", source, out, *QUICK, "-r").status == 0
    assert (out / "pictures" / "below" / "two.comrec.jpg").is_file()
    assert len(Page(out / "index.html").all("img")) == 2


def test_a_gallery_inside_its_source_does_not_take_itself(run, source):
    for _ in range(2):
        ran = run("web", source, source / "site", *QUICK, "-r", "--json")
        assert ran.status == 0
        assert ran.rows[-1]["pictures"] == 1


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
    assert [f["class"] for f in page.all("figure")] == ["restores", "plain"]
    assert len(page.all("comrec-img")) == len(page.all("input")) == 1


# Pairs that were there


def test_pairs_are_taken_as_they_are_and_their_originals_left_out(run, source, out):
    assert run("compress", source / "photo.png", *QUICK).status == 0
    assert run("decompress", source / "photo.comrec.jpg").status == 0
    ran = run("web", source, out)
    assert ran.status == 0, ran.err
    assert "2 files left out" in ran.err
    for name in ("photo.comrec.jpg", "photo.comrec.json"):
        assert (out / "pictures" / name).read_bytes() == (source / name).read_bytes()
    (image,) = Page(out / "index.html").all("img")
    assert (image["width"], image["height"]) == ("64", "48")
    # By the default preset, which is another than that of galleries.
    index = json.loads((out / "comrec" / "networks.json").read_text())["networks"]
    assert [row["preset"] for row in index] == [presets.DEFAULT]


def test_a_preset_that_browsers_do_not_run_is_said(run, source, out):
    preset = ("-p", "jiang2017-gray-q50-2")
    assert run("compress", source / "photo.png", *preset, *QUICK).status == 0
    ran = run("web", source, out)
    assert ran.status == 0
    assert "browsers do not run jiang2017-gray-q50-2" in ran.err


def test_a_pair_without_its_sidecar_is_a_line_and_the_others_are_there(
    run, source, out, photo
):
    assert run("compress", source / "photo.png", *QUICK).status == 0
    (source / "photo.comrec.json").unlink()
    shutil.copy(photo, source / "other.png")
    ran = run("web", source, out, *QUICK)
    assert ran.status == 1
    assert re.search(r"photo\.comrec\.jpg: .*sidecar .* missing", ran.err)
    assert [i["alt"] for i in Page(out / "index.html").all("img")] == ["other"]


def test_sidecars_beside_the_pictures_are_files_and_counted(run, source, out):
    ran = run("web", source, out, *QUICK, "--no-embed", "--json")
    assert ran.status == 0
    files = [out / "pictures" / f"photo.comrec.{end}" for end in ("jpg", "json")]
    assert ran.rows[0]["bytes"] == sum(path.stat().st_size for path in files)


# Bad pictures


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + bytes(9)]
)
def test_a_bad_picture_is_a_line_and_status_1(content, run, source, out):
    (source / "bad.png").write_bytes(content)
    ran = run("web", source, out, *QUICK, "--json")
    assert ran.status == 1
    assert len(ran.err.splitlines()) == 1
    assert "bad.png: " in ran.err
    assert [row.get("outcome") for row in ran.rows] == ["failed", "comrec", None]
    assert [i["alt"] for i in Page(out / "index.html").all("img")] == ["photo"]


def test_a_folder_without_pictures_is_refused(refused, tmp_path):
    (tmp_path / "empty").mkdir()
    arguments = ("web", tmp_path / "empty", tmp_path / "out")
    refused(*arguments, names=tmp_path / "empty", status=2)


@pytest.mark.parametrize("kind", ["missing", "file", "same"])
def test_folders_that_will_not_do_are_refused(kind, refused, source, tmp_path):
    which = {
        "missing": (tmp_path / "none", tmp_path / "out"),
        "file": (source / "photo.png", tmp_path / "out"),
        "same": (source, source),
    }[kind]
    refused("web", *which, names=which[0] if kind != "same" else source, status=2)


def test_a_file_in_place_of_the_gallery_is_refused(refused, source, tmp_path):
    (tmp_path / "out").write_text("mine")
    refused("web", source, tmp_path / "out", names=tmp_path / "out")


@pytest.mark.parametrize("name", ["index.html", "page.css", "comrec/comrec-img.js"])
def test_files_of_others_are_refused_before_any_work(
    name, refused, source, out, monkeypatch
):
    monkeypatch.setattr("comrec.api.compress.compress_picture", None)
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("mine")
    refused("web", source, out, *QUICK, "-f", names=out / name)


@pytest.mark.parametrize(
    "record",
    ["", "{}", "[]", '{"format":2}', '{"format":1,"files":{"a":1},"pictures":{}}',
     '{"format":1,"files":{"../a":"0"},"pictures":{}}',
     '{"format":1,"files":{},"pictures":{"a":{}}}',
     '{"format":1,"files":{},"pictures":{"a":{"made_of":"","title":"","preset":"",'
     '"files":[],"width_px":1,"height_px":"1","bytes":1,"restores":true}}}'],
)  # fmt: skip
def test_a_record_that_is_none_is_refused(record, refused, source, out):
    out.mkdir()
    (out / "comrec-web.json").write_text(record)
    refused("web", source, out, *QUICK, names=out / "comrec-web.json")


# Again


def test_run_again_does_nothing_at_all(run, source, out, listing, monkeypatch):
    assert run("web", source, out, *QUICK).status == 0
    before = listing()
    monkeypatch.setattr("comrec.api.compress.compress_picture", None)
    ran = run("web", source, out, *QUICK, "--json")
    assert ran.status == 0
    assert [row.get("outcome") for row in ran.rows] == ["skipped", None]
    after = listing()
    record = "site/comrec-web.json"  # written, but the same
    assert before.pop(record)[0] == after.pop(record)[0]
    assert after == before


@pytest.mark.parametrize("change", ["picture", "option", "output", "lost"])
def test_run_again_does_what_has_changed_alone(change, run, source, out, photo):
    shutil.copy(photo, source / "other.png")
    assert run("web", source, out, *QUICK).status == 0
    more, want = (), {"other": "skipped", "photo": "comrec"}
    made = out / "pictures" / "photo.comrec.jpg"
    if change == "picture":
        with Image.open(photo) as picture:
            picture.rotate(180).save(source / "photo.png")
    elif change == "option":
        more, want = ("--scale", "1"), {"other": "comrec", "photo": "comrec"}
    elif change == "output":
        made.write_bytes(made.read_bytes()[:-9])
        more = ("-f",)
        want["other"] = "comrec"
    else:
        made.unlink()
    ran = run("web", source, out, *QUICK, *more, "--json")
    assert ran.status == 0, ran.err
    outcomes = {Path(r["input"]).stem: r["outcome"] for r in ran.rows[:-1]}
    assert outcomes == want
    assert comrec.decompress(made).shape == (48, 64, 3)


@pytest.mark.parametrize("name", ["index.html", "page.css"])
def test_what_somebody_changed_is_kept_unless_forced(name, run, refused, source, out):
    assert run("web", source, out, *QUICK).status == 0
    (out / name).write_text("better")
    refused("web", source, out, *QUICK, names=out / name)
    assert run("web", source, out, *QUICK, "-f").status == 0
    assert (out / name).read_text() != "better"


def test_pictures_that_are_gone_are_taken_away_but_not_what_is_others(
    run, source, out, photo
):
    shutil.copy(photo, source / "other.png")
    assert run("web", source, out, *QUICK).status == 0
    (out / "pictures" / "mine.jpg").write_text("mine")
    (source / "other.png").unlink()
    ran = run("web", source, out, *QUICK)
    assert ran.status == 0
    assert "removed, of pictures that are gone: pictures/other.comrec.jpg" in ran.err
    left = {path.name for path in (out / "pictures").iterdir()}
    assert left == {"mine.jpg", "photo.comrec.jpg"}


def test_an_interrupted_run_goes_on(run, source, out, photo, monkeypatch):
    shutil.copy(photo, source / "other.png")
    from comrec.system import files

    write = files.write

    def stopped(path, data):
        if path.name == "photo.comrec.jpg":
            raise KeyboardInterrupt
        write(path, data)

    monkeypatch.setattr(files, "write", stopped)
    assert run("web", source, out, *QUICK).status == 130
    assert not (out / "index.html").exists()
    monkeypatch.setattr(files, "write", write)
    ran = run("web", source, out, *QUICK, "--json")
    outcomes = {Path(r["input"]).stem: r["outcome"] for r in ran.rows[:-1]}
    assert outcomes == {"other": "skipped", "photo": "comrec"}


# Numbers


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
    # Nothing is compared where a JPEG quality of its own was asked for.
    assert run("web", source, out, *QUICK, "--json").rows[-1]["plain_bytes"] == 0
    assert "plain JPEG" not in (out / "index.html").read_text()
    ran = run("web", source, out, "-q", "60", "--effort", "0", "--json")
    row, total = ran.rows
    assert total["plain_bytes"] == row["plain_bytes"] > 0
    with Image.open(source / "photo.png") as picture:
        plain = encoder_plain.encode_plain(np.asarray(picture), 60)
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
    plain = [encoder_plain.encode_plain(pixels, quality) for quality in range(1, 101)]
    closer = [len(one.jpeg) for one in plain if one.psnr_db >= float(row["psnr_db"])]
    farther = [len(one.jpeg) for one in plain if one.psnr_db < float(row["psnr_db"])]
    assert max(farther) - 40 <= number["plain_pictures_bytes"] <= min(closer) + 1
