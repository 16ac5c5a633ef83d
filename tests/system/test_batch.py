"""Runs over many pictures: results in order, and failures that stop no other."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from comrec.errors import ComrecError, ImageError
from comrec.system import batch
from comrec.system.batch import Job

JOBS = [Job(Path(f"{n}.png"), Path(f"{n}.jpg")) for n in range(7)]


def run_all(work, at_once: int = 2, jobs=JOBS) -> list:
    return list(batch.run_all(jobs, work, at_once))


@pytest.mark.parametrize("at_once", [1, 2, 16])
def test_results_come_in_the_order_of_the_jobs(at_once):
    first = threading.Event()

    def work(job: Job) -> batch.Row:
        if at_once > 1:  # the first job ends last
            first.wait(10) if job is JOBS[0] else None
            first.set() if job is JOBS[1] else None
        return {"input": job.name}

    assert run_all(work, at_once) == [(job, {"input": job.name}) for job in JOBS]


def test_no_jobs_are_no_results():
    assert run_all(lambda job: {}, jobs=[]) == []


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (ImageError("3.png: damaged"), ImageError, "3.png: damaged"),
        (MemoryError(), ImageError, "3.png: not enough memory for this picture"),
        (ValueError("odd"), ComrecError,
         "3.png: unexpected ValueError (odd). Please report it"),
    ],
)  # fmt: skip
def test_a_picture_that_fails_is_a_result_and_stops_no_other(error, kind, message):
    def work(job: Job) -> batch.Row:
        if job is JOBS[3]:
            raise error
        return {}

    found = [result for _, result in run_all(work)]
    failed = found.pop(3)
    assert found == [{}] * 6
    assert type(failed) is kind
    assert str(failed) == message
    assert batch.describe_failure(JOBS[3], failed) == {
        "input": "3.png", "outcome": "failed", "error": message,
    }  # fmt: skip


@pytest.mark.parametrize("error", [BrokenPipeError(), KeyboardInterrupt()])
def test_what_concerns_the_whole_run_ends_it(error):
    done = []

    def work(job: Job) -> batch.Row:
        done.append(job)
        if job is JOBS[0]:
            raise error
        return {}

    with pytest.raises(type(error)):
        run_all(work, 1)


def test_jobs_not_begun_are_cancelled_when_the_results_are_no_longer_read():
    go, done = threading.Event(), []

    def work(job: Job) -> batch.Row:
        done.append(job)
        if job is not JOBS[0]:
            go.wait(10)
        return {}

    results = batch.run_all(JOBS, work, 1)
    assert next(results) == (JOBS[0], {})
    threading.Timer(0.05, go.set).start()  # the pool waits for the job it has begun
    results.close()
    assert len(done) <= 2


@pytest.mark.parametrize(
    ("row", "notes"),
    [({}, []), ({"notes": ["a", "b"]}, ["a", "b"]), ({"notes": None}, [])],
)
def test_notes_of_a_row_are_a_list_whatever_the_row_holds(row, notes):
    assert batch.read_notes(row) == notes


def test_a_job_without_a_file_is_stdin():
    assert Job(None, None).name == "stdin"
    assert Job(Path("a/b.png"), None).name == str(Path("a/b.png"))
