"""Chooses quantised DC coefficients by rate and distortion.

A JPEG codes the difference of each DC from that of the block before. The least
 squared error · weight + bits  over a chain of blocks is found by dynamic programming
whose states are the values near each target. A chain is cut into segments that go
through it together; at a cut the value before is taken as rounded.
"""

from __future__ import annotations

import numpy as np

from comrec.jpeg.symbols import bit_size

DC_MIN, DC_MAX = -1024, 1023  # in steps, of a baseline file with 8-bit samples
SEGMENT = 128  # blocks; the cuts cost next to nothing
_AROUND = np.arange(-1, 3)[:, None]  # values tried, from the next below the target


def quantise_dc(
    targets: np.ndarray, weights: np.ndarray, lengths: np.ndarray
) -> np.ndarray:
    """Quantises the DC coefficients of a chain of blocks.

    Args:
      targets: float32 (n,), in the order of coding, in steps.
      weights: float32 (n,), not negative: bits for a squared error of one step. 0 for
        blocks that are not shown.
      lengths: (12,) or more, bits of the code of each size of a difference.

    Returns:
      int16 (n,), -1024 to 1023.
    """
    count = len(targets)
    length = min(SEGMENT, count)  # a small component is one chain without padding
    chains = -(-count // length)
    padding = chains * length - count
    # (block, chain): what stands at one place of every chain is worked on at once.
    target = np.pad(targets, (0, padding), "edge").reshape(chains, length).T
    weight = np.pad(weights, (0, padding)).reshape(chains, length).T
    floor = np.floor(target).astype(np.int32)
    costs = np.asarray(lengths, np.float32)[:12] + np.arange(12, dtype=np.float32)
    costs = costs[bit_size(np.arange(2048))]  # by a difference's magnitude
    first = np.zeros(chains, np.int32)
    first[1:] = np.clip(np.rint(target[-1, :-1]), DC_MIN, DC_MAX)
    values = np.clip(floor[:, None] + _AROUND, DC_MIN, DC_MAX)  # (block, state, chain)
    errors = weight[:, None] * (target[:, None] - values) ** 2
    total = errors[0] + costs[np.abs(values[0] - first)]
    origin = np.zeros(values.shape, np.int8)
    for i in range(1, length):
        # (state before, state, chain)
        ways = costs[np.abs(values[i] - values[i - 1][:, None])] + total[:, None]
        origin[i] = ways.argmin(0)
        total = ways.min(0) + errors[i]
    return _trace(values, origin, total.argmin(0)).T.ravel()[:count]


def _trace(values: np.ndarray, origin: np.ndarray, state: np.ndarray) -> np.ndarray:
    """Follows each chain's best path back; int16 (block, chain)."""
    out = np.empty((len(values), len(state)), np.int16)
    chains = np.arange(len(state))
    for i in range(len(values) - 1, -1, -1):
        out[i] = values[i, state, chains]
        state = origin[i, state, chains]
    return out
