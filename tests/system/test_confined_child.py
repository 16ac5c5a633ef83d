"""What a child forbids itself, and how it is spoken to."""

from __future__ import annotations

import pytest

from comrec.system import confined, confined_child
from comrec.system.confined import Confined, Limits

pytest.importorskip("resource", reason="Windows has no such limits")


def test_both_ends_speak_alike():
    assert confined.REQUEST.format == confined_child.REQUEST.format
    assert confined.REPLY.format == confined_child.REPLY.format
    assert 4 * confined_child.MESSAGE_CHARACTERS <= confined.MESSAGE_BYTES


def test_a_child_writes_no_files_and_limits_grow_and_shrink():
    shared = Confined("confined_functions")
    try:
        for memory_bytes in (2**30, 2**29, 2**31):
            found = shared.call("limits", b"", Limits(memory_bytes, 60, 100))
            assert found.decode() == str([memory_bytes, 0, 0])
    finally:
        shared.close()
