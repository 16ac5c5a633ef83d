"""Defines a JPEG with a gradient, which replaces the real JPEG in training end to end.

    compact ─► YCbCr ─► chroma halved ─► DCT / steps ─► rounded ─► … and back ─► coded
                                              └─► sum of log2(1 + |c / step|), the bits

All steps but the rounding are those of libjpeg, in float: the real tables, chroma as
means of 2x2, enlarged by libjpeg's triangle filter. Rounding passes its gradient
straight through. The pixels of the input and the output are neither rounded nor
clipped. The output differs from the picture of libjpeg by about one grey level; in
busy colour by two, since the YCbCr of libjpeg is in whole numbers, and values near a
tie may be rounded the other way. The magnitudes are proportional to the bytes of the
JPEG; `bits_per_magnitude` measures the factor. (After Guleryuz et al., "Sandwiched
Compression", arXiv:2402.05887.)

Products have the precision of float32 on the backend. Where that is lower (JAX on a TPU
or a recent GPU), the agreement with libjpeg is lower, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from keras import ops

from comrec.errors import JpegError
from comrec.jpeg import coding
from comrec.jpeg.colour import RGB_TO_YCBCR, YCBCR_TO_RGB
from comrec.jpeg.quantisation import read_tables
from comrec.jpeg.settings import PLAIN, SUBSAMPLINGS, JpegSettings

BLOCK = 8
LEVEL_SHIFT = 128  # of grey and luma, T.81 A.3.1; chroma is centred on zero
GRADIENTS = ("ste", "soft")
DEAD_ZONE = 0.15  # in steps; about what mozjpeg's trellis makes zero
# Price of a bit, in squared errors of pixels in [0, 1], over (scale * step / 255)^2. On
# validation pictures, 0.10 to 0.15 was measured at all qualities.
BIT_PRICE = 0.11
NOISE_STEPS = 0.1  # scale of the logistic noise that "soft" assumes, in steps


def through(
    compact: Any,
    steps: Any,
    subsampling: str = "4:2:0",
    *,
    dead_zone: float = 0.0,
    gradient: str = "ste",
) -> tuple[Any, Any]:
    """Codes and decodes a batch, each image with its own tables.

    Args:
      compact: tensor (B, h, w, 1) grey or (B, h, w, 3) RGB, pixels about [0, 1];
        h and w static, of any size.
      steps: tensor (B, 2, 8, 8), or (1, 2, 8, 8) for all; quantiser steps in grey
        levels, luma and chroma, in natural order. Grey uses those of luma alone.
      subsampling: of the chroma, "4:2:0" or "4:4:4"; no effect on grey.
      dead_zone: in steps; AC coefficients below 0.5 + dead_zone become zero, as many
        do in an encoder with a trellis (mozjpeg).
      gradient: of the rounding. "ste" is the identity; "soft" is smaller for AC
        coefficients that become zero, and near zero far from the edge.

    Returns:
      coded, float32 of the shape of compact, not clipped; and the `magnitudes`,
      float32 (B,).

    Raises:
      JpegError: subsampling or gradient is not one of these.
    """
    if gradient not in GRADIENTS:
        raise JpegError(
            f"the gradient of a JPEG is one of {', '.join(GRADIENTS)}. "
            f"Received: {gradient!r}"
        )
    spectra = _transform(compact, steps, subsampling)
    _, height, width, channels = compact.shape
    planes = [
        _to_plane(_round(spectrum, dead_zone, gradient) * _as_spectrum(steps, index))
        for index, spectrum in enumerate(spectra)
    ]
    planes[0] = planes[0][:, :height, :width] + LEVEL_SHIFT
    if channels == 3 and subsampling == "4:2:0":
        planes[1:] = [_double(plane, height, width) for plane in planes[1:]]
    levels = ops.stack([plane[:, :height, :width] for plane in planes], axis=-1)
    if channels == 3:
        levels = ops.matmul(levels, ops.convert_to_tensor(YCBCR_TO_RGB.T))
    return levels / 255, _sum_magnitudes(spectra)


def magnitudes(compact: Any, steps: Any, subsampling: str = "4:2:0") -> Any:
    """Computes the sum of log2(1 + |c / step|) of each image, proportional to its bits.

    The sum is over the DCT coefficients c before rounding. DC is the difference from
    the block before; the first block of each row is left out. The arguments are those
    of `through`.

    Returns:
      float32 tensor (B,).
    """
    return _sum_magnitudes(_transform(compact, steps, subsampling))


@lru_cache(maxsize=512)
def steps_at(
    quality: int, settings: JpegSettings = PLAIN, channels: int = 3
) -> np.ndarray:
    """Reads the quantiser steps of a JPEG of a quality.

    Args:
      quality: 1 to 100.
      settings: of the encoder.
      channels: 1 or 3.

    Returns:
      float32 (2, 8, 8), luma and chroma, in grey levels and natural order; read-only.
    """
    blank = np.zeros((BLOCK, BLOCK, channels), np.uint8)
    steps = read_tables(coding.encode(blank, quality, settings))
    steps.flags.writeable = False
    return steps


def content_bits(
    compact: np.ndarray, quality: int, settings: JpegSettings = PLAIN
) -> int:
    """Measures the bits of a real JPEG beyond those of a flat picture of the same size.

    The growth of optimised Huffman tables with the content counts.

    Args:
      compact: float32 (h, w, 1) or (h, w, 3), pixels about [0, 1].
      quality: 1 to 100.
      settings: of the encoder.
    """
    pixels = np.rint(np.clip(compact, 0, 1) * 255).astype(np.uint8)
    coded = coding.encode(pixels, quality, settings)
    return 8 * (len(coded) - _empty_bytes(pixels.shape, quality, settings))


def bits_per_magnitude(
    compact: np.ndarray, qualities: Sequence[int], settings: JpegSettings = PLAIN
) -> float:
    """Measures real JPEG bits over `magnitudes`, of a batch.

    Args:
      compact: float32 (N, h, w, 1) or (N, h, w, 3), pixels about [0, 1].
      qualities: N values, 1 to 100.
      settings: of the encoder.
    """
    channels = compact.shape[3]
    steps = np.stack([steps_at(q, settings, channels) for q in qualities])
    counted = magnitudes(
        ops.convert_to_tensor(np.asarray(compact, np.float32)),
        ops.convert_to_tensor(steps),
        settings.subsampling,
    )
    bits = sum(
        content_bits(image, quality, settings)
        for image, quality in zip(compact, qualities, strict=True)
    )
    return bits / max(float(ops.sum(counted)), 1.0)


@lru_cache(maxsize=512)
def _empty_bytes(
    shape: tuple[int, int, int], quality: int, settings: JpegSettings
) -> int:
    return len(coding.encode(np.full(shape, 128, np.uint8), quality, settings))


def _transform(compact: Any, steps: Any, subsampling: str) -> list[Any]:
    """Returns the DCT of each plane, in steps: (B, rows, 8, columns, 8), unrounded."""
    if subsampling not in SUBSAMPLINGS:
        raise JpegError(
            f"JPEG subsampling must be one of {', '.join(SUBSAMPLINGS)}. "
            f"Received: {subsampling!r}"
        )
    levels = ops.cast(compact, "float32") * 255
    if compact.shape[3] == 1:
        planes = [levels[..., 0]]
    else:
        levels = ops.matmul(levels, ops.convert_to_tensor(RGB_TO_YCBCR.T))
        planes = [levels[..., channel] for channel in range(3)]
        if subsampling == "4:2:0":
            planes[1:] = [_sandwich(_halving_matrix, plane) for plane in planes[1:]]
    planes[0] = planes[0] - LEVEL_SHIFT
    return [
        _split_blocks(_sandwich(_dct_matrix, plane)) / _as_spectrum(steps, index)
        for index, plane in enumerate(planes)
    ]


def _round(spectrum: Any, dead_zone: float, gradient: str) -> Any:
    # DC has no dead zone and the full gradient: a DC of zero is mid-grey.
    edge = np.full((1, 1, BLOCK, 1, BLOCK), 0.5 + dead_zone, np.float32)
    edge[:, :, 0, :, 0] = 0
    edge = ops.convert_to_tensor(edge)
    whole = ops.where(ops.abs(spectrum) < edge, 0.0, ops.round(spectrum))
    passed = spectrum
    if gradient == "soft":
        # The probability of a coefficient that is not zero after logistic noise: near
        # one for coded ones, half at the edge, and small where one step of training
        # cannot change the file.
        beyond = [
            ops.sigmoid((sign * spectrum - edge) / NOISE_STEPS) for sign in (1, -1)
        ]
        passed = spectrum * ops.stop_gradient(beyond[0] + beyond[1])
    return passed + ops.stop_gradient(whole - passed)


def _sum_magnitudes(spectra: list[Any]) -> Any:
    is_ac = np.ones((1, 1, BLOCK, 1, BLOCK), np.float32)
    is_ac[:, :, 0, :, 0] = 0
    total = 0.0
    for spectrum in spectra:
        # The first DC of a row is left out: the block before is not in the patch.
        dc = spectrum[:, :, 0, :, 0]
        ac = _log2(spectrum * ops.convert_to_tensor(is_ac))
        moves = _log2(dc[:, :, 1:] - dc[:, :, :-1])
        total = total + ops.sum(ac, axis=(1, 2, 3, 4)) + ops.sum(moves, axis=(1, 2))
    return total


def _log2(x: Any) -> Any:
    return ops.log(1 + ops.abs(x)) / np.log(2).astype(np.float32)


def _as_spectrum(steps: Any, plane: int) -> Any:
    """Reshapes steps (B, 2, 8, 8) to (B, 1, 8, 1, 8) for a plane: luma, Cb or Cr."""
    return ops.cast(steps, "float32")[:, min(plane, 1)][:, None, :, None, :]


def _split_blocks(plane: Any) -> Any:
    _, height, width = plane.shape
    return ops.reshape(plane, (-1, height // BLOCK, BLOCK, width // BLOCK, BLOCK))


def _to_plane(spectrum: Any) -> Any:
    """Turns coefficients (B, rows, 8, columns, 8) into levels (B, 8rows, 8columns)."""
    _, rows, _, columns, _ = spectrum.shape
    flat = ops.reshape(spectrum, (-1, rows * BLOCK, columns * BLOCK))
    return _sandwich(lambda length: _dct_matrix(length).T, flat)


def _double(plane: Any, height: int, width: int) -> Any:
    """Enlarges halved chroma, with edges padded to blocks, to (B, height, width)."""
    rows, columns = (
        ops.convert_to_tensor(_doubling_matrix(n)) for n in (height, width)
    )
    kept = plane[:, : rows.shape[1], : columns.shape[1]]
    return ops.matmul(ops.matmul(rows, kept), ops.transpose(columns))


def _sandwich(matrix: Any, plane: Any) -> Any:
    """Computes matrix(h) @ plane @ matrix(w).T, for (B, h, w)."""
    rows, columns = (ops.convert_to_tensor(matrix(n)) for n in plane.shape[1:])
    return ops.matmul(ops.matmul(rows, plane), ops.transpose(columns))


@lru_cache(maxsize=64)
def _dct_matrix(length: int) -> np.ndarray:
    """Returns the DCT of each block, float32 (padded length, length).

    The edge is repeated to whole blocks.
    """
    padded = -(-length // BLOCK) * BLOCK
    repeat = np.zeros((padded, length), np.float32)
    repeat[np.arange(padded), np.minimum(np.arange(padded), length - 1)] = 1
    k, n = np.mgrid[:BLOCK, :BLOCK]
    dct = np.sqrt(2 / BLOCK) * np.cos(np.pi * (2 * n + 1) * k / (2 * BLOCK))
    dct[0] /= np.sqrt(2)
    return (np.kron(np.eye(padded // BLOCK), dct) @ repeat).astype(np.float32)


@lru_cache(maxsize=64)
def _halving_matrix(length: int) -> np.ndarray:
    """Returns the means of two, float32 (length / 2 rounded up, length).

    A last sample without a partner is repeated.
    """
    pairs = np.arange(-(-length // 2))
    matrix = np.zeros((len(pairs), length), np.float32)
    for offset in (0, 1):
        np.add.at(matrix, (pairs, np.minimum(2 * pairs + offset, length - 1)), 0.5)
    return matrix


@lru_cache(maxsize=64)
def _doubling_matrix(length: int) -> np.ndarray:
    """Returns the triangle filter, float32 (length, length / 2 rounded up).

    The weights are 3/4 for the own sample and 1/4 for the nearer neighbour, as in
    libjpeg's "fancy upsampling"; the edge is repeated.
    """
    places, halved = np.arange(length), -(-length // 2)
    nearer = np.clip(places // 2 + np.where(places % 2, 1, -1), 0, halved - 1)
    matrix = np.zeros((length, halved), np.float32)
    np.add.at(matrix, (places, places // 2), 0.75)
    np.add.at(matrix, (places, nearer), 0.25)
    return matrix
