"""Trains ComCNN and RecCNN alternately, after Jiang et al. 2017."""

from __future__ import annotations

from collections.abc import Callable

from comrec.apps.train import pictures
from comrec.train.alternating.config import TrainConfig
from comrec.train.run import config as configs
from comrec.train.run.request import TrainRequest


def read_config(request: TrainRequest) -> TrainConfig:
    """Returns the config of a run, with everything that is asked.

    Raises:
      UsageError: the config cannot be read, or a setting is illegal.
    """
    config = TrainConfig.load(configs.find(request.config), request.changes)
    config = config.quick() if request.quick else config
    return config.limited(request.length) if request.length else config


def train(request: TrainRequest, say: Callable[[str], None]) -> None:
    """Trains a run, and makes its folder a preset.

    Args:
      request: of the run.
      say: gets notes, one line each.

    Raises:
      OutOfTime: the minutes are over.
      ComrecError: the config, a picture or the folder cannot be used.
      ImportError: a library that training needs is not installed.
    """
    config = read_config(request)
    data = request.data or [pictures.bundled()]

    # Bad pictures are refused before Keras is imported, which takes seconds.
    from comrec.train.alternating.data import load_crops, load_validation

    training, judged = pictures.split(
        data, request.validation, request.every, request.quick
    )
    crops = load_crops(training, config.crop_px, config.channels)
    images = load_validation(judged, config.channels)
    request.say_what_it_is(say)

    from comrec.apps.train.export import export_finished
    from comrec.train.alternating.schedule import AlternatingRun
    from comrec.train.alternating.validate import Validation
    from comrec.train.run.curves import draw
    from comrec.train.run.parallel import join
    from comrec.train.run.progress import Display, ProgressListener
    from comrec.train.run.run import fingerprint

    seen = fingerprint("crops", crops) | fingerprint("validation", images.values())
    validate = Validation(images, config, request.folder / "samples")
    if request.processes > 1:
        say(f"{request.processes} processes meet at {request.address}")
    with join(request.address, request.processes, request.process) as parallel:

        def build(listener: ProgressListener) -> AlternatingRun:
            return AlternatingRun(
                config, request.folder, crops, validate, resume=request.resume,
                listener=listener, parallel=parallel, pictures=seen,
            )  # fmt: skip

        request.train(build, Display(lambda: draw(request.folder)))
    if request.process == 0:
        export_finished(request.folder, say)
