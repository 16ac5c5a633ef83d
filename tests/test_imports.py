"""The rules of the layout: imports point one way, and every file has its tests."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterable
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
    "networks/models/", "train/",
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


@functools.cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def walk(path: Path) -> list[ast.AST]:
    return list(ast.walk(parse(path)))


def within(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def folder(path: Path) -> str:
    return within(path).split("/")[0].removesuffix(".py")


def imported(nodes: Iterable[ast.AST]) -> set[str]:
    """Full names of everything that nodes import."""
    names = set()
    for node in nodes:
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
    names = imported(walk(path))
    parts = [name.split(".")[1:] for name in names if name.startswith("comrec.")]
    return [part for part in parts if part[0] != "__version__"]


def strings(path: Path) -> list[str]:
    """Text of every string but docstrings."""
    documented = {
        node.body[0].value
        for node in walk(path)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    return [
        node.value
        for node in walk(path)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and node not in documented
    ]  # fmt: skip


def compared_names(path: Path) -> set[str]:
    """Names and attributes that are compared with a string."""
    found = set()
    for node in walk(path):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(isinstance(s, ast.Constant) and type(s.value) is str for s in sides):
                found |= {s.attr for s in sides if isinstance(s, ast.Attribute)}
                found |= {s.id for s in sides if isinstance(s, ast.Name)}
    return found


def test_the_folders_are_those_of_the_flow():
    assert {folder(path) for path in SOURCES} == set(LEVEL)


def check_none(offenders: Iterable[object]) -> None:
    """Fails with a line for each offender: the file, and what is wrong in it."""
    lines = [str(offender) for offender in offenders]
    assert not lines, "\n".join(["", *lines])


def test_a_folder_imports_only_folders_to_its_left():
    check_none(
        (within(path), part)
        for path in SOURCES
        for part in of_comrec(path)
        if part[0] != folder(path) and LEVEL[part[0]] >= LEVEL[folder(path)]
    )


def test_apps_do_not_import_each_other_and_only_the_command_line_imports_apps():
    wrong = []
    for path in SOURCES:
        used = {part[1] for part in of_comrec(path) if part[0] == "apps"}
        if folder(path) == "apps":
            own = within(path).split("/")[1]
            used = {app for app in used - {own} if (own, app) not in APPS_ON_APPS}
        if used and folder(path) != "cli":
            wrong.append((within(path), used))
    check_none(wrong)


def test_only_networks_and_training_load_a_framework():
    wrong = []
    for path in SOURCES:
        names = imported(ast.walk(without_type_checking(parse(path))))
        frameworks = {name.split(".")[0] for name in names} & FRAMEWORKS
        if within(path).startswith(LOADS_KERAS):
            frameworks -= {"keras", "jax"} if folder(path) == "train" else {"keras"}
        if frameworks:
            wrong.append((within(path), frameworks))
    check_none(wrong)


def test_the_machine_the_jpeg_and_pictures_know_nothing_of_the_codec():
    check_none(
        (within(path), line)
        for path in SOURCES
        if folder(path) in OF_NO_CODEC
        for line in path.read_text().splitlines()
        if CODEC_WORDS.search(line)
    )


def test_errors_name_options_as_python_does_and_the_command_line_spells_them():
    check_none(
        (within(path), text)
        for path in SOURCES
        if LEVEL[folder(path)] < LEVEL["apps"]
        for text in strings(path)
        if COMMAND_LINE_OPTION.search(text)
    )


@pytest.mark.parametrize(
    ("name", "home"),
    [("family", "networks/families.py"), ("encoder", "jpeg/coding.py")],
)
def test_what_differs_between_families_and_encoders_is_a_record_not_an_if(name, home):
    others = [path for path in SOURCES if within(path) != home]
    check_none(within(path) for path in others if name in compared_names(path))


def test_no_file_is_too_long():
    lengths = {within(path): len(path.read_text().splitlines()) for path in SOURCES}
    check_none((name, n) for name, n in lengths.items() if n > MOST_LINES)


def test_every_file_has_its_tests_at_the_same_place():
    wanted = {
        path.relative_to(PACKAGE).with_name(f"test_{path.stem}.py")
        for path in SOURCES
        if path.stem != "__init__"
        and len(path.read_text().splitlines()) > TESTED_FROM_LINES
    }
    check_none(path for path in wanted if not (TESTS / path).is_file())


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
