"""Turns quantised blocks into the symbols of a baseline scan.

ITU-T T.81, F.1.2. A block is coded as the size of its DC difference, then for every AC
coefficient that is not zero a symbol of the run of zeros before it and its size, each
followed by as many bits as the size says, and a symbol that ends the block.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from comrec.jpeg.layout import Layout

EOB, ZRL = 0x00, 0xF0  # end of block, sixteen zeros
DC = 256  # added to a DC symbol, so that it differs from the AC symbols
SYMBOLS = 512  # of one component: 256 AC, then as many for DC


class Symbols(NamedTuple):
    """Symbols of a scan, in the order of coding.

    Attributes:
      symbol: uint16 (n,): 0 to 255 AC, run · 16 + size; DC + size; SYMBOLS more for
        chroma. The low four bits are the number of bits that follow.
      extra: uint16 (n,), those bits.
    """

    symbol: np.ndarray
    extra: np.ndarray

    def counts(self) -> np.ndarray:
        """Returns how often each symbol stands: int64 (2 · SYMBOLS,)."""
        return np.bincount(self.symbol, minlength=2 * SYMBOLS)


def bit_size(values: np.ndarray) -> np.ndarray:
    """Returns the number of bits of each value's magnitude, 0 for 0; int32."""
    return np.frexp(np.abs(values).astype(np.float32))[1]


def ordered(blocks: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Returns a component's blocks as the scan codes them, added ones filled in.

    An added block repeats the DC of the block before it and has no AC: the cheapest.

    Args:
      blocks: int16 (rows, columns, 64) of the component.
      order: `Component.order`.

    Returns:
      int16 (n, 64).
    """
    flat = blocks.reshape(-1, 64)
    added = order < 0
    if not added.any():
        return flat[order]
    last = np.maximum.accumulate(np.where(added, 0, np.arange(len(order))))
    out = flat[order[last]]
    out[added, 1:] = 0
    return out


def dc_differences(dc: np.ndarray) -> np.ndarray:
    """Returns the differences of DC values in the order of coding, int32 (n,)."""
    return np.diff(dc.astype(np.int32), prepend=0)


def ac_counts(blocks: np.ndarray) -> np.ndarray:
    """Returns how often each AC symbol stands in int16 (n, 64) blocks: int64 (256,)."""
    _, _, zeros, symbol, ends = _ac_symbols(blocks)
    counts = np.bincount(symbol, minlength=256)
    counts[ZRL] += (zeros >> 4).sum()
    counts[EOB] += ends.sum()
    return counts


def ac_bits(blocks: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Returns the bits that the AC coefficients of each block take.

    Args:
      blocks: int16 (n, 64).
      lengths: (256,), bits of each AC symbol's code.

    Returns:
      float64 (n,).
    """
    index, _, zeros, symbol, ends = _ac_symbols(blocks)
    bits = lengths[symbol] + (symbol & 15) + (zeros >> 4) * lengths[ZRL]
    return np.bincount(index >> 6, bits, len(blocks)) + ends * lengths[EOB]


def dc_counts(dc: np.ndarray) -> np.ndarray:
    """Returns how often each size of a DC difference stands: int64 (16,)."""
    return np.bincount(bit_size(dc_differences(dc)), minlength=16)


def scan_symbols(blocks: Sequence[np.ndarray], layout: Layout) -> Symbols:
    """Returns the symbols of the only scan of a baseline file.

    Args:
      blocks: int16 (rows, columns, 64) a component.
      layout: of the picture.
    """
    components = layout.components
    per_unit = [component.factor**2 for component in components]
    units = components[0].mcu_rows * components[0].mcu_columns
    coded, differences = [], []
    for values, component, count in zip(blocks, components, per_unit, strict=True):
        chain = ordered(values, component.order)
        coded.append(chain.reshape(units, count, 64))
        differences.append(dc_differences(chain[:, 0]).reshape(units, count))
    tables = np.repeat([0, *[1] * (len(components) - 1)], per_unit)
    return block_symbols(
        np.concatenate(coded, 1).reshape(-1, 64),
        np.concatenate(differences, 1).ravel(),
        np.tile(tables, units),
    )


def block_symbols(
    blocks: np.ndarray, differences: np.ndarray, tables: np.ndarray | int
) -> Symbols:
    """Returns the symbols of blocks.

    Args:
      blocks: int16 (n, 64) in the order of coding; DC is not looked at.
      differences: int32 (n,), of DC from the component's block before.
      tables: (n,) or one for all, 0 for luma and 1 for chroma.
    """
    index, value, zeros, symbol, ends = _ac_symbols(blocks)
    block = index >> 6
    skips = zeros >> 4  # symbols for sixteen zeros, before each
    number = np.arange(len(blocks))
    each = np.bincount(block, weights=skips + 1, minlength=len(blocks)).astype(np.int64)
    each += 1 + ends
    after = np.cumsum(each)
    out = np.full(int(after[-1]), ZRL, np.uint16)
    extra = np.zeros(len(out), np.uint16)
    first = after - each
    size = bit_size(differences)
    out[first] = DC + size
    extra[first] = _extra_bits(differences, size)
    out[after[ends] - 1] = EOB
    # Before a coefficient stand all earlier ones, the skips, DC and ends of blocks.
    ended = np.cumsum(ends) - ends
    place = np.arange(len(index)) + np.cumsum(skips) + (number + 1 + ended)[block]
    out[place] = symbol
    extra[place] = _extra_bits(value, symbol & 15)
    if not np.isscalar(tables):
        out += np.repeat((np.asarray(tables) * SYMBOLS).astype(np.uint16), each)
    elif tables:
        out += np.uint16(SYMBOLS)
    return Symbols(out, extra)


def _ac_symbols(
    blocks: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Finds the AC coefficients that are not zero.

    Returns:
      Of each: its index in the flat array, its value, the zeros before it, and its
      symbol; and for each block whether it needs an end.
    """
    index = np.flatnonzero(blocks)
    index = index[(index & 63) > 0]
    value = blocks.ravel()[index].astype(np.int32)
    before = np.empty_like(index)
    before[:1] = -64
    before[1:] = index[:-1]
    # Of the coefficient before or, in another block, of DC.
    zeros = index - np.maximum(before, index & ~63) - 1
    symbol = (zeros & 15) * 16 + bit_size(value)
    return index, value, zeros, symbol, blocks[:, 63] == 0


def _extra_bits(value: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Returns the bits that follow a size (T.81, F.1.2.1): negative ones less 1."""
    return np.where(value < 0, value + (1 << size) - 1, value)
