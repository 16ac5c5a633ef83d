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

from comrec import resample
from comrec.train.data import through_jpeg


class CompactStep(keras.Model):
    """(image, codec error) to restored, trainable in ComCNN alone.

    What JPEG did to the compact image arrives as a second input, worked out
    beforehand by `codec_error`: adding it reproduces the real codec forward and
    passes the gradient straight through, on every backend.
    """

    def __init__(
        self, comcnn: keras.Model, reccnn: keras.Model, estimator: str, scale: int
    ) -> None:
        # float32: a mixed policy here would round the pixels that come in.
        super().__init__(name="compact_step", dtype="float32")
        self.comcnn, self.reccnn = comcnn, reccnn
        self.estimator, self.scale = estimator, scale

    def call(self, inputs: tuple[Any, Any], training: bool = False) -> Any:
        image, error = inputs
        coded = self.comcnn(image, training=training) + error
        enlarged = resample.enlarge_op(coded, self.scale)
        if self.estimator == "released":
            residual = ops.stop_gradient(self.reccnn(enlarged, training=False))
        else:
            residual = self.reccnn(enlarged, training=False)
        return enlarged + residual

    def codec_error(self, image: np.ndarray, quality: int) -> np.ndarray:
        """float32 (B, h, w, C): coded minus compact; zero where JPEG is bypassed."""
        if self.estimator == "bypass":
            count, height, width, channels = image.shape
            size = resample.compact_size(height, width, self.scale)
            return np.zeros((count, *size, channels), np.float32)
        compact = np.asarray(self.comcnn.predict_on_batch(image), np.float32)
        return np.stack([through_jpeg(c, quality) for c in compact]) - compact


def half_square_error(image: Any, restored: Any) -> Any:
    """1/2 ||restored - image||^2 of each patch, the loss of both steps."""
    error = ops.cast(restored, "float32") - ops.cast(image, "float32")
    return 0.5 * ops.sum(ops.square(error), axis=(1, 2, 3))
