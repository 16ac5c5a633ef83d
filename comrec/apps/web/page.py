"""Makes the page of a gallery, and the frame that every page of a site has."""

from __future__ import annotations

import html
import os
from collections.abc import Collection, Sequence
from importlib import resources
from string import Template
from typing import Any
from urllib.parse import quote

import comrec
from comrec.apps.web import served
from comrec.networks import presets

GENERATOR = "comrec"  # with the version, marks a page that comrec made
Row = dict[str, Any]


def make_files(
    title: str, rows: Sequence[Row], totals: Row, link: str = ""
) -> dict[str, bytes]:
    """Returns the page, its style sheet and its script, by name.

    Args:
      title: of the page.
      rows: of the pictures, in order.
      totals: of `served.count_bytes`.
      link: URL of a page to drop pictures on; "" without one.
    """
    figures = "".join(_make_figure(row, i == 0) for i, row in enumerate(rows))
    more = f' <a href="{link}">Restore pictures of your own</a>.' if link else ""
    index = make_frame(
        title,
        summary=_summarise(totals),
        without_scripts="Nothing is restored here: scripts are switched off. What is "
        "shown are the JPEGs as they came.",
        main=f'<div class="figures">\n{figures}</div>\n',
        footer=fill("gallery.html", link=more),
        names={row["preset"] for row in rows},
        cost=_describe_cost(totals),
        scripts=("page.js", f"{served.SCRIPT}/comrec-img.js"),
    )
    return {
        "index.html": index,
        "page.css": f"{read_part('page.css')}{_make_sizes(rows)}".encode(),
        "page.js": read_part("dist/gallery.js").encode(),
    }


def make_frame(
    title: str,
    summary: str,
    without_scripts: str,
    main: str,
    footer: str,
    names: Collection[str],
    cost: str,
    scripts: Sequence[str],
    style: str = "",
) -> bytes:
    """Returns a page, UTF-8.

    Args:
      title, summary, without_scripts: texts.
      main, footer: HTML.
      names: presets whose networks the site has.
      cost: of a visit, a text.
      scripts: URLs of modules.
      style: URL of a style sheet besides page.css.
    """
    text = fill(
        "page.html",
        generator=f"{GENERATOR} {comrec.__version__}",
        title=html.escape(title),
        head=f'<link rel="stylesheet" href="{style}">\n' if style else "",
        summary=html.escape(summary),
        without_scripts=html.escape(without_scripts),
        main=main,
        footer=footer,
        cost=html.escape(cost),
        credit=html.escape(credit(names)),
        scripts="".join(
            f'<script type="module" fetchpriority="low" src="{url}"></script>\n'
            for url in scripts
        ),
    )
    return text.encode("utf-8", "replace")  # file names need not be valid text


def credit(names: Collection[str]) -> str:
    """Returns who made the networks of presets, and their licences; "" for none."""
    by_licence: dict[str, list[str]] = {}
    for name in sorted(names):
        preset = presets.find(name)
        if preset.licence:
            by_licence.setdefault(preset.licence, []).append(preset.name)
    parts = [f"{', '.join(n)} ({licence})" for licence, n in by_licence.items()]
    plural = "s" if sum(map(len, by_licence.values())) > 1 else ""
    if not parts:
        return ""
    return f"Network{plural} by the comrec developers: {'; '.join(parts)}."


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
    return fill(
        "figure.html",
        image=f"<comrec-img>{image}</comrec-img>" if restores else image,
        source=source,
        name=name,
        kind=f"{'restores' if restores else 'plain'} {_name_size(row)}",
        facts=html.escape(" · ".join(_list_facts(row))),
        divider=fill("divider.html", name=name) if restores else "",
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


def _name_size(row: Row) -> str:
    """Returns the class of a picture's size, which `_make_sizes` has a rule for."""
    return f"s{row['width_px']}x{row['height_px']}"


def _make_sizes(rows: Sequence[Row]) -> str:
    """Returns rules with the sizes of pictures: a strict page has no inline styles."""
    rules = {
        _name_size(row): f"--ratio: {row['width_px'] / row['height_px']:.3f}; "
        f"--width: {row['width_px']}px;"
        for row in rows
    }
    return "".join(f".{name} {{ {rule} }}\n" for name, rule in sorted(rules.items()))


def fill(template: str, **parts: str) -> str:
    """Returns a template of this folder with its parts."""
    return Template(read_part(template)).substitute(parts)


def read_part(name: str) -> str:
    """Returns the text of a file of this folder."""
    return (resources.files("comrec.apps.web") / name).read_text("utf-8")
