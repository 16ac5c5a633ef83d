"""Trains a pair of the comrec family end to end, for every quality and scale."""

from __future__ import annotations

from collections.abc import Callable

from comrec.apps.train import pictures
from comrec.train.joint.config import JointConfig
from comrec.train.run import config as configs
from comrec.train.run.request import TrainRequest


def read_config(request: TrainRequest) -> JointConfig:
    """Returns the config of a run, with everything that is asked.

    Raises:
      UsageError: the config cannot be read, or a setting is illegal.
    """
    config = JointConfig.load(configs.find(request.config), request.changes)
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
    from comrec.train.alternating.data import load_picture

    training, judged = pictures.split(
        data, request.validation, request.every, request.quick
    )
    images = [load_picture(path, 3) for path in training]
    validation = [load_picture(path, 3) for path in judged]
    request.say_what_it_is(say)

    from comrec.apps.train.export import export_finished
    from comrec.train.joint.schedule import JointRun
    from comrec.train.joint.validate import Validation
    from comrec.train.run.curves import draw
    from comrec.train.run.progress import Display, ProgressListener
    from comrec.train.run.run import fingerprint

    seen = fingerprint("pictures", images) | fingerprint("validation", validation)

    def build(listener: ProgressListener) -> JointRun:
        return JointRun(
            config, request.folder, images, Validation(validation),
            resume=request.resume, listener=listener, pictures=seen,
        )  # fmt: skip

    request.train(build, Display(lambda: draw(request.folder)))
    export_finished(request.folder, say)
