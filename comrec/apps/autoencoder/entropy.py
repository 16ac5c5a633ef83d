"""Codes levels of latent values without loss, by a range coder with fixed counts.

The counts belong to the model and not to a file, so decoded levels do not depend on
the floating-point arithmetic of a network.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from comrec.apps.autoencoder import quantiser
from comrec.errors import ComrecError, StreamError

WORD_BYTES = 4
SLACK_BYTES = 16  # by which a file may be smaller than its counts imply


class Coder:
    """Codes the levels of one model at one number of bits.

    Args:
      counts: uint16 (values, 256), of levels of 8 bits.
      bits: of each level to code, 1 to 8.

    Raises:
      ComrecError: constriction is not installed.
    """

    def __init__(self, counts: np.ndarray, bits: int) -> None:
        self._queue, model = load_library()
        merged = quantiser.merge_levels(counts, bits)
        self._models = [model(row, perfect=False) for row in merged]
        largest = merged.max(axis=1) / merged.sum(axis=1)
        self._min_bits = -float(np.log2(largest).sum())  # for one place

    def encode(self, symbols: np.ndarray) -> bytes:
        """Encodes levels, uint8 (places, values) below 2**bits, in the fewest bytes."""
        encoder = self._queue.RangeEncoder()
        for column, model in zip(symbols.T, self._models, strict=True):
            encoder.encode(column.astype(np.int32), model)
        data: bytes = encoder.get_compressed().astype(">u4").tobytes()
        # A decoder reads missing bytes as zeros, so trailing bytes may be dropped.
        for size in range(max(len(data) - WORD_BYTES, 0), len(data)):
            with contextlib.suppress(AssertionError):  # too short
                if np.array_equal(self._decode(data[:size], len(symbols)), symbols):
                    return data[:size]
        return data

    def decode(self, data: bytes, places: int) -> np.ndarray:
        """Decodes levels, uint8 (places, values).

        Raises:
          StreamError: the bytes cannot hold this number of places, or are damaged.
        """
        min_bytes = places * self._min_bits / 8 * 0.999
        if len(data) + SLACK_BYTES < min_bytes:
            raise StreamError(
                f"{len(data)} bytes cannot hold a picture of its size (at least "
                f"{int(min_bytes) - SLACK_BYTES}). Use another copy"
            )
        try:
            return self._decode(data, places)
        except AssertionError as err:  # raised by constriction for impossible data
            raise StreamError("its coded values are damaged. Use another copy") from err

    def _decode(self, data: bytes, places: int) -> np.ndarray:
        padded = data + bytes(-len(data) % WORD_BYTES + 2 * WORD_BYTES)
        words = np.frombuffer(padded, ">u4").astype(np.uint32)
        decoder = self._queue.RangeDecoder(words)
        symbols = np.empty((places, len(self._models)), np.uint8)
        for j, model in enumerate(self._models):
            symbols[:, j] = decoder.decode(model, places)
        return symbols


def load_library() -> tuple[Any, Any]:
    """Returns the queue coders and the categorical model of constriction.

    Raises:
      ComrecError: constriction is not installed.
    """
    try:
        import constriction
    except ImportError as err:
        raise ComrecError(
            "autoencoder files need the package constriction, which is not installed: "
            "pip install comrec[autoencoder]"
        ) from err
    stream = constriction.stream
    return stream.queue, stream.model.Categorical
