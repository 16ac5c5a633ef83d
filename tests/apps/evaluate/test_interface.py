"""What comes back has the shape of the picture."""

import dataclasses

import numpy as np
import pytest
from evaluate_rows import GREY
from pictures import photo

from comrec.apps.evaluate import interface, peers
from comrec.apps.evaluate.interface import Peer

RGB = np.full((29, 31, 3), 77, np.uint8)


def test_a_peer_that_gives_back_another_shape_is_refused():
    wrong = dataclasses.replace(peers.find("jpeg"), decode=lambda files: GREY[:3])
    with pytest.raises(interface.PeerError, match=r"^jpeg returned \(3, 56, 1\)"):
        interface.run(wrong, photo(), 50)


def test_a_grey_picture_is_scored_as_grey_though_the_codec_returns_rgb():
    grey = np.full((29, 31, 1), 77, np.uint8)
    codec = Peer("rgb", "1", (1,), lambda pixels, _: (b"ab", b"c"), lambda _: RGB)
    passed = interface.run(codec, grey, 1)
    assert passed.restored.shape == grey.shape
    assert set(passed.restored.ravel()) == {77}
    assert passed.rate_bytes == 3, "all files count"


@pytest.mark.parametrize(
    ("points", "expected"),
    [(2, [1, 14]), (3, [1, 7, 14]), (14, range(1, 15)), (99, range(1, 15)),
     (0, range(1, 15)), (None, range(1, 15))],
)  # fmt: skip
def test_thinned_settings_keep_both_ends_and_their_order(points, expected):
    assert list(interface.thin(range(1, 15), points)) == list(expected)
