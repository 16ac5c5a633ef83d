"""Makes one HTML file of comparisons, which needs no other file and no network."""

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
from comrec.apps.compare.chart import OWN_LABEL, draw_charts
from comrec.apps.compare.measure import Comparison, Result
from comrec.image.window import Window

GENERATOR = "comrec"  # with the version, marks a page that `-f` may replace
WEBP_MAX_PX = 16_383  # of a side
MISSING = "–"
MARK = ' class="missing"'
COLUMNS = ("bytes", "bits per pixel", "PSNR, dB", "MS-SSIM", "SSIMULACRA2")


def make_page(names: Sequence[str], sections: Sequence[str]) -> bytes:
    """Returns the page, UTF-8, with a section for each picture."""
    title = names[0] if len(names) == 1 else f"{len(names)} pictures"
    return _fill(
        "page.html",
        generator=f"{GENERATOR} {comrec.__version__}",
        title=html.escape(f"comrec compare: {title}"),
        css=_read_part("page.css"),
        js=_read_part("page.js"),
        pictures="".join(sections),
    ).encode("utf-8", "replace")  # file names need not be valid text


def is_page(data: bytes) -> bool:
    """Returns whether comrec wrote an HTML page."""
    generator = f'<meta name="generator" content="{GENERATOR} '.encode()
    return data.startswith(b"<!doctype html>") and generator in data[:1000]


def make_section(comparison: Comparison, number: int) -> str:
    """Returns the section of one picture, whose index on the page is `number`."""
    height, width = comparison.size
    labels = [result.label for result in comparison.results]
    sources = {
        result.label: {
            "id": f"picture-{number}-{i}",
            "text": f"{comparison.name}, {result.label}",
            "bytes": f"{result.rate_bytes:,} bytes" if result.rate_bytes else "",
        }
        for i, result in enumerate(comparison.results)
    }
    return _fill(
        "section.html",
        number=str(number),
        name=html.escape(comparison.name),
        width=str(width),
        height=str(height),
        left=_make_choices(labels, labels[1] if labels[1] != OWN_LABEL else labels[0]),
        right=_make_choices(labels, OWN_LABEL),
        sources=json.dumps(sources).replace("<", "\\u003c"),
        pictures="".join(
            f'<img hidden id="picture-{number}-{i}" '
            f'src="{make_data_url(result.pixels)}" alt="">\n'
            for i, result in enumerate(comparison.results)
        ),
        columns="".join(
            f'<th scope="col" role="columnheader">{name}</th>' for name in COLUMNS
        ),
        rows="".join(_make_row(comparison, result) for result in comparison.results),
        notes="".join(
            f'<p class="quiet">{html.escape(n)}</p>\n' for n in comparison.notes
        ),
        crops=_make_crops(comparison),
        chart=_make_chart(comparison),
    )


def _make_choices(labels: Iterable[str], chosen: str) -> str:
    return "".join(
        f"<option{' selected' if label == chosen else ''}>{html.escape(label)}</option>"
        for label in labels
    )


def _make_row(comparison: Comparison, result: Result) -> str:
    own = ' class="own"' if result.label == OWN_LABEL else ""
    cells = [
        f"{result.rate_bytes:,}" if result.rate_bytes else MISSING,
        f"{comparison.rate_bpp(result):.3f}" if result.rate_bytes else MISSING,
        _format_number(result.psnr_db, ".2f") if result.rate_bytes else MISSING,
        _format_number(result.ms_ssim, ".4f"),
        _format_number(result.ssimulacra2, ".1f"),
    ]
    figures = "".join(
        f'<td role="cell" data-name="{name}"{MARK * (cell == MISSING)}>{cell}</td>'
        for name, cell in zip(COLUMNS, cells, strict=True)
    )
    return (
        f'<tr role="row"{own}><th scope="row" role="rowheader">'
        f"{html.escape(result.label)}</th>{figures}"
        f'<td role="cell" class="detail">{html.escape(result.detail)}</td></tr>\n'
    )


def _format_number(value: float | None, how: str) -> str:
    if value is None or math.isnan(value):
        return MISSING
    return "∞" if math.isinf(value) else format(value, how)


def _make_crops(comparison: Comparison) -> str:
    if not comparison.crops:
        return ""
    parts = "".join(_make_crop(comparison, window) for window in comparison.crops)
    return (
        f"<h3>Where plain JPEG and comrec differ most</h3>\n"
        f'<ul class="crops">\n{parts}</ul>\n'
    )


def _make_crop(comparison: Comparison, window: Window) -> str:
    """Returns a button that shows one window of three pictures, and leads to it."""
    three = comparison.results[:3]
    parts = "".join(
        f'<i style="background-image:url({url})"></i>'
        for url in (make_data_url(result.pixels[window.slices]) for result in three)
    )
    x, y = (window.x0 + window.x1) / 2, (window.y0 + window.y1) / 2
    side = max(window.x1 - window.x0, window.y1 - window.y0)
    labels = ", ".join(html.escape(result.label) for result in three)
    return (
        f'<li><button type="button" data-x="{x:g}" data-y="{y:g}" data-side="{side}" '
        f'aria-label="{labels}: show the part at {x:.0f}, {y:.0f}"><span>{parts}</span>'
        f"<small>{labels}</small></button></li>\n"
    )


def _make_chart(comparison: Comparison) -> str:
    if not comparison.curves:
        return ""
    dots = {
        result.label: (comparison.rate_bpp(result), result.psnr_db)
        for result in comparison.results
        if result.rate_bytes
    }
    drawn = draw_charts(comparison.curves, dots)
    return drawn and f"<h3>Rate and distortion</h3>\n{drawn}\n"


def make_data_url(pixels: np.ndarray) -> str:
    """Returns a lossless data URL of pixels, uint8 (H, W, 1|3)."""
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    out = io.BytesIO()
    if max(picture.size) <= WEBP_MAX_PX:
        picture.convert("RGB").save(out, "WEBP", lossless=True, method=3)
        kind = "webp"
    else:
        picture.save(out, "PNG")
        kind = "png"
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode()}"


def _fill(template: str, **parts: str) -> str:
    return Template(_read_part(template)).substitute(parts)


def _read_part(name: str) -> str:
    return (resources.files("comrec.apps.compare") / name).read_text("utf-8")
