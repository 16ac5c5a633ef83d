"""Every command and every Python example of README and docs runs, on small pictures."""

from __future__ import annotations

import configparser
import functools
import importlib.util
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import types
from dataclasses import replace
from pathlib import Path

import pictures
import pytest
from PIL import Image

from comrec.api.compress import compress_picture
from comrec.cli import main
from comrec.encoder.options import Options
from comrec.encoder.report import Compressed
from comrec.image.picture import Picture, from_array
from comrec.networks import presets

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^    \S.*\n)+", re.MULTILINE)
PROGRAMS = "comrec", "python", "pip", "make", ".venv/bin/pip", "dask"
# Words of a reader's own, and places that tests do not have.
OPEN = re.compile(r"\b[A-Z]{4,}\b|://|runs/|\bmine\b|\btry\b|\btrain\b")
LISTS = (
    "pack.md",
    "restore.md",
    "scale.md",
    "training.md",
    "README.md",
)  # commands without an order
MORE = {  # options that make a command quick
    "bulk": ("-p", "comrec-lite-2", "--effort", "0", "-j", "1"),
    "compare": ("--points", "0"),
    "export": ("--bits", "16"),
    "evaluate": ("--points", "2", "--every", "2", "-j", "1", "--no-figure"),
}
COMPRESSING = (
    "comrec.api.compress", "comrec.api.opener", "comrec.cli.files",
    "comrec.apps.web.gallery", "comrec.apps.compare.measure",
)  # fmt: skip
BEFORE = {  # what a command of a list needs
    "decompress photo.comrec.jpg": "compress photo.png",
    "unpack house.comrec.lep": "pack house.comrec.jpg -o house.comrec.lep",
    "decompress house.comrec.lep": "pack house.comrec.jpg",
    "bulk small back --decompress": "compress photos/a.png -o small/a.comrec.jpg",
}
NEEDS = {
    "pack": "lepton_jpeg", "unpack": "lepton_jpeg", "autoencoder": "constriction",
    "evaluate": "bjontegaard",
}  # fmt: skip
EXPORTED: set[str] = set()  # takes seconds, and needs nothing that stands on its page
SLOW = "autoencoder", "bulk", "evaluate", "export"
FRAMEWORKS = "torch", "tensorflow", "keras"


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(path: Path) -> list[list[list[str]]]:
    """Returns the commands of a page, as lists of words, by block."""
    text = path.read_text()
    codes = [code for language, code in FENCED.findall(text) if not language]
    codes += [
        re.sub("(?m)^    ", "", code) for code in INDENTED.findall(FENCED.sub("", text))
    ]
    starts = tuple(f"{program} " for program in PROGRAMS)
    found = [
        [
            shlex.split(line, comments=True)
            for line in code.replace("\\\n", "").splitlines()
            if line.startswith(starts)
        ]
        for code in codes
    ]
    return [block for block in found if block]


def commands() -> list[tuple[Path, list[str]]]:
    return [
        (page, words) for page in PAGES for block in blocks(page) for words in block
    ]


def examples() -> list[tuple[Path, str]]:
    return [
        (page, code)
        for page in PAGES
        for language, code in FENCED.findall(page.read_text())
        if language == "python"
    ]


def framework(code: str) -> str:
    imported = re.findall(r"^import (\w+)", code, re.M)
    return next((each for each in FRAMEWORKS if each in imported), "")


def quickly(picture: Picture, options: Options, data: bytes = b"") -> Compressed:
    """Compresses at a fixed quality in place of a search for a quality or a size."""
    if options.target_bpp:
        return compress_picture(picture, replace(options, effort=0), data)
    fixed = replace(
        options, jpeg_quality=40, tune="psnr",
        quality=None, target_size=None, target_psnr=None,
    )  # fmt: skip
    if options.preset != presets.PLAIN:
        fixed = replace(fixed, preset="comrec-lite-2", scale=1)
    return compress_picture(picture, fixed, data)


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """Enters a folder with pictures; what the opener changes in Pillow is undone."""
    monkeypatch.chdir(tmp_path)
    Image.init()
    for table in ("OPEN", "SAVE", "MIME"):
        monkeypatch.setattr(Image, table, dict(getattr(Image, table)))
    monkeypatch.setattr(Image, "ID", list(Image.ID))
    for module in COMPRESSING:
        monkeypatch.setattr(f"{module}.compress_picture", quickly)
    fill(tmp_path)
    return tmp_path


@functools.cache
def files() -> dict[str, bytes]:
    """Returns the pictures that the pages name."""
    pixels = pictures.photo(64, 96)
    png, jpeg = (pictures.file_of(pixels, kind) for kind in ("PNG", "JPEG"))
    made = quickly(from_array(pixels), Options())
    assert made.sidecar
    return {
        "photo.png": png, "photos/a.png": png, "examples/astronaut.png": png,
        "old.jpg": jpeg, "photos/b.jpg": jpeg,
        "house.comrec.jpg": made.jpeg, "house.comrec.json": made.sidecar,
        "examples/digits/five.png": (ROOT / "examples/digits/five.png").read_bytes(),
    }  # fmt: skip


def fill(folder: Path) -> None:
    """Empties a folder, and writes the pictures that the pages name into it."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, data in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    (folder / "site" / "comrec").mkdir(parents=True)


def redirect(words: list[str], sign: str) -> Path | None:
    """Takes `< FILE` or `> FILE` from the words, and returns the file."""
    if sign not in words:
        return None
    at = words.index(sign)
    _, file = words[at], words[at + 1]
    del words[at : at + 2]
    return Path(file)


def call(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs one command of comrec here, with the options that make it quick."""
    words = words[1:]
    source, target = redirect(words, "<"), redirect(words, ">")
    if not {"--decompress", "--pack"} & {*words}:
        words += MORE.get(words[0], ())
    given = io.BytesIO(source.read_bytes() if source else b"")
    out = io.TextIOWrapper(io.BytesIO(), write_through=True)
    with monkeypatch.context() as patch:
        patch.setattr("sys.stdin", types.SimpleNamespace(buffer=given))
        if target:
            patch.setattr("sys.stdout", out)
        assert main.main(words) == 0, words
    if target:
        target.write_bytes(out.buffer.getvalue())


def ours(page: Path, slow: bool) -> list[list[list[str]]]:
    """Returns the commands of comrec on a page that a test can run, by block."""
    return [
        [
            words
            for words in block
            if words[0] == "comrec" and (words[1] in SLOW) == slow
            and not OPEN.search(" ".join(words))
        ]
        for block in blocks(page)
    ]  # fmt: skip


def run(page: Path, slow: bool, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for block in ours(page, slow):
        if "tutorials" not in page.parts:
            fill(folder)
        for words in block:
            if not importlib.util.find_spec(NEEDS.get(words[1], "comrec")):
                continue
            if words[1] == "export":
                if " ".join(words) in EXPORTED:
                    continue
                EXPORTED.add(" ".join(words))
            if page.name in LISTS:
                fill(folder)
                before = BEFORE.get(" ".join(words[1:]))
                if before:
                    call(["comrec", *before.split()], monkeypatch)
                if words[1] == "unpack":
                    (folder / "house.comrec.jpg").unlink()
            call(words, monkeypatch)


def with_commands(slow: bool) -> list[Path]:
    return [page for page in PAGES if any(ours(page, slow))]


@pytest.mark.parametrize("page", with_commands(slow=False), ids=name)
def test_the_commands_of_a_page_run(page, place, monkeypatch):
    run(page, False, place, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("page", with_commands(slow=True), ids=name)
def test_the_slow_commands_of_a_page_run(page, place, monkeypatch):
    run(page, True, place, monkeypatch)


def test_every_command_parses():
    parser, count = main.parser(), 0
    for page, words in commands():
        if words[0] == "comrec":
            redirected = {"<", ">"} & {*words}
            typed = words[1 : min(map(words.index, redirected), default=None)]
            assert parser.parse_args(typed).command == words[1], (page, words)
            count += 1
    assert count > 60


def test_scripts_options_targets_and_extras_exist():
    makefile = (ROOT / "Makefile").read_text()
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = {*setup["options.extras_require"]}
    for page, words in commands():
        program, *rest = words
        if program == "make":
            assert re.search(rf"^{rest[0]}:", makefile, re.M), (page, words)
        elif program.endswith("pip"):
            for extra in re.findall(r"\[([\w,]+)\]", " ".join(rest)):
                assert {*extra.split(",")} <= extras, (page, words)
        elif program == "python" and rest[0] != "-m":
            folder = (ROOT / rest[0]).parent
            source = "".join(path.read_text() for path in folder.rglob("*.py"))
            for option in (word for word in rest if word.startswith("--")):
                assert f'"{option}"' in source, (page, words)


def test_the_kinds_of_examples_are_there():
    kinds = [framework(code) for _, code in examples()]
    assert [kind for kind in kinds if kind] == ["keras", "torch", "tensorflow"]
    assert len(kinds) >= 11


LIGHT = [
    (page, code)
    for page, code in examples()
    if not framework(code) and '"mine"' not in code
]
HEAVY = [(page, code) for page, code in examples() if framework(code)]


@pytest.mark.parametrize(
    ("page", "code"), LIGHT,
    ids=[f"{name(page)}-{i}" for i, (page, _) in enumerate(LIGHT)],
)  # fmt: skip
def test_an_example_runs(page, code, place):
    exec(compile(code, name(page), "exec"), {})


@pytest.mark.slow
@pytest.mark.parametrize("code", [code for _, code in HEAVY], ids=framework)
def test_an_example_with_a_framework_runs(code, place):
    if not importlib.util.find_spec(framework(code)):
        pytest.skip(f"{framework(code)} is not installed")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("KERAS_BACKEND", None)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
