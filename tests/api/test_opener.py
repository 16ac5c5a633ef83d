"""`comrec.register_opener`: Pillow opens and saves comrec's pictures."""

from __future__ import annotations

import io
import pickle
import shutil

import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.errors import ComrecError, PillowError, UsageError
from comrec.system import files


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    """Registers the opener for one test."""
    Image.init()
    for name in ("OPEN", "SAVE", "MIME"):
        monkeypatch.setattr(Image, name, dict(getattr(Image, name)))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    comrec.register_opener()


@pytest.fixture(scope="module", params=["L", "LA", "RGB", "RGBA"])
def embedded(request) -> tuple[str, bytes]:
    """A mode, and a compressed picture of it with its sidecar inside."""
    image = Image.fromarray(pictures.with_alpha(pictures.photo())).convert(
        request.param
    )
    data = pictures.file_of(
        image, "PNG", exif=pictures.exif(), icc_profile=pictures.icc()
    )
    made = comrec.compress(data, jpeg_quality=50, scale=2, embed=True)
    assert made.report.outcome == "comrec"
    return request.param, made.jpeg


def test_size_mode_and_metadata_are_known_before_the_pixels(embedded, monkeypatch):
    monkeypatch.setattr("comrec.api.opener.restore", None)  # loading would fail
    mode, data = embedded
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode, image.size) == ("COMREC", mode, (56, 40))
        assert image.info["icc_profile"] == pictures.icc()
        assert image.getexif()[pictures.EXIF_ARTIST] == "Somebody"
        assert image.get_format_mimetype() == "image/jpeg"


def test_the_pixels_are_those_of_decompress(embedded):
    mode, data = embedded
    with Image.open(io.BytesIO(data)) as image:
        np.testing.assert_array_equal(np.asarray(image), comrec.decompress(data))
        assert image.getbands() == tuple(mode)


def test_a_sidecar_beside_the_file_is_found_by_its_name(pair):
    wanted = comrec.decompress(pair[0])
    with Image.open(pair[0]) as image:
        assert image.filename == str(pair[0])
        np.testing.assert_array_equal(np.asarray(image), wanted)
    with open(pair[0], "rb") as file, Image.open(file) as image:
        np.testing.assert_array_equal(np.asarray(image), wanted)


def test_a_pair_whose_marker_a_host_stripped_is_restored(pair):
    with Image.open(pair[0], formats=["JPEG"]) as compact:
        size = compact.size
    from comrec.jpeg import segments

    pair[0].write_bytes(segments.without_metadata(pair[0].read_bytes()))
    with Image.open(pair[0]) as image:
        assert image.size != size
        np.testing.assert_array_equal(np.asarray(image), comrec.decompress(pair[0]))


def test_plain_jpegs_are_pillows_and_so_are_compact_images_if_that_is_asked(pair):
    plain = pair[0].with_name("photo.jpg")  # its sidecar would have the same name
    Image.fromarray(pictures.photo()).save(plain)
    with Image.open(plain) as image:
        assert (image.format, image.size) == ("JPEG", (56, 40))
    with Image.open(pair[0], formats=["JPEG"]) as image:
        assert (image.format, image.size) == ("JPEG", (28, 20))


def test_a_lost_sidecar_is_said(pair, tmp_path):
    pair[1].unlink()
    with pytest.raises(OSError, match=r"photo\.comrec\.json is missing.*`assume`"):
        Image.open(pair[0])
    with pytest.raises(ComrecError, match=r"picture: its sidecar is missing"):
        Image.open(io.BytesIO(pair[0].read_bytes()))


def test_another_pictures_sidecar_is_refused(pair):
    other = comrec.compress(pictures.photo(48, 40), jpeg_quality=40, scale=2)
    pair[1].write_bytes(other.sidecar)
    with pytest.raises(PillowError, match=r"photo\.comrec\.json"):
        Image.open(pair[0])


def test_a_picture_cut_off_is_refused_as_pillow_refuses_it(embedded):
    with pytest.raises(OSError, match=r"identify|cut off|Truncated"):
        Image.open(io.BytesIO(embedded[1][:200])).load()
    with pytest.raises(OSError, match=r"damaged|cut off|belong|truncated"):
        Image.open(io.BytesIO(embedded[1][:-30])).load()


def test_the_conventions_of_pillows_plugins_are_kept(embedded, tmp_path):
    _, data = embedded
    path = tmp_path / "x.jpg"
    path.write_bytes(data)
    with Image.open(path) as image:
        image.verify()
    with Image.open(path) as image:
        image.draft("L", (7, 7))  # has no effect: pixels are restored at their size
        assert image.size == (56, 40)
        same = image.copy()
        assert image.fp is None or image.fp.closed
        again = pickle.loads(pickle.dumps(image))
        assert again == image
        assert same.tobytes() == image.tobytes()
        small = image.copy()
        small.thumbnail((14, 14))
        assert small.size == (14, 10)
    path.unlink()  # nothing holds it


def test_save_writes_one_file_with_the_metadata_of_the_image(tmp_path):
    source = pictures.file_of(
        Image.fromarray(pictures.photo(96, 128)), "JPEG", quality=95,
        exif=pictures.exif(6), icc_profile=pictures.icc(), comment=b"seen",
        dpi=(300, 300), xmp=pictures.XMP % 6,
    )  # fmt: skip
    path = tmp_path / "x.comrec.jpg"
    with Image.open(io.BytesIO(source)) as image:
        image.save(path, format="COMREC", jpeg_quality=40, scale=2)
    assert [p.name for p in tmp_path.iterdir()] == ["x.comrec.jpg"]
    with Image.open(path) as image:
        assert (image.format, image.size) == ("COMREC", (96, 128))  # upright
        assert image.info["comment"] == b"seen"
        assert image.info["dpi"] == (300, 300)
        assert image.info["icc_profile"] == pictures.icc()
        assert b'Orientation="1"' in image.info["xmp"]
        exif = image.getexif()
        assert exif[pictures.EXIF_ARTIST] == "Somebody"
        assert exif[pictures.EXIF_ORIENTATION] == 1


def test_save_takes_the_options_of_compress_and_metadata_instead():
    out = io.BytesIO()
    image = Image.open(io.BytesIO(pictures.file_of(
        pictures.photo(96, 128), "PNG", icc_profile=pictures.icc()
    )))  # fmt: skip
    exif = Image.Exif()
    exif[pictures.EXIF_ARTIST] = "Another"
    image.save(
        out, format="COMREC", target_size=2500, exif=exif, icc_profile=None,
        metadata="exif", effort=0,
    )  # fmt: skip
    assert len(out.getvalue()) <= 2500
    with Image.open(out) as again:
        assert "icc_profile" not in again.info
        assert again.getexif()[pictures.EXIF_ARTIST] == "Another"


@pytest.mark.parametrize(
    ("options", "error"), [({"quality": 0}, PillowError), ({"qualitty": 5}, TypeError)]
)
def test_save_refuses_what_compress_refuses_and_leaves_no_file(
    tmp_path, options, error
):
    path = tmp_path / "x.jpg"
    with pytest.raises(error):
        Image.fromarray(pictures.photo()).save(path, format="COMREC", **options)
    assert not path.exists()


def test_the_opener_has_the_limits_and_options_of_decompress(embedded, monkeypatch):
    with pytest.raises(UsageError):
        comrec.register_opener(threads=-1)
    comrec.register_opener(max_pixels=100)
    with pytest.raises(PillowError, match="beyond the limit"):
        Image.open(io.BytesIO(embedded[1]))
    monkeypatch.setattr(files, "SLACK_BYTES", 0)
    comrec.register_opener(max_pixels=56 * 40)
    Image.open(io.BytesIO(embedded[1]))
    with pytest.raises(PillowError, match="larger than 17920 bytes"):
        Image.open(io.BytesIO(embedded[1] + bytes(17920)))
    comrec.register_opener(engine="abacus")
    with pytest.raises(PillowError, match="abacus"):
        Image.open(io.BytesIO(embedded[1])).load()


def test_an_open_image_is_whole_after_its_files_moved(pair, tmp_path):
    image = Image.open(pair[0])
    shutil.move(pair[1], tmp_path / "elsewhere.json")
    np.testing.assert_array_equal(
        np.asarray(image), comrec.decompress(pair[0], tmp_path / "elsewhere.json")
    )
