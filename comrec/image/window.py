"""Cuts pictures into windows, and pads them at the edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

# Gives any window of an image, float32 (h, w, C); the whole never has to be made.
Cut = Callable[["Window"], np.ndarray]


@dataclass(frozen=True)
class Window:
    """Rows y0 to y1 and columns x0 to x1 of an array, ends left out."""

    y0: int
    y1: int
    x0: int
    x1: int

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.y0, self.y1), slice(self.x0, self.x1)

    @property
    def size(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return self.y1 - self.y0, self.x1 - self.x0

    def times(self, scale: int) -> Window:
        """The same part of a picture that is so many times as large."""
        return Window(*(n * scale for n in (self.y0, self.y1, self.x0, self.x1)))

    def within(self, height: int, width: int) -> Window:
        """The part that a picture of such a size has."""
        return replace(self, y1=min(self.y1, height), x1=min(self.x1, width))

    def grown(self, reach_px: int, height: int, width: int) -> Window:
        """Wider by `reach_px` on every side where the picture goes on."""
        return Window(
            max(self.y0 - reach_px, 0),
            min(self.y1 + reach_px, height),
            max(self.x0 - reach_px, 0),
            min(self.x1 + reach_px, width),
        )

    def starting(self, multiple_px: int) -> Window:
        """Higher and wider, at the start, to where multiples are."""
        y0, x0 = (n // multiple_px * multiple_px for n in (self.y0, self.x0))
        return replace(self, y0=y0, x0=x0)

    def ending(self, multiple_px: int) -> Window:
        """Higher and wider, at the end, to sides that are multiples."""
        height, width = self.size
        return replace(
            self, y1=self.y1 + -height % multiple_px, x1=self.x1 + -width % multiple_px
        )


def grid(
    height: int, width: int, side: int, across: int | None = None
) -> Iterator[Window]:
    """Windows of at most side x across (side) that cover the picture, row by row."""
    across = across or side
    for y in range(0, height, side):
        for x in range(0, width, across):
            yield Window(y, min(y + side, height), x, min(x + across, width))


def edged(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """(h, w, C) to (height, width, C): the last row and column are repeated.

    So the sampling grid does not depend on the parity of the size, and networks do
    not mix the zeros outside the picture into its last pixels.
    """
    missing = height - image.shape[0], width - image.shape[1]
    if not any(missing):
        return image
    return np.pad(image, (*((0, n) for n in missing), (0, 0)), mode="edge")


def padded(image: np.ndarray, multiple_px: int) -> np.ndarray:
    """(H, W, C) with sides that are multiples; see `edged`."""
    height, width = image.shape[:2]
    return edged(image, height + -height % multiple_px, width + -width % multiple_px)
