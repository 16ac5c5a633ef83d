"""The rules of the layout: imports point one way, and every file has its tests."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import comrec

PACKAGE = Path(comrec.__file__).parent
TESTS = Path(__file__).parent
# A folder imports from folders to its left alone; api and train do not see each other.
ORDER = (
    ("errors",), ("system",), ("jpeg",), ("image",), ("networks",), ("format",),
    ("encoder",), ("api", "train"), ("apps",), ("cli",),
)  # fmt: skip
LEVEL = {name: level for level, row in enumerate(ORDER) for name in row}
APPS_ON_APPS = {("compare", "evaluate")}
FRAMEWORKS = {"keras", "tensorflow", "torch", "jax"}
LOADS_KERAS = (
    "networks/models/", "train/", "encoder/refine.py",
    "apps/autoencoder/networks.py", "apps/autoencoder/run.py",
)  # fmt: skip
OF_NO_CODEC = ("system", "jpeg", "image")  # they could be packages of their own
CODEC_WORDS = re.compile(r"(?i)\b(presets?|sidecars?|networks?|reccnn|comcnn)\b")
COMMAND_LINE_OPTION = re.compile(r"[ (]--?[a-z][a-z-]*\b")
TESTED_FROM_LINES = 60
MOST_LINES = 320

SOURCES = [
    path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.parent != PACKAGE or path.stem == "errors"
]
EACH = pytest.mark.parametrize(
    "path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE))
)


def within(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def folder(path: Path) -> str:
    return within(path).split("/")[0].removesuffix(".py")


def imported(tree: ast.AST) -> set[str]:
    """Full names of everything imported below a node, in functions as well."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def without_type_checking(tree: ast.Module) -> ast.Module:
    """A module without what only type checkers import."""
    body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    return ast.Module(body, [])


def of_comrec(path: Path) -> list[list[str]]:
    """What a file imports of comrec, split at the dots, without "comrec"."""
    names = imported(ast.parse(path.read_text()))
    parts = [name.split(".")[1:] for name in names if name.startswith("comrec.")]
    return [part for part in parts if part[0] != "__version__"]


def strings(path: Path) -> list[str]:
    """Text of every string but docstrings."""
    tree = ast.parse(path.read_text())
    documented = [
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    ]  # fmt: skip
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and node not in documented
    ]  # fmt: skip


def compared_names(path: Path) -> set[str]:
    """Names and attributes that are compared with a string."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(isinstance(s, ast.Constant) and type(s.value) is str for s in sides):
                found |= {s.attr for s in sides if isinstance(s, ast.Attribute)}
                found |= {s.id for s in sides if isinstance(s, ast.Name)}
    return found


def test_the_folders_are_those_of_the_flow():
    assert {folder(path) for path in SOURCES} == set(LEVEL)


@EACH
def test_a_folder_imports_only_folders_to_its_left(path):
    own = LEVEL[folder(path)]
    others = {part[0] for part in of_comrec(path)} - {folder(path)}
    assert not {other for other in others if LEVEL[other] >= own}


@EACH
def test_apps_do_not_import_each_other_and_only_the_command_line_imports_apps(path):
    used = {part[1] for part in of_comrec(path) if part[0] == "apps"}
    if folder(path) == "apps":
        own = within(path).split("/")[1]
        assert {(own, app) for app in used - {own}} <= APPS_ON_APPS
    else:
        assert not used or folder(path) == "cli"


@EACH
def test_only_networks_and_training_load_a_framework(path):
    names = imported(without_type_checking(ast.parse(path.read_text())))
    frameworks = {name.split(".")[0] for name in names} & FRAMEWORKS
    allowed = {"keras", "jax"} if folder(path) == "train" else {"keras"}
    assert frameworks <= (allowed if within(path).startswith(LOADS_KERAS) else set())


@EACH
def test_the_machine_the_jpeg_and_pictures_know_nothing_of_the_codec(path):
    if folder(path) in OF_NO_CODEC:
        lines = path.read_text().splitlines()
        assert [line for line in lines if CODEC_WORDS.search(line)] == []


@EACH
def test_errors_name_options_as_python_does_and_the_command_line_spells_them(path):
    if LEVEL[folder(path)] < LEVEL["apps"]:
        found = [text for text in strings(path) if COMMAND_LINE_OPTION.search(text)]
        assert found == []


@EACH
def test_what_differs_between_families_and_encoders_is_a_record_not_an_if(path):
    compared = compared_names(path)
    assert "family" not in compared or within(path) == "networks/families.py"
    assert "encoder" not in compared or within(path) == "jpeg/coding.py"


@EACH
def test_every_file_has_its_tests_at_the_same_place(path):
    lines = len(path.read_text().splitlines())
    assert lines <= MOST_LINES
    if lines > TESTED_FROM_LINES and path.stem != "__init__":
        mirrored = path.relative_to(PACKAGE).with_name(f"test_{path.stem}.py")
        assert (TESTS / mirrored).is_file()


# In a fresh process


@pytest.fixture(scope="module")
def sidecar_file(tmp_path_factory) -> Path:
    from comrec.format.sidecar import Sidecar

    path = tmp_path_factory.mktemp("info") / "x.comrec.json"
    path.write_bytes(Sidecar("jiang2017-gray-q50", 5000, 3000, 2).to_json())
    return path


COMMANDS = {
    "import": "import comrec; comrec.__version__",
    "presets": "import comrec; comrec.presets.PRESETS",
    "--help": "from comrec.cli.main import main; main(['--help'])",
    "info": "from comrec.cli.main import main; assert main(['info', sys.argv[1]]) == 0",
    "list": "from comrec.cli.main import main; assert main(['presets']) == 0",
    "decompress": "import comrec; comrec.decompress",
}
SLOW = {*FRAMEWORKS, "numpy", "PIL", "cv2", "pyvips", "rich", "onnxruntime", "openvino"}
MAY_LOAD = {"info": {"numpy", "PIL"}, "decompress": {"numpy", "PIL", "cv2"}}


def modules_after(program: str, *arguments: object) -> set[str]:
    """Names of all modules that a program has loaded at its end."""
    done = subprocess.run(
        [sys.executable, "-c",
         f"import sys\ntry:\n    {program}\nexcept SystemExit as stopped:\n"
         f"    assert not stopped.code\nprint(*sys.modules, file=sys.stderr)",
         *map(str, arguments)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(done.stderr.split())


@pytest.mark.parametrize("command", COMMANDS)
def test_light_commands_load_little(command, sidecar_file):
    loaded = modules_after(COMMANDS[command], sidecar_file)
    assert loaded & SLOW <= MAY_LOAD.get(command, set())


def test_restoring_a_picture_loads_nothing_of_the_encoder(pair):
    program = "import comrec; comrec.decompress(sys.argv[1])"
    loaded = modules_after(program, pair[0])
    assert "comrec.networks.codec" in loaded
    assert not {name for name in loaded if name.startswith("comrec.encoder")}
