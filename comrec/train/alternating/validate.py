"""Scores a pair at equal bytes: what every round of training is judged by."""

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
from comrec.train.alternating.steps import reduction

SIDECAR_BYTES = 80  # counted with the compact JPEG; the real one is a little smaller


@dataclass(frozen=True)
class Score:
    """Means over a validation set; dB on 8-bit pixels."""

    psnr_db: float  # restored, at the bytes of the plain JPEG or fewer
    plain_psnr_db: float
    fixed_psnr_db: float  # restored, at the quality the pair was trained for
    fixed_bytes_ratio: float  # of those files over the plain ones


def codec_of(
    comcnn: Network, reccnn: Network, channels: int, quality: int, depth: int = DEPTH
) -> Codec:
    """A codec around two networks in training.

    Args:
      comcnn, reccnn: float32 (1, H, W, C) to the compact image and the residual.
      channels: C of both.
      quality: of the compact JPEG that the pair is trained for.
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
        sizes={"comcnn": {}, "reccnn": {}},  # the networks are here already
        compact_scales=(SCALE,),
        reach_px={"comcnn": REACH_PX, "reccnn": depth},
    )
    return Codec(preset, networks={"comcnn": comcnn, "reccnn": reccnn})


def score(
    codec: Codec, images: list[np.ndarray], plain_quality: int, compact_quality: int
) -> Score:
    """Byte-fair comparison with plain JPEG, picture by picture.

    Args:
      codec: the pair.
      images: uint8 (H, W, C) each.
      plain_quality: of the plain JPEG whose bytes are the budget.
      compact_quality: that the pair was trained for.

    Raises:
      UsageError: the pictures are all too small or too plain to compare on.
    """
    rows = []
    for image in images:
        plain = encoder_plain.encode_plain(image, plain_quality)
        fixed = encoder_plain.encode_at_quality(codec, image, compact_quality)
        matched = encoder_plain.encode_within(
            codec, image, len(plain.jpeg) - SIDECAR_BYTES
        )
        if matched is None or math.isinf(plain.psnr_db):
            continue  # so plain that JPEG takes next to nothing, or loses nothing
        ratio = (len(fixed.jpeg) + SIDECAR_BYTES) / len(plain.jpeg)
        rows.append((matched.psnr_db, plain.psnr_db, fixed.psnr_db, ratio))
    if not rows:
        raise UsageError(
            f"none of the {len(images)} validation pictures is rich enough for JPEG to "
            f"lose anything at quality {plain_quality}. Choose others"
        )
    return Score(*(float(np.mean(column)) for column in zip(*rows, strict=True)))


class Validation:
    """Judges each round on the same pictures, and keeps some of them to look at.

    Args:
      images: uint8 (H, W, C) each, by name.
      config: of the run.
      samples: folder for `round-0/NAME.png` and so on; None for no samples.
      sample_count: of the first so many pictures.
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
        """The fields of `Score`; samples of the round are on the disk then."""
        codec = codec_of(
            reduction(comcnn.predict_on_batch, self.config), reccnn.predict_on_batch,
            self.config.channels, self.config.compact_quality, self.config.depth,
        )  # fmt: skip
        if self.samples:
            for name in list(self.images)[: self.sample_count]:
                _save_sample(
                    sample(codec, self.images[name], self.config.plain_quality),
                    self.samples
                    / f"round-{number}"
                    / f"{name.removesuffix('.png')}.png",
                )
        images = list(self.images.values())
        config = self.config
        return asdict(
            score(codec, images, config.plain_quality, config.compact_quality)
        )


def sample(codec: Codec, image: np.ndarray, plain_quality: int) -> np.ndarray:
    """Image, compact (doubled, as it is), restored, plain JPEG; side by side.

    uint8 (H, 4W, C). Restored and plain have about the same bytes.
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
        if path.is_file():  # half of one
            path.unlink()
        raise OutputError(f"{path}: cannot be written ({err.strerror})") from err
