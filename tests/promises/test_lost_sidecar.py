"""A pair without its sidecar is restored with preset and size from the user."""

import numpy as np
from PIL import Image

import comrec


def test_assume_restores_the_picture_of_the_lost_sidecar(run, made, pair, tmp_path):
    expected = comrec.decompress(pair[0])
    pair[1].unlink()
    name = made.report.preset
    ran = run("decompress", pair[0], "--assume", name, "--size", "56x40")
    assert ran.status == 0
    with Image.open(tmp_path / "photo.restored.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), expected)
