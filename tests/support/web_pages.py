"""Makes pictures and pages for the tests of pages, and reads the results."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pictures
import pytest
import web_site
from PIL import Image

import comrec
from comrec.apps.web import network
from comrec.networks import presets

PRESET = presets.find("comrec-lite-2")
BITS = 16
NETWORK = network.make_file_name(PRESET, BITS)
DIST = web_site.ROOT / "comrec" / "apps" / "web" / "dist"
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' blob:; "
    "connect-src 'self'; style-src 'self'; worker-src 'self'"
)
SCRIPT = '<script type="module" src="comrec-img.js"></script>'
IN_BROWSER = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(web_site.MISSING), reason=f"missing: {web_site.MISSING}"),
]
# Reads the state of the only picture of a page.
LOOK = """
    await seen.wait(1);
    await seen.sleep(100);
    const [img] = document.images;
    return {
      src: img.currentSrc, state: img.dataset.comrec, natural: img.naturalWidth,
      srcset: img.getAttribute("srcset"),
    };
"""


def astronaut() -> np.ndarray:
    return pytest.importorskip("skimage.data").astronaut()


def large() -> np.ndarray:
    """Makes a photo of a megapixel."""
    size = 1152, 912
    return np.asarray(
        Image.fromarray(astronaut()).resize(size, Image.Resampling.BICUBIC)
    )


# Name to (picture, scale, whether the sidecar is in the .jpg).
CASES = {
    "scale-1": (lambda: pictures.photo(97, 131), 1, False),
    "scale-1.5": (lambda: pictures.photo(97, 131), 1.5, False),
    "scale-2": (lambda: pictures.photo(97, 131), 2, True),
    "grey": (lambda: pictures.grey(64, 64), 1.5, False),
    "grey-odd": (lambda: pictures.grey(53, 29), 2, True),
    "alpha": (lambda: pictures.with_alpha(pictures.photo(60, 77)), 2, False),
    "alpha-embedded": (lambda: pictures.with_alpha(pictures.photo(60, 77)), 1.5, True),
    "grey-alpha": (lambda: pictures.with_alpha(pictures.grey(40, 56)), 1, False),
    "29x100": (lambda: pictures.photo(29, 100), 1.5, False),
    "1x17": (lambda: pictures.photo(1, 17), 2, False),
    "1x1": (lambda: pictures.photo(1, 1), 1, False),
    "tiles": (astronaut, 1.5, False),
}


def compressed(image: np.ndarray, scale: float, embed: bool = False):
    return comrec.compress(
        image, preset=PRESET.name, scale=scale, jpeg_quality=40, embed=embed
    )


def put(folder: Path, name: str, each: comrec.Compressed) -> None:
    (folder / f"{name}.comrec.jpg").write_bytes(each.jpeg)
    if each.sidecar:
        (folder / f"{name}.comrec.json").write_bytes(each.sidecar)


def element(name: str = "photo", more: str = "", size: str = "") -> str:
    """Returns a <comrec-img> with its <img>; `more` are attributes of the first."""
    image = f'<img id="{name}" src="{name}.comrec.jpg" alt="A photo" {size}>'
    return f"<comrec-img {more}>{image}</comrec-img>"


def page(site: web_site.Site, body: str, head: str = SCRIPT) -> str:
    """Writes a page to the site; returns its URL."""
    text = f'<!doctype html><html lang="en"><meta charset="utf-8">{head}{body}'
    (site.folder / "page.html").write_text(text)
    return f"{site.url}page.html"


def style(site: web_site.Site, css: str) -> str:
    """Writes a style sheet to the site; returns its element."""
    (site.folder / "style.css").write_text(css)
    return '<link rel="stylesheet" href="style.css">'


def shown(data: str) -> Image.Image:
    """Opens the picture of a file in base64."""
    return Image.open(io.BytesIO(base64.b64decode(data)))


def warnings(ran) -> list[str]:
    return [line for line in ran.console if line.startswith("warning:")]
