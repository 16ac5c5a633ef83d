"""Codecs are found by name."""

import pytest

from comrec.apps.evaluate import peers
from comrec.errors import UsageError


@pytest.mark.parametrize(
    "name", ["jpg", "comrec:", "comrec:x@two", "comrec:x@auto", "comrec"]
)
def test_an_unknown_codec_is_refused_with_those_there_are(name):
    with pytest.raises(UsageError, match=r"no codec is called .* jpeg, .*@SCALE"):
        peers.load([name])


def test_all_stands_for_every_rival_and_no_codec_is_there_twice():
    assert peers.expand(["webp", "all", "jpeg", "comrec:x"]) == [
        "webp", *[name for name in peers.NAMES if name != "webp"], "comrec:x",
    ]  # fmt: skip
