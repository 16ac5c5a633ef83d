"""Files of a gallery: those of others are kept, outdated ones removed."""

import shutil

import pytest
from gallery_page import QUICK

from comrec.apps.web.outputs import Outputs
from comrec.errors import OutputError


@pytest.mark.parametrize("name", ["index.html", "page.css", "comrec/comrec-img.js"])
def test_files_of_others_are_refused_before_any_work(
    name, refused, source, out, monkeypatch
):
    monkeypatch.setattr("comrec.apps.web.gallery.compress_picture", None)
    (out / name).parent.mkdir(parents=True)
    (out / name).write_text("mine")
    refused("web", source, out, *QUICK, "-f", names=out / name)


@pytest.mark.parametrize(
    "record",
    ["", "{}", "[]", '{"format":2}', '{"format":1,"files":{"a":1},"pictures":{}}',
     '{"format":1,"files":{"../a":"0"},"pictures":{}}',
     '{"format":1,"files":{},"pictures":{"a":{}}}', "[" * 100_000,
     '{"format":1,"files":{},"pictures":{"a":{"made_of":"","title":"","preset":"/x",'
     '"files":[],"width_px":1,"height_px":1,"bytes":1,"restores":true}}}',
     '{"format":1,"files":{},"pictures":{"a":{"made_of":"","title":"","preset":"a",'
     '"files":[],"width_px":1,"height_px":1,"bytes":1,"restores":true,'
     '"plain_quality":"<script>"}}}',
     '{"format":1,"files":{},"pictures":{"a":{"made_of":"","title":"","preset":"",'
     '"files":[],"width_px":1,"height_px":"1","bytes":1,"restores":true}}}'],
)  # fmt: skip
def test_a_record_that_is_none_is_refused(record, refused, source, out):
    out.mkdir()
    (out / "comrec-web.json").write_text(record)
    refused("web", source, out, *QUICK, names=out / "comrec-web.json")


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
    assert "removed with their pictures: pictures/other.comrec.jpg" in ran.err
    left = {path.name for path in (out / "pictures").iterdir()}
    assert left == {"mine.jpg", "photo.comrec.jpg"}


# The record by itself


@pytest.fixture
def files(tmp_path) -> Outputs:
    found = Outputs(tmp_path / "site")
    found.put("a/x.jpg", b"one")
    row = {"made_of": "1", "title": "x", "preset": "plain", "files": ["a/x.jpg"],
           "width_px": 1, "height_px": 1, "bytes": 3, "restores": False}  # fmt: skip
    found.keep("x.png", row)
    found.save()
    return found


def test_a_picture_is_done_only_with_the_same_inputs_and_whole_files(files):
    again = Outputs(files.folder)
    assert again.is_done("x.png", "1")
    assert not again.is_done("x.png", "2")
    assert not again.is_done("y.png", "1")
    (files.folder / "a" / "x.jpg").write_bytes(b"cut")
    assert not Outputs(files.folder).is_done("x.png", "1")


def test_a_changed_file_of_a_removed_picture_stays(files):
    (files.folder / "a" / "x.jpg").write_bytes(b"mine")
    assert Outputs(files.folder).finish(set()) == []
    assert (files.folder / "a" / "x.jpg").read_bytes() == b"mine"


def test_a_file_of_a_removed_picture_is_removed_and_named(files):
    assert Outputs(files.folder).finish(set()) == ["a/x.jpg"]
    assert not (files.folder / "a" / "x.jpg").exists()
    assert Outputs(files.folder).pictures == {}


def test_force_replaces_changed_files_but_no_file_of_others(files):
    (files.folder / "a" / "x.jpg").write_bytes(b"mine")
    (files.folder / "other").write_bytes(b"mine")
    with pytest.raises(
        OutputError, match=r"was changed since comrec wrote it\. Use -f"
    ):
        Outputs(files.folder).put("a/x.jpg", b"two")
    forced = Outputs(files.folder, force=True)
    forced.put("a/x.jpg", b"two")
    with pytest.raises(OutputError, match=r"is not comrec's\. Move it away"):
        forced.put("other", b"two")
    assert (files.folder / "a" / "x.jpg").read_bytes() == b"two"
    assert (files.folder / "other").read_bytes() == b"mine"


def test_a_folder_in_place_of_a_file_is_refused(files):
    (files.folder / "page.css").mkdir()
    with pytest.raises(OutputError, match="is not comrec's"):
        Outputs(files.folder, force=True).check("page.css", b"x")


def test_nothing_outside_the_gallery_is_written_or_removed(files, tmp_path):
    outside = tmp_path / "outside"
    (files.folder / "a").rename(outside)
    (files.folder / "a").symlink_to(outside)
    before = (outside / "x.jpg").read_bytes()
    again = Outputs(files.folder, force=True)
    with pytest.raises(OutputError, match="a link on its path leads out"):
        again.put("a/x.jpg", b"two")
    assert again.finish(set()) == []
    assert (outside / "x.jpg").read_bytes() == before
