"""The crops are prepared by a script that reads no picture held back."""

import pytest
from PIL import Image
from scripts import start

pytest.importorskip("ajpegli", reason="needs the eval extra")

from prepared_crops import PICTURES, SIDE

from comrec.train.prepared.shards import PreparedCrops

SCRIPT = "experiments/training/prepare_codings.py"


def test_the_script_never_opens_a_picture_that_is_held_back(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in (0, 10):
        (folder / f"{i:02d}.png").write_bytes(b"held back")
    for i in range(1, 10):
        Image.fromarray(PICTURES[i % 2]).save(folder / f"{i:02d}.png")
    options = ["--out", tmp_path / "crops", "--count", 8, "--side-px", SIDE]
    options += ["--share", "ordinary=0.5", "--share", "flat=0.5"]
    done = start(SCRIPT, "--data", folder, *options)
    assert done.returncode == 0, done.stderr
    assert "8 of 8 crops" in done.stdout
    assert {*PreparedCrops(tmp_path / "crops").kinds} <= {"ordinary", "flat"}
    refused = start(SCRIPT, "--all-of", folder, *options)
    assert refused.returncode == 1
    assert "00.png: " in refused.stderr
    refused = start(SCRIPT, *options)
    assert "Name folders by --data or --all-of" in refused.stderr
