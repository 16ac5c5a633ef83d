"""Turns pixels into DCT coefficients, and coefficients into what decoders show.

All in float32, without quantiser steps: a step divides and multiplies elsewhere. The
64 coefficients of a block stand in zigzag order (ITU-T T.81, figure A.6), the DCT is
orthonormal (A.3.3), and a component's coefficients are (rows, columns, 64) in blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from comrec.jpeg import chroma
from comrec.jpeg.colour import RGB_TO_YCBCR, YCBCR_TO_RGB
from comrec.jpeg.layout import Component, Layout

LEVEL_SHIFT = np.float32(128)
# Row-major index of each coefficient in zigzag order: antidiagonals, the even upwards.
ZIGZAG = np.array(
    sorted(
        range(64),
        key=lambda k: (k // 8 + k % 8, k % 8 if (k // 8 + k % 8) % 2 == 0 else k // 8),
    )
)


def _dct_matrix() -> np.ndarray:
    """Returns the orthonormal 8-point DCT, float64 (frequency, sample)."""
    frequency, sample = np.mgrid[:8, :8]
    matrix = np.cos(np.pi * (2 * sample + 1) * frequency / 16) / 2
    matrix[0] /= np.sqrt(2)
    return matrix


_DCT = _dct_matrix()
# (64 zigzag coefficients, 64 samples by rows) of one block.
_BASIS = np.kron(_DCT, _DCT)[ZIGZAG].astype(np.float32)


def natural_order(values: np.ndarray) -> np.ndarray:
    """Returns (64,) in zigzag order as (8, 8), rows being vertical frequencies."""
    table = np.empty_like(values)
    table[ZIGZAG] = values
    return table.reshape(8, 8)


def planes_of(pixels: np.ndarray, layout: Layout) -> list[np.ndarray]:
    """Returns the level-shifted planes of a picture, chroma halved where it must be.

    Args:
      pixels: uint8 or float (h, w, 1) grey or (h, w, 3) RGB, in grey levels.
      layout: of the picture.

    Returns:
      float32 (height, width) a component, about -128 to 127.
    """
    if layout.channels == 1:
        return [pixels[..., 0].astype(np.float32) - LEVEL_SHIFT]
    channels = pixels.astype(np.float32)
    luma, *rest = (channels @ row for row in RGB_TO_YCBCR)
    if layout.halves_chroma:
        rest = [chroma.halve(plane) for plane in rest]
    return [luma - LEVEL_SHIFT, *rest]


def pixels_of(
    planes: Sequence[np.ndarray], layout: Layout, space: str = "RGB"
) -> np.ndarray:
    """Returns the picture that level-shifted planes show, neither rounded nor clipped.

    Args:
      planes: as `planes_of` returns them.
      layout: of the picture.
      space: of a colour picture, "RGB" or "YCbCr".

    Returns:
      float32 (h, w, 1) or (h, w, 3), in grey levels.
    """
    planes = doubled(planes, layout)
    channels = [channel_of(planes, i, layout, space) for i in range(layout.channels)]
    return np.stack(channels, -1)


def doubled(planes: Sequence[np.ndarray], layout: Layout) -> list[np.ndarray]:
    """Returns planes of which each has the size of the picture, float32 (h, w)."""
    luma, *rest = planes
    if layout.halves_chroma:
        rest = [chroma.double(plane, *layout.shape) for plane in rest]
    return [luma, *rest]


def channel_of(
    planes: Sequence[np.ndarray], channel: int, layout: Layout, space: str = "RGB"
) -> np.ndarray:
    """Returns one channel of `pixels_of`.

    Args:
      planes: from `doubled`.
      channel: its number.
      layout, space: as for `pixels_of`.

    Returns:
      float32 (h, w), in grey levels.
    """
    if layout.channels == 1 or space == "YCbCr":
        return planes[channel] + LEVEL_SHIFT
    luma, blue, red = YCBCR_TO_RGB[channel]
    out = planes[0] * luma
    out += LEVEL_SHIFT
    out += planes[1] * blue
    out += planes[2] * red
    return out


def nearest_luma(
    pixels: np.ndarray, chroma_planes: Sequence[np.ndarray], layout: Layout
) -> np.ndarray:
    """Returns the luma that, with given chroma, decodes closest to a picture.

    The least squared error of R, G and B. It differs from the picture's own luma where
    the chroma does from the picture's own, for instance by halving.

    Args:
      pixels: float32 (h, w, 3) RGB, in grey levels.
      chroma_planes: Cb and Cr, as `planes_of` returns them.
      layout: of the picture.

    Returns:
      float32 (h, w), level-shifted.
    """
    out = pixels @ np.full(3, 1 / 3, np.float32)
    out -= LEVEL_SHIFT
    for plane, share in zip(chroma_planes, YCBCR_TO_RGB.mean(0)[1:], strict=True):
        scaled = plane * share
        out -= chroma.double(scaled, *layout.shape) if layout.halves_chroma else scaled
    return out


def nearest_chroma(
    pixels: np.ndarray, luma_plane: np.ndarray, layout: Layout
) -> list[np.ndarray]:
    """Returns Cb and Cr that, with a given luma, decode closest to a picture.

    Args:
      pixels: float32 (h, w, 3) RGB, in grey levels.
      luma_plane: float32 (h, w), level-shifted.
      layout: of the picture.

    Returns:
      float32 (height, width) twice.
    """
    inverse = np.linalg.pinv(YCBCR_TO_RGB[:, 1:].astype(np.float64)).astype(np.float32)
    luma = luma_plane + LEVEL_SHIFT
    planes = [pixels @ row - row.sum() * luma for row in inverse]
    return [chroma.halve(p) for p in planes] if layout.halves_chroma else planes


def gradient_of(
    gradient: np.ndarray, layout: Layout, space: str = "RGB"
) -> list[np.ndarray]:
    """Carries a gradient by the pixels of `pixels_of` back to the planes.

    Args:
      gradient: float32 (h, w, 1) or (h, w, 3), by each channel's grey level.
      layout: of the picture.
      space: of a colour picture, "RGB" or "YCbCr".

    Returns:
      float32 (height, width) a component.
    """
    if layout.channels == 1:
        return [gradient[..., 0]]
    ycc = gradient if space == "YCbCr" else np.dot(gradient, YCBCR_TO_RGB)
    luma, *rest = (np.ascontiguousarray(ycc[..., i]) for i in range(3))
    if layout.halves_chroma:
        rest = [chroma.double_transposed(plane) for plane in rest]
    return [luma, *rest]


def transform(
    plane: np.ndarray, component: Component, mode: str = "edge"
) -> np.ndarray:
    """Returns the DCT of a plane's blocks.

    Args:
      plane: float32 (height, width) of the component.
      component: says how many blocks there are.
      mode: of `numpy.pad`, what fills up the last blocks: "edge" for samples,
        "constant" for gradients.

    Returns:
      float32 (rows, columns, 64).
    """
    rows, columns = component.rows, component.columns
    padding = (8 * rows - plane.shape[0], 8 * columns - plane.shape[1])
    if any(padding):
        plane = np.pad(plane, [(0, amount) for amount in padding], mode)  # type: ignore[call-overload]
    blocks = plane.reshape(rows, 8, columns, 8).transpose(0, 2, 1, 3)
    return (blocks.reshape(-1, 64) @ _BASIS.T).reshape(rows, columns, 64)


def restore(coefficients: np.ndarray, component: Component) -> np.ndarray:
    """Returns the plane of DCT coefficients: the inverse of `transform`.

    Args:
      coefficients: (rows, columns, 64), in grey levels, not in steps.
      component: says how many samples there are.

    Returns:
      float32 (height, width).
    """
    rows, columns = component.rows, component.columns
    blocks = coefficients.reshape(-1, 64).astype(np.float32, copy=False) @ _BASIS
    plane = blocks.reshape(rows, columns, 8, 8).transpose(0, 2, 1, 3)
    return plane.reshape(8 * rows, 8 * columns)[: component.height, : component.width]


def coefficients_of(pixels: np.ndarray, layout: Layout) -> list[np.ndarray]:
    """Returns a picture's coefficients, float32 (rows, columns, 64) a component."""
    planes = planes_of(pixels, layout)
    return [transform(p, c) for p, c in zip(planes, layout.components, strict=True)]


def decode(
    quantised: Sequence[np.ndarray],
    steps: Sequence[np.ndarray | float],
    layout: Layout,
    space: str = "RGB",
) -> np.ndarray:
    """Returns what a decoder shows of quantised coefficients, but for its rounding.

    libjpeg-turbo rounds planes to whole levels before it converts them to RGB, so its
    result may be off by a level or two.

    Args:
      quantised: integers (rows, columns, 64) a component, in steps.
      steps: (64,) in zigzag order, or one number, a component.
      layout: of the picture.
      space: of a colour picture, "RGB" or "YCbCr".

    Returns:
      float32 (h, w, 1) or (h, w, 3) in grey levels, not clipped.
    """
    planes = [
        restore(values * np.asarray(step, np.float32), component)
        for values, step, component in zip(
            quantised, steps, layout.components, strict=True
        )
    ]
    return pixels_of(planes, layout, space)


def error_weights(layout: Layout) -> list[np.ndarray]:
    """Returns the squared error of the picture for an error of 1 in a coefficient.

    The sum over all pixels and channels: the squared norm of what one coefficient
    contributes to R, G and B, in the inside of a picture. With 4:2:0 a chroma
    coefficient counts for four samples at the lowest frequency, for a third of one at
    the highest.

    Returns:
      float32 (64,) a component, in zigzag order.
    """
    if layout.channels == 1:
        return [np.ones(64, np.float32)]
    norms = (YCBCR_TO_RGB.astype(np.float64) ** 2).sum(0)
    gains = np.ones(64)
    if layout.halves_chroma:
        along = chroma.squared_gains(_DCT)
        gains = np.outer(along, along).ravel()[ZIGZAG]
    return [
        (norm * gain).astype(np.float32)
        for norm, gain in zip(norms, (np.ones(64), gains, gains), strict=True)
    ]
