"""Runs the rate search with networks that cost nothing, and counts the work."""

from __future__ import annotations

import functools

import fake_pair
import numpy as np
import pictures

from comrec.encoder import rate_control
from comrec.encoder.options import Options
from comrec.jpeg.encoders import Encoder

EXTRA_BYTES = 90  # of all files except the JPEG
REQUESTS = (
    {"quality": 4}, {"quality": 30}, {"target_size": 2500}, {"target_psnr": 24.0},
)  # fmt: skip


@functools.cache
def photo(height: int = 240, width: int = 320) -> np.ndarray:
    """Returns a crop of a real photo, uint8 (H, W, 3)."""
    return pictures.photo(height, width)


def choose(
    restored_px: list[int], pixels: np.ndarray | None = None, **asked: object
) -> tuple[rate_control.Choice, float]:
    """Returns the choice, and the networks' work in decodes of the whole image."""
    pixels = photo() if pixels is None else pixels
    options = Options(preset=fake_pair.NAME, **asked)
    restored_px.clear()
    choice = rate_control.choose(
        pixels, options, lambda codec: EXTRA_BYTES * bool(codec)
    )
    return choice, sum(restored_px) / (pixels.shape[0] * pixels.shape[1])


def record_files(
    pixels: np.ndarray, monkeypatch, encoder: type[Encoder]
) -> list[float]:
    """Records the qualities at which an encoder writes an image, each kind of scans."""
    written, write = [], encoder.encode

    def record(self, image, quality, *others):
        if image is pixels:
            written.append(quality)
        return write(self, image, quality, *others)

    monkeypatch.setattr(encoder, "encode", record)
    return written
