"""The compact step: ComCNN learns, RecCNN stands still.

JPEG rounds, so it has no useful gradient. Three named ways around it:

- `bypass` (the paper): the codec is left out, restored = Re(Cr(x)).
- `released` (after the authors' code): real JPEG forward; backward, RecCNN and
  JPEG count as the identity, so ComCNN sees the error carried back through the
  enlargement alone. Here that is the enlargement's exact gradient, where their
  code reduces the error by `imresize`.
- `ste`: real JPEG forward, exact gradient through RecCNN, straight through JPEG.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from comrec.image import resample
from comrec.networks.models import resampling
from comrec.networks.models.jiang2017 import SCALE
from comrec.train.alternating import rate_term
from comrec.train.alternating.config import TrainConfig
from comrec.train.alternating.data import through_jpeg
from comrec.train.run.parallel import Parallel

CALIBRATION_CROPS = 32


class CompactStep(keras.Model):
    """(image, codec error) to restored, trainable in ComCNN alone.

    What JPEG did to the compact image arrives as a second input, worked out
    beforehand by `codec_error`: adding it reproduces the real codec forward and
    passes the gradient straight through, on every backend.
    """

    def __init__(
        self,
        comcnn: keras.Model,
        reccnn: keras.Model,
        config: TrainConfig,
        parallel: Parallel | None = None,
    ) -> None:
        # float32: a mixed policy here would round the pixels that come in.
        super().__init__(name="compact_step", dtype="float32")
        self.comcnn, self.reccnn, self.config = comcnn, reccnn, config
        self.parallel = parallel or Parallel()
        self.bit_price = self.add_weight(
            name="bit_price", initializer="zeros", trainable=False, dtype="float32"
        )

    def call(self, inputs: tuple[Any, Any], training: bool = False) -> Any:
        image, error = inputs
        compact = self.comcnn(image, training=training)
        if self.config.rate_weight:
            magnitudes = rate_term.magnitudes(compact, self.config.compact_quality)
            self.add_loss(self.bit_price * ops.mean(magnitudes))
        enlarged = resampling.enlarge_op(compact + error, SCALE)
        residual = self.reccnn(enlarged, training=False)
        if self.config.estimator == "released":
            residual = ops.stop_gradient(residual)
        return enlarged + residual

    def codec_error(self, image: np.ndarray) -> np.ndarray:
        """float32 (B, h, w, C): coded minus compact; zero where JPEG is bypassed."""
        if self.config.estimator == "bypass":
            count, height, width, channels = image.shape
            size = resample.compact_size(height, width, SCALE)
            return np.zeros((count, *size, channels), np.float32)
        comcnn = self.parallel.local(self.comcnn)
        compact = np.asarray(comcnn.predict_on_batch(image), np.float32)
        quality = self.config.compact_quality
        return np.stack([through_jpeg(c, quality) for c in compact]) - compact

    def calibrate(self, crops: np.ndarray) -> None:
        """Ties the rate term to real JPEG bits, by uint8 (N, H, W, C) pictures."""
        if self.config.rate_weight:
            chosen = crops[:: -(-len(crops) // CALIBRATION_CROPS)]
            quality = self.config.compact_quality
            look = self.parallel.local(self.comcnn).predict_on_batch
            bits = self.parallel.first(
                lambda: rate_term.bits_per_magnitude(look, chosen, quality)
            )
            self.bit_price.assign(self.config.rate_weight * bits)


def half_square_error(image: Any, restored: Any) -> Any:
    """1/2 ||restored - image||^2 of each patch, the loss of both steps."""
    error = ops.cast(restored, "float32") - ops.cast(image, "float32")
    return 0.5 * ops.sum(ops.square(error), axis=(1, 2, 3))
