"""Defines the compact step, in which ComCNN learns and RecCNN is frozen.

JPEG rounds, so JPEG has no useful gradient. Three estimators replace the gradient:

- `bypass` (the paper): without the codec, restored = Re(Cr(x)).
- `released` (after the authors' code): real JPEG forward; backward, RecCNN and
  JPEG count as the identity, so ComCNN sees the error carried back through the
  enlargement alone. Here the gradient of the enlargement is exact, where their code
  reduces the error by `imresize`.
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
from comrec.train.alternating.data import code
from comrec.train.run.parallel import Parallel

CALIBRATION_CROPS = 32


class CompactStep(keras.Model):
    """Maps (image, codec error) to restored, trainable in ComCNN alone.

    The codec error of the compact image is a second input, computed before the step by
    `measure_codec_error`. The sum of the compact image and the codec error is the
    output of the real codec, and the gradient passes straight through, on every
    backend.
    """

    def __init__(
        self,
        comcnn: keras.Model,
        reccnn: keras.Model,
        config: TrainConfig,
        parallel: Parallel | None = None,
    ) -> None:
        # float32: a mixed policy would round the input pixels.
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

    def measure_codec_error(self, image: np.ndarray) -> np.ndarray:
        """Codes the compact images of a batch with real JPEG.

        Args:
          image: float32 (B, H, W, C), pixels in [0, 1].

        Returns:
          Coded minus compact, float32 (B, h, w, C); zero for `bypass`.
        """
        if self.config.estimator == "bypass":
            count, height, width, channels = image.shape
            size = resample.compact_size(height, width, SCALE)
            return np.zeros((count, *size, channels), np.float32)
        comcnn = self.parallel.copy_local(self.comcnn)
        compact = np.asarray(comcnn.predict_on_batch(image), np.float32)
        quality = self.config.compact_quality
        return np.stack([code(c, quality) for c in compact]) - compact

    def calibrate(self, crops: np.ndarray) -> None:
        """Calibrates the rate term to the bits of real JPEGs.

        Args:
          crops: uint8 (N, H, W, C).
        """
        if self.config.rate_weight:
            chosen = crops[:: -(-len(crops) // CALIBRATION_CROPS)]
            quality = self.config.compact_quality
            reduce = self.parallel.copy_local(self.comcnn).predict_on_batch
            bits = self.parallel.run_on_first(
                lambda: rate_term.bits_per_magnitude(reduce, chosen, quality)
            )
            self.bit_price.assign(self.config.rate_weight * bits)


def half_square_error(image: Any, restored: Any) -> Any:
    """Returns 1/2 ||restored - image||^2 of each patch, the loss of both steps."""
    error = ops.cast(restored, "float32") - ops.cast(image, "float32")
    return 0.5 * ops.sum(ops.square(error), axis=(1, 2, 3))
