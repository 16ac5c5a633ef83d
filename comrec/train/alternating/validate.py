"""Scores a pair against plain JPEG at equal bytes, after each round of training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from comrec.encoder import plain as encoder_plain
from comrec.errors import OutputError, UsageError
from comrec.jpeg import coding
from comrec.jpeg.settings import JpegSettings
from comrec.networks.codec import Codec
from comrec.networks.engine import Network
from comrec.networks.models.jiang2017 import DEPTH, REACH_PX, SCALE
from comrec.networks.presets import Preset
from comrec.train.alternating.config import TrainConfig
from comrec.train.alternating.steps import choose_reduction

SIDECAR_BYTES = 80  # counted with the compact JPEG; a real sidecar is slightly smaller


@dataclass(frozen=True)
class Score:
    """Holds means over a validation set; dB on 8-bit pixels.

    Attributes:
      psnr_db: of the restored pictures, at most at the bytes of the plain JPEG.
      plain_psnr_db: of the plain JPEG.
      fixed_psnr_db: of the restored pictures, at the JPEG quality of the training.
      fixed_bytes_ratio: bytes at the quality of the training over the plain bytes.
    """

    psnr_db: float
    plain_psnr_db: float
    fixed_psnr_db: float
    fixed_bytes_ratio: float


def build_codec(
    comcnn: Network, reccnn: Network, channels: int, quality: int, depth: int = DEPTH
) -> Codec:
    """Builds a codec from two networks in training.

    Args:
      comcnn: from float32 (1, H, W, C) to the compact image.
      reccnn: from float32 (1, H, W, C) to the residual.
      channels: C of both.
      quality: of the compact JPEG in training, 1 to 100.
      depth: convolutions of RecCNN.
    """
    preset = Preset(
        name="in training",
        number=0,
        summary="",
        channels=channels,
        scales=(SCALE,),
        compact_quality=quality,
        jpeg=JpegSettings(),
        weights={},
        onnx={},
        licence="",
        training="",
        sizes={"comcnn": {}, "reccnn": {}},  # the networks are built already
        compact_scales=(SCALE,),
        reach_px={"comcnn": REACH_PX, "reccnn": depth},
    )
    return Codec(preset, networks={"comcnn": comcnn, "reccnn": reccnn})


def score(
    codec: Codec, images: list[np.ndarray], plain_quality: int, compact_quality: int
) -> Score:
    """Compares a codec with plain JPEG at equal bytes, picture by picture.

    Args:
      codec: of the pair.
      images: uint8 (H, W, C) each.
      plain_quality: of the plain JPEG whose bytes are the budget.
      compact_quality: of the compact JPEG in training.

    Raises:
      UsageError: plain JPEG is lossless, or too small to match, for all pictures.
    """
    rows = []
    for image in images:
        plain = encoder_plain.encode_plain(image, plain_quality)
        fixed = encoder_plain.encode_at_quality(codec, image, compact_quality)
        matched = encoder_plain.encode_within(
            codec, image, len(plain.jpeg) - SIDECAR_BYTES
        )
        if matched is None or math.isinf(plain.psnr_db):
            continue  # plain JPEG takes hardly any bytes, or is lossless
        ratio = (len(fixed.jpeg) + SIDECAR_BYTES) / len(plain.jpeg)
        rows.append((matched.psnr_db, plain.psnr_db, fixed.psnr_db, ratio))
    if not rows:
        raise UsageError(
            f"none of the {len(images)} validation pictures is rich enough for JPEG to "
            f"lose anything at quality {plain_quality}. Choose others"
        )
    return Score(*(float(np.mean(column)) for column in zip(*rows, strict=True)))


class Validation:
    """Scores each round on the same pictures, and saves samples of the first ones.

    Args:
      images: uint8 (H, W, C) each, by name.
      config: of the run.
      samples: folder for `round-0/NAME.png` and so on; None for no samples.
      sample_count: number of pictures with a sample.
    """

    def __init__(
        self,
        images: Mapping[str, np.ndarray],
        config: TrainConfig,
        samples: Path | None = None,
        sample_count: int = 3,
    ) -> None:
        self.images, self.config = dict(images), config
        self.samples, self.sample_count = samples, sample_count

    def __call__(
        self, comcnn: keras.Model, reccnn: keras.Model, number: int
    ) -> dict[str, float]:
        """Writes the samples of a round, and returns the fields of its `Score`."""
        codec = build_codec(
            choose_reduction(comcnn.predict_on_batch, self.config),
            reccnn.predict_on_batch,
            self.config.channels,
            self.config.compact_quality,
            self.config.depth,
        )
        if self.samples:
            for name in list(self.images)[: self.sample_count]:
                _save_sample(
                    draw_sample(codec, self.images[name], self.config.plain_quality),
                    self.samples
                    / f"round-{number}"
                    / f"{name.removesuffix('.png')}.png",
                )
        images = list(self.images.values())
        config = self.config
        return asdict(
            score(codec, images, config.plain_quality, config.compact_quality)
        )


def draw_sample(codec: Codec, image: np.ndarray, plain_quality: int) -> np.ndarray:
    """Puts an image, its compact image, the restored one and plain JPEG side by side.

    The compact image is enlarged by repeated pixels. The restored image and the plain
    JPEG have about the same bytes.

    Args:
      codec: of the pair.
      image: uint8 (H, W, C).
      plain_quality: of the plain JPEG.

    Returns:
      uint8 (H, 4W, C).
    """
    plain = encoder_plain.encode_plain(image, plain_quality)
    matched = encoder_plain.encode_within(codec, image, len(plain.jpeg) - SIDECAR_BYTES)
    coded = (matched or encoder_plain.encode_at_quality(codec, image, 1)).jpeg
    height, width = image.shape[:2]
    compact = coding.decode(coded).repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
    restored = codec.restore(coded, (height, width))
    return np.hstack([image, compact, restored, coding.decode(plain.jpeg)])


def _save_sample(pixels: np.ndarray, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels.squeeze()).save(path)
    except OSError as err:
        if path.is_file():  # incomplete
            path.unlink()
        raise OutputError(f"{path}: cannot be written ({err.strerror})") from err
