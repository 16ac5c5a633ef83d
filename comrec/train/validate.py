"""Scores a pair at equal bytes: what every round of training is judged by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from comrec import rate
from comrec.codec import Codec
from comrec.engine import Network
from comrec.jpeg import JpegSettings
from comrec.presets import Preset

SIDECAR_BYTES = 80  # counted with the compact JPEG; the real one is a little smaller


@dataclass(frozen=True)
class Score:
    """Means over a validation set; dB on 8-bit pixels."""

    psnr_db: float  # restored, at the bytes of the plain JPEG or fewer
    plain_psnr_db: float
    fixed_psnr_db: float  # restored, at the quality the pair was trained for
    fixed_bytes_ratio: float  # of those files over the plain ones


def codec_of(comcnn: Network, reccnn: Network, channels: int, quality: int) -> Codec:
    """A codec around two networks in training.

    Args:
      comcnn, reccnn: float32 (1, H, W, C) to the compact image and the residual.
      channels: C of both.
      quality: of the compact JPEG that the pair is trained for.
    """
    preset = Preset(
        name="in training",
        number=0,
        summary="",
        channels=channels,
        scales=(2,),
        compact_quality=quality,
        jpeg=JpegSettings(),
        weights={},
        onnx={},
        licence="",
        training="",
    )
    return Codec(preset, networks={"comcnn": comcnn, "reccnn": reccnn})


def score(codec: Codec, images: list[np.ndarray], plain_quality: int) -> Score:
    """Byte-fair comparison with plain JPEG, picture by picture.

    Args:
      codec: the pair.
      images: uint8 (H, W, C) each.
      plain_quality: of the plain JPEG whose bytes are the budget.
    """
    rows = []
    for image in images:
        plain = rate.plain(image, plain_quality)
        budget = len(plain.jpeg) - SIDECAR_BYTES
        fixed = rate.at_quality(codec, image, codec.preset.compact_quality)
        matched = rate.within(codec, image, budget) or rate.at_quality(codec, image, 1)
        ratio = (len(fixed.jpeg) + SIDECAR_BYTES) / len(plain.jpeg)
        rows.append((matched.psnr_db, plain.psnr_db, fixed.psnr_db, ratio))
    return Score(*(float(np.mean(column)) for column in zip(*rows, strict=True)))
