"""Chooses quantised AC coefficients by rate and distortion, by dynamic programming.

For every block the values of least  weight · squared error + bits,  where the bits are
those of a baseline scan (ITU-T T.81, F.1.2.2): a Huffman code for each run of zeros
with the size of what follows, the value's own bits, codes for sixteen zeros and for the
end of the block. As in mozjpeg the state is the last coefficient that is not zero; here
all blocks go through the programme at once.

A coefficient that saves more bits than two codes can cost is never zero, and divides
its block into chains that do not depend on one another. Costs are whole numbers, so
that no sum depends on its order.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from comrec.jpeg.huffman import LENGTH_MAX
from comrec.jpeg.symbols import EOB, ZRL, bit_size

AC_MAX = 1023  # of a baseline file with 8-bit samples
_BIT = 1024  # one bit in units of cost
_SLOTS = 64  # a cost times this, plus the index of where it came from
# Bits that a coefficient saves at least which is never zero: two codes in place of one.
_FIXED = 2 * LENGTH_MAX
_LEAD = 4 * LENGTH_MAX  # more is counted as this; 63 of them fit into 31 bits
_NEVER = 2**30
_AT_ONCE = 2**11  # chains: more do not fit into a core's cache
# Upper bounds of the numbers of candidates that go through together.
_BUCKETS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 26, 34, 46, 63)


def quantise_ac(
    targets: np.ndarray, weights: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Quantises the AC coefficients of blocks.

    Candidates for a coefficient are zero, the nearest whole number, and the greatest of
    each smaller size (2^n - 1); up to half a step, zero alone.

    Args:
      targets: float32 (n, 64) in zigzag order, in steps.
      weights: float32 (64,) or (n, 64), above 0: bits for a squared error of one step.
      lengths: (256,), 1 to 16: bits of each AC symbol's code, 16 · run + size.

    Returns:
      int16 (n, 64), -1023 to 1023; the first column is zero.
    """
    out = np.zeros(targets.shape, np.int16)
    wanted = np.abs(targets) > np.float32(0.5)  # smaller values save nothing
    wanted[:, 0] = False
    index = np.flatnonzero(wanted)
    if not len(index):
        return out
    runs = _run_costs(lengths)
    target = targets.ravel()[index]
    weight = weights[index & 63] if weights.ndim == 1 else weights.ravel()[index]
    candidates = _Candidates(index, np.abs(target), weight, runs)
    values = np.zeros(len(index) + 1, np.int16)
    for slots, first, fixed in _chains(index, candidates.fixed):
        _choose(candidates, slots, first, fixed, runs, values)
    values = values[:-1]
    np.negative(values, where=target < 0, out=values)
    out.ravel()[index] = values
    return out


def _cost(bits: np.ndarray) -> np.ndarray:
    """Returns the cost of bits: int32, with the digits of an index left zero."""
    return np.rint(bits * _BIT).astype(np.int32) * _SLOTS


def _run_costs(lengths: np.ndarray) -> np.ndarray:
    """Returns the cost of a code with its run of zeros: int32 (64 runs · 16 sizes,).

    That of the end of a block is the first, where a size of 0 has no other meaning.
    """
    run, size = np.divmod(np.arange(64 * 16), 16)
    bits = np.asarray(lengths, np.float64)
    return _cost((run >> 4) * bits[ZRL] + bits[(run & 15) * 16 + size])


class _Candidates:
    """Holds the values that each candidate may take, and the cost of each value.

    One entry more than there are candidates stands for none: it is never taken.

    Attributes:
      position: int64 (n + 1,), 16 · the place in zigzag order.
      fixed: bool (n,), True for a candidate that is never zero.
      legal: a list, for each choice but the first: bool (n + 1,), whether it may pay.
      value, code, cost: lists, an item for each choice, the nearest value first. Of
        each candidate: the value (int16); 16 · (place - 1) + the value's size (int64);
        the cost above that of zero, without the code (int32), _NEVER for no value.
    """

    def __init__(
        self,
        index: np.ndarray,
        magnitude: np.ndarray,
        weight: np.ndarray,
        runs: np.ndarray,
    ) -> None:
        self.position = np.append((index & 63) * 16, 63 * 16)
        nearest = np.minimum(np.rint(magnitude), AC_MAX)
        np.maximum(nearest, 1, out=nearest)
        size = bit_size(nearest)
        miss = magnitude - nearest
        base = size - weight * (magnitude * magnitude - miss * miss)
        self.fixed = base < -_FIXED
        np.maximum(base, -_LEAD, out=base)
        place = self.position[:-1] - 16
        self.value = [np.append(nearest.astype(np.int16), np.int16(0))]
        self.code = [np.append(place + size, 62 * 16 + 1)]
        self.cost = [np.append(_cost(base), np.int32(_NEVER))]
        self.legal: list[np.ndarray] = []
        by_run = runs.reshape(64, 16) / (_BIT * _SLOTS)
        # Choices of fewer bits, as long as one may pay.
        for drop in range(1, 10):
            saved = np.zeros(16)  # the most that a code of a size so much smaller saves
            saved[drop + 1 :] = (by_run[:, drop + 1 :] - by_run[:, 1 : 16 - drop]).max(
                0
            )
            smaller = np.exp2(size - drop) - 1
            other = magnitude - smaller
            more = weight * (other * other - miss * miss) - drop
            legal = (smaller >= 1) & (more < saved[size])
            if not legal.any():
                break
            self.value.append(np.append(smaller.astype(np.int16), np.int16(0)))
            self.code.append(np.append(place + (size - drop), 0))
            worth = np.where(legal, _cost(np.where(legal, base + more, 0)), _NEVER)
            self.cost.append(np.append(worth, _NEVER).astype(np.int32))
            self.legal.append(np.append(legal, False))


def _chains(
    index: np.ndarray, fixed: np.ndarray
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yields chains of candidates, those of about the same length together.

    Yields:
      slots: int64 (k, m), the k candidates of m chains.
      first: int64 (m,), 16 · the place from which each chain starts.
      fixed: bool (m,), True where the last candidate ends the chain.
    """
    block = index >> 6
    begins = np.ones(len(index), bool)
    begins[1:] = (block[1:] != block[:-1]) | fixed[:-1]
    starts = np.flatnonzero(begins)
    counts = np.diff(starts, append=len(index))
    before = index[
        starts - 1
    ]  # of the first chain of all: any other block's, or its own
    origin = (
        np.where((before >> 6 == block[starts]) & (starts > 0), before & 63, 0) * 16
    )
    ends = fixed[starts + counts - 1]
    for fewest, most in zip((0, *_BUCKETS[:-1]), _BUCKETS, strict=True):
        alike = np.flatnonzero((counts > fewest) & (counts <= most))
        for i in range(0, len(alike), _AT_ONCE):
            some = alike[i : i + _AT_ONCE]
            slots = starts[some] + np.arange(most)[:, None]
            if most - fewest > 1:  # the index past the last stands for no candidate
                slots[np.arange(most)[:, None] >= counts[some]] = len(index)
            yield slots, origin[some], ends[some]


def _choose(
    candidates: _Candidates,
    slots: np.ndarray,
    first: np.ndarray,
    fixed: np.ndarray,
    runs: np.ndarray,
    values: np.ndarray,
) -> None:
    """Runs the programme for chains of alike many candidates.

    Args:
      candidates: of all blocks.
      slots, first, fixed: from `_chains`.
      runs: from `_run_costs`.
      values: int16, receives the choice of every candidate.
    """
    k, m = slots.shape
    offset = np.empty((k + 1, m), np.int64)
    offset[0] = first
    candidates.position.take(slots, out=offset[1:], mode="clip")
    code = candidates.code[0].take(slots)
    cost = candidates.cost[0].take(slots)
    others = [_by_row(legal.take(slots)) for legal in candidates.legal]
    # The cost up to each candidate, taken; 0 is the start. With its index.
    total = np.empty((k + 1, m), np.int32)
    total[0] = 0
    origin = np.empty((k, m), np.uint8)
    value = candidates.value[0].take(slots)
    reach = np.empty((k, m), np.int64)
    ways = np.empty((k, m), np.int32)
    for i in range(k):
        np.subtract(code[i], offset[: i + 1], out=reach[: i + 1])
        runs.take(reach[: i + 1], out=ways[: i + 1], mode="clip")
        ways[: i + 1] += total[: i + 1]
        best = ways[: i + 1].min(0)
        best += cost[i]
        for choice, rows in enumerate(others, 1):
            some = rows[i]
            if len(some):
                slot = slots[i, some]
                fewer = runs.take(candidates.code[choice][slot] - offset[: i + 1, some])
                fewer += total[: i + 1, some]
                other = fewer.min(0) + candidates.cost[choice][slot]
                better = other < best[some]
                some = some[better]
                best[some] = other[better]
                value[i, some] = candidates.value[choice][slots[i, some]]
        origin[i] = best & (_SLOTS - 1)
        best |= _SLOTS - 1
        np.subtract(best, _SLOTS - 2 - i, out=total[i + 1])
    total[offset == 63 * 16] -= runs[EOB]  # the only place after which there is no end
    ends = (slots < len(values) - 1).sum(0)
    last = np.where(fixed, ends, total.argmin(0)).astype(np.uint8)
    for i in range(k - 1, -1, -1):  # back along each chain's best path
        taken = last == i + 1
        np.copyto(last, origin[i], where=taken)
        value[i] *= taken
    values[slots] = value


def _by_row(mask: np.ndarray) -> list[np.ndarray]:
    """Returns for each row the columns where a mask holds."""
    rows, columns = np.nonzero(mask)
    ends = np.searchsorted(rows, np.arange(len(mask) + 1))
    return [columns[a:b] for a, b in pairwise(ends)]
