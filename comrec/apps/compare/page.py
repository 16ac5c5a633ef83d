"""Comparisons as one HTML file that needs nothing else, no network and no server."""

from __future__ import annotations

import base64
import html
import io
import json
import math
from collections.abc import Iterable, Sequence
from importlib import resources
from string import Template

import numpy as np
from PIL import Image

import comrec
from comrec.apps.compare.chart import OWN_LABEL, chart
from comrec.apps.compare.measure import Comparison, Shown
from comrec.image.window import Window

GENERATOR = "comrec"  # and its version: by this `-f` knows a page of comrec's
WEBP_MAX_PX = 16_383  # a side of a WebP
MISSING = "–"


def page(names: Sequence[str], sections: Sequence[str]) -> bytes:
    """The whole page, UTF-8, of a section for each picture."""
    title = names[0] if len(names) == 1 else f"{len(names)} pictures"
    return _filled(
        "page.html",
        generator=f"{GENERATOR} {comrec.__version__}",
        title=html.escape(f"comrec compare: {title}"),
        css=_part("page.css"),
        js=_part("page.js"),
        pictures="".join(sections),
    ).encode("utf-8", "replace")  # a name need not be text


def is_page(data: bytes) -> bool:
    """Tells whether comrec wrote an HTML page."""
    generator = f'<meta name="generator" content="{GENERATOR} '.encode()
    return data.startswith(b"<!doctype html>") and generator in data[:1000]


def section(made: Comparison, number: int) -> str:
    """One picture, the number-th of the page."""
    height, width = made.size
    labels = [shown.label for shown in made.shown]
    sources = {
        shown.label: {
            "id": f"picture-{number}-{i}",
            "text": f"{made.name}, {shown.label}",
            "bytes": f"{shown.rate_bytes:,} bytes" if shown.rate_bytes else "",
        }
        for i, shown in enumerate(made.shown)
    }
    return _filled(
        "section.html",
        number=str(number),
        name=html.escape(made.name),
        width=str(width),
        height=str(height),
        left=_choices(labels, labels[1] if labels[1] != OWN_LABEL else labels[0]),
        right=_choices(labels, OWN_LABEL),
        sources=json.dumps(sources).replace("<", "\\u003c"),
        pictures="".join(
            f'<img hidden id="picture-{number}-{i}" src="{data_url(shown.pixels)}" '
            f'alt="">\n'
            for i, shown in enumerate(made.shown)
        ),
        rows="".join(_row(made, shown) for shown in made.shown),
        notes="".join(f'<p class="quiet">{html.escape(n)}</p>\n' for n in made.notes),
        crops=_crops(made),
        chart=_chart(made),
    )


def _choices(labels: Iterable[str], chosen: str) -> str:
    return "".join(
        f"<option{' selected' if label == chosen else ''}>{html.escape(label)}</option>"
        for label in labels
    )


def _row(made: Comparison, shown: Shown) -> str:
    own = ' class="own"' if shown.label == OWN_LABEL else ""
    cells = [
        f"{shown.rate_bytes:,}" if shown.rate_bytes else MISSING,
        f"{made.rate_bpp(shown):.3f}" if shown.rate_bytes else MISSING,
        _number(shown.psnr_db, ".2f") if shown.rate_bytes else MISSING,
        _number(shown.ms_ssim, ".4f"),
        _number(shown.ssimulacra2, ".1f"),
    ]
    figures = "".join(f"<td>{cell}</td>" for cell in cells)
    return (
        f'<tr{own}><th scope="row">{html.escape(shown.label)}</th>{figures}'
        f'<td class="detail">{html.escape(shown.detail)}</td></tr>\n'
    )


def _number(value: float | None, how: str) -> str:
    if value is None or math.isnan(value):
        return MISSING
    return "∞" if math.isinf(value) else format(value, how)


def _crops(made: Comparison) -> str:
    if not made.crops:
        return ""
    parts = "".join(_crop(made, window) for window in made.crops)
    return (
        f"<h3>Where plain JPEG and comrec differ most</h3>\n"
        f'<ul class="crops">\n{parts}</ul>\n'
    )


def _crop(made: Comparison, window: Window) -> str:
    """A button with the same part of three pictures, which leads there."""
    three = made.shown[:3]
    parts = "".join(
        f'<i style="background-image:url({data_url(shown.pixels[window.slices])})"></i>'
        for shown in three
    )
    x, y = (window.x0 + window.x1) / 2, (window.y0 + window.y1) / 2
    side = max(window.x1 - window.x0, window.y1 - window.y0)
    shown = ", ".join(html.escape(each.label) for each in three)
    return (
        f'<li><button type="button" data-x="{x:g}" data-y="{y:g}" data-side="{side}" '
        f'aria-label="{shown}: show the part at {x:.0f}, {y:.0f}"><span>{parts}</span>'
        f"<small>{shown}</small></button></li>\n"
    )


def _chart(made: Comparison) -> str:
    if not made.curves:
        return ""
    dots = {
        shown.label: (made.rate_bpp(shown), shown.psnr_db)
        for shown in made.shown
        if shown.rate_bytes
    }
    drawn = chart(made.curves, dots)
    return drawn and f"<h3>Rate and distortion</h3>\n{drawn}\n"


def data_url(pixels: np.ndarray) -> str:
    """Pixels, uint8 (H, W, 1|3), without loss, in what browsers show."""
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    out = io.BytesIO()
    if max(picture.size) <= WEBP_MAX_PX:
        picture.convert("RGB").save(out, "WEBP", lossless=True, method=3)
        kind = "webp"
    else:
        picture.save(out, "PNG")
        kind = "png"
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode()}"


def _filled(template: str, **parts: str) -> str:
    return Template(_part(template)).substitute(parts)


def _part(name: str) -> str:
    return (resources.files("comrec.apps.compare") / name).read_text("utf-8")
