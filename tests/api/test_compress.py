"""`comrec.compress`: results, targets, reports, and the bytes of the command."""

from __future__ import annotations

import io
import pydoc
import re

import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.api.compress import compress
from comrec.errors import ComrecError, ImageError, UsageError
from comrec.format import container
from comrec.networks import presets

PSNR = pytest.importorskip("skimage.metrics").peak_signal_noise_ratio


def smooth() -> np.ndarray:
    """A grey picture, 128x128, on which the networks save bytes at low quality."""
    return np.ascontiguousarray(pictures.photo(138, 128)[10:, :, 1])


ARRAYS = {
    "grey": pictures.grey(29, 100), "LA": pictures.with_alpha(pictures.grey()),
    "RGB": pictures.photo(17, 33), "RGBA": pictures.with_alpha(pictures.photo()),
}  # fmt: skip


def compress_fast(source: object, **options: object) -> comrec.Compressed:
    """Compresses without rounds: what is claimed here holds at every effort."""
    return comrec.compress(source, **({"effort": 0} | options))


@pytest.mark.parametrize("name", ARRAYS)
def test_array_bytes_and_path_give_what_the_command_line_gives(run, tmp_path, name):
    path = tmp_path / "photo.png"
    path.write_bytes(pictures.file_of(ARRAYS[name], "PNG"))
    assert run("compress", path, "--jpeg-quality", 50).status == 0
    jpeg = tmp_path / "photo.comrec.jpg"
    sidecar = tmp_path / "photo.comrec.json"
    data = path.read_bytes()
    image = Image.open(path)
    for source in (ARRAYS[name], data, path, str(path), io.BytesIO(data), image):
        made = comrec.compress(source, jpeg_quality=50)
        assert made.jpeg == jpeg.read_bytes()
        assert made.sidecar == sidecar.read_bytes()
    assert run("decompress", jpeg).status == 0
    with Image.open(tmp_path / "photo.restored.png") as picture:
        restored = np.asarray(picture)
    for given in (
        (jpeg,), (str(jpeg),), (jpeg, sidecar), (jpeg.read_bytes(), str(sidecar)),
        (jpeg.read_bytes(), sidecar.read_bytes()),
        (bytearray(jpeg.read_bytes()), memoryview(sidecar.read_bytes())),
    ):  # fmt: skip
        np.testing.assert_array_equal(comrec.decompress(*given), restored)
    assert restored.shape == ARRAYS[name].shape


@pytest.mark.parametrize(
    "options",
    [
        {"jpeg_quality": 30},
        {"jpeg_quality": 30, "embed": True},
        {"quality": 5},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", ["grey", "RGBA"])
def test_the_report_has_the_sizes_and_the_psnr_of_the_files(tmp_path, options, kind):
    array = smooth() if kind == "grey" else ARRAYS["RGBA"]
    made = compress_fast(array, **options)
    jpeg = tmp_path / "x.comrec.jpg"
    jpeg.write_bytes(made.jpeg)
    total = jpeg.stat().st_size
    if made.sidecar:
        beside = tmp_path / "x.comrec.json"
        beside.write_bytes(made.sidecar)
        total += beside.stat().st_size
        assert made.report.sidecar_bytes == beside.stat().st_size
    restored = comrec.decompress(jpeg)
    height, width = array.shape[:2]
    assert made.report.jpeg_bytes == jpeg.stat().st_size
    assert made.report.total_bytes == total
    assert made.report.rate_bpp == pytest.approx(8 * total / (height * width))
    assert (made.report.width_px, made.report.height_px) == (width, height)
    colours = (
        (array, restored) if kind == "grey" else (array[..., :3], restored[..., :3])
    )
    expected = PSNR(*colours, data_range=255)
    assert made.report.psnr_db == pytest.approx(expected, abs=1e-9)
    if kind == "RGBA":
        np.testing.assert_array_equal(restored[..., 3], array[..., 3])


@pytest.mark.parametrize("quality", [5, 75])
@pytest.mark.parametrize("kind", ["grey", "RGB"])
def test_quality_means_as_close_as_plain_jpeg_in_fewer_bytes(quality, kind):
    array = smooth() if kind == "grey" else pictures.photo(64, 96)
    made = compress_fast(array, quality=quality)
    plain = pictures.file_of(
        array, "JPEG", quality=quality, optimize=True, subsampling="4:2:0"
    )
    decoded = np.asarray(Image.open(io.BytesIO(plain)))
    expected = PSNR(array, decoded, data_range=255)
    restored = comrec.decompress(made.jpeg, made.sidecar)
    if made.report.outcome == "comrec":
        assert PSNR(array, restored, data_range=255) >= expected
        assert len(made.jpeg) + len(made.sidecar) < len(made.report.plain.jpeg)
        assert len(made.report.plain.jpeg) <= len(plain)
    else:
        assert made.report.outcome == "plain"
        assert made.sidecar is None
        assert not container.is_comrec(made.jpeg)
        assert PSNR(array, restored, data_range=255) >= expected
        assert len(made.jpeg) <= len(plain)
        np.testing.assert_array_equal(restored, Image.open(io.BytesIO(made.jpeg)))


def test_both_outcomes_occur():  # else the test above could pass for a constant
    for quality, outcome in ((5, "comrec"), (75, "plain")):
        assert compress_fast(smooth(), quality=quality).report.outcome == outcome


@pytest.mark.parametrize("kind", ["RGB", "grey"])
def test_the_preset_plain_writes_an_ordinary_jpeg_without_a_sidecar(kind):
    made = compress_fast(ARRAYS[kind], preset="plain", quality=60)
    report = made.report
    assert made.sidecar is None
    assert (report.outcome, report.preset, report.same_bytes) == (
        "plain",
        "plain",
        None,
    )
    assert report.total_bytes == len(made.jpeg) <= len(report.plain.jpeg)
    assert report.psnr_db >= report.plain.psnr_db
    with Image.open(io.BytesIO(made.jpeg)) as picture:
        shown = np.asarray(picture)
    assert PSNR(ARRAYS[kind], shown) == pytest.approx(report.psnr_db)
    np.testing.assert_array_equal(comrec.decompress(made.jpeg), shown)


def test_a_plain_jpeg_with_alpha_keeps_the_alpha():
    made = compress_fast(ARRAYS["RGBA"], quality=100)
    assert (made.report.outcome, made.report.preset) == ("plain", presets.PLAIN)
    assert b'"preset":"plain"' in made.sidecar
    restored = comrec.decompress(made.jpeg, made.sidecar)
    np.testing.assert_array_equal(restored[..., 3], ARRAYS["RGBA"][..., 3])


@pytest.mark.parametrize("kinds", ["all", "none", "exif", "icc,xmp", ("xmp",)])
def test_the_chosen_kinds_of_metadata_are_kept(kinds):
    source = pictures.file_of(
        pictures.photo(), "JPEG", quality=95, exif=pictures.exif(6),
        icc_profile=pictures.icc(), xmp=pictures.XMP % 6,
    )  # fmt: skip
    made = comrec.compress(source, jpeg_quality=50, metadata=kinds)
    wanted = {"all": "exif,icc,xmp", "none": ""}.get(kinds, kinds)
    with Image.open(io.BytesIO(made.jpeg)) as picture:
        found = picture.info
        assert picture.getexif().get(pictures.EXIF_ORIENTATION, 1) == 1
        artist = picture.getexif().get(pictures.EXIF_ARTIST)
    assert artist == ("Somebody" if "exif" in wanted else None)
    assert ("icc_profile" in found) == ("icc" in wanted)
    assert ("xmp" in found) == ("xmp" in wanted)
    assert comrec.decompress(made.jpeg, made.sidecar).shape == (56, 40, 3)


@pytest.mark.parametrize("kinds", ["all", "none", "exif", "icc", "xmp", "exif,xmp"])
@pytest.mark.parametrize("where", ["exif", "xmp"])
def test_stripped_metadata_does_not_turn_an_unchanged_jpg(kinds, where):
    blocks = {"xmp": pictures.XMP % 6, "exif": pictures.exif(None)}
    if where == "exif":
        blocks = {"exif": pictures.exif(6), "xmp": pictures.XMP % 6}
    source = pictures.file_of(
        pictures.photo(), "JPEG", quality=20, optimize=True,
        icc_profile=pictures.icc(), **blocks,
    )  # fmt: skip
    made = compress_fast(source, target_bpp=30, metadata=kinds)
    assert made.report.outcome == "unchanged"
    assert made.report.jpeg_bytes == len(made.jpeg)
    assert (made.jpeg == source) == (kinds == "all")
    before, after = (comrec.decompress(data) for data in (source, made.jpeg))
    np.testing.assert_array_equal(after, before)
    assert after.shape == (56, 40, 3)
    kept = Image.open(io.BytesIO(made.jpeg))
    artist = kept.getexif().get(pictures.EXIF_ARTIST)
    assert artist == ("Somebody" if kinds == "all" or "exif" in kinds else None)
    assert ("icc_profile" in kept.info) == (kinds in ("all", "icc"))


def test_a_jpg_made_by_comrec_is_not_compressed_again():
    for embed in (False, True):
        made = comrec.compress(pictures.photo(), jpeg_quality=50, embed=embed)
        with pytest.raises(ImageError, match=r"made by comrec already\. Decompress"):
            comrec.compress(made.jpeg)


@pytest.mark.parametrize(
    "options",
    [
        {"quality": 0}, {"quality": 101}, {"quality": "75"}, {"quality": 75.0},
        {"quality": True}, {"jpeg_quality": 0}, {"scale": 3}, {"scale": "2"},
        {"scale": True}, {"scale": None}, {"effort": 10}, {"effort": -1},
        {"effort": 5.0}, {"tune": "ssim"}, {"target_size": 0}, {"target_size": 9.5},
        {"target_bpp": 0}, {"target_bpp": "1"}, {"target_bpp": float("nan")},
        {"target_psnr": -1}, {"target_psnr": float("inf")}, {"target_psnr": True},
        {"quality": 75, "jpeg_quality": 50}, {"quality": 75, "target_size": 999},
        {"target_bpp": 1, "target_size": 999}, {"target_psnr": 30, "target_bpp": 1},
        {"jpeg_quality": 50.5}, {"preset": "nobody2030"}, {"metadata": "all,gps"},
        {"metadata": ("gps",)}, {"metadata": "web,exif"}, {"engine": "abacus"},
    ],
    ids=str,
)  # fmt: skip
def test_an_option_out_of_range_is_a_usage_error(options):
    with pytest.raises(UsageError) as caught:
        compress_fast(pictures.photo(), **options)
    assert caught.value.exit_status == 2


def test_two_targets_are_refused_by_their_names():
    with pytest.raises(UsageError, match=r"at most one of .*: target_bpp, target_psnr"):
        compress_fast(pictures.photo(), target_psnr=30, target_bpp=1)


def test_the_default_target_is_quality_75():
    asked, default = (compress_fast(smooth(), **o) for o in ({"quality": 75}, {}))
    assert asked.jpeg == default.jpeg
    assert (default.report.target, default.report.target_value) == ("quality", 75)


@pytest.mark.parametrize("embed", [False, True])
@pytest.mark.parametrize(("kind", "limit"), [("grey", 2000), ("RGBA", 3300)])
def test_target_size_counts_metadata_alpha_and_sidecar(kind, limit, embed):
    array = pictures.photo(48, 64)
    array = array[..., 1] if kind == "grey" else pictures.with_alpha(array)
    source = pictures.file_of(
        array, "PNG", exif=pictures.exif(), icc_profile=pictures.icc()
    )
    made = compress_fast(source, target_size=limit, embed=embed)
    total = len(made.jpeg) + len(made.sidecar or b"")
    assert total == made.report.total_bytes <= limit
    least = compress_fast(source, target_size=limit, metadata="none", embed=embed)
    assert least.report.psnr_db > made.report.psnr_db  # the metadata took their place


def test_a_jpg_within_the_target_is_unchanged_and_one_beyond_is_not():
    source = pictures.file_of(pictures.photo(), "JPEG", quality=50, optimize=True)
    for target in (
        {"target_size": len(source)}, {"target_psnr": 90.0}, {"target_bpp": 30},
    ):  # fmt: skip
        made = compress_fast(source, **target)
        assert (made.report.outcome, made.jpeg) == ("unchanged", source)
    made = compress_fast(source, target_size=len(source) - 1)
    assert made.report.outcome != "unchanged"
    assert made.report.total_bytes < len(source)


def test_a_target_that_cannot_be_met_names_the_file_and_the_limit(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(pictures.photo_file(".png"))
    with pytest.raises(ComrecError, match=r"photo\.png: does not fit 9 bytes; \d+ is"):
        compress_fast(path, target_size=9)
    with pytest.raises(ComrecError, match=r"photo.png: does not reach 80 dB; [45]\d"):
        compress_fast(path, target_psnr=80)


def test_an_unknown_option_raises():
    with pytest.raises(TypeError):
        compress_fast(pictures.photo(), qualitty=50)


def test_an_array_beyond_the_limit_raises():
    with pytest.raises(ImageError, match="beyond the limit"):
        compress_fast(pictures.photo(), max_pixels=100)


def test_paths_that_are_no_files_raise_with_their_name(tmp_path):
    made = comrec.compress(pictures.photo(), jpeg_quality=50)
    for call in (
        lambda: comrec.compress(tmp_path / "gone.png"),
        lambda: comrec.compress(tmp_path),
        lambda: comrec.decompress(tmp_path / "gone.png"),
        lambda: comrec.decompress(made.jpeg, tmp_path / "gone.png"),
    ):
        with pytest.raises(ComrecError, match=r"cannot be read .* Check its name"):
            call()
    (tmp_path / "x.jpg").write_bytes(made.jpeg)
    (tmp_path / "x.comrec.json").mkdir()
    with pytest.raises(ComrecError, match=r"x\.comrec\.json: cannot be read"):
        comrec.decompress(tmp_path / "x.jpg")


def test_every_public_name_exists_and_help_shows_these_alone():
    assert all(hasattr(comrec, name) for name in comrec.__all__)
    assert comrec.compress is compress
    public = [name for name in dir(comrec) if not name.startswith("__")]
    assert public == sorted(comrec.__all__)
    text = pydoc.plain(pydoc.render_doc(comrec))
    assert "import_module" not in text
    for name in set(comrec.__all__) - {"jpeg", "presets"}:
        assert re.search(rf"^    (class )?{name}\(", text, re.MULTILINE), name


def test_an_image_of_pillow_keeps_its_metadata():
    data = pictures.file_of(
        pictures.photo(), "JPEG", quality=95, exif=pictures.exif(6),
        icc_profile=pictures.icc(), comment=b"seen", dpi=(300, 300),
    )  # fmt: skip
    with Image.open(io.BytesIO(data)) as image:
        made = comrec.compress(image, jpeg_quality=50, scale=2)
    assert made == comrec.compress(data, jpeg_quality=50, scale=2)


@pytest.mark.parametrize(
    "source", [7, None, io.StringIO("text")], ids=["number", "none", "text"]
)
def test_what_is_no_picture_is_refused_with_what_is_legal(source):
    with pytest.raises(ImageError, match=r"path, bytes or a file object|binary mode"):
        compress_fast(source)


def test_savings_count_the_alpha_on_both_sides():
    opaque, report = (
        compress_fast(each, quality=5).report
        for each in (smooth(), pictures.with_alpha(smooth()))
    )
    assert report.outcome == opaque.outcome == "comrec"
    assert report.total_bytes < report.plain_total_bytes
    # What alpha costs is the same either way, but for its base64 and the sidecar.
    assert opaque.plain_total_bytes == len(opaque.plain.jpeg)
    assert report.plain_total_bytes > len(report.plain.jpeg)


@pytest.mark.parametrize("scale", [2, 2.0, np.float64(2)])
@pytest.mark.parametrize("embed", [False, True])
def test_every_form_of_a_scale_is_restored(scale, embed):
    picture = pictures.photo()
    made = comrec.compress(picture, jpeg_quality=50, scale=scale, embed=embed)
    assert made.report.outcome == "comrec"
    assert comrec.decompress(made.jpeg, made.sidecar).shape == picture.shape


@pytest.mark.parametrize(
    "asked",
    [{"target_size": 2**40 + 1}, {"target_size": 10**400}, {"target_bpp": np.True_},
     {"target_bpp": b"1"}],
)  # fmt: skip
def test_targets_that_are_no_numbers_or_too_large_are_refused(asked):
    with pytest.raises(UsageError):
        compress_fast(pictures.photo(), **asked)


def test_a_target_of_very_many_bits_is_met():
    made = compress_fast(pictures.photo(), target_bpp=1e308)
    assert made.report.psnr_db > 40


def test_a_profile_that_is_srgb_takes_few_bytes_and_that_is_noted():
    source = pictures.file_of(pictures.photo(), "PNG", icc_profile=pictures.srgb())
    made = comrec.compress(source, jpeg_quality=50, scale=2)
    assert len(comrec.open(made.jpeg, made.sidecar).info["icc_profile"]) < 500
    assert [line.split(" stored")[0] for line in made.report.notes] == [
        f"ICC profile of {len(pictures.srgb())} bytes"
    ]
    assert made.report.left_out == ()
    web = comrec.compress(source, jpeg_quality=50, scale=2, metadata="web")
    assert "icc_profile" not in comrec.open(web.jpeg, web.sidecar).info
    assert web.report.notes == ()


def test_an_unchanged_jpg_for_the_web_keeps_its_turn_and_the_copyright():
    exif = Image.Exif()
    exif[pictures.EXIF_ORIENTATION] = 6
    exif[0x8298] = "Ann"
    exif[pictures.EXIF_ARTIST] = "Somebody"
    source = pictures.file_of(
        pictures.photo(), "JPEG", quality=20, optimize=True, exif=exif,
        icc_profile=pictures.srgb(),
    )  # fmt: skip
    made = compress_fast(source, quality=95, metadata="web")
    assert made.report.outcome == "unchanged"
    with Image.open(io.BytesIO(made.jpeg)) as image:
        assert dict(image.getexif()) == {pictures.EXIF_ORIENTATION: 6, 0x8298: "Ann"}
        assert "icc_profile" not in image.info
