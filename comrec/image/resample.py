"""Reduces images to the compact size and enlarges them again.

Both directions use Pillow's bicubic kernel (a = -0.5, antialiased when it reduces),
which is also MATLAB's `imresize`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from comrec.image.window import Cut, Window, pad_edge
from comrec.system.pillow import from_pillow, to_pillow

# Source pixels beyond a box that its result depends on; the kernel reaches 2.
MARGIN_PX = 3


class Span(NamedTuple):
    """Describes a range of one axis and the source pixels of its resize.

    Pillow holds the borders of a box in float32, so they are whole or half pixels.
    """

    first: int  # first source pixel
    last: int  # end of the source pixels; at most one beyond the source
    box: tuple[float, float]  # resized range, relative to `first`
    made: int  # pixels of the result
    skip: int  # of these, pixels before the range


def exact(scale: float) -> float:
    """Returns a whole scale as int and any other unchanged, so that 2.0 prints as 2."""
    return int(scale) if math.isfinite(scale) and scale == int(scale) else scale


def compact_size(height_px: int, width_px: int, scale: float) -> tuple[int, int]:
    """Returns (h, w) of the compact image: the image's size over `scale`, rounded up.

    Scales are multiples of a half, which are exact in floating point.
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
      compact: float32 (h, w, C), any range; or uint8, scaled to [0, 1].
      scale: a multiple of a half, 1 or more.
      size: (H, W) with h = ceil(H / scale), w = ceil(W / scale).
      window: of the enlarged image; None is the whole image.
      rounded: keeps uint8 as uint8, rounded and clipped, which is faster.

    Returns:
      float32 (H, W, C), or of the window's size, not clipped: bicubic resizing
      overshoots the range. uint8 of the same shape where `rounded` applies.

    Raises:
      ValueError: a compact image of another size belongs to `size`.
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


def enlarging_matrices(
    scale: float, size: tuple[int, int], window: Window
) -> tuple[Window, np.ndarray, np.ndarray]:
    """Returns the matrices by which `enlarge` makes a window, for its gradient.

    Args:
      scale: a multiple of a half, above 1.
      size: (H, W) of the enlarged image.
      window: of the enlarged image.

    Returns:
      The window of the compact image that the result depends on, and float32 rows
      (height, h) and columns (width, w): each channel is rows @ compact @ columns.T.
    """
    h, w = compact_size(*size, scale)
    rows = _enlarged_span(window.y0, window.y1, h, scale)
    columns = _enlarged_span(window.x0, window.x1, w, scale)
    source = Window(rows.first, rows.last, columns.first, columns.last).within(h, w)
    (high, wide), (height, width) = source.size, window.size
    return (
        source,
        _resize_matrix(rows, high, height),
        _resize_matrix(columns, wide, width),
    )


def _resize_matrix(span: Span, length: int, made: int) -> np.ndarray:
    """Returns the resize of an axis of `length` pixels, float32 (made, length)."""
    identity = np.eye(length, dtype=np.float32)[..., None]
    across = Span(0, length, (0, length), length, 0)
    return _resize(identity, span, across, (made, length))[..., 0]


def reduce(image: np.ndarray, scale: float) -> np.ndarray:
    """Reduces an image, (H, W, C) to (h, w, C), float32 or uint8."""
    size = image.shape[0], image.shape[1]
    h, w = compact_size(*size, scale)
    return reduce_window(
        lambda part: image[part.slices], size, scale, Window(0, h, 0, w)
    )


def reduce_window(
    cut: Cut, size: tuple[int, int], scale: float, window: Window
) -> np.ndarray:
    """Returns one window of the result of `reduce`.

    Args:
      cut: returns windows of the image.
      size: (H, W) of the image.
      scale: a multiple of a half, 1 or more.
      window: in pixels of the reduced image, h = ceil(H / scale), w = ceil(W / scale).

    Returns:
      float32 or uint8, as `cut` returns, of the window's size.
    """
    if scale == 1:
        return cut(window)
    h, w = compact_size(*size, scale)
    rows = _reduced_span(window.y0, window.y1, h, scale)
    columns = _reduced_span(window.x0, window.x1, w, scale)
    source = Window(rows.first, rows.last, columns.first, columns.last)
    return _resize(cut(source.within(*size)), rows, columns, window.size)


def floats(pixels: np.ndarray) -> np.ndarray:
    """Returns uint8 pixels as float32 in [0, 1], and float32 pixels unchanged."""
    if pixels.dtype != np.uint8:
        return pixels
    return np.divide(pixels, np.float32(255), dtype=np.float32)


def _enlarged_span(start: int, stop: int, length: int, scale: float) -> Span:
    """Returns the span of an enlarged axis; `length` pixels before enlargement."""
    # At 3/2 the enlarged axis may end between two pixels. One more source pixel keeps
    # the sampling grid independent of that.
    length += not float(length * scale).is_integer()
    period = int(2 * scale)  # at its multiples a border is a whole source pixel
    low = start // period * period
    high = min(-(-stop // period) * period, int(length * scale))
    first = max(int(low / scale) - MARGIN_PX, 0)
    last = min(math.ceil(high / scale) + MARGIN_PX, length)
    box = low / scale - first, high / scale - first
    return Span(first, last, box, high - low, start - low)


def _reduced_span(start: int, stop: int, length: int, scale: float) -> Span:
    """Returns the span of a reduced axis of `length` pixels."""
    low, high = start * scale, stop * scale
    margin = math.ceil(MARGIN_PX * scale)
    first = max(int(low) - margin, 0)
    last = min(math.ceil(high) + margin, math.ceil(length * scale))
    return Span(first, last, (low - first, high - first), stop - start, 0)


def _resize(
    source: np.ndarray, rows: Span, columns: Span, size: tuple[int, int]
) -> np.ndarray:
    source = pad_edge(source, rows.last - rows.first, columns.last - columns.first)
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
