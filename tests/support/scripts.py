"""Runs and loads the scripts of experiments/ and examples/."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXPERIMENTS = ROOT / "experiments"


def start(script: str, *args: object, **env: str) -> subprocess.CompletedProcess:
    """Runs a script, given by its path below the root, to its end."""
    return subprocess.run(
        [sys.executable, ROOT / script, *map(str, args)],
        capture_output=True, text=True, timeout=300, cwd=ROOT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"} | env,
    )  # fmt: skip


def run(script: str, *args: object, **env: str) -> str:
    """Runs a script that must succeed, and returns its stdout."""
    result = start(script, *args, **env)
    assert result.returncode == 0, result.stderr
    return result.stdout


def load(script: str, monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """Imports a script, given by its path below experiments/, beside its helpers."""
    path = EXPERIMENTS / f"{script}.py"
    monkeypatch.syspath_prepend(path.parent)
    name = script.replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)  # dataclasses look it up
    spec.loader.exec_module(module)
    return module
