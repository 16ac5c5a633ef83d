"""Files and modules that the prose names exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "notebooks").glob("*.ipynb"),
        *(ROOT / "pretrained").glob("*.md"),
        *(ROOT / "examples").glob("*.md"),
        *(ROOT / "experiments").rglob("*.md"),
    ]
)
SCRIPTS = sorted(
    path
    for folder in ("experiments", "fuzz", "examples")
    for path in (ROOT / folder).rglob("*.py")
)
NAMED = PAGES + SCRIPTS
FILE = re.compile(
    r"(?<![\w./-])((?:(?:experiments|fuzz|tests|docs|examples|notebooks|web/src)"
    r"/[\w./-]*\w\.(?:py|md|json|tsv|js|ipynb|yaml|sh)"
    r"|comrec/[\w/]+\.(?:py|json|tsv)))\b"
)
MODULE = re.compile(r"(?<![\w./-])comrec((?:\.[A-Za-z]\w*)+)")
PLACEHOLDERS = {"NAME", "SUBJECT", "FOLDER", "FILE"}  # stand for any name
SUFFIXES = {"jpg", "json", "tmp", "png", "webp"}  # of files called *.comrec.SUFFIX
LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)[^)]*\)")


def prose(path: Path) -> str:
    """Returns the text of a page, or the docstrings of a script."""
    text = path.read_text()
    if path.suffix != ".py":
        return text
    documented = ast.Module, ast.ClassDef, ast.FunctionDef
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, documented)]
    return "\n".join(ast.get_docstring(node) or "" for node in nodes)


def missing_files(text: str) -> list[str]:
    """Returns the files that a text names, and that do not exist."""
    return [
        name
        for name in FILE.findall(text)
        if not PLACEHOLDERS & set(re.split(r"\W", name)) and not (ROOT / name).exists()
    ]


def missing_modules(text: str) -> Iterator[str]:
    """Yields names such as comrec.a.b that are neither a module nor in one."""
    for dotted in MODULE.findall(text):
        parts = dotted.strip(".").split(".")
        place = ROOT / "comrec"
        while parts and (place / parts[0]).is_dir():
            place /= parts.pop(0)
        if parts and (place / f"{parts[0]}.py").is_file():
            place /= f"{parts.pop(0)}.py"
        source = place if place.is_file() else place / "__init__.py"
        known = source.read_text() if source.is_file() else "pretrained"
        if parts and parts[0] not in SUFFIXES and parts[0] not in known:
            yield f"comrec{dotted}"


@pytest.mark.parametrize("path", NAMED, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_modules_in_the_prose_exist(path):
    text = prose(path)
    assert missing_files(text) == []
    assert list(missing_modules(text)) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(path):
    links = LINK.findall(path.read_text()) if path.suffix == ".md" else []
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_a_file_or_a_module_that_does_not_exist_is_found():
    text = "`comrec/rate.py`, comrec.likely.Estimate, docs/nowhere.md, a.comrec.jpg"
    assert missing_files(text) == ["comrec/rate.py", "docs/nowhere.md"]
    assert list(missing_modules(text)) == ["comrec.likely.Estimate"]
    text = "comrec/jpeg/coding.py, comrec.jpeg.coding.encode, comrec.compress"
    assert (missing_files(text), list(missing_modules(text))) == ([], [])
