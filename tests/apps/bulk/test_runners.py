"""Tasks are prefetched within bounds."""

import time

import pytest

from comrec.apps.bulk.runners import AHEAD, Prefetch
from comrec.errors import ComrecError


def test_listings_are_not_read_far_ahead():
    taken = []
    prefetch = Prefetch(taken.append(i) or i for i in range(10 * AHEAD))
    assert prefetch.take(wait=True) == 0
    end_s = time.monotonic() + 20
    while not prefetch._ready.full():
        assert time.monotonic() < end_s
    prefetch.close()
    prefetch._thread.join()
    assert AHEAD < len(taken) <= AHEAD + 3


def test_what_a_listing_raises_is_raised_where_it_is_taken():
    def items():
        yield 1
        raise ComrecError("gone")

    prefetch = Prefetch(items())
    assert prefetch.take(wait=True) == 1
    with pytest.raises(ComrecError, match="gone"):
        prefetch.take(wait=True)
    assert prefetch.take(wait=True) is None
