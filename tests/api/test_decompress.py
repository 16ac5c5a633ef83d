"""`comrec.decompress`: sidecars, options and presets in folders."""

from __future__ import annotations

import inspect

import numpy as np
import own_preset
import pictures
import pytest
from PIL import Image

import comrec
from comrec.api import decompress
from comrec.errors import ComrecError, SidecarError, UsageError
from comrec.format import names
from comrec.image.picture import MAX_PIXELS
from comrec.networks import presets

USED = {"jpeg_quality": 50, "scale": 2}


@pytest.fixture
def own(tmp_path_factory, monkeypatch):
    """A preset in a folder that is not known yet."""
    own_preset.forget(monkeypatch)
    return own_preset.make(tmp_path_factory.mktemp("presets") / "trained")


@pytest.mark.parametrize("embed", [False, True])
@pytest.mark.parametrize("as_text", [False, True])
def test_a_pair_of_your_own_preset_needs_its_folder(own, monkeypatch, embed, as_text):
    picture = pictures.photo(17, 33)
    given = str(own) if as_text else own
    made = comrec.compress(picture, preset=given, embed=embed, **USED)
    assert made.report.preset.startswith(f"{own_preset.NAME}.")
    expected = comrec.decompress(made.jpeg, made.sidecar)
    own_preset.forget(monkeypatch)
    with pytest.raises(SidecarError, match=f"unknown preset '{own_preset.NAME}."):
        comrec.decompress(made.jpeg, made.sidecar)
    restored = comrec.decompress(made.jpeg, made.sidecar, presets=given)
    np.testing.assert_array_equal(restored, expected)
    assert restored.shape == picture.shape


def test_the_folder_of_your_own_preset_serves_released_pairs_as_well(own):
    made = comrec.compress(pictures.photo(), **USED)
    np.testing.assert_array_equal(
        comrec.decompress(made.jpeg, made.sidecar, presets=own),
        comrec.decompress(made.jpeg, made.sidecar),
    )


@pytest.mark.parametrize("embed", [False, True])
def test_a_pair_of_your_own_preset_is_found_by_the_variable(own, monkeypatch, embed):
    made = comrec.compress(pictures.photo(17, 33), preset=own, embed=embed, **USED)
    expected = comrec.decompress(made.jpeg, made.sidecar)
    own_preset.forget(monkeypatch)
    monkeypatch.setenv(presets.VARIABLE, str(own.parent))
    np.testing.assert_array_equal(comrec.decompress(made.jpeg, made.sidecar), expected)


@pytest.mark.parametrize("folders", ["nobody", "", 7, ["nobody"]])
def test_a_folder_that_does_not_exist_is_refused_before_files_are_read(folders):
    with pytest.raises(UsageError, match=r"no such folder|presets must be folders"):
        comrec.decompress("no-such-file.jpg", presets=folders)


@pytest.mark.parametrize(
    "options",
    [{"threads": -1}, {"threads": 1.5}, {"memory_mb": 0}, {"max_pixels": 0},
     {"max_pixels": "99"}, {"engine": "abacus"}],
    ids=str,
)  # fmt: skip
def test_an_illegal_option_is_refused_by_its_name(options):
    made = comrec.compress(pictures.photo(), **USED)
    (name,) = options
    with pytest.raises(UsageError, match=f"{name}`? must be"):
        comrec.decompress(made.jpeg, made.sidecar, **options)


def test_every_option_is_documented():
    text = inspect.getdoc(comrec.decompress)
    assert all(
        f"{name}: " in text for name in inspect.signature(comrec.decompress).parameters
    )


def test_a_path_finds_the_sidecar_beside_it_and_bytes_find_none(tmp_path):
    path = tmp_path / "x.jpg"
    beside = names.sidecar_of(path)
    assert decompress.find_sidecar(path, None, MAX_PIXELS) == (None, str(beside))
    beside.write_bytes(b"record")
    assert decompress.find_sidecar(str(path), None, 99) == (b"record", str(beside))
    for jpeg in (b"\xff\xd8", None):
        assert decompress.find_sidecar(jpeg, None, MAX_PIXELS) == (None, "")
        assert decompress.find_sidecar(jpeg, b"other", 99) == (b"other", "")
        assert decompress.find_sidecar(jpeg, beside, 99) == (b"record", str(beside))


def test_a_named_sidecar_that_is_missing_is_refused_by_its_name(tmp_path):
    made = comrec.compress(pictures.photo(), **USED)
    with pytest.raises(SidecarError, match=r"gone\.json: cannot be read"):
        comrec.decompress(made.jpeg, tmp_path / "gone.json")


@pytest.mark.parametrize(
    "array", [pictures.grey(1, 1), pictures.photo(1, 17)], ids=["grey", "RGB"]
)
def test_a_plain_jpeg_is_decoded_without_networks(array):
    jpeg = pictures.file_of(array, "JPEG", quality=95)
    restored = comrec.decompress(jpeg)
    assert restored.shape == array.shape
    assert np.abs(restored.astype(int) - array).mean() < 30
    with pytest.raises(ComrecError, match="picture: "):
        comrec.decompress(jpeg[:20])


def test_bytes_with_another_sidecar_raise():
    made = comrec.compress(pictures.photo(), jpeg_quality=50)
    other = comrec.compress(pictures.photo() // 2, jpeg_quality=50)
    with pytest.raises(SidecarError, match="does not belong"):
        comrec.decompress(made.jpeg, other.sidecar)


def test_a_lost_sidecar_is_replaced_by_what_the_error_names():
    array = pictures.photo()
    made = comrec.compress(array, **USED)
    with pytest.raises(
        SidecarError,
        match=r"picture: its sidecar is missing\. .*`sidecar`, .*`assume` and `size`",
    ):
        comrec.decompress(made.jpeg)
    expected = comrec.decompress(made.jpeg, made.sidecar)
    for call in (comrec.decompress, comrec.open):
        found = call(made.jpeg, assume=made.report.preset, size=array.shape[:2])
        np.testing.assert_array_equal(np.asarray(found), expected)


@pytest.mark.parametrize(
    "options",
    [{"assume": "comrec-lite-2"}, {"size": (4, 4)}, {"scale": 2},
     {"assume": "comrec-lite-2", "size": 4}, {"assume": "nobody", "size": (4, 4)},
     {"assume": "comrec-lite-2", "size": (4, 0)},
     {"assume": "comrec-lite-2", "size": (40, 56), "sidecar": b"{}"}],
    ids=str,
)  # fmt: skip
def test_half_of_what_replaces_a_sidecar_is_refused(options):
    made = comrec.compress(pictures.photo(), **USED)
    with pytest.raises(UsageError, match=r"size|assume|nobody"):
        comrec.decompress(made.jpeg, **options)


@pytest.mark.parametrize("kind", ["RGB", "RGBA", "L"])
def test_open_gives_an_image_of_pillow_with_the_metadata(tmp_path, kind):
    image = Image.fromarray(pictures.with_alpha(pictures.photo())).convert(kind)
    source = pictures.file_of(
        image, "PNG", exif=pictures.exif(), icc_profile=pictures.icc(), dpi=(300, 300)
    )
    made = comrec.compress(source, **USED)
    path = made.save(tmp_path / "x.comrec.jpg")
    image = comrec.open(path)
    np.testing.assert_array_equal(np.asarray(image), comrec.decompress(path))
    assert image.mode == kind
    assert image.getexif()[pictures.EXIF_ARTIST] == "Somebody"
    assert image.info["icc_profile"] == pictures.icc()
    assert image.info["dpi"] == (300, 300)
    with path.open("rb") as file:
        again = comrec.open(file, path.with_name("x.comrec.json"))
    assert again == image
