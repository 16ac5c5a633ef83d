"""Rate against distortion: codecs behind one interface, metrics, curves."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from comrec.errors import ComrecError
from comrec.jpeg.colour import luma

Setting = float  # whole numbers where a codec has only those
Files = tuple[bytes, ...]  # everything that decoding needs


class PeerError(ComrecError):
    """A codec cannot be run here. The message names it, the reason, and the remedy."""


@dataclass(frozen=True)
class Peer:
    """One codec with everything set but how much it keeps.

    Attributes:
      name: what rows call it.
      version: of what does the work.
      grid: settings of rising rate that span its curve.
      encode: uint8 (H, W, 1) grey or (H, W, 3) RGB, and a setting, to the files.
      decode: the files, and nothing else, to uint8 (H, W, 1|3); a codec without a
        mode for grey gives RGB.
    """

    name: str
    version: str
    grid: tuple[Setting, ...]
    encode: Callable[[np.ndarray, Setting], Files]
    decode: Callable[[Files], np.ndarray]


class Pass(NamedTuple):
    """What became of one picture."""

    rate_bytes: int  # of all files
    restored: np.ndarray  # uint8, of the shape that went in
    encode_s: float
    decode_s: float


def run(peer: Peer, pixels: np.ndarray, setting: Setting) -> Pass:
    """One picture both ways, uint8 (H, W, 1) grey or (H, W, 3) RGB.

    Raises:
      PeerError: another shape came back.
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
            f"{peer.name} made {restored.shape} of {pixels.shape} at setting "
            f"{setting:g}. Leave it out"
        )
    rate_bytes = sum(len(file) for file in files)
    return Pass(rate_bytes, restored, encoded - started, decoded - encoded)


def thinned(settings: Sequence[Setting], points: int | None) -> Sequence[Setting]:
    """At most so many settings, the ends among them; 0 and None take all."""
    if not points or points >= len(settings):
        return settings
    places = np.rint(np.linspace(0, len(settings) - 1, points))
    return [settings[int(i)] for i in places]
