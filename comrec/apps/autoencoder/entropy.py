"""Levels of latent values to bytes and back, exactly: a range coder with fixed counts.

The counts belong to the model, so a file carries none, and nothing that is decoded
depends on floating-point arithmetic of a network.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from comrec.apps.autoencoder import quantiser
from comrec.errors import ComrecError, StreamError

WORD_BYTES = 4
SLACK_BYTES = 16  # that a coder may come out below what its counts promise


class Coder:
    """Codes the levels of one model at one number of bits.

    Args:
      counts: uint16 (values, 256), of levels of 8 bits.
      bits: of each level here, 1 to 8.

    Raises:
      ComrecError: constriction is not installed.
    """

    def __init__(self, counts: np.ndarray, bits: int) -> None:
        self._queue, model = library()
        counts_here = quantiser.coarser(counts, bits)
        self._models = [model(row, perfect=False) for row in counts_here]
        likely = counts_here.max(axis=1) / counts_here.sum(axis=1)
        self._least_bits = -float(np.log2(likely).sum())  # for one place

    def encode(self, symbols: np.ndarray) -> bytes:
        """uint8 (places, values), each below 2**bits, to as few bytes as hold them."""
        encoder = self._queue.RangeEncoder()
        for column, model in zip(symbols.T, self._models, strict=True):
            encoder.encode(column.astype(np.int32), model)
        data: bytes = encoder.get_compressed().astype(">u4").tobytes()
        # A decoder takes what is missing for zeros, so the end may do without.
        for size in range(max(len(data) - WORD_BYTES, 0), len(data)):
            with contextlib.suppress(AssertionError):  # too short
                if np.array_equal(self._decoded(data[:size], len(symbols)), symbols):
                    return data[:size]
        return data

    def decode(self, data: bytes, places: int) -> np.ndarray:
        """The inverse of `encode`: uint8 (places, values).

        Raises:
          StreamError: the bytes cannot be those of so many places.
        """
        least = places * self._least_bits / 8 * 0.999
        if len(data) + SLACK_BYTES < least:
            raise StreamError(
                f"{len(data)} bytes cannot hold a picture of its size (at least "
                f"{int(least) - SLACK_BYTES}). Use another copy"
            )
        try:
            return self._decoded(data, places)
        except AssertionError as err:  # what constriction makes of an impossible one
            raise StreamError("its coded values are damaged. Use another copy") from err

    def _decoded(self, data: bytes, places: int) -> np.ndarray:
        padded = data + bytes(-len(data) % WORD_BYTES + 2 * WORD_BYTES)
        words = np.frombuffer(padded, ">u4").astype(np.uint32)
        decoder = self._queue.RangeDecoder(words)
        symbols = np.empty((places, len(self._models)), np.uint8)
        for j, model in enumerate(self._models):
            symbols[:, j] = decoder.decode(model, places)
        return symbols


def library() -> tuple[Any, Any]:
    """The queue coders and the categorical model of constriction.

    Raises:
      ComrecError: it is not installed.
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
