"""Divides pictures into those that a run trains on and those it validates on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from comrec.errors import UsageError
from comrec.train.alternating.data import list_pictures

HELD_BACK = 10


def split(
    data: Sequence[Path],
    validation: Sequence[Path] = (),
    every: int | None = None,
    quick: bool = False,
) -> tuple[list[Path], list[Path]]:
    """Lists training pictures and validation pictures, which have none in common.

    Args:
      data: folders of training pictures, or pictures.
      validation: the same of pictures to validate on; empty to hold back some of
        `data`.
      every: n: takes every n-th picture of `validation`, or holds back every n-th of
        `data`; None for all, or every tenth.
      quick: train on the validation pictures where no others are left.

    Raises:
      UsageError: a folder is missing or holds no picture, or no picture is left to
        train on.
    """
    found = [list_pictures(place) for place in data]
    others = [list_pictures(place) for place in validation]
    step = every or (1 if others else HELD_BACK)
    judged = [path for paths in others or found for path in paths[::step]]
    held_back = {path.resolve() for path in judged}
    training = [
        path for paths in found for path in paths if path.resolve() not in held_back
    ]
    if quick:
        training = training or judged
    if not training:
        raise UsageError(
            f"{data[0]}: all pictures are held back to validate on. Add pictures, or "
            f"name others by `validation`"
        )
    return training, judged


def bundled() -> Path:
    """Returns the path of a photo that scikit-image has, for a trial.

    Raises:
      ImportError: scikit-image is not installed.
    """
    import skimage

    return Path(skimage.__file__).with_name("data") / "astronaut.png"
