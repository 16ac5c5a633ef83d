"""The distortion measured part by part is that of the decoded file."""

import numpy as np
import pictures
import pytest

from comrec.encoder.mode import CodingMode
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding
from comrec.jpeg.settings import PLAIN
from comrec.networks.codec import Codec
from comrec.networks.presets import find


@pytest.mark.parametrize("scale", [1, 2])
def test_a_decode_is_judged_by_its_parts_as_the_whole_is(scale):
    pixels = np.tile(pictures.photo(96, 128), (1, 12, 1))  # wider than a tile
    codec = Codec(find("comrec-lite-2"), scale)
    made = CodingMode(pixels, None, 0, codec).decode_in_full(40)
    whole = codec.restore(made.jpeg, pixels.shape[:2])
    assert made.psnr_db == psnr_db(pixels, whole)
    plain = CodingMode(pixels, PLAIN, 0).decode_in_full(40)
    assert plain.psnr_db == psnr_db(pixels, coding.decode(plain.jpeg))
