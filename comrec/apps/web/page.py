"""Makes the page of a gallery, with the facts of each picture and of all."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from importlib import resources
from string import Template
from typing import Any
from urllib.parse import quote

import comrec

GENERATOR = "comrec"  # with the version, marks a page that comrec made
Row = dict[str, Any]


def make_files(title: str, rows: Sequence[Row], totals: Row) -> dict[str, bytes]:
    """Returns the page, its style sheet and its script, by name.

    Args:
      title: of the page.
      rows: of the pictures, in order.
      totals: of `served.count_bytes`.
    """
    index = _fill(
        "page.html",
        generator=f"{GENERATOR} {comrec.__version__}",
        title=html.escape(title),
        summary=html.escape(_summarise(totals)),
        figures="".join(_make_figure(row, i == 0) for i, row in enumerate(rows)),
        cost=html.escape(_describe_cost(totals)),
    )
    return {
        # File names need not be valid text.
        "index.html": index.encode("utf-8", "replace"),
        "page.css": _read_part("page.css").encode(),
        "page.js": _read_part("page.js").encode(),
    }


def make_url(name: str) -> str:
    """Returns the relative URL of a file's name with slashes."""
    return quote(os.fsencode(name))


def format_bytes(size: int) -> str:
    """Returns a number of bytes in words, in units of powers of a thousand."""
    if size < 1000:
        return f"{size}\N{NO-BREAK SPACE}bytes"
    digits = 0 if size >= 10_000 else 1
    if size < 999_500:
        return f"{size / 1000:.{digits}f}\N{NO-BREAK SPACE}KB"
    return f"{size / 1e6:.1f}\N{NO-BREAK SPACE}MB"


def _make_figure(row: Row, is_first: bool) -> str:
    source = make_url(row["files"][0])
    name = html.escape(row["title"])
    restores = row["restores"]
    image = (
        f'<img src="{source}" alt="{name}" width="{row["width_px"]}" '
        f'height="{row["height_px"]}" loading="{"eager" if is_first else "lazy"}">'
    )
    return _fill(
        "figure.html",
        image=f"<comrec-img>{image}</comrec-img>" if restores else image,
        source=source,
        name=name,
        kind="restores" if restores else "plain",
        facts=html.escape(" · ".join(_list_facts(row))),
        divider=_fill("divider.html", name=name) if restores else "",
    )


def _list_facts(row: Row) -> list[str]:
    facts = [f"{row['width_px']} × {row['height_px']}", format_bytes(row["bytes"])]
    if row.get("input_bytes"):
        more = _compare(row["bytes"], row["input_bytes"])
        facts.append(
            f"{more} the file it was made from ({format_bytes(row['input_bytes'])})"
        )
    if row.get("plain_bytes") and row["preset"] != "plain":
        quality = f"quality {row['plain_quality']}" if row["plain_quality"] else ""
        plain = f"{quality}, {format_bytes(row['plain_bytes'])}"
        less = _compare(row["bytes"], row["plain_bytes"])
        facts.append(f"{less} plain JPEG no closer to it ({plain})")
    if not row["restores"]:
        facts.append("a plain JPEG, shown unchanged")
    return facts


def _compare(ours: int, theirs: int) -> str:
    share = round(100 * (1 - ours / theirs))
    if share > 0:
        return f"{share}\N{NO-BREAK SPACE}% less than"
    if share == 0:
        return "as much as"
    if ours < 2 * theirs:
        return f"{-share}\N{NO-BREAK SPACE}% more than"
    return f"{ours / theirs:.1f} times"


def _summarise(totals: Row) -> str:
    count = totals["pictures"]
    size = format_bytes(totals["pictures_bytes"])
    text = f"{count} picture{'s' if count > 1 else ''}, {size}"
    if totals["input_bytes"]:
        source = format_bytes(totals["input_bytes"])
        less = _compare(totals["compared_bytes"], totals["input_bytes"])
        text += f": {less} the files they were made from ({source})"
    if totals["plain_bytes"]:
        plain = format_bytes(totals["plain_bytes"])
        less = _compare(totals["judged_bytes"], totals["plain_bytes"])
        text += f", and {less} plain JPEG that is no closer to them ({plain})"
    return f"{text}."


def _describe_cost(totals: Row) -> str:
    script = format_bytes(totals["script_bytes"])
    packed = format_bytes(totals["script_gzip_bytes"])
    network = format_bytes(totals["network_bytes"])
    return (
        f"The script with its runtime takes at most {script} ({packed} with gzip), the "
        f"network {network}; both are loaded once and kept by the browser."
    )


def _fill(template: str, **parts: str) -> str:
    return Template(_read_part(template)).substitute(parts)


def _read_part(name: str) -> str:
    return (resources.files("comrec.apps.web") / name).read_text("utf-8")
