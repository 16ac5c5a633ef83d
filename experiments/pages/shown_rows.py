"""Reads rows, and writes them as lines of Markdown tables."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"
LITE = "comrec-lite-2"
Row = dict[str, str]


def tsv(name: str) -> list[Row]:
    """Returns the rows of one file in experiments/results."""
    with (RESULTS / f"{name}.tsv").open() as file:
        return list(csv.DictReader(file, delimiter="\t"))


def table(head: Iterable[str], *lines: Iterable[str]) -> str:
    """Returns a Markdown table."""
    head = list(head)
    return "\n".join(map(_line, [head, ["---"] * len(head), *lines]))


def listed(names: Iterable[str], last: str = " and ") -> str:
    """Returns names as in a sentence: "a, b and c"."""
    *others, final = names
    return f"{', '.join(others)}{last}{final}" if others else final


def mean(rows: Iterable[Row], column: str) -> float:
    values = [float(row[column]) for row in rows]
    return sum(values) / len(values)


def _line(cells: Iterable[str]) -> str:
    return f"|{'|'.join(f' {cell} ' if cell else ' ' for cell in cells)}|"
