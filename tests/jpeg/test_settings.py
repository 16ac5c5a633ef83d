"""Settings of a JPEG encoder: what is refused, and with which legal values."""

from __future__ import annotations

import pytest
from jpegs import LUMA, MOZ, OWN, TURBO, short_name

from comrec.errors import JpegError
from comrec.jpeg.settings import JpegSettings


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"encoder": "jpegli"}, "encoder must be one of libjpeg-turbo, mozjpeg"),
        ({"encoder": None}, "encoder must be one of"),
        ({"subsampling": "4:2:2"}, "subsampling must be one of 4:4:4, 4:2:0"),
        ({"huffman": "optimized"}, "huffman must be one of optimised, standard"),
        ({"scans": "sequential"}, "scans must be one of smaller, baseline"),
        ({"huffman": "standard"}, "need scans='baseline'"),
        ({"huffman": "standard", "scans": "progressive"}, "need scans='baseline'"),
        (
            {"huffman": "standard", "scans": "baseline", "encoder": "mozjpeg"},
            "mozjpeg always optimises",
        ),
        ({"tables": "watson"}, "libjpeg-turbo tables must be one of standard, flat"),
        ({"tables": ""}, "tables must be one of"),
        ({"tables": "bogus", "encoder": "mozjpeg"}, "one of standard, flat, ms-ssim"),
        ({"tables": OWN, "encoder": "mozjpeg"}, "mozjpeg takes its built-in tables"),
        ({"tables": 5}, "one or two tuples of 64 steps"),
        ({"tables": None}, "one or two tuples of 64 steps"),
        ({"tables": ()}, "one or two tuples of 64 steps"),
        ({"tables": OWN + OWN}, "one or two tuples of 64 steps"),
        ({"tables": (LUMA[:63],)}, "one or two tuples of 64 steps"),
        ({"tables": LUMA}, "one or two tuples of 64 steps"),
        ({"tables": ((0,) * 64,)}, "whole numbers from 1"),
        ({"tables": ((1.5,) * 64,)}, "whole numbers from 1"),
        ({"tables": ((True,) * 64,)}, "whole numbers from 1"),
    ],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(arguments, message):
    with pytest.raises(JpegError, match=message):
        JpegSettings(**arguments)


@pytest.mark.parametrize("settings", TURBO + MOZ, ids=short_name)
def test_every_legal_combination_is_taken_and_can_be_a_key(settings):
    assert {settings: 1}[JpegSettings(**vars(settings))] == 1
