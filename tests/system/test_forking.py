"""A process that is forked after comrec was used can use comrec."""

from __future__ import annotations

import multiprocessing
import os
import time

import pictures
import pytest

import comrec
from comrec.system import forking

if "fork" not in multiprocessing.get_all_start_methods():
    pytest.skip("needs fork", allow_module_level=True)

END_S = 60.0  # after which a process hangs
USED = {"jpeg_quality": 60, "scale": 2, "preset": "comrec-lite-2"}


def compress(pipe) -> None:
    pipe.send_bytes(comrec.compress(pictures.photo_file(".jpg"), **USED).jpeg)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_comrec_works_in_a_fork_of_a_process_that_has_used_it():
    expected = comrec.compress(pictures.photo_file(".jpg"), **USED).jpeg
    context = multiprocessing.get_context("fork")
    for _ in range(2):
        here, there = context.Pipe()
        process = context.Process(target=compress, args=(there,))
        process.start()
        try:
            assert here.poll(END_S), "the forked process hangs"
            assert here.recv_bytes() == expected
            process.join(END_S)
        finally:
            process.kill()
    assert comrec.compress(pictures.photo_file(".jpg"), **USED).jpeg == expected


def test_a_fork_without_libvips_in_use_costs_nothing(monkeypatch):
    monkeypatch.setattr(forking, "_count_workers", lambda: 0)
    monkeypatch.setattr(forking, "find_loaded", None)
    forking._hold_threads()
    forking._release_threads()


def test_threads_that_never_come_stop_no_fork(monkeypatch):
    pytest.importorskip("pyvips")
    monkeypatch.setattr(forking, "WAIT_S", 0.01)
    monkeypatch.setattr(forking, "find_loaded", lambda _: _refuse())
    forking._hold_threads()  # nothing is raised: the system may lack all of it
    started = time.monotonic()
    forking._release_threads()
    assert time.monotonic() - started < END_S


def _refuse() -> str:
    raise OSError("libvips is not loaded")


def test_the_library_that_is_loaded_is_found():
    pytest.importorskip("pyvips")
    assert os.path.exists(forking.find_loaded(forking._LIBRARY))
