"""`comrec.compress_many`: order, bounded memory, and pictures that fail."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pictures
import pytest

import comrec
from comrec.errors import ImageError, UsageError

FAST = {"jpeg_quality": 50, "scale": 2}


def some(count: int) -> list[np.ndarray]:
    return [pictures.photo(16, 16 + i) for i in range(count)]


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_results_come_in_the_order_of_the_pictures(workers):
    made = list(comrec.compress_many(iter(some(7)), workers=workers, **FAST))
    assert [each.report.width_px for each in made] == [16 + i for i in range(7)]
    assert made[2].jpeg == comrec.compress(some(3)[2], **FAST).jpeg


def test_no_more_pictures_are_taken_than_twice_the_workers():
    taken = []

    def endless() -> Iterator[np.ndarray]:
        while True:
            taken.append(1)
            yield pictures.photo(8, 8)

    results = comrec.compress_many(endless(), workers=2, **FAST)
    assert not taken
    for got in range(1, 4):
        next(results)
        assert len(taken) <= got + 3
    results.close()


def test_a_picture_that_fails_raises_in_its_turn_or_is_given_back():
    sources = [pictures.photo(8, 8), b"no picture", pictures.photo(8, 9)]
    results = comrec.compress_many(sources, workers=2, **FAST)
    assert next(results).report.width_px == 8
    with pytest.raises(ImageError):
        next(results)
    results = list(comrec.compress_many(sources, return_errors=True, **FAST))
    assert isinstance(results[1], ImageError)
    assert results[2].report.width_px == 9


@pytest.mark.parametrize("options", [{"quality": 0}, {"workers": -1}])
def test_an_illegal_option_is_refused_at_the_call(options):
    with pytest.raises(UsageError, match=next(iter(options))):
        comrec.compress_many([], **options)
