"""Bounds the work on one picture, for each value of the option `effort`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comrec.encoder.options import Options
from comrec.networks import presets
from comrec.networks.presets import Preset


@dataclass(frozen=True)
class Effort:
    """Bounds the work of the networks.

    Attributes:
      decodes: of the whole image.
      sampled: share of the image's pixels, for all windows of all modes.
      extra_decodes: beyond `decodes`, while no decoded file of a network met the goal.
      thorough: whether every mode is searched to its end, without a bound on decodes.
      rounds: through a network, by which coefficients are chosen.
      own_network: whether the rounds go through the preset's own RecCNN, or through a
        lighter one where the preset names one.
    """

    decodes: int
    sampled: float
    extra_decodes: int = 0
    thorough: bool = False
    rounds: int = 0
    own_network: bool = False


@dataclass(frozen=True)
class Plan:
    """Bounds the work of one encoding.

    Attributes:
      rounds: passes through a network and its gradient.
      guide: the networks to look through.
    """

    rounds: int
    guide: Preset


ROUNDS_MAX_PX = 2**24  # of larger images, coefficients and gradients fill the memory
THOROUGH = Effort(4, 0.5, thorough=True)
LANDING = Effort(1, 0)  # of plain JPEGs with qualities that lie close to each other
# Of presets through whose networks no coefficients are chosen.
EFFORTS = (
    Effort(1, 0.25),
    Effort(1, 0.5),
    Effort(1, 0.75),
    Effort(2, 0.25, 2),
    Effort(2, 0.375, 2),
    Effort(2, 0.5, 2),
    Effort(4, 0.5, 2),
    *[THOROUGH] * 3,
)
GUIDED_EFFORTS = (
    EFFORTS[0],
    Effort(1, 0.25, rounds=1),
    Effort(1, 0.25, rounds=2),
    Effort(1, 0.375, rounds=2),
    Effort(1, 0.25, rounds=3),
    Effort(1, 0.375, rounds=3),
    Effort(1, 0.5, rounds=4, own_network=True),
    Effort(1, 0.5, rounds=6, own_network=True),
    Effort(1, 0.5, rounds=8, own_network=True),
    Effort(1, 0.5, rounds=10, own_network=True),
)


def effort_of(options: Options, pixels: np.ndarray) -> Effort:
    """Returns the work that the options allow for an image, uint8 (H, W, C)."""
    is_guided = options.is_guided and pixels[..., 0].size <= ROUNDS_MAX_PX
    return (GUIDED_EFFORTS if is_guided else EFFORTS)[options.effort]


def find_guide(options: Options, pixels: np.ndarray) -> Preset | None:
    """Returns the preset through whose RecCNN coefficients are chosen, if any.

    Args:
      options: of `compress`.
      pixels: uint8 (H, W, C), the image.
    """
    effort = effort_of(options, pixels)
    if not effort.rounds:
        return None
    preset = presets.find(options.preset)
    if effort.own_network or preset.guide is None:
        return preset
    return presets.find(preset.guide)
