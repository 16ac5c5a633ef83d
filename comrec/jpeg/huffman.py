"""Makes Huffman tables for given counts of symbols, and packs codes into bytes.

ITU-T T.81, Annexes C and K.2: codes have at most 16 bits, and the one of ones alone is
not used, so that padding is never taken for a code.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LENGTH_MAX = 16


class HuffmanTable(NamedTuple):
    """Holds a Huffman table in the order of a DHT segment.

    Attributes:
      bits: 16 counts, of the codes of 1 to 16 bits.
      symbols: in the order of their codes.
    """

    bits: tuple[int, ...]
    symbols: tuple[int, ...]

    @property
    def payload(self) -> bytes:
        """The table as in a DHT segment, without its class and number."""
        return bytes((*self.bits, *self.symbols))

    def codes(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns code and length of every symbol, int64 (256,) each; 0 for no code."""
        codes, lengths = np.zeros(256, np.int64), np.zeros(256, np.int64)
        code = at = 0
        for length, count in enumerate(self.bits, 1):
            for symbol in self.symbols[at : at + count]:
                codes[symbol], lengths[symbol] = code, length
                code += 1
            at += count
            code *= 2
        return codes, lengths


def optimal_table(counts: np.ndarray) -> HuffmanTable:
    """Returns the table with which symbols of such counts take the fewest bits.

    Args:
      counts: int (256,), not negative. Symbols of count 0 get no code; if there is no
        other, symbol 0 gets one, for an empty table is not legal everywhere.
    """
    used = np.flatnonzero(counts)
    if not len(used):
        used = np.array([0])
    lengths = code_lengths(np.asarray(counts)[used])
    ranked = np.lexsort((used, lengths))
    bits = np.bincount(lengths, minlength=LENGTH_MAX + 1)[1:]
    return HuffmanTable(tuple(map(int, bits)), tuple(map(int, used[ranked])))


def code_lengths(counts: np.ndarray) -> np.ndarray:
    """Returns the code lengths of fewest bits, one code of ones left free.

    Package-merge: L. Larmore and D. Hirschberg, "A fast algorithm for optimal
    length-limited Huffman codes", J. ACM 37 (3), 1990.

    Args:
      counts: (n,), 1 to 256 of them, above 0.

    Returns:
      int64 (n,), 1 to 16.
    """
    # A symbol of count 0 takes the longest code, of ones alone; nothing uses it.
    order = np.argsort(counts, kind="stable")
    leaves = np.concatenate([[0], np.asarray(counts, np.int64)[order]])
    uses = np.eye(len(leaves), dtype=np.int64)  # how often an item holds each leaf
    weight, holds = leaves, uses
    for _ in range(LENGTH_MAX - 1):
        pairs = len(weight) // 2 * 2
        packed = weight[:pairs:2] + weight[1:pairs:2]
        held = holds[:pairs:2] + holds[1:pairs:2]
        weight = np.concatenate([leaves, packed])
        ranked = np.argsort(weight, kind="stable")
        weight, holds = weight[ranked], np.concatenate([uses, held])[ranked]
    lengths = np.empty(len(counts), np.int64)
    lengths[order] = holds[: 2 * len(leaves) - 2].sum(0)[1:]
    return lengths


def likely_lengths(counts: np.ndarray) -> np.ndarray:
    """Returns what a symbol is likely to cost, those not seen as well.

    Args:
      counts: (n,), not negative.

    Returns:
      float64 (n,): bits of the codes of `optimal_table`; of a symbol of count 0, those
      of a symbol that stands once.
    """
    used = np.asarray(counts) > 0
    rare = min(np.log2(counts.sum() + 1) + 1, LENGTH_MAX)
    lengths = np.full(len(counts), max(rare, 1.0))
    if used.any():
        lengths[used] = code_lengths(np.asarray(counts)[used])
    return lengths


def pack(values: np.ndarray, lengths: np.ndarray) -> bytes:
    """Writes numbers of several lengths one after another, highest bits first.

    Args:
      values: int64 (n,), each below 2 ** its length.
      lengths: int64 (n,), 0 to 32 bits.

    Returns:
      The bytes, the last filled up with ones.
    """
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    starts = ends - lengths
    word = starts >> 5
    # Each lies in two words of 32 bits at most. No two share a bit, so sums of what
    # falls into a word are below 2^32 and exact in double precision.
    shifted = values.astype(np.uint64) << (64 - lengths - (starts & 31)).astype(
        np.uint64
    )
    words = total // 32 + 2
    sums = np.bincount(word, weights=shifted >> np.uint64(32), minlength=words)
    low = shifted & np.uint64(0xFFFFFFFF)
    sums[1:] += np.bincount(word, weights=low, minlength=words)[:-1]
    data = bytearray(sums.astype(np.uint32).astype(">u4").tobytes())
    if total % 8:
        data[total // 8] |= 0xFF >> total % 8
    return bytes(data[: -(-total // 8)])
