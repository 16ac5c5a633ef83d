"""The crops are prepared by a script that reads no picture held back."""

import pytest
from PIL import Image

pytest.importorskip("ajpegli", reason="needs the eval extra")

from prepared_crops import PICTURES, SIDE

from comrec.train.prepared.shards import PreparedCrops

SCRIPT = "training/prepare_codings"


def test_the_script_never_opens_a_picture_that_is_held_back(called, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in (0, 10):
        (folder / f"{i:02d}.png").write_bytes(b"held back")
    for i in range(1, 10):
        Image.fromarray(PICTURES[i % 2]).save(folder / f"{i:02d}.png")
    options = ["--out", tmp_path / "crops", "--count", 8, "--side-px", SIDE]
    options += ["--share", "ordinary=0.5", "--share", "flat=0.5"]
    done = called(SCRIPT, "--data", folder, *options)
    assert done.status == 0, done
    assert "8 of 8 crops" in done.out
    assert {*PreparedCrops(tmp_path / "crops").kinds} <= {"ordinary", "flat"}
    assert "00.png: " in called(SCRIPT, "--all-of", folder, *options).status
    refused = called(SCRIPT, *options)
    assert "Name folders by --data or --all-of" in f"{refused.status} {refused.err}"


def test_crops_to_validate_on_are_of_the_pictures_held_back_alone(called, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(11):
        if i % 10:
            (folder / f"{i:02d}.png").write_bytes(b"to train on")
        else:
            Image.fromarray(PICTURES[0]).save(folder / f"{i:02d}.png")
    options = ["--data", folder, "--held-back", "--out", tmp_path / "crops"]
    options += ["--count", 2, "--side-px", SIDE, "--share", "flat=1"]
    assert called(SCRIPT, *options).status == 0
    assert len(PreparedCrops(tmp_path / "crops")) == 2
    refused = called(SCRIPT, *options, "--all-of", folder)
    assert "--all-of has no pictures held back" in f"{refused.status} {refused.err}"
