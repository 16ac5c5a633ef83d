"""Values of options: legal text is parsed, other text is refused with the range."""

from __future__ import annotations

import argparse

import pytest

from comrec.cli import values


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (values.number(0, 9), "0", 0),
        (values.number(0, 9), "9", 9),
        (values.scale, "auto", "auto"),
        (values.scale, "1.5", 1.5),
        (values.positive, "1e-3", 0.001),
        (values.size, "640x480", (480, 640)),
        (values.size, "1X17", (17, 1)),
        (values.size_in_bytes, "1500", 1500),
        (values.size_in_bytes, "10k", 10_000),
        (values.size_in_bytes, "10 kB", 10_000),
        (values.size_in_bytes, "1.5MB", 1_500_000),
        (values.size_in_bytes, "64KiB", 65_536),
        (values.size_in_bytes, "0.29m", 290_000),
        (values.size_in_bytes, "1Gi", 2**30),
        (values.shard, "0/1", (0, 1)),
        (values.shard, "7/8", (7, 8)),
    ],
)
def test_legal_text_becomes_a_value(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "legal"),
    [
        (values.number(1, 9), "0", "from 1 to 9"),
        (values.number(1, 9), "10", "from 1 to 9"),
        (values.number(1, 9), "-1", "from 1 to 9"),
        (values.number(1, 9), "", "from 1 to 9"),
        (values.scale, "automatic", "above 0"),
        (values.positive, "0", "above 0"),
        (values.positive, "inf", "above 0"),
        (values.positive, "nan", "above 0"),
        (values.size, "0x3", "WxH"),
        (values.size, "640", "WxH"),
        (values.size_in_bytes, "0", "10k"),
        (values.size_in_bytes, "0.1", "10k"),
        (values.size_in_bytes, "-5k", "10k"),
        (values.size_in_bytes, "10 x", "10k"),
        (values.size_in_bytes, "1e3", "10k"),
        (values.size_in_bytes, "9" * 20, "10k"),
        (values.shard, "1/1", "0 to n - 1"),
        (values.shard, "0/100000", "0 to n - 1"),
    ],
)
def test_illegal_text_is_refused_with_the_legal_values_and_quoted(parse, text, legal):
    with pytest.raises(argparse.ArgumentTypeError, match=legal) as refused:
        parse(text)
    assert repr(text) in str(refused.value)
