"""Measures the memory of a refusal."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from comrec.errors import UsageError


def peak_bytes(refused: Callable[[], object], words: str) -> int:
    """What a refusal, of one line, had allocated at most."""
    tracemalloc.start()
    try:
        with pytest.raises((UsageError, ValueError), match=words) as raised:
            refused()
        assert "\n" not in str(raised.value)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
