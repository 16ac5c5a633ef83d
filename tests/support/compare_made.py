"""Names the picture that is compared, and reads its page in a browser."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

SIDES = (176, 208)

NAME = 'a "picture" <b>&amp;.png'


def one(browser, selector: str):
    return browser.find_element("css selector", selector)


def divider(browser) -> float:
    return float(one(browser, ".handle").get_attribute("aria-valuenow"))


def zoom(browser) -> float:
    return float(one(browser, ".stage").get_attribute("data-zoom"))


def seen(browser, selector: str) -> np.ndarray:
    data = one(browser, selector).screenshot_as_png
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
