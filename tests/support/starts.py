"""Quantises compact images as they are: what rounds through the network start from."""

from __future__ import annotations

import numpy as np

from comrec.encoder.receiver import Receiver
from comrec.encoder.rounds import Choice, start
from comrec.jpeg import coefficients as co
from comrec.jpeg.layout import layout_of
from comrec.jpeg.quantisation import flat_table
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.networks.presets import Preset
from comrec.system.pillow import from_pillow, to_pillow

LITE = presets.find("comrec-lite-2")


def begin(
    image: np.ndarray, scale: float, step: float, preset: Preset = LITE
) -> tuple[Receiver, Choice, Codec]:
    """Returns a receiver, the compact image quantised as it is, and the codec."""
    codec = Codec(preset, scale, threads=1, exact=True)
    compact = codec.compact(image)
    if codec.space(compact.shape[2]) != "RGB":
        compact = from_pillow(to_pillow(compact, "YCbCr").convert("RGB"))
    layout = layout_of(compact)
    coefficients = co.coefficients_of(compact, layout)
    steps = [flat_table(step)] * layout.channels
    receiver = Receiver(image, codec, layout, preset)
    return receiver, start(coefficients, steps, layout, scale), codec
