"""libvips decodes in silence, keeps no picture, and refuses what it warns about."""

from __future__ import annotations

import numpy as np
import pictures
import pytest

from comrec.system import vips


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_pixels_are_decoded_exactly(kind):
    array, space = vips.decode(pictures.file_of(pictures.photo(), kind))
    np.testing.assert_array_equal(array, pictures.photo())
    assert space == "srgb"


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_damage_is_refused_in_silence(suffix, capfd):
    data = pictures.photo_file(suffix)
    half = data[: len(data) // 2]
    with pytest.raises(vips.VipsError):
        vips.check_jpeg(half) if suffix == ".jpg" else vips.decode(half)
    assert capfd.readouterr() == ("", "")


def test_a_whole_jpeg_passes():
    vips.check_jpeg(pictures.photo_file(".jpg"))
