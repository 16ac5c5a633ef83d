"""Trains one of the autoencoder codecs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from comrec.apps.autoencoder import data
from comrec.apps.autoencoder.config import AutoencoderConfig
from comrec.errors import UsageError
from comrec.train.run import config as configs
from comrec.train.run.progress import ProgressListener
from comrec.train.run.request import OutOfTime, TrainRequest

QUICK = 64  # pictures
MODEL = "model.npz"


def read_config(request: TrainRequest, latent: int | None = None) -> AutoencoderConfig:
    """Returns the config of a run, with everything that is asked.

    Args:
      request: of the run.
      latent: values in place of the config's.

    Raises:
      UsageError: the config cannot be read, or a setting is illegal.
    """
    config = AutoencoderConfig.load(configs.find(request.config), request.changes)
    config = config.sized(latent) if latent is not None else config
    return config.quick() if request.quick else config


def train(
    request: TrainRequest, say: Callable[[str], None], latent: int | None = None
) -> None:
    """Trains a run, and writes its `model.npz`.

    Args:
      request: of the run. Without data, Keras downloads the set that the config is
        named after, and a quick run draws strokes.
      say: gets notes, one line each.
      latent: values in place of the config's.

    Raises:
      OutOfTime: the minutes are over.
      ComrecError: the config, the data or the folder cannot be used.
      ImportError: a library that training needs is not installed.
    """
    config = read_config(request, latent)
    a = config.architecture
    if len(request.data) > 1:
        raise UsageError(f"`data` must be one data set. Received: {len(request.data)}")
    if request.quick and not request.data:
        images = data.draw_strokes(QUICK, a.channels, a.size_px or (32, 32))
    else:
        names = {1: "mnist", 3: "cifar100"}
        given = request.data[0] if request.data else names[a.channels]
        images = data.load(given, a.channels, a.size_px or (32, 32))
    request.say_what_it_is(say)

    from comrec.apps.autoencoder.run import AutoencoderRun
    from comrec.apps.autoencoder.show import AutoencoderDisplay, draw

    def build(listener: ProgressListener) -> AutoencoderRun:
        return AutoencoderRun(
            config, request.folder, np.ascontiguousarray(images.train),
            images.validation, resume=request.resume, listener=listener,
        )  # fmt: skip

    try:
        run = request.train(build, AutoencoderDisplay())
    except OutOfTime:
        draw(request.folder)
        raise
    place = request.folder / MODEL
    run.finish(place)
    draw(request.folder)
    print(f"model {place}: comrec autoencoder compress PICTURE -m {place}")
