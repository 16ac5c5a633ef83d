"""The networks, as Keras 3 functional models. Importing this loads Keras."""

from __future__ import annotations

import keras

from comrec.models.comcnn import build_comcnn
from comrec.models.reccnn import build_reccnn

BUILDERS = {"comcnn": build_comcnn, "reccnn": build_reccnn}

__all__ = ["BUILDERS", "build_comcnn", "build_exact", "build_reccnn"]


def build_exact(network: str, *size: int) -> keras.Model:
    """A network in float32, whatever policy a training run has set.

    Args:
      network: "comcnn" or "reccnn".
      size: what its builder takes, in that order.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        return BUILDERS[network](*size)
    finally:
        keras.config.set_dtype_policy(policy)
