"""`comrec web`: which pictures a gallery has, and what a second run does."""

import json
import re
import shutil
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from gallery_page import QUICK, Page, file_of
from packing import GOLDEN
from PIL import Image

import comrec
from comrec.apps.web import gallery, network
from comrec.jpeg import segments
from comrec.networks import presets


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


def test_pictures_whose_names_differ_in_ending_only_both_appear(run, source, out):
    with Image.open(source / "photo.png") as picture:
        picture.save(source / "photo.bmp")
        picture.save(source / "photo.png.gif")
    assert run("web", source, out, *QUICK).status == 0
    images = [unquote_to_bytes(i["src"]) for i in Page(out / "index.html").all("img")]
    assert images == [
        b"pictures/photo.bmp.comrec.jpg",
        b"pictures/photo.png.comrec.jpg",
        b"pictures/photo.png.gif.comrec.jpg",
    ]
    assert len({file_of(out, i.decode()).read_bytes() for i in images}) > 1


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


def test_pairs_are_taken_as_they_are_and_their_originals_left_out(run, source, out):
    assert run("compress", source / "photo.png", *QUICK).status == 0
    assert run("decompress", source / "photo.comrec.jpg").status == 0
    ran = run("web", source, out)
    assert ran.status == 0, ran.err
    assert "2 left out" in ran.err
    for name in ("photo.comrec.jpg", "photo.comrec.json"):
        assert (out / "pictures" / name).read_bytes() == (source / name).read_bytes()
    (image,) = Page(out / "index.html").all("img")
    assert (image["width"], image["height"]) == ("64", "48")
    # By the default preset, which is another than that of galleries.
    index = json.loads((out / "comrec" / "networks.json").read_text())["networks"]
    assert [row["preset"] for row in index] == [presets.DEFAULT]


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


def test_the_packed_copy_of_a_pair_is_no_rival_of_it(tmp_path):
    (packed, jpeg), _ = GOLDEN.items()
    path = tmp_path / "x.comrec.jpg"
    bare = segments.coded_only(jpeg.read_bytes())  # a host has stripped the marker
    path.write_bytes(bare)
    beside = packed.with_name("colour-1.5.comrec.json").read_bytes()
    (tmp_path / "x.comrec.json").write_bytes(beside)
    (tmp_path / "x.comrec.lep").write_bytes(packed.read_bytes())
    assert gallery._read_sidecar(path, bare, 10**6) == beside
    (tmp_path / "x.lep").write_bytes(packed.read_bytes())
    assert gallery._read_sidecar(path, bare, 10**6) is None


def test_sidecars_beside_the_pictures_are_files_and_counted(run, source, out):
    ran = run("web", source, out, *QUICK, "--no-embed", "--json")
    assert ran.status == 0
    files = [out / "pictures" / f"photo.comrec.{end}" for end in ("jpg", "json")]
    assert ran.rows[0]["bytes"] == sum(path.stat().st_size for path in files)


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


def test_run_again_does_nothing_at_all(run, source, out, listing, monkeypatch):
    assert run("web", source, out, *QUICK).status == 0
    before = listing()
    monkeypatch.setattr("comrec.apps.web.gallery.compress_picture", None)
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


def test_an_interrupted_run_goes_on(run, source, out, photo, monkeypatch):
    shutil.copy(photo, source / "other.png")
    from comrec.system import files

    write = files.write

    def stopped(path, data, **options):
        if path.name == "photo.comrec.jpg":
            raise KeyboardInterrupt
        write(path, data, **options)

    monkeypatch.setattr(files, "write", stopped)
    assert run("web", source, out, *QUICK).status == 130
    assert not (out / "index.html").exists()
    monkeypatch.setattr(files, "write", write)
    ran = run("web", source, out, *QUICK, "--json")
    outcomes = {Path(r["input"]).stem: r["outcome"] for r in ran.rows[:-1]}
    assert outcomes == {"other": "skipped", "photo": "comrec"}
