"""Folders of pictures become crops and patches, or are refused."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY

from comrec.errors import ImageError, UsageError
from comrec.train.alternating import data


def test_turned_squares_take_all_eight_forms():
    square = np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1).repeat(200, axis=0)
    forms = {t.tobytes() for t in data.turn(square, np.random.default_rng(0))}
    assert len(forms) == 8


@pytest.mark.parametrize("stride", [8, 16, 40])
def test_patches_are_aligned_in_every_array_and_start_on_even_pixels(stride):
    image = np.arange(2 * 50 * 50, dtype=np.float32).reshape(2, 50, 50, 1)
    config = replace(TINY, batch=2, stride_px=stride)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        cut = list(data.cut_patches((image, image + 1), config, rng))
        assert len(cut) == {8: 25, 16: 9, 40: 1}[stride]
        for ours, theirs in cut:
            assert ours.shape == (2, 16, 16, 1)
            np.testing.assert_array_equal(ours + 1, theirs)
            assert all(int(p[0, 0, 0]) % 50 % 2 == 0 for p in ours)


def test_training_sees_pictures_as_the_codec_does(tmp_path):
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    assert data.load_picture(tmp_path / "deep.png", 1).mean() == pytest.approx(
        127, abs=1
    )
    Image.new("L", (9, 7), 40).save(tmp_path / "same.png")
    Image.new("RGB", (9, 7), (40, 40, 40)).save(tmp_path / "same.bmp")
    assert data.load_picture(tmp_path / "same.png", 3).shape == (7, 9, 3)
    assert data.load_picture(tmp_path / "same.bmp", 1).tolist() == [[[40]] * 9] * 7
    loaded = data.load_validation(tmp_path, 1, side_px=8)
    assert {name: image.shape for name, image in loaded.items()} == {
        "deep.png": (8, 8, 1), "same.bmp": (7, 8, 1), "same.png": (7, 8, 1),
    }  # fmt: skip


def test_training_folders_that_are_of_no_use_are_refused_by_name(tmp_path):
    with pytest.raises(UsageError, match="no picture in it"):
        data.load_crops(tmp_path, 48, 1)
    with pytest.raises(UsageError, match="absent: not a folder of pictures"):
        data.load_crops(tmp_path / "absent", 48, 1)
    picture = np.zeros((40, 60), np.uint8)
    Image.fromarray(picture).save(tmp_path / "small.png")
    with pytest.raises(UsageError, match="none of the pictures has 48x48"):
        data.load_crops(tmp_path, 48, 1)
    (tmp_path / "torn.png").write_bytes((tmp_path / "small.png").read_bytes()[:40])
    with pytest.raises(ImageError, match=r"torn\.png: "):
        data.load_crops(tmp_path, 8, 1)
    with pytest.raises(ImageError, match=r"torn\.png"):
        data.load_validation(tmp_path, 1)
