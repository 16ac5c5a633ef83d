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

    The tables are as wide as the terminal, or WIDTH without one.
    """
    width = None if Console().is_terminal else WIDTH
    out = Console(file=io.StringIO(), markup=False, highlight=False, width=width)
    with out.capture() as captured:
        for metric in dict.fromkeys(line.metric for line in found):
            chosen = [line for line in found if line.metric == metric]
            out.print(_make_metric_table(metric, chosen))
        out.print(_make_time_table(chosen))
    return captured.get()


def _make_metric_table(metric: str, chosen: Sequence[Line]) -> Table:
    table = _make_table(
        f"{TITLES[metric]}, mean of {chosen[0].pictures}, at bits per pixel",
        "codec", "BD-rate", "over", "won–lost", *(f"{bpp:g}" for bpp in RATES_BPP),
    )  # fmt: skip
    digits = DIGITS.get(metric, 2)
    for line in chosen:
        gap = line.bd_rate
        table.add_row(
            _shorten(line, chosen),
            f"{gap.value:+.1f} %" if gap else "–",
            f"{gap.low:.{digits}f}–{gap.high:.{digits}f}" if gap else "–",
            "–" if line.won is None else f"{line.won}–{line.lost}",
            *("–" if value is None else f"{value:.{digits}f}" for value in line.at),
        )
    return table


def _make_time_table(chosen: Sequence[Line]) -> Table:
    table = _make_table("Seconds per megapixel, median", "codec", "encode", "decode")
    for line in chosen:
        if not math.isnan(line.encode_s):
            seconds = _format_seconds(line.encode_s), _format_seconds(line.decode_s)
            table.add_row(_shorten(line, chosen), *seconds)
    return table


def _format_seconds(value: float, unknown: str = "–") -> str:
    return unknown if math.isnan(value) else f"{value:.3g}"


def _make_table(title: str, *columns: str) -> Table:
    table = Table(*columns, box=box.SIMPLE, padding=(0, 1, 0, 0), title=title)
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    table.columns[0].justify = "left"
    return table


def _shorten(line: Line, lines: Sequence[Line]) -> str:
    mark = " (published)" if line.version == PUBLISHED else ""
    return display_name(line, lines).removeprefix("comrec:") + mark


def _round(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 4)


def _format_cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
