"""What halved chroma loses, before any quantisation."""

import numpy as np
import pictures
import pytest

from comrec.jpeg import coding, halving
from comrec.jpeg.settings import JpegSettings


def test_no_file_with_halved_chroma_is_closer_than_the_loss_by_halving(monkeypatch):
    pixels = pictures.photo(48, 64)
    lost = halving.halving_error(pixels)
    file = coding.encode(pixels, 100, JpegSettings("comrec", "flat"))
    error = np.square(coding.decode(file).astype(float) - pixels).mean()
    assert 0.5 * error < lost < error
    monkeypatch.setattr(halving, "_BAND_PX", 16 * 64)
    assert halving.halving_error(pixels) == pytest.approx(lost, rel=0.1)


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 31)])
def test_grey_loses_nothing_by_halving(size):
    grey = pictures.photo(29, 31)[: size[0], : size[1], :1]
    assert halving.halving_error(grey) == 0
    assert halving.halving_error(grey.repeat(3, 2)) == pytest.approx(0, abs=1e-6)
