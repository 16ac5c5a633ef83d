"""Reads pages and the rows of the experiments."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "experiments" / "results"
README = (ROOT / "README.md").read_text()
LITE = "comrec-lite-2"


def page(name: str) -> str:
    """Returns the words of a page, in one line."""
    return " ".join((ROOT / name).read_text().split())


def tsv(name: str) -> list[dict[str, str]]:
    """Reads the rows of one table."""
    with (RESULTS / f"{name}.tsv").open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def cells(line: Sequence[str]) -> list[str]:
    """Returns the cells of a line of a table without the spaces around them."""
    return [cell.strip() for cell in line]
