"""What a compact image costs in a JPEG, as something with a gradient.

Nothing in the paper's loss keeps ComCNN from buying quality with bytes. The rate
term adds

    rate_weight * scale * sum_i log2(1 + |c_i / step_i|)

over the DCT coefficients c of the compact image, each in steps of the quantisation
table, DC as the difference from the block before it, chroma halved, as JPEG codes it.
`scale` is measured: real JPEG bits over that sum, on whole pictures of the run, every
epoch anew. So the term counts bits (on small patches some 15 % too many, for their
padded edges), and `rate_weight` has a meaning: halved squared error per bit.
(Log-magnitudes calibrated against the actual JPEG: after Guleryuz et al.,
"Sandwiched Compression", arXiv:2402.05887.)
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np
from keras import ops
from PIL.JpegImagePlugin import JpegImageFile

from comrec import jpeg
from comrec.codec import RGB_TO_YCBCR

BLOCK = 8


def magnitudes(compact: Any, quality: int) -> Any:
    """The uncalibrated sum of log-magnitudes of each image.

    Args:
      compact: tensor (B, h, w, C) of static size, pixels about [0, 1].
      quality: of the JPEG, libjpeg's standard tables.

    Returns:
      float32 tensor (B,).
    """
    channels = compact.shape[3]
    levels = ops.cast(compact, "float32") * 255
    tables = _tables(quality, channels)
    if channels == 1:
        return _of_plane(levels[..., 0], tables[0])
    levels = ops.matmul(levels, ops.convert_to_tensor(RGB_TO_YCBCR.T))
    return (
        _of_plane(levels[..., 0], tables[0])
        + _of_plane(_halved(levels[..., 1]), tables[1])
        + _of_plane(_halved(levels[..., 2]), tables[2])
    )


def _of_plane(plane: Any, table: np.ndarray) -> Any:
    """(B, h, w) of 0 to 255, and (8, 8) steps, to (B,)."""
    _, height, width = plane.shape
    rows, columns = _dct_matrix(height), _dct_matrix(width)
    spectrum = ops.einsum("uy,byx,vx->buv", rows, plane, columns)
    spectrum = ops.reshape(
        spectrum, (-1, len(rows) // BLOCK, BLOCK, len(columns) // BLOCK, BLOCK)
    ) / ops.convert_to_tensor(table[None, None, :, None])
    # The first DC of a row is left out: a patch does not know the block before it.
    dc = spectrum[:, :, 0, :, 0]
    steps = dc[:, :, 1:] - dc[:, :, :-1]
    is_ac = np.ones((1, 1, BLOCK, 1, BLOCK), np.float32)
    is_ac[:, :, 0, :, 0] = 0
    ac = spectrum * ops.convert_to_tensor(is_ac)
    return ops.sum(_log2(ac), axis=(1, 2, 3, 4)) + ops.sum(_log2(steps), axis=(1, 2))


def _halved(plane: Any) -> Any:
    """Chroma as 4:2:0 has it: means of 2x2, an odd last row or column repeated."""
    _, height, width = plane.shape
    rows, columns = _halving_matrix(height), _halving_matrix(width)
    return ops.einsum("uy,byx,vx->buv", rows, plane, columns)


def bits_per_magnitude(
    comcnn: Callable[[np.ndarray], np.ndarray],
    crops: Iterable[np.ndarray],
    quality: int,
) -> float:
    """Real JPEG bits over `magnitudes`, of compact images of whole pictures.

    Args:
      comcnn: float32 (1, H, W, C) in [0, 1] to (1, h, w, C).
      crops: uint8 (H, W, C) each, all of one size.
      quality: of the JPEG.
    """
    bits, counted = 0, 0.0
    for crop in crops:
        compact = np.asarray(comcnn(crop[None].astype(np.float32) / 255), np.float32)
        pixels = np.rint(np.clip(compact[0], 0, 1) * 255).astype(np.uint8)
        flat = np.full_like(pixels, 128)
        # Optimised Huffman tables, as files are written; the header is not content.
        coded, empty = (len(jpeg.encode(p, quality)) for p in (pixels, flat))
        bits += 8 * (coded - empty)
        counted += float(magnitudes(ops.convert_to_tensor(compact), quality)[0])
    return bits / max(counted, 1.0)


def _log2(x: Any) -> Any:
    return ops.log(1 + ops.abs(x)) / np.log(2).astype(np.float32)


@lru_cache(maxsize=64)
def _dct_matrix(length: int) -> np.ndarray:
    """float32 (padded length, length): DCT of each block; the edge is repeated."""
    padded = -(-length // BLOCK) * BLOCK
    repeat = np.zeros((padded, length), np.float32)
    repeat[np.arange(padded), np.minimum(np.arange(padded), length - 1)] = 1
    k, n = np.mgrid[:BLOCK, :BLOCK]
    dct = np.sqrt(2 / BLOCK) * np.cos(np.pi * (2 * n + 1) * k / (2 * BLOCK))
    dct[0] /= np.sqrt(2)
    return (np.kron(np.eye(padded // BLOCK), dct) @ repeat).astype(np.float32)


@lru_cache(maxsize=64)
def _halving_matrix(length: int) -> np.ndarray:
    """float32 (length / 2 rounded up, length)."""
    pairs = np.arange(-(-length // 2))
    matrix = np.zeros((len(pairs), length), np.float32)
    for offset in (0, 1):
        np.add.at(matrix, (pairs, np.minimum(2 * pairs + offset, length - 1)), 0.5)
    return matrix


@lru_cache(maxsize=128)
def _tables(quality: int, channels: int) -> np.ndarray:
    """float32 (C, 8, 8): the steps that a JPEG of this quality is written with."""
    coded = jpeg.encode(np.zeros((BLOCK, BLOCK, channels), np.uint8), quality)
    found = JpegImageFile(io.BytesIO(coded)).quantization
    steps = [found[min(c, len(found) - 1)] for c in range(channels)]
    return np.array(steps, np.float32).reshape(channels, BLOCK, BLOCK)
