"""Files of comrec are recognised by their content, and no others."""

from __future__ import annotations

import os

import pictures
import pytest
from PIL import Image, PngImagePlugin

from comrec.errors import JpegError, OutputError
from comrec.format import container, pair, provenance, sorting
from comrec.format.sidecar import Sidecar
from comrec.image import writer
from comrec.image.metadata import Metadata
from comrec.image.picture import Picture
from comrec.jpeg import segments as seg

CODED = pictures.file_of(pictures.photo(), "JPEG", quality=60)
RECORD = Sidecar("jiang2017-gray-q50", 111, 80, 2)
JPEG, BESIDE = container.pack(CODED, Metadata(), RECORD, embed=False)
EMBEDDED, _ = container.pack(CODED, Metadata(), RECORD, embed=True)
PICTURE = Picture(pictures.photo())
OURS = {
    "x.comrec.json": BESIDE, "any.jpg": JPEG, "any.jpeg": EMBEDDED,
    "any.png": writer.write(PICTURE, ".png"), "any.tif": writer.write(PICTURE, ".tif"),
    "restored.jpg": writer.write(PICTURE, ".jpg"),
    "plain.comrec.jpg": CODED,  # no mark but its name
}  # fmt: skip
THEIRS = {
    "plain.jpg": CODED, "x.png": pictures.photo_file(".png"),
    "x.restored.tif": pictures.photo_file(".tif"), "x.json": b'{"notes": "mine"}',
    "x.comrec.png": pictures.photo_file(".png"), "empty": b"", "text": b"comrec",
    "about.jpg": seg.insert(CODED, [(seg.COM, b"made with comrec")]),
    "damaged.jpg": b"\xff\xd8 comrec\0", "damaged.png": b"\x89PNG",
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_what_comrec_made_is_ours_under_any_name(tmp_path, name):
    (tmp_path / name).write_bytes(OURS[name])
    assert provenance.is_ours(tmp_path / name)


@pytest.mark.parametrize("name", THEIRS)
def test_what_others_made_is_not_ours_under_any_name(tmp_path, name):
    (tmp_path / name).write_bytes(THEIRS[name])
    assert not provenance.is_ours(tmp_path / name)
    assert not provenance.is_output(tmp_path / name)


def test_a_stripped_jpg_is_ours_while_its_sidecar_fits(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(seg.without_metadata(JPEG))
    assert not provenance.is_ours(path)
    (tmp_path / "x.comrec.json").write_bytes(BESIDE)
    assert provenance.is_ours(path)
    assert provenance.is_output(path)


def test_an_apps_file_is_ours_to_that_app_alone(tmp_path):
    path = tmp_path / "x.page"
    path.write_bytes(b"<page> by comrec")
    signatures = [lambda data: data.startswith(b"<page>")]
    assert not provenance.is_ours(path)
    assert provenance.is_ours(path, signatures)
    with pytest.raises(OutputError, match="nothing in it shows that comrec made it"):
        pair.refuse_existing(path, True)
    pair.refuse_existing(path, True, signatures)
    with pytest.raises(OutputError, match=r"exists\. Use `force`"):
        pair.refuse_existing(path, False, signatures)


def test_folders_pipes_and_dangling_links_are_not_ours(tmp_path):
    os.mkfifo(tmp_path / "pipe.comrec.jpg")
    (tmp_path / "lost.comrec.jpg").symlink_to(tmp_path / "none")
    (tmp_path / "folder.comrec.jpg").mkdir()
    for path in tmp_path.iterdir():
        assert not provenance.is_ours(path)
        assert not provenance.is_output(path)


def test_a_restored_picture_under_another_name_may_be_compressed_again(tmp_path):
    data = OURS["any.png"]
    for name, is_output in (("x.restored.png", True), ("x.png", False)):
        (tmp_path / name).write_bytes(data)
        assert provenance.is_output(tmp_path / name) == is_output


@pytest.mark.parametrize(
    ("software", "is_figure"), [("comrec figure", True), ("comrec", False)]
)
def test_a_figure_is_an_output_under_any_name(tmp_path, software, is_figure):
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", software)
    Image.new("RGB", (8, 8)).save(tmp_path / "x.PNG", "PNG", pnginfo=info)
    assert provenance.is_output(tmp_path / "x.PNG") == is_figure
    assert provenance.is_ours(tmp_path / "x.PNG")
    assert sorting.list_pictures(tmp_path) == [tmp_path / "x.PNG"] * (not is_figure)


@pytest.mark.parametrize(
    ("jpeg", "beside", "whole", "half"),
    [
        (JPEG, BESIDE, True, False), (JPEG, None, False, True),
        (None, BESIDE, False, True), (EMBEDDED, None, True, False),
        (CODED, None, True, False), (None, None, False, False),
        (JPEG, RECORD.paired(pictures.photo_file(".jpg")).to_json(), False, False),
        (JPEG, b"no sidecar", False, False),
    ],
    ids=["pair", "no sidecar", "no jpg", "embedded", "plain", "none", "other", "bad"],
)  # fmt: skip
def test_whole_pairs_and_half_pairs_are_told_apart(tmp_path, jpeg, beside, whole, half):
    path = tmp_path / "x.comrec.jpg"
    for name, data in ((path, jpeg), (tmp_path / "x.comrec.json", beside)):
        if data is not None:
            name.write_bytes(data)
    assert provenance.is_whole(path) == whole
    assert provenance.is_half(path) == half


def test_the_line_that_fits_is_found_among_two():
    other = RECORD.paired(pictures.photo_file(".jpg")).to_json()
    for lines in (BESIDE + other, other + BESIDE):
        assert provenance.fitting_record(JPEG, lines) == BESIDE
    for lines in (other, b"", b"no sidecar", BESIDE * 3):
        assert provenance.fitting_record(JPEG, lines) is None
    assert provenance.fitting_record(b"no JPEG", BESIDE) is None


def test_a_plain_jpeg_has_a_line_that_says_it_is_whole():
    line = provenance.record_without(CODED)
    assert line == provenance.record_of_plain(CODED)
    assert container.unpack(CODED, "x.jpg", line).sidecar is None
    assert provenance.record_without(JPEG) is None
    assert provenance.record_without(b"no JPEG") is None
    with pytest.raises(JpegError):
        provenance.record_of_plain(b"no JPEG")


@pytest.mark.parametrize("content", [b"", b"text", b"\xff\xd8\xff"])
def test_what_is_no_jpeg_is_no_complete_output(tmp_path, content):
    path = tmp_path / "x.comrec.jpg"
    path.write_bytes(content)
    assert not provenance.is_whole(path)
