"""Runs a network over an image in tiles, without visible borders between tiles."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from comrec.image.window import Cut, Window, grid, pad_edge

Network = Callable[[np.ndarray], np.ndarray]

TILE_MIN_PX = 64
# Larger tiles would hardly save halo; wider ones would not leave some rows of all
# feature maps in the cache of a core.
TILE_AREA_PX, TILE_WIDE_PX = 2**20, 1536
# Pictures that fill much of the memory by themselves have tiles of half the area.
LARGE_PX = 2**24


def tile_sides(
    size: tuple[int, int],
    memory_mb: int,
    reach_px: int,
    bytes_per_pixel: int,
    most_px: int = TILE_AREA_PX,
) -> tuple[int, int]:
    """Returns the sides of the tiles that have the least halo in all.

    Args:
      size: (H, W) of the image.
      memory_mb: bound on the working memory of the network for one tile, in megabytes.
      reach_px: width of the halo, in pixels.
      bytes_per_pixel: working memory over the area of a tile with its halo.
      most_px: bound on the area of a tile with its halo, in pixels.
    """
    height, width = size
    area = min(memory_mb * 10**6 / bytes_per_pixel, most_px)
    if height * width > LARGE_PX:
        area = min(area, most_px / 2)
    seen = {}  # pixels of all tiles with their halos, by sides
    for wide in range(TILE_MIN_PX, TILE_WIDE_PX + 1, 16):
        high = int(area / min(wide + 2 * reach_px, width))
        high = (high if high >= height else high - 2 * reach_px) // 16 * 16
        if high >= TILE_MIN_PX:
            down, across = math.ceil(height / high), math.ceil(width / wide)
            seen[high, wide] = (height + 2 * reach_px * (down - 1)) * (
                width + 2 * reach_px * (across - 1)
            )
    return min(
        seen, key=lambda sides: (seen[sides], sides), default=(TILE_MIN_PX, TILE_MIN_PX)
    )


def even(length: int, side: int, step: int = 16) -> int:
    """Returns a side of at most `side`, a multiple of `step`, for tiles of one size."""
    count = math.ceil(length / max(side // step * step, step))
    return math.ceil(length / count / step) * step


def tiles(
    size: tuple[int, int], sides: tuple[int, int], step: int = 16
) -> Iterator[Window]:
    """Yields a grid of windows of about one size that start at multiples of `step`."""
    (height, width), (high, wide) = size, sides
    return grid(height, width, even(height, high, step), even(width, wide, step))


def run(
    network: Network,
    cut: Cut,
    size: tuple[int, int],
    window: Window,
    reach_px: int,
    scale: int = 1,
    multiple_px: int = 1,
) -> np.ndarray:
    """Runs the network for one window; see `run_all`."""
    windows = run_all(network, cut, size, [window], reach_px, scale, multiple_px)
    return next(windows)[1]


def run_all(
    network: Network,
    cut: Cut,
    size: tuple[int, int],
    windows: Iterable[Window],
    reach_px: int,
    scale: int = 1,
    multiple_px: int = 1,
    together: bool = False,
) -> Iterator[tuple[Window, np.ndarray]]:
    """Runs the network for windows of the image, as if for the whole image.

    Args:
      network: float32 (B, H, W, C) to (B, H/scale, W/scale, C').
      cut: gives windows of the image.
      size: (H, W) of the image. The last row and column are repeated up to sides that
        the network takes.
      windows: in pixels of the image, y0 and x0 multiples of `scale` and `multiple_px`.
      reach_px: how far the network looks. A window is cut out wider by this number of
        pixels, so that the network pads only at true borders of the image.
      scale: linear size ratio input : output of the network.
      multiple_px: sides of the network's input are multiples of it and of the scale.
      together: whether windows of one size form one batch, which is faster for many
        small windows.

    Yields:
      Each window, not always in order if `together`, and float32 of its size over
      `scale`, rounded up.
    """
    step = math.lcm(scale, multiple_px)
    reach_px = math.ceil(reach_px / step) * step

    def widened(window: Window) -> Window:
        grown = window.grown(reach_px, *(n + -n % step for n in size))
        return grown.ending(step)

    groups: Iterable[Sequence[Window]] = ([window] for window in windows)
    if together:
        by_size: dict[tuple[int, int], list[Window]] = {}
        for window in windows:
            by_size.setdefault(widened(window).size, []).append(window)
        groups = by_size.values()
    for group in groups:
        wide = [widened(window) for window in group]
        images = [pad_edge(cut(each.within(*size)), *each.size) for each in wide]
        batch = images[0][None] if len(images) == 1 else np.stack(images)
        outputs = np.asarray(network(np.ascontiguousarray(batch)))
        for window, around, output in zip(group, wide, outputs, strict=True):
            y, x = (window.y0 - around.y0) // scale, (window.x0 - around.x0) // scale
            height, width = (-(-n // scale) for n in window.size)
            yield window, output[y : y + height, x : x + width]
