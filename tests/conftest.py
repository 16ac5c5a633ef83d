"""Defines the fixtures that several folders of tests share."""

from __future__ import annotations

import io
import json
import os
import sys
import types
from pathlib import Path
from typing import NamedTuple

import pairs
import pictures
import processes
import pytest
import scripts
from web_fixtures import browser, cases, network_file, site, web_base  # noqa: F401

import comrec
from comrec.cli.main import main


def pytest_configure(config: pytest.Config) -> None:
    """Gives each worker its own cores, and its own cache of what JAX compiled.

    Processes that tests start have them too. JAX does not write the files of a cache
    atomically.
    """
    take_cores()
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    os.environ |= {
        "JAX_COMPILATION_CACHE_DIR": str(config.cache.mkdir(f"jax-{worker}")),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def take_cores() -> None:
    """Keeps a worker of several to its share of the cores.

    The threads of onnxruntime wait for one another in busy loops, which would take
    their cores from the other workers.
    """
    name, workers = (
        os.environ.get(f"PYTEST_XDIST_WORKER{part}", "") for part in ("", "_COUNT")
    )
    if name and hasattr(os, "sched_setaffinity"):
        number, held = int(name.removeprefix("gw")), sorted(os.sched_getaffinity(0))
        share = held[number :: int(workers)] or [held[number % len(held)]]
        os.sched_setaffinity(0, share)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Puts training first, for one worker, which trains what its tests share once.

    The other worker takes from the end of the list what is left.
    """
    items.sort(key=lambda item: not ({"train", "autoencoder"} & {*item.path.parts}))


def pytest_runtest_teardown() -> None:
    """Ends what a test or its fixtures left: a warning about it fails another test."""
    processes.end_all()


class Ran(NamedTuple):
    """Holds the result of one run of the command line."""

    status: int
    out: bytes
    err: str

    @property
    def rows(self) -> list[dict]:
        """Returns the JSON objects on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run(capsysbinary, monkeypatch):
    """Runs the command line here: run("compress", path, stdin=b"") -> Ran."""

    def call(*arguments: object, stdin: bytes = b"") -> Ran:
        given = types.SimpleNamespace(buffer=io.BytesIO(stdin))
        monkeypatch.setattr("sys.stdin", given)
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            status = stopped.code
        captured = capsysbinary.readouterr()
        return Ran(status, captured.out, captured.err.decode())

    return call


@pytest.fixture
def train(run, monkeypatch):
    """Runs `comrec train` here: train("joint", "--quick") -> Ran."""
    # The command may set it, which must not outlive the test.
    monkeypatch.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "tensorflow"))
    yield lambda *arguments: run("train", *arguments)
    _forget_policy()


def _forget_policy() -> None:
    if "keras" in sys.modules:  # training leaves its own
        sys.modules["keras"].config.set_dtype_policy("float32")


class Ended(NamedTuple):
    """Holds the result of one run of a script."""

    status: object  # 0, or the argument of SystemExit
    out: str
    err: str


@pytest.fixture
def called(capsysbinary, monkeypatch):
    """Runs a script here: called("training/step_speed", "--quick") -> Ended."""
    # A script may set it, which must not outlive the test.
    monkeypatch.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "tensorflow"))

    def call(script: str, *arguments: object) -> Ended:
        module = scripts.load(script, monkeypatch)
        monkeypatch.setattr("sys.argv", [script, *map(str, arguments)])
        status: object = 0
        try:
            module.main()
        except SystemExit as stopped:
            status = stopped.code
        captured = capsysbinary.readouterr()
        return Ended(status, captured.out.decode(), captured.err.decode())

    yield call
    _forget_policy()


@pytest.fixture
def typed(called):
    """Runs a script that must fail: typed("training/race", ...)."""

    def call(script: str, *arguments: object) -> tuple[object, str]:
        ended = called(script, *arguments)
        assert ended.status not in (0, None), ended
        return ended.status, ended.err

    return call


@pytest.fixture
def listing(tmp_path):
    """Returns a function: {path in tmp_path: (bytes, mtime)} of every file."""

    def call() -> dict[str, tuple[bytes, int]]:
        return {
            str(path.relative_to(tmp_path)): (
                path.read_bytes(),
                path.stat().st_mtime_ns,
            )
            for path in sorted(Path(tmp_path).rglob("*"))
            if path.is_file()
        }

    return call


@pytest.fixture
def refused(run, listing):
    """Runs a command that must fail with one line on stderr and change no file."""

    def call(*arguments: object, names: object, status: int = 1) -> str:
        before = listing()
        ran = run(*arguments)
        assert ran.status == status, ran
        assert listing() == before
        assert ran.out == b""
        lines = ran.err.splitlines()
        assert len(lines) == 1, ran.err
        assert lines[0].startswith("comrec: ")
        assert str(names) in lines[0]
        assert "unexpected" not in lines[0]
        reason = lines[0].split(str(names), 1)[1]
        assert reason.rstrip(".").count(". ") >= 1 or "; " in reason, "no remedy"
        return lines[0]

    return call


@pytest.fixture(scope="session", params=pairs.PARAMS)
def made(request) -> comrec.Compressed:
    """Compresses the photo at half size by networks."""
    preset = request.param.name
    data = pictures.photo_file(".png")
    return comrec.compress(data, preset=preset, scale=2, jpeg_quality=50)


@pytest.fixture
def pair(made, tmp_path):
    """Writes photo.png and its pair; returns the paths of .jpg and sidecar."""
    (tmp_path / "photo.png").write_bytes(pictures.photo_file(".png"))
    jpeg, sidecar = tmp_path / "photo.comrec.jpg", tmp_path / "photo.comrec.json"
    jpeg.write_bytes(made.jpeg)
    sidecar.write_bytes(made.sidecar)
    return jpeg, sidecar
