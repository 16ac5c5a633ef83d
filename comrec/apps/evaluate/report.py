"""A summary as a person reads it, and as a file."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from comrec.apps.evaluate.summary import PUBLISHED, RATES_BPP, Line, name

TITLES = {
    "rgb_psnr_db": "RGB PSNR (dB)",
    "luma_psnr_db": "luma PSNR (dB)",
    "ssim": "SSIM of luma",
    "ms_ssim_db": "MS-SSIM (dB)",
    "ssimulacra2": "SSIMULACRA2",
}
DIGITS = {"ssim": 4}  # 2 for the others
WIDTH = 132  # where there is no terminal to ask


def as_tsv(found: Sequence[Line]) -> bytes:
    """A row for each line."""
    out = io.StringIO()
    records = [record(line) for line in found]
    writer = csv.DictWriter(out, records[0], delimiter="\t", lineterminator="\n")
    writer.writeheader()
    for one in records:
        cells = {name: _cell(value) for name, value in one.items()}
        writer.writerow(cells)
    return out.getvalue().encode()


def is_tsv(data: bytes) -> bool:
    """Tells whether a file begins as a summary."""
    return data.startswith(b"codec\tversion\tchannels\tpictures\t")


def record(line: Line) -> dict[str, object]:
    """Names and values, for a table or as JSON; None for what there is not."""
    rate, gain = line.bd_rate, line.bd_quality
    return {
        "codec": line.codec,
        "version": line.version,
        "channels": line.channels,
        "pictures": line.pictures,
        "settings": len(line.curve.bpp),
        "metric": line.metric,
        "bd_rate_percent": _rounded(rate and rate.value),
        "bd_rate_from": _rounded(rate and rate.low),
        "bd_rate_to": _rounded(rate and rate.high),
        "bd_rate_akima_percent": _rounded(line.bd_akima and line.bd_akima.value),
        "bd_quality": _rounded(gain and gain.value),
        "bd_quality_from_bpp": _rounded(gain and gain.low),
        "bd_quality_to_bpp": _rounded(gain and gain.high),
        **{
            f"at_{bpp:.2f}_bpp": _rounded(value)
            for bpp, value in zip(RATES_BPP, line.at, strict=True)
        },
        "won": line.won,
        "lost": line.lost,
        "encode_s_per_mp": _rounded(line.encode_s),
        "decode_s_per_mp": _rounded(line.decode_s),
    }


def text(found: Sequence[Line]) -> str:
    """A table for each metric, then one of times.

    As wide as the terminal, or wide enough where the output goes elsewhere.
    """
    width = None if Console().is_terminal else WIDTH
    out = Console(file=io.StringIO(), markup=False, highlight=False, width=width)
    with out.capture() as captured:
        for metric in dict.fromkeys(line.metric for line in found):
            chosen = [line for line in found if line.metric == metric]
            out.print(_curves(metric, chosen))
        out.print(_times(chosen))
    return captured.get()


def _curves(metric: str, chosen: Sequence[Line]) -> Table:
    table = _table(
        f"{TITLES[metric]}, mean of {chosen[0].pictures}, at bits per pixel",
        "codec", "BD-rate", "over", "won–lost", *(f"{bpp:g}" for bpp in RATES_BPP),
    )  # fmt: skip
    digits = DIGITS.get(metric, 2)
    for line in chosen:
        gap = line.bd_rate
        table.add_row(
            _short(line, chosen),
            f"{gap.value:+.1f} %" if gap else "–",
            f"{gap.low:.{digits}f}–{gap.high:.{digits}f}" if gap else "–",
            "–" if line.won is None else f"{line.won}–{line.lost}",
            *("–" if value is None else f"{value:.{digits}f}" for value in line.at),
        )
    return table


def _times(chosen: Sequence[Line]) -> Table:
    table = _table("Seconds per megapixel, median", "codec", "encode", "decode")
    for line in chosen:
        if not math.isnan(line.encode_s):
            seconds = _seconds(line.encode_s), _seconds(line.decode_s)
            table.add_row(_short(line, chosen), *seconds)
    return table


def _seconds(value: float, unknown: str = "–") -> str:
    return unknown if math.isnan(value) else f"{value:.3g}"


def _table(title: str, *columns: str) -> Table:
    table = Table(*columns, box=box.SIMPLE, padding=(0, 1, 0, 0), title=title)
    for column in table.columns:
        column.justify, column.no_wrap = "right", True
    table.columns[0].justify = "left"
    return table


def _short(line: Line, lines: Sequence[Line]) -> str:
    mark = " (published)" if line.version == PUBLISHED else ""
    return name(line, lines).removeprefix("comrec:") + mark


def _rounded(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else round(value, 4)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4f}" if isinstance(value, float) else str(value)
