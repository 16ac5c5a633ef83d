"""Tests what rounds are expected to do."""

from __future__ import annotations

from comrec.encoder.fitted import FITTED, ROUNDS_MEASURED


def test_a_doubled_price_counts_for_more_where_more_rounds_follow():
    for fall in (FITTED.price_fall_db, FITTED.price_fall_log2):
        falls = [fall(rounds) for rounds in range(ROUNDS_MEASURED + 1)]
        assert falls[0] == falls[1]  # a landing after the last round
        assert falls[1:] == sorted(set(falls[1:]))


def test_no_more_rounds_are_expected_to_count_than_were_measured():
    for fall in (FITTED.price_fall_db, FITTED.price_fall_log2):
        assert fall(10 * ROUNDS_MEASURED) == fall(ROUNDS_MEASURED)
