"""Halves and doubles chroma planes as decoders of 4:2:0 expect it.

libjpeg and libjpeg-turbo double a plane with a triangle ("fancy" upsampling): each new
sample is 3/4 of the nearest old one and 1/4 of the next along either axis; beyond the
edge the last sample is repeated. Planes of one or two columns are only repeated.
"""

from __future__ import annotations

import numpy as np

FANCY_MIN_COLUMNS = 3  # jdsample.c: narrower planes are doubled by repetition
# Taps of the inverse of U'U, where U doubles a row by the triangle: U'U is tridiagonal
# (3/8, 5/4, 3/8), and its inverse (-1/3)^|k|. Further taps are below 1/2000.
_INVERSE = [(-1 / 3) ** k for k in range(8)]


def double(plane: np.ndarray, height: int, width: int) -> np.ndarray:
    """Doubles a chroma plane as libjpeg-turbo does, without its rounding.

    Args:
      plane: float32 (ceil(height / 2), ceil(width / 2)).
      height, width: of the result, in samples.

    Returns:
      float32 (height, width).
    """
    if plane.shape[1] < FANCY_MIN_COLUMNS:
        return plane.repeat(2, 0).repeat(2, 1)[:height, :width]
    return _double_rows(_double_rows(plane, height).T, width).T


def double_transposed(plane: np.ndarray) -> np.ndarray:
    """Applies the transpose of `double`, which carries gradients back.

    Args:
      plane: float32 (height, width), a gradient by the doubled plane.

    Returns:
      float32 (ceil(height / 2), ceil(width / 2)): the gradient by the small plane.
    """
    if plane.shape[1] <= 2 * (FANCY_MIN_COLUMNS - 1):
        even = np.pad(plane, [(0, side % 2) for side in plane.shape])
        return even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return _double_rows_transposed(_double_rows_transposed(plane).T).T


def halve(plane: np.ndarray) -> np.ndarray:
    """Halves a plane so that `double` comes as close to the plane as possible.

    The least-squares solution, for which the mean of four samples is no substitute: the
    triangle attenuates what changes fast, and the result makes up for that. Where a
    side is odd, the last sample is repeated, which is not quite the least-squares
    solution there.

    Args:
      plane: float32 (height, width).

    Returns:
      float32 (ceil(height / 2), ceil(width / 2)).
    """
    even = np.pad(plane, [(0, side % 2) for side in plane.shape], "edge")
    if even.shape[1] < 2 * FANCY_MIN_COLUMNS:
        return even.reshape(even.shape[0] // 2, 2, -1, 2).mean((1, 3))
    return _halve_rows(_halve_rows(even).T).T


def squared_gains(signals: np.ndarray) -> np.ndarray:
    """Returns the squared norm of each signal once it is doubled along its axis.

    Args:
      signals: (n, length), with zeros on either side.

    Returns:
      float64 (n,).
    """
    columns = np.pad(signals.T, ((1, 1), (0, 0))).astype(np.float32)
    return (_double_rows(columns, 2 * len(columns)).astype(np.float64) ** 2).sum(0)


def _double_rows(plane: np.ndarray, height: int) -> np.ndarray:
    padded = np.pad(plane, ((1, 1), (0, 0)), "edge")
    near = plane * np.float32(0.75)
    padded *= np.float32(0.25)
    out = np.empty((2 * len(plane), plane.shape[1]), np.float32)
    np.add(near, padded[:-2], out=out[::2])
    np.add(near, padded[2:], out=out[1::2])
    return out[:height]


def _double_rows_transposed(plane: np.ndarray) -> np.ndarray:
    even = np.pad(plane, ((0, len(plane) % 2), (0, 0)))
    upper, lower = even[::2], even[1::2]
    out = np.float32(0.75) * (upper + lower)
    out[:-1] += np.float32(0.25) * upper[1:]
    out[1:] += np.float32(0.25) * lower[:-1]
    out[0] += np.float32(0.25) * upper[0]  # the edge, which is repeated
    out[-1] += np.float32(0.25) * lower[-1]
    return out


def _halve_rows(plane: np.ndarray) -> np.ndarray:
    """Returns the rows from which `_double_rows` comes closest to a plane."""
    right = _double_rows_transposed(plane)
    reach = len(_INVERSE) - 1
    padded = np.pad(right, ((reach, reach), (0, 0)), "symmetric")
    out = right.copy()
    for k, tap in enumerate(_INVERSE[1:], 1):
        both = (
            padded[reach - k : -reach - k] + padded[reach + k : len(padded) - reach + k]
        )
        both *= np.float32(tap)
        out += both
    return out
