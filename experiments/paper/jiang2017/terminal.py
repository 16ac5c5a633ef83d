"""Prints the tables."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from jiang2017.protocols import BUDGETS, PROTOCOLS, Row
from jiang2017.published import Line, Published

WIDTH = 100  # columns, where the output is not a terminal
LABELS = {
    "jpeg": "JPEG",
    "half": "half size",
    "comcnn": "ComCNN only",
    "reccnn": "RecCNN only",
    "comrec": "comrec",
}
NUMERALS = {"qf5": "I", "qf10": "II"}
RULES = {
    "paper": "Standard Huffman tables, one quality for all pictures, mean bytes of the "
    ".jpg alone",
    "byte-fair": "Optimised Huffman tables, each picture's .jpg and sidecar within its "
    "own direct JPEG",
    "mozjpeg": "As byte-fair, but mozjpeg writes every .jpg into the bytes of "
    "libjpeg-turbo's direct JPEG",
}
EXTERNAL = ("arcnn", "comrec", "released")  # published results with their own line
FOOTNOTE = (
    "* Published by Jiang et al., under the paper protocol. Released: measured with "
    "the authors'\n  released weights, under the protocol of the table."
)


def console() -> Console:
    """Returns a console, wide enough for the tables if it writes to a file or pipe."""
    found = Console(markup=False, highlight=False)
    if not found.is_terminal:
        found = Console(markup=False, highlight=False, width=WIDTH)
    return found


def show(rows: Sequence[Row], published: Published, out: Console) -> None:
    """Prints a table for each protocol and budget with rows."""
    for protocol in PROTOCOLS:
        for budget in BUDGETS:
            chosen = [
                row
                for row in rows
                if (row.budget, row.protocol) == (budget, protocol.name)
            ]
            if chosen:
                _show_one(chosen, published, out)
    if published.covers(list(dict.fromkeys(row.image for row in rows))):
        out.print(FOOTNOTE)


def _show_one(rows: Sequence[Row], published: Published, out: Console) -> None:
    budget, protocol = rows[0].budget, rows[0].protocol
    table = _table(rows, published, with_pictures=True)
    needed = out.measure(table, options=out.options.update(max_width=10_000)).maximum
    rule = RULES[protocol]
    if needed > out.width:
        table = _table(rows, published, with_pictures=False)
        rule += f"; means of {len({row.image for row in rows})} pictures"
    out.print(
        f"Table {NUMERALS[budget]}, within the bytes of JPEG QF {BUDGETS[budget]}: "
        f"protocol {protocol}",
        style="bold",
    )
    out.print(rule)
    out.print()
    out.print(table)
    out.print()


def _table(rows: Sequence[Row], published: Published, with_pictures: bool) -> Table:
    methods = list(dict.fromkeys(row.method for row in rows))
    pictures = [row.image for row in rows if row.method == methods[0]]
    budget, protocol = rows[0].budget, rows[0].protocol
    compared = published.covers(pictures)
    shown = pictures if with_pictures else []
    # Seven names and everything else fit in 100 columns with one blank between them.
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False)
    table.add_column("PSNR, dB", no_wrap=True)
    heads = [*shown, "  mean", "SSIM", "bpp"]
    if compared and protocol != "mozjpeg":
        heads += ["  mean*", "SSIM*"]
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for method in methods:
        mine = [row for row in rows if row.method == method]
        line = published.find(budget, protocol, method) if compared else None
        cells = [
            *[_db(row.psnr_db) for row in mine if with_pictures],
            _db(mean(mine, "psnr_db")),
            _ssim(mean(mine, "ssim")),
            f"{mean(mine, 'rate_bpp'):.3f}",
            *_means(line),
        ]
        style = "bold" if method == "comrec" else None
        table.add_row(_label(method, protocol), *cells[: len(heads)], style=style)
    table.add_section()
    for method in EXTERNAL if compared else ():
        line = published.find(budget, protocol, method)
        if line is not None:
            figures = [_db(line.psnr_db(image)) for image in shown]
            cells = [*figures, "", "", "", *_means(line)]
            table.add_row(f"{line.label}*", *cells, style="dim")
    return table


def _label(method: str, protocol: str) -> str:
    return "mozjpeg" if (method, protocol) == ("jpeg", "mozjpeg") else LABELS[method]


def _means(line: Line | None) -> list[str]:
    return ["", ""] if line is None else [_db(line.mean_db), _ssim(line.mean_ssim)]


def mean(rows: Sequence[Row], column: str) -> float:
    """Returns the mean of a column over the pictures."""
    return float(np.mean([getattr(row, column) for row in rows]))


def _db(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.2f}"


def _ssim(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4f}".removeprefix("0")
