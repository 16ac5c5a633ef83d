"""Writes a summary as a table of text, as TSV, and as JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from comrec.apps.evaluate.summary import PUBLISHED, RATES_BPP, Line, display_name

TITLES = {
    "rgb_psnr_db": "RGB PSNR (dB)",
    "luma_psnr_db": "luma PSNR (dB)",
    "ssim": "SSIM of luma",
    "ms_ssim_db": "MS-SSIM (dB)",
    "ssimulacra2": "SSIMULACRA2",
}
DIGITS = {"ssim": 4}  # 2 for the others
WIDTH = 132  # in characters, without a terminal
Columns = dict[str, list[str]]  # cells by title, one for each line


def as_tsv(found: Sequence[Line]) -> bytes:
    """Returns a TSV file with a row for each line."""
    out = io.StringIO()
    records = [record(line) for line in found]
    writer = csv.DictWriter(out, records[0], delimiter="\t", lineterminator="\n")
    writer.writeheader()
    for row in records:
        cells = {name: _format_cell(value) for name, value in row.items()}
        writer.writerow(cells)
    return out.getvalue().encode()


def is_tsv(data: bytes) -> bool:
    """Tells whether a file begins as a summary."""
    return data.startswith(b"codec\tversion\tchannels\tpictures\t")


def record(line: Line) -> dict[str, object]:
    """Returns the names and values of a line, as JSON values; None for missing ones."""
    rate, gain = line.bd_rate, line.bd_quality
    return {
        "codec": line.codec,
        "version": line.version,
        "channels": line.channels,
        "pictures": line.pictures,
        "settings": len(line.curve.bpp),
        "metric": line.metric,
        "bd_rate_percent": _round(rate and rate.value),
        "bd_rate_from": _round(rate and rate.low),
        "bd_rate_to": _round(rate and rate.high),
        "bd_rate_akima_percent": _round(line.bd_akima and line.bd_akima.value),
        "bd_quality": _round(gain and gain.value),
        "bd_quality_from_bpp": _round(gain and gain.low),
        "bd_quality_to_bpp": _round(gain and gain.high),
        **{
            f"at_{bpp:.2f}_bpp": _round(value)
            for bpp, value in zip(RATES_BPP, line.at, strict=True)
        },
        "won": line.won,
        "lost": line.lost,
        "encode_s_per_mp": _round(line.encode_s),
        "decode_s_per_mp": _round(line.decode_s),
    }


def text(found: Sequence[Line]) -> str:
    """Returns a table for each metric, and one of times.

    The tables are at most as wide as the terminal, or WIDTH without one. Below WIDTH
    the table of a metric is divided: the BD-rates, then the values by rate.
    """
    console = Console()
    width = console.width if console.is_terminal else WIDTH
    out = Console(file=io.StringIO(), markup=False, highlight=False, width=width)
    with out.capture() as captured:
        for metric in dict.fromkeys(line.metric for line in found):
            chosen = [line for line in found if line.metric == metric]
            title = f"{TITLES[metric]}, mean of {chosen[0].pictures}"
            columns = (
                _make_gap_columns(metric, chosen),
                _make_rate_columns(metric, chosen),
            )
            if width >= WIDTH:
                _print_table(out, f"{title}, at bits per pixel", chosen, *columns)
                continue
            _print_table(out, title, chosen, columns[0])
            _print_table(out, f"{title}, at bits per pixel", chosen, columns[1])
        timed = [line for line in chosen if not math.isnan(line.encode_s)]
        _print_table(out, "Seconds per megapixel, median", timed, _make_times(timed))
    return captured.get()


def _make_gap_columns(metric: str, chosen: Sequence[Line]) -> Columns:
    """Returns the columns of the gap to the anchor."""
    digits = DIGITS.get(metric, 2)
    gaps = [line.bd_rate for line in chosen]
    return {
        "BD-rate": [f"{gap.value:+.1f} %" if gap else "–" for gap in gaps],
        "over": [
            f"{gap.low:.{digits}f}–{gap.high:.{digits}f}" if gap else "–"
            for gap in gaps
        ],
        "won–lost": [
            "–" if line.won is None else f"{line.won}–{line.lost}" for line in chosen
        ],
    }


def _make_rate_columns(metric: str, chosen: Sequence[Line]) -> Columns:
    """Returns a column for each of RATES_BPP, with the value of the metric there."""
    digits = DIGITS.get(metric, 2)
    by_rate = zip(*(line.at for line in chosen), strict=True)
    return {
        f"{bpp:g}": [
            "–" if value is None else f"{value:.{digits}f}" for value in values
        ]
        for bpp, values in zip(RATES_BPP, by_rate, strict=True)
    }


def _make_times(timed: Sequence[Line]) -> Columns:
    return {
        "encode": [_format_seconds(line.encode_s) for line in timed],
        "decode": [_format_seconds(line.decode_s) for line in timed],
    }


def _format_seconds(value: float, unknown: str = "–") -> str:
    return unknown if math.isnan(value) else f"{value:.3g}"


def _print_table(
    out: Console, title: str, chosen: Sequence[Line], *parts: Columns
) -> None:
    """Prints a title, and a table with a row for each line; long names are folded."""
    columns = {name: cells for part in parts for name, cells in part.items()}
    table = Table("codec", *columns, box=box.SIMPLE, padding=(0, 1, 0, 0))
    for column in table.columns[1:]:
        column.justify, column.no_wrap = "right", True
    table.columns[0].overflow = "fold"
    for i, line in enumerate(chosen):
        table.add_row(_shorten(line, chosen), *(cells[i] for cells in columns.values()))
    out.print(f" {title}")
    out.print(table)


def _shorten(line: Line, lines: Sequence[Line]) -> str:
    mark = " (published)" if line.version == PUBLISHED else ""
    return display_name(line, lines).removeprefix("comrec:") + mark


def _round(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 4)


def _format_cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
