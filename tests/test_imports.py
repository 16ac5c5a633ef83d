"""Imports point one way, and the light commands start at once."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import comrec

PACKAGE = Path(comrec.__file__).parent
HEAVY = ("keras", "tensorflow", "torch", "jax", "onnxruntime", "openvino")

# A module imports from rows above its own alone.
LAYERS = (
    ("errors",),
    (
        "segments",
        "metrics",
        "naming",
        "tiling",
        "opening",
        "console",
        "loading",
        "memory",
        "atomic",
    ),
    ("condition", "cores", "pixels", "sampling", "values", "wording"),
    ("resample", "metadata", "jpeg", "png"),
    ("presets", "image"),
    ("sidecar", "weights", "reader", "writer", "models"),
    ("container", "engine"),
    ("codec", "inspection", "origin"),
    ("rate", "options"),
    ("part",),
    ("ways", "report"),
    ("search", "packing", "train"),
    ("likely",),
    ("targets",),
    ("api", "files"),
    ("jobs", "evaluate", "autoencoder", "bulk"),
    ("compare", "web"),
    ("arguments",),
    ("commands",),
    ("cli",),
    ("__main__",),
)
LEVEL = {name: level for level, row in enumerate(LAYERS) for name in row}
LOAD_KERAS = ("models", "train")  # and nothing else does, at module level
LOAD_KERAS_TOO = ("autoencoder/networks.py", "autoencoder/run.py")
# Modules of `train` that load none, and say so in their own imports.
LIGHT_ALTHOUGH = (
    "comrec.train.alternating.config",
    "comrec.train.run.progress",
    "comrec.train.run.log",
)


def part(path: Path) -> str:
    """comrec/jpeg/coding.py is jpeg; comrec/networks/models/jiang2017.py belongs to models."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


SOURCES = [path for path in sorted(PACKAGE.rglob("*.py")) if part(path) != "__init__"]


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


def parts_of_comrec(names: set[str]) -> set[str]:
    parts = {name.split(".")[1] for name in names if name.startswith("comrec.")}
    return parts - {"__version__"}


def at_module_level(tree: ast.Module) -> set[str]:
    statements = [
        node
        for node in tree.body
        if not isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
    ]
    return imported(ast.Module(statements, []))


def names_below(modules: tuple[str, ...], names: set[str]) -> list[str]:
    return [name for name in names if name.startswith(tuple(f"{m}." for m in modules))]


@pytest.mark.parametrize("module", LIGHT_ALTHOUGH)
def test_light_modules_of_training_load_no_framework(module):
    path = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    names = at_module_level(ast.parse(path.read_text()))
    assert not {name.split(".")[0] for name in names} & set(HEAVY)
    rest = names - set(names_below(LIGHT_ALTHOUGH, names))
    assert not parts_of_comrec(rest) & set(LOAD_KERAS)


def test_every_module_has_its_place():
    assert {part(path) for path in SOURCES} == set(LEVEL)


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_one_way(path):
    name = part(path)
    below = parts_of_comrec(imported(ast.parse(path.read_text()))) - {name}
    wrong = {other for other in below if LEVEL[other] >= LEVEL[name]}
    assert not wrong, f"comrec.{name} imports {sorted(wrong)}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_light_modules_load_no_framework(path):
    names = at_module_level(ast.parse(path.read_text()))
    heavy = {name.split(".")[0] for name in names} & set(HEAVY)
    keepers = parts_of_comrec(names) & set(LOAD_KERAS)
    within = str(path.relative_to(PACKAGE))
    if part(path) in LOAD_KERAS or within in LOAD_KERAS_TOO:
        assert heavy <= {"keras"}, "any backend will do"
    else:
        assert not heavy
        if part(path) == "autoencoder":
            keepers = parts_of_comrec(names - set(names_below(LIGHT_ALTHOUGH, names)))
            keepers &= set(LOAD_KERAS)
        assert not keepers


def test_models_do_load_keras():  # else the test above looks at nothing
    text = (PACKAGE / "models" / "comcnn.py").read_text()
    assert "keras" in at_module_level(ast.parse(text))


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
}


# What takes long to load, and who may load it all the same.
SLOW = {*HEAVY, "numpy", "PIL", "cv2", "pyvips", "rich", "onnxruntime"}
MAY = {name: {"numpy", "PIL"} for name in ("presets", "list", "info")}


@pytest.mark.parametrize("command", COMMANDS)
def test_light_commands_load_little(command, sidecar_file):
    program = (
        f"import sys\ntry:\n    {COMMANDS[command]}\n"
        f"except SystemExit as stopped:\n    assert not stopped.code\n"
        f"print(*({SLOW} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(sidecar_file)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(done.stderr.split()) <= MAY.get(command, set())
