"""Training imports one way: run <- alternating, joint <- prepared, release.

Configs are light.
"""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import comrec

TRAIN = Path(comrec.__file__).parent / "train"
# A folder imports itself and these alone.
MAY_IMPORT = {
    "run": set(),
    "alternating": {"run"},
    "joint": {"run"},
    "prepared": {"joint"},
    "release": {"run", "alternating", "joint"},
}
SOURCES = sorted(TRAIN.glob("*/*.py"))
LIGHT = (
    "run.config", "run.log", "run.progress", "alternating.config", "joint.config",
)  # fmt: skip
FRAMEWORKS = ("keras", "tensorflow", "torch", "jax", "onnxruntime", "openvino")


def imported_folders(path: Path) -> set[str]:
    """Returns the folders of comrec.train that a file imports, in functions as well."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    parts = [name.split(".") for name in names if name.startswith("comrec.train.")]
    return {part[2] for part in parts}


def test_every_folder_of_training_has_its_place():
    assert {path.parent.name for path in SOURCES} == set(MAY_IMPORT)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(TRAIN)))
def test_training_imports_point_one_way(path):
    folder = path.parent.name
    assert imported_folders(path) <= MAY_IMPORT[folder] | {folder}


def test_the_imports_of_a_release_are_seen():  # else the test above could not fail
    path = TRAIN / "release" / "release.py"
    assert imported_folders(path) >= {"alternating", "joint"}


def test_configs_log_and_progress_load_no_framework():
    program = f"""
import importlib, sys
for name in {LIGHT}:
    importlib.import_module(f"comrec.train.{{name}}")
print(*({{*{FRAMEWORKS}}} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
