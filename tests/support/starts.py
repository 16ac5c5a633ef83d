"""Quantises compact images as they are: what rounds through the network start from."""

from __future__ import annotations

import numpy as np

from comrec.encoder.guided import flat_table
from comrec.encoder.receiver import Receiver
from comrec.encoder.rounds import Choice, price_of, requantise, weights_of
from comrec.jpeg import coefficients as co
from comrec.jpeg import trellis_encoder
from comrec.jpeg.layout import layout_of
from comrec.networks import presets
from comrec.networks.codec import Codec
from comrec.system.pillow import from_pillow, to_pillow

LITE = presets.find("comrec-lite-2")


def begin(image, scale, step, preset=LITE):
    """Returns a receiver, and the compact image quantised as it is."""
    codec = Codec(preset, scale, threads=1, exact=True)
    compact = codec.compact(image)
    if codec.space(compact.shape[2]) != "RGB":
        compact = from_pillow(to_pillow(compact, "YCbCr").convert("RGB"))
    layout = layout_of(compact)
    steps = [flat_table(step)] * layout.channels
    targets = co.coefficients_of(compact, layout)
    blocks = [
        np.rint(t / s).astype(np.int16) for t, s in zip(targets, steps, strict=True)
    ]
    choice = Choice(blocks, targets, steps, price_of(steps, scale))
    receiver = Receiver(image, codec, layout, preset)
    return receiver, requantise(choice, layout, weights_of(layout, scale)), codec


def file_of(choice, layout):
    steps = [
        co.natural_order(table).astype(int)
        for table in (choice.steps[0], choice.steps[-1])
    ]
    return trellis_encoder.write(choice.blocks, steps, layout)
