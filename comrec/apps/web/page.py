"""The page of a gallery: what stands in it of each picture, and of all together."""

from __future__ import annotations

import html
import os
from collections.abc import Sequence
from importlib import resources
from string import Template
from typing import Any
from urllib.parse import quote

import comrec

GENERATOR = "comrec"  # and its version: by this a page of comrec's is known
Row = dict[str, Any]


def files(title: str, rows: Sequence[Row], totals: Row) -> dict[str, bytes]:
    """The page and what belongs to it alone, by name.

    Args:
      title: of the page.
      rows: of the pictures, in their order.
      totals: bytes of all of them, of the script and of the networks.
    """
    index = _filled(
        "page.html",
        generator=f"{GENERATOR} {comrec.__version__}",
        title=html.escape(title),
        summary=_summary(totals),
        figures="".join(_figure(row, i == 0) for i, row in enumerate(rows)),
        cost=_cost(totals),
    )
    return {
        "index.html": index.encode("utf-8", "replace"),  # a name need not be text
        "page.css": _part("page.css").encode(),
        "page.js": _part("page.js").encode(),
    }


def url(name: str) -> str:
    """A file's name, with slashes, as a relative URL."""
    return quote(os.fsencode(name))


def amount(size: int) -> str:
    """A number of bytes for people, in units of a thousand."""
    if size < 1000:
        return f"{size}\N{NO-BREAK SPACE}bytes"
    digits = 0 if size >= 10_000 else 1
    if size < 999_500:
        return f"{size / 1000:.{digits}f}\N{NO-BREAK SPACE}KB"
    return f"{size / 1e6:.1f}\N{NO-BREAK SPACE}MB"


def _figure(row: Row, is_first: bool) -> str:
    source = url(row["files"][0])
    name = html.escape(row["title"])
    restores = row["restores"]
    image = (
        f'<img src="{source}" alt="{name}" width="{row["width_px"]}" '
        f'height="{row["height_px"]}" loading="{"eager" if is_first else "lazy"}">'
    )
    return _filled(
        "figure.html",
        image=f"<comrec-img>{image}</comrec-img>" if restores else image,
        source=source,
        name=name,
        kind="restores" if restores else "plain",
        facts=" · ".join(_facts(row)),
        divider=_filled("divider.html", name=name) if restores else "",
    )


def _facts(row: Row) -> list[str]:
    facts = [f"{row['width_px']} × {row['height_px']}", amount(row["bytes"])]
    if row.get("input_bytes"):
        more = _less(row["bytes"], row["input_bytes"])
        facts.append(f"{more} the file it was made from ({amount(row['input_bytes'])})")
    if row.get("plain_bytes") and row["preset"] != "plain":
        quality = f"quality {row['plain_quality']}" if row["plain_quality"] else ""
        plain = f"plain JPEG no closer to it ({quality}, {amount(row['plain_bytes'])})"
        facts.append(f"{_less(row['bytes'], row['plain_bytes'])} {plain}")
    if not row["restores"]:
        facts.append("a plain JPEG, shown as it is")
    return facts


def _less(ours: int, theirs: int) -> str:
    share = round(100 * (1 - ours / theirs))
    if share > 0:
        return f"{share}\N{NO-BREAK SPACE}% less than"
    return "as much as" if share == 0 else f"{-share}\N{NO-BREAK SPACE}% more than"


def _summary(totals: Row) -> str:
    count = totals["pictures"]
    text = (
        f"{count} picture{'s' if count > 1 else ''}, {amount(totals['pictures_bytes'])}"
    )
    if totals["input_bytes"]:
        came = amount(totals["input_bytes"])
        less = _less(totals["compared_bytes"], totals["input_bytes"])
        text += f": {less} the files they were made from ({came})"
    if totals["plain_bytes"]:
        plain = amount(totals["plain_bytes"])
        less = _less(totals["judged_bytes"], totals["plain_bytes"])
        text += f", and {less} plain JPEG that is no closer to them ({plain})"
    return f"{text}."


def _cost(totals: Row) -> str:
    script = amount(totals["script_bytes"])
    packed = amount(totals["script_gzip_bytes"])
    network = amount(totals["network_bytes"])
    return (
        f"The script with its runtime takes at most {script} ({packed} with gzip), the "
        f"network {network}; both are loaded once and kept by the browser."
    )


def _filled(template: str, **parts: str) -> str:
    return Template(_part(template)).substitute(parts)


def _part(name: str) -> str:
    return (resources.files("comrec.apps.web") / name).read_text("utf-8")
