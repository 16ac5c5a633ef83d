"""`comrec.restore`: ordinary JPEGs come closer to what they were."""

from __future__ import annotations

import io

import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.api import restore as module
from comrec.errors import ComrecError, ImageError, OutputError, UsageError
from comrec.image import reader
from comrec.image.metrics import psnr_db
from comrec.networks import gates
from comrec.networks.gates import Decision

LIGHT = {"preset": "comrec-lite-2", "exact": True}


def original(kind: str = "RGB") -> np.ndarray:
    return pictures.grey(90, 101) if kind == "grey" else pictures.photo(90, 101)


def jpeg_of(kind: str = "RGB", **options: object) -> bytes:
    return pictures.file_of(original(kind), "JPEG", **{"quality": 30} | options)


def gain_db(file: bytes, restored: np.ndarray, kind: str = "RGB") -> float:
    image = original(kind).reshape(90, 101, -1)
    decoded = reader.read(file).pixels
    return psnr_db(image, restored.reshape(image.shape)) - psnr_db(image, decoded)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0},
                                     {"subsampling": 1}], ids=str)  # fmt: skip
@pytest.mark.parametrize("kind", ["RGB", "grey"])
def test_a_jpeg_comes_closer_to_its_picture(kind, options):
    file = jpeg_of(kind, **options)
    made = comrec.restore(file, **LIGHT)
    assert made.outcome == "restored"
    assert made.quality == 30
    assert made.to_array().shape == original(kind).shape
    assert gain_db(file, made.to_array(), kind) > 0.1
    assert made.expected_db > 0.1


def test_paths_bytes_and_file_objects_give_the_same(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_bytes(jpeg_of())
    found = [
        comrec.restore(source, **LIGHT).to_array()
        for source in (path, str(path), path.read_bytes(), io.BytesIO(jpeg_of()))
    ]
    for each in found[1:]:
        np.testing.assert_array_equal(each, found[0])


@pytest.mark.parametrize("again", [90, 96])
def test_of_a_jpeg_saved_again_the_first_and_coarser_tables_are_undone(again):
    image = pictures.photo(180, 200)
    first = pictures.file_of(image, "JPEG", quality=40)
    second = pictures.file_of(reader.read(first).pixels, "JPEG", quality=again)
    made, once = (comrec.restore(file, **LIGHT) for file in (second, first))
    assert abs(made.earlier_quality - 40) <= 2
    assert made.expected_db == pytest.approx(once.expected_db, abs=0.03)
    gains = [
        psnr_db(image, each.to_array()) - psnr_db(image, reader.read(file).pixels)
        for each, file in ((made, second), (once, first))
    ]
    assert gains[0] > 0.8 * gains[1] > 0


def test_strength_takes_a_share_of_the_change():
    file = jpeg_of()
    decoded = reader.read(file).pixels.astype(int)
    none, half, full = (
        comrec.restore(file, strength=share, **LIGHT).to_array().astype(int)
        for share in (0, 0.5, 1)
    )
    np.testing.assert_array_equal(none, decoded)
    assert np.abs(half - (decoded + full) / 2).max() <= 0.5
    assert module.strength_db(1.0, 1) == pytest.approx(1.0)
    assert module.strength_db(1.0, 0) == 0
    assert 0.5 < module.strength_db(1.0, 0.5) < 1


def test_what_would_not_gain_is_only_decoded():
    file = jpeg_of(quality=99, subsampling=0)
    made = comrec.restore(file, **LIGHT)
    assert (made.outcome, made.expected_db) == ("left alone", 0)
    np.testing.assert_array_equal(made.to_array(), reader.read(file).pixels)


def test_of_each_block_the_share_of_its_kind_is_taken():
    change = np.ones((10, 20, 3), np.float32) * np.array([3, -2, 5], np.float32)
    shares = (0, 0.5, 1, 1, 1, 1, 1), (1, 0, 0.5, 1, 1, 1, 1)
    found = module.take_share(
        change, np.array([[0, 1, 2], [2, 2, 0]]), Decision(*shares, expected_db=1)
    )
    luma = 3 * 0.299 - 2 * 0.587 + 5 * 0.114
    for (y, x), of_luma, of_chroma in (
        ((0, 0), 0, 1), ((7, 8), 0.5, 0), ((0, 19), 1, 0.5), ((8, 15), 1, 0.5),
        ((9, 16), 0, 1),
    ):  # fmt: skip
        expected = of_luma * luma + of_chroma * (np.array([3, -2, 5]) - luma)
        np.testing.assert_allclose(found[y, x], expected, atol=1e-5)


def test_in_grey_the_share_of_luma_is_taken():
    shares = (0.25, *[0.5] * 6), (0.0,) * 7
    change = np.full((8, 16, 1), 8, np.float32)
    found = module.take_share(change, np.array([[0, 6]]), Decision(*shares, 1))
    assert found[0, :, 0].tolist() == [2.0] * 8 + [4.0] * 8


def test_a_jpeg_with_an_orientation_is_restored_upright_with_its_metadata():
    file = jpeg_of(exif=pictures.exif(6), icc_profile=pictures.icc(), comment=b"seen")
    made = comrec.restore(file, **LIGHT)
    assert made.to_array().shape == (101, 90, 3)
    lying = comrec.restore(jpeg_of(), **LIGHT).to_array()
    np.testing.assert_array_equal(made.to_array(), np.rot90(lying, -1))
    image = made.to_image()
    assert image.getexif()[pictures.EXIF_ARTIST] == "Somebody"
    assert image.getexif()[pictures.EXIF_ORIENTATION] == 1
    assert image.info["icc_profile"] == pictures.icc()
    assert image.info["comment"] == b"seen"


def test_cmyk_comes_as_rgb_and_that_is_noted():
    image = Image.fromarray(original()).convert("CMYK")
    made = comrec.restore(pictures.file_of(image, "JPEG", quality=30), **LIGHT)
    assert made.sampling.startswith("CMYK")
    assert made.to_array().shape == (90, 101, 3)
    assert "CMYK" in made.picture.left_out


def test_an_rgb_jpeg_without_ycbcr_is_decoded_as_its_header_says():
    file = pictures.file_of(original(), "JPEG", quality=60, keep_rgb=True)
    made = comrec.restore(file, strength=0, **LIGHT)
    np.testing.assert_array_equal(made.to_array(), reader.read(file).pixels)


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (9, 3)])
def test_tiny_pictures_keep_their_size(size):
    file = pictures.file_of(pictures.photo(*size), "JPEG", quality=20)
    assert comrec.restore(file, **LIGHT).to_array().shape == (*size, 3)


def test_a_picture_in_tiles_is_that_of_one_piece(monkeypatch):
    file = jpeg_of()
    whole = comrec.restore(file, **LIGHT).to_array()
    monkeypatch.setattr("comrec.networks.tiling.TILE_AREA_PX", 48 * 48)
    np.testing.assert_allclose(
        comrec.restore(file, **LIGHT).to_array().astype(int), whole, atol=1
    )


def test_the_result_is_saved_by_its_suffix_and_is_short_in_text(tmp_path):
    made = comrec.restore(jpeg_of(), **LIGHT)
    path = made.save(tmp_path / "x.png")
    np.testing.assert_array_equal(np.asarray(Image.open(path)), made.to_array())
    with pytest.raises(OutputError, match=r"x\.png: exists"):
        made.save(path)
    with pytest.raises(OutputError, match=r"x\.xyz: cannot write"):
        made.save(tmp_path / "x.xyz")
    assert "101x90, quality 30, 4:2:0, restored, about +" in repr(made)


@pytest.mark.parametrize(
    "options",
    [{"strength": -0.1}, {"strength": 1.1}, {"strength": "1"}, {"strength": True},
     {"strength": float("nan")}, {"preset": "nobody"}, {"preset": "plain"},
     {"preset": "jiang2017-gray-q30"}, {"threads": -1}, {"engine": "abacus"}],
    ids=str,
)  # fmt: skip
def test_an_illegal_option_is_refused(options):
    with pytest.raises(UsageError):
        comrec.restore(jpeg_of(), **options)


def test_what_is_no_ordinary_jpeg_is_refused():
    made = comrec.compress(pictures.photo(), jpeg_quality=50, scale=2)
    for source, message in (
        (made.jpeg, r"picture: made by comrec\. Decompress it"),
        (pictures.photo_file(".png"), r"picture: not a JPEG"),
        (jpeg_of()[:400], r"picture: damaged or cut off"),
    ):
        with pytest.raises(ImageError, match=message):
            comrec.restore(source, **LIGHT)
    with pytest.raises(ComrecError, match="beyond the limit"):
        comrec.restore(jpeg_of(), max_pixels=99)


def test_a_preset_without_rows_has_the_gate_of_the_default():
    given = "4:2:0", 4.0, 4.5
    assert gates.decide("own", *given) == gates.decide(comrec.presets.DEFAULT, *given)
