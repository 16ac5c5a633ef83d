"""Cuts pictures into windows and pads pictures at the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

# Returns any window of an image, (h, w, C); the whole image need not exist.
Cut = Callable[["Window"], np.ndarray]


@dataclass(frozen=True)
class Window:
    """Describes rows y0 to y1 and columns x0 to x1 of an array, ends excluded."""

    y0: int
    y1: int
    x0: int
    x1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Returns the index of the window in an array."""
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def size(self) -> tuple[int, int]:
        """Returns (H, W) in pixels."""
        return self.y1 - self.y0, self.x1 - self.x0

    def times(self, scale: int) -> Window:
        """Returns the same window of a picture enlarged by `scale`."""
        return Window(*(n * scale for n in (self.y0, self.y1, self.x0, self.x1)))

    def within(self, height: int, width: int) -> Window:
        """Returns the window, cut at the bottom and right border of a picture."""
        return replace(self, y1=min(self.y1, height), x1=min(self.x1, width))

    def grown(self, reach_px: int, height: int, width: int) -> Window:
        """Returns the window with `reach_px` more on each side, within the picture."""
        return Window(
            max(self.y0 - reach_px, 0),
            min(self.y1 + reach_px, height),
            max(self.x0 - reach_px, 0),
            min(self.x1 + reach_px, width),
        )

    def starting(self, multiple_px: int) -> Window:
        """Returns the window, extended at the top and left to multiples."""
        y0, x0 = (n // multiple_px * multiple_px for n in (self.y0, self.x0))
        return replace(self, y0=y0, x0=x0)

    def ending(self, multiple_px: int) -> Window:
        """Returns the window, extended at the bottom and right to multiple sides."""
        height, width = self.size
        return replace(
            self, y1=self.y1 + -height % multiple_px, x1=self.x1 + -width % multiple_px
        )


def grid(
    height: int, width: int, side: int, across: int | None = None
) -> Iterator[Window]:
    """Yields windows that cover a picture, row by row.

    Args:
      height, width: of the picture, in pixels.
      side: largest height of a window.
      across: largest width of a window; None is `side`.
    """
    across = across or side
    for y in range(0, height, side):
        for x in range(0, width, across):
            yield Window(y, min(y + side, height), x, min(x + across, width))


def pad_edge(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Pads (h, w, C) to (height, width, C) by repeating the last row and column.

    So the sampling grid does not depend on the parity of the size, and filters do not
    mix zeros into the last pixels.
    """
    missing = height - image.shape[0], width - image.shape[1]
    if not any(missing):
        return image
    return np.pad(image, (*((0, n) for n in missing), (0, 0)), mode="edge")


def pad_to_multiple(image: np.ndarray, multiple_px: int) -> np.ndarray:
    """Pads (H, W, C) to sides that are multiples of `multiple_px`; see `pad_edge`."""
    height, width = image.shape[:2]
    return pad_edge(image, height + -height % multiple_px, width + -width % multiple_px)
