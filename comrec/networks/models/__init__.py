"""The networks, as Keras 3 functional models. Importing this loads Keras."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from comrec.networks.models import pyramid
from comrec.networks.models.jiang2017 import build_comcnn, build_reccnn

# By family and network, as presets name them.
BUILDERS: dict[str, dict[str, Callable[..., keras.Model]]] = {
    "jiang2017": {"comcnn": build_comcnn, "reccnn": build_reccnn},
    "comrec": {"comcnn": pyramid.build_comcnn, "reccnn": pyramid.build_reccnn},
}

__all__ = ["BUILDERS", "build_comcnn", "build_exact", "build_reccnn"]


def build_exact(family: str, network: str, **size: Any) -> keras.Model:
    """A network in float32, whatever policy a training run has set.

    Args:
      family: "jiang2017" or "comrec".
      network: one of the family's in BUILDERS.
      size: what its builder takes.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float32")
    try:
        return BUILDERS[family][network](**size)
    finally:
        keras.config.set_dtype_policy(policy)
