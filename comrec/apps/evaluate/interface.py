"""Defines the interface of a codec under comparison."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from comrec.errors import ComrecError
from comrec.jpeg.colour import luma

Setting = float  # an int if the codec takes only whole numbers
Files = tuple[bytes, ...]  # all that decoding needs


class PeerError(ComrecError):
    """Reports a codec that cannot run here, with the reason and the remedy."""


@dataclass(frozen=True)
class Peer:
    """Describes one codec, with all its parameters but the setting of the rate.

    Attributes:
      name: of the codec, as in rows.
      version: of the libraries, with the parameters.
      grid: settings of rising rate that span the curve.
      encode: maps uint8 (H, W, 1) grey or (H, W, 3) RGB, and a setting, to files.
      decode: maps the files alone to uint8 (H, W, 1|3); a codec without a mode for
        grey returns RGB.
      unit: words for a setting, a format of it.
    """

    name: str
    version: str
    grid: tuple[Setting, ...]
    encode: Callable[[np.ndarray, Setting], Files]
    decode: Callable[[Files], np.ndarray]
    unit: str = "quality {:.3g}"


class Pass(NamedTuple):
    """Holds the result of coding one picture once."""

    rate_bytes: int  # of all files
    restored: np.ndarray  # uint8, of the shape of the picture
    encode_s: float
    decode_s: float


def run(peer: Peer, pixels: np.ndarray, setting: Setting) -> Pass:
    """Encodes and decodes one picture.

    Args:
      peer: the codec.
      pixels: uint8 (H, W, 1) grey or (H, W, 3) RGB.
      setting: of the rate.

    Raises:
      PeerError: the codec returned another shape.
    """
    started = time.perf_counter()
    files = peer.encode(pixels, setting)
    encoded = time.perf_counter()
    restored = peer.decode(files)
    decoded = time.perf_counter()
    if pixels.shape[2] == 1:
        restored = luma(restored)
    if restored.shape != pixels.shape:
        raise PeerError(
            f"{peer.name} returned {restored.shape} for {pixels.shape} at setting "
            f"{setting:g}. Leave it out"
        )
    rate_bytes = sum(len(file) for file in files)
    return Pass(rate_bytes, restored, encoded - started, decoded - encoded)


def thin(settings: Sequence[Setting], points: int | None) -> Sequence[Setting]:
    """Returns at most `points` settings with both ends; 0 and None return all."""
    if not points or points >= len(settings):
        return settings
    places = np.rint(np.linspace(0, len(settings) - 1, points))
    return [settings[int(i)] for i in places]
