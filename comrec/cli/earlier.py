"""Finds the pair of a picture that was named while other files were in the folder."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np

from comrec.api.decompress import decompress
from comrec.errors import ComrecError, naming_errors
from comrec.format import provenance
from comrec.image import reader
from comrec.image.metrics import psnr_db
from comrec.image.picture import Picture
from comrec.image.source import load
from comrec.system.batch import Job

# A pair belongs to a picture from this PSNR on, where every rival is this much farther.
LEAST_DB, MARGIN_DB = 20.0, 3.0


def find_pair(job: Job, max_pixels: int) -> Path | None:
    """Returns the complete pair of a picture under its other name; None without one.

    photo.comrec.jpg may be of photo.png or of photo.jpg: it is restored, and belongs to
    the picture that it clearly shows. Where two pictures are alike, it belongs to
    neither, and both are compressed.

    Args:
      job: with the other name, and the pictures to which its pair may belong too.
      max_pixels: limit on the pictures.
    """
    if job.other is None or job.source is None or not provenance.is_whole(job.other):
        return None
    if job.rivals and not _shows(job.other, job.source, job.rivals, max_pixels):
        return None
    return job.other


def find_restored(job: Job, _: int) -> Path | None:
    """Returns the restored picture of a pair under its other name, or None."""
    if job.other is None or job.rivals or not os.path.isfile(job.other):
        return None
    return job.other


def _shows(pair: Path, source: Path, rivals: tuple[Path, ...], max_pixels: int) -> bool:
    """Tells whether a pair restores to a picture, and clearly to no rival of it."""
    try:
        restored = decompress(pair, max_pixels=max_pixels)
        ours = _measure_db(source, restored, max_pixels)
    except ComrecError:
        return False
    others = []
    for rival in rivals:
        try:
            others.append(_measure_db(rival, restored, max_pixels))
        except ComrecError:  # damaged: no pair can be made from it
            continue
    return ours >= LEAST_DB and ours - max(others, default=-math.inf) >= MARGIN_DB


def _measure_db(path: Path, restored: np.ndarray, max_pixels: int) -> float:
    """Returns the PSNR of a restored picture in dB; -inf for another shape."""
    data, name = load(path, max_pixels)
    with naming_errors(name):
        picture: Picture = reader.read(data, max_pixels)
    wanted = picture.to_array()
    if wanted.shape != restored.shape:
        return -math.inf
    return min(psnr_db(wanted, restored), 200.0)
