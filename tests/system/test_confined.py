"""Calls in child processes: results, errors, limits, and children that end."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from comrec.system import confined
from comrec.system.confined import CallError, Confined, EndedError, Limits

MUCH = Limits(memory_bytes=2**30, seconds=60, result_bytes=2**22)
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs limits of addresses")


@pytest.fixture(scope="module")
def shared():
    made = Confined("confined_functions")
    yield made
    made.close()


@pytest.fixture
def call(shared):
    return lambda name, data=b"", limits=MUCH: shared.call(name, data, limits)


def test_a_result_comes_back(call):
    assert [call("echo", data) for data in (b"", b"x", bytes(2**21))] == [
        b"", b"x", bytes(2**21),
    ]  # fmt: skip


def test_one_child_serves_call_after_call(call):
    assert call("pid") == call("pid") != str(os.getpid()).encode()


@pytest.mark.parametrize(
    ("function", "said"), [("fail", "wrong in two lines"), ("panic", "no Exception")]
)
def test_an_error_is_one_line_and_the_child_stays(call, function, said):
    before = call("pid")
    with pytest.raises(CallError, match=said):
        call(function, b"wrong")
    assert call("pid") == before


def test_a_child_that_ends_ends_one_call(call):
    with pytest.raises(EndedError, match=r"ended \(status 7\)"):
        call("end")
    assert call("echo", b"again") == b"again"


def test_a_child_finds_comrec_where_only_an_import_hook_does(monkeypatch):
    # As in an editable install, from another directory.
    path = [p for p in sys.path if not (Path(p) / "comrec").is_dir()]
    monkeypatch.setattr(sys, "path", path)
    alone = Confined("confined_functions")
    try:
        assert alone.call("echo", b"found", MUCH) == b"found"
    finally:
        alone.close()


@linux
def test_memory_is_limited(call):
    little = Limits(2**28, 60, 2**30)
    with pytest.raises((CallError, EndedError), match=r"MemoryError|256 MB"):
        call("fill", str(2**29).encode(), little)
    assert len(call("fill", b"1000", little)) == 1000


@linux
@pytest.mark.slow
def test_processor_time_is_limited(call):
    with pytest.raises(EndedError, match="takes more than 0 s"):
        call("spin", b"", Limits(2**30, 0, 100))


def test_wall_time_is_limited(call, monkeypatch):
    monkeypatch.setattr(confined, "WALL_SLACK_S", 0.3)
    monkeypatch.setattr(confined, "WALL_FACTOR", 0)
    with pytest.raises(EndedError, match="takes more than 60 s"):
        call("spin")


def test_a_result_beyond_the_limit_is_refused(call):
    with pytest.raises(EndedError):
        call("fill", b"1001", Limits(2**30, 60, 1000))


def test_what_a_library_prints_is_no_result(call):
    assert call("speak", b"quiet") == b"quiet"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_child_that_was_killed_while_idle_is_replaced(call):
    first = int(call("pid"))
    os.kill(first, signal.SIGKILL)
    assert int(call("pid")) != first


def test_ctrl_c_is_left_to_the_parent(call):
    first = int(call("pid"))
    os.kill(first, signal.SIGINT)
    assert int(call("pid")) == first


def test_a_forked_process_leaves_the_children_of_its_parent_alone(
    shared, call, monkeypatch
):
    before = call("pid")
    with monkeypatch.context() as patched:
        patched.setattr(confined.os, "getpid", lambda: -1)
        assert call("pid") != before
        shared.close()
    assert call("pid") == before
