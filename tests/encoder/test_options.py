"""Options of an encode: which texts are legal."""

import pytest

from comrec.encoder import options
from comrec.errors import UsageError


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("all", {"exif", "icc", "xmp"}),
        ("none", set()),
        ("icc", {"icc"}),
        ("xmp,exif", {"exif", "xmp"}),
    ],
)
def test_kinds_are_read_from_a_word_or_a_list(text, kinds):
    assert set(options.parse_kinds(text)) == kinds


@pytest.mark.parametrize(
    "text", ["", ",", "EXIF", "exif,", "exif, icc", "all,exif", "none,icc", "iptc"]
)
def test_unknown_kinds_are_refused_with_the_legal_ones(text):
    with pytest.raises(UsageError, match="all, none, or some of exif,icc,xmp") as err:
        options.parse_kinds(text)
    assert repr(text) in str(err.value)
