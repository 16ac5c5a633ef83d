"""Quantises whole components by rate and distortion, and says what blocks cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from comrec.jpeg import symbols
from comrec.jpeg.dc_trellis import quantise_dc
from comrec.jpeg.huffman import likely_lengths
from comrec.jpeg.layout import Component, Layout
from comrec.jpeg.trellis import quantise_ac

Blocks = list[np.ndarray]  # int16 (rows, columns, 64) a component


class CodeLengths(NamedTuple):
    """Bits of a component's codes.

    Attributes:
      ac: float64 (256,), of AC symbols.
      dc: float64 (16,), of sizes of DC differences.
    """

    ac: np.ndarray
    dc: np.ndarray


def code_lengths(parts: Iterable[tuple[Blocks, Layout]]) -> list[CodeLengths]:
    """Returns the lengths of the codes that fit the statistics of blocks.

    Args:
      parts: blocks and their layout; the parts of a picture share tables.

    Returns:
      One item a component; Cb and Cr share theirs.
    """
    ac = [np.zeros(256, np.int64) for _ in range(2)]
    dc = [np.zeros(16, np.int64) for _ in range(2)]
    channels = 1
    for blocks, layout in parts:
        channels = layout.channels
        for i, values in enumerate(blocks):
            order = layout.components[i].order
            chain = values.reshape(-1, 64)[order[order >= 0]]
            ac[min(i, 1)] += symbols.ac_counts(chain)
            dc[min(i, 1)] += symbols.dc_counts(chain[:, 0])
    luma, chroma = (
        CodeLengths(likely_lengths(a), likely_lengths(d))
        for a, d in zip(ac, dc, strict=True)
    )
    return [luma, chroma, chroma][:channels]


def quantise_component(
    targets: np.ndarray,
    weights: np.ndarray,
    component: Component,
    lengths: CodeLengths,
) -> np.ndarray:
    """Chooses a component's coefficients: least weight · squared error + bits.

    Args:
      targets: float32 (rows, columns, 64) in zigzag order, in steps.
      weights: float32 (64,), above 0: bits for a squared error of one step.
      component: says in which order blocks are coded.
      lengths: of the codes.

    Returns:
      int16 (rows, columns, 64).
    """
    values = quantise_ac(targets.reshape(-1, 64), weights, lengths.ac)
    shown = component.order >= 0
    # What an added block is to have does not matter; a near value keeps states near.
    last = np.maximum.accumulate(np.where(shown, np.arange(len(shown)), 0))
    dc = quantise_dc(
        targets.reshape(-1, 64)[component.order[last], 0],
        (shown * weights[0]).astype(np.float32),
        lengths.dc,
    )
    values[component.order[shown], 0] = dc[shown]
    return values.reshape(targets.shape)


def block_bits(
    values: np.ndarray, component: Component, lengths: CodeLengths
) -> np.ndarray:
    """Returns the bits that each block of a component takes in a baseline scan.

    Args:
      values: int16 (rows, columns, 64) in zigzag order.
      component, lengths: as for `quantise_component`.

    Returns:
      float32 (rows, columns); a DC difference counts for the later block.
    """
    shown = component.order >= 0
    dc = symbols.ordered(values, component.order)[:, 0]
    sizes = symbols.bit_size(symbols.dc_differences(dc))[shown]
    bits = symbols.ac_bits(values.reshape(-1, 64), lengths.ac)
    bits[component.order[shown]] += lengths.dc[sizes] + sizes
    return bits.reshape(values.shape[:2]).astype(np.float32)
