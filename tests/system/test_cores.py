"""Tasks on several cores: results and errors do not depend on how many."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from comrec.system import cores


def fail(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("threads", [0, 1, 2, 9])
def test_results_come_in_the_order_of_the_tasks(threads):
    tasks = [partial(pow, n, 2) for n in range(5)]
    assert cores.run_parallel(tasks, threads) == [0, 1, 4, 9, 16]
    assert cores.run_parallel([], threads) == []


@pytest.mark.parametrize("threads", [1, 2, 9])
def test_of_several_failures_the_first_in_order_is_raised(threads):
    late = threading.Event()

    def first() -> None:
        late.wait(0.05)  # others fail before
        fail(ValueError("first"))

    tasks = [partial(int, 7), first, partial(fail, KeyError("second"))]
    with pytest.raises(ValueError, match="first"):
        cores.run_parallel(tasks, threads)


def test_two_threads_do_run_two_tasks_at_a_time():
    both = threading.Barrier(2, timeout=10)
    assert sorted(cores.run_parallel([both.wait, both.wait], 2)) == [0, 1]
