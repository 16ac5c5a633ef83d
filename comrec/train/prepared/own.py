"""Codes pictures as comrec's encoder does, with coefficients chosen by rounds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from comrec.encoder.receiver import Receiver
from comrec.encoder.rounds import Rounds, start, write
from comrec.jpeg import coefficients as co
from comrec.jpeg.layout import layout_of
from comrec.jpeg.quantisation import flat_table
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.train.joint import samples

PRESET, GUIDE = "comrec-base-3", "comrec-lite-2"
LUMA_STEPS = 3.0, 180.0
CHROMA_RATIOS = 0.5, 1.25  # draws above 1 count as 1, which the encoder has most often
PRICE_RATIOS = 0.7, 1.4
ROUNDS_MAX = 4


@dataclass(frozen=True)
class Settings:
    """Holds the settings of one file.

    Attributes:
      luma_step: for all frequencies, 1 to 255.
      chroma_ratio: of the step of chroma to that of luma.
      price_ratio: of the price of a bit to that which goes with the steps.
      rounds: through the guide.
    """

    luma_step: float
    chroma_ratio: float = 1.0
    price_ratio: float = 1.0
    rounds: int = 2


def draw_settings(rng: np.random.Generator) -> Settings:
    """Draws settings; coarse steps are less frequent than fine ones."""
    return Settings(
        _between(LUMA_STEPS, rng.random() ** samples.COARSE),
        min(rng.uniform(*CHROMA_RATIOS), 1.0),
        _between(PRICE_RATIOS, rng.random()),
        int(rng.integers(ROUNDS_MAX + 1)),
    )


def encode(image: np.ndarray, scale: float, settings: Settings) -> bytes:
    """Encodes the compact image of a picture by rounds through the guide.

    Args:
      image: uint8 (H, W, 1) grey or (H, W, 3) RGB.
      scale: linear size ratio image : compact, one of the preset's.
      settings: of the file.

    Returns:
      A whole JPEG.
    """
    # One thread: its results are the same each time.
    codec = Codec(presets.find(PRESET), scale, threads=1, exact=True)
    compact = codec.compact(image)
    layout = layout_of(compact)
    luma_step = settings.luma_step
    chroma_step = max(luma_step * settings.chroma_ratio, 1.0)
    steps = [flat_table(step) for step in (luma_step, chroma_step, chroma_step)]
    choice = start(
        co.coefficients_of(compact, layout), steps[: layout.channels], layout, scale
    )
    choice = replace(choice, price=choice.price * settings.price_ratio)
    if settings.rounds:
        receiver = Receiver(image, codec, layout, presets.find(GUIDE))
        rounds = Rounds(receiver, choice)
        for left in reversed(range(settings.rounds)):
            rounds.accept(rounds.propose(is_last=not left))
        choice = rounds.choice
    return write(choice, layout)


def _between(limits: tuple[float, float], share: float) -> float:
    """Returns the number at a share of the way from one limit to the other, in log2."""
    low, high = limits
    return float(low * (high / low) ** share)
