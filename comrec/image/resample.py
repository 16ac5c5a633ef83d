"""Reduces images to the compact size and enlarges them again.

Both directions use Pillow's bicubic kernel (a = -0.5, antialiased when it reduces),
which is also MATLAB's `imresize`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from comrec.image.window import Cut, Window, edged
from comrec.system.pillow import from_pillow, to_pillow

# Pixels beside a box that its borders depend on: the cubic is 2 wide on each side.
MARGIN_PX = 3


class Span(NamedTuple):
    """Part of one axis, and what it is resized from.

    Pillow takes the borders of a box in float32, so they are whole or half pixels.
    """

    first: int  # source pixels from here
    last: int  # to here; up to one is beyond the source
    box: tuple[float, float]  # to be resized, from `first` on
    made: int  # pixels that come out
    skip: int  # of these, before the wanted


def exact(scale: float) -> float:
    """A scale in its one spelling: whole ones are int, so that 2.0 is written as 2."""
    return int(scale) if math.isfinite(scale) and scale == int(scale) else scale


def compact_size(height_px: int, width_px: int, scale: float) -> tuple[int, int]:
    """(h, w) of the compact image: the image's own size over `scale`, rounded up.

    Scales are multiples of a half, which floating point has exactly.
    """
    return math.ceil(height_px / scale), math.ceil(width_px / scale)


def enlarge(
    compact: np.ndarray,
    scale: float,
    size: tuple[int, int],
    window: Window | None = None,
    rounded: bool = False,
) -> np.ndarray:
    """Enlarges a compact image to the size of the image it was made from.

    Args:
      compact: float32 (h, w, C), any range; or uint8, which counts from 0 to 1.
      scale: a multiple of a half, 1 or more.
      size: (H, W) with h = ceil(H / scale), w = ceil(W / scale).
      window: of the enlarged image, to have that part alone.
      rounded: uint8 stays uint8 and is clipped, which takes a fraction of the time.

    Returns:
      float32 (H, W, C) or the window's size, same range plus bicubic overshoot; not
      clipped. Of rounded uint8 the same shape in uint8.
    """
    height, width = size
    h, w = compact.shape[:2]
    if (h, w) != compact_size(height, width, scale):
        raise ValueError(
            f"a {w}x{h} compact image at scale {scale} cannot enlarge to "
            f"{width}x{height}"
        )
    window = window or Window(0, height, 0, width)
    take = (lambda part: part) if rounded else floats
    if scale == 1:
        return take(compact[window.slices])
    rows = _enlarged_span(window.y0, window.y1, h, scale)
    columns = _enlarged_span(window.x0, window.x1, w, scale)
    source = Window(rows.first, rows.last, columns.first, columns.last)
    return _resize(take(compact[source.slices]), rows, columns, window.size)


def reduce(image: np.ndarray, scale: float) -> np.ndarray:
    """Reduces an image without a network: (H, W, C) to (h, w, C), float32 or uint8."""
    size = image.shape[0], image.shape[1]
    h, w = compact_size(*size, scale)
    return reduced_part(
        lambda part: image[part.slices], size, scale, Window(0, h, 0, w)
    )


def reduced_part(
    cut: Cut, size: tuple[int, int], scale: float, window: Window
) -> np.ndarray:
    """One window of what `reduce` gives.

    Args:
      cut: gives windows of the image.
      size: (H, W) of the image.
      scale: a multiple of a half, 1 or more.
      window: in pixels of the reduced image, h = ceil(H / scale), w = ceil(W / scale).

    Returns:
      The window's size, float32; uint8 where that is what `cut` gives.
    """
    if scale == 1:
        return cut(window)
    h, w = compact_size(*size, scale)
    rows = _reduced_span(window.y0, window.y1, h, scale)
    columns = _reduced_span(window.x0, window.x1, w, scale)
    source = Window(rows.first, rows.last, columns.first, columns.last)
    return _resize(cut(source.within(*size)), rows, columns, window.size)


def floats(pixels: np.ndarray) -> np.ndarray:
    """uint8 as float32 in [0, 1]; what is float32 is given back."""
    if pixels.dtype != np.uint8:
        return pixels
    return np.divide(pixels, np.float32(255), dtype=np.float32)


def _enlarged_span(start: int, stop: int, length: int, scale: float) -> Span:
    """Of an enlarged axis, `length` pixels before that."""
    # A sampling grid that does not depend on how the size was rounded: at 3/2 it may
    # end between two pixels, so there is one more to look at and one more to cut.
    length += not float(length * scale).is_integer()
    period = int(2 * scale)  # pixels after which a border is a whole one again
    low = start // period * period
    high = min(-(-stop // period) * period, int(length * scale))
    first = max(int(low / scale) - MARGIN_PX, 0)
    last = min(math.ceil(high / scale) + MARGIN_PX, length)
    box = low / scale - first, high / scale - first
    return Span(first, last, box, high - low, start - low)


def _reduced_span(start: int, stop: int, length: int, scale: float) -> Span:
    """Of a reduced axis that has `length` pixels."""
    low, high = start * scale, stop * scale
    margin = math.ceil(MARGIN_PX * scale)
    first = max(int(low) - margin, 0)
    last = min(math.ceil(high) + margin, math.ceil(length * scale))
    return Span(first, last, (low - first, high - first), stop - start, 0)


def _resize(
    source: np.ndarray, rows: Span, columns: Span, size: tuple[int, int]
) -> np.ndarray:
    source = edged(source, rows.last - rows.first, columns.last - columns.first)
    box = columns.box[0], rows.box[0], columns.box[1], rows.box[1]

    def resized(picture: Image.Image) -> Image.Image:
        return picture.resize((columns.made, rows.made), Image.Resampling.BICUBIC, box)

    if source.dtype == np.uint8:
        mode = "L" if source.shape[2] == 1 else "RGB"
        made = from_pillow(resized(to_pillow(source, mode)))
    else:
        made = np.empty((rows.made, columns.made, source.shape[2]), np.float32)
        for c in range(source.shape[2]):
            plane = np.ascontiguousarray(source[..., c], dtype=np.float32)
            made[..., c] = np.asarray(resized(Image.fromarray(plane)))
    (height, width), y, x = size, rows.skip, columns.skip
    return made[y : y + height, x : x + width]
