"""Rate and distortion of one picture, for the chart of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from comrec.apps.compare.chart import OWN_LABEL, Point
from comrec.apps.evaluate import Peer, own, quality, run, thinned
from comrec.apps.evaluate.bd import Curve
from comrec.encoder.options import Options
from comrec.networks import presets

POINTS = 6
MOST_PX = 2_000_000  # larger pictures get curves only if they are asked for


def measured(
    rivals: Mapping[str, Peer], pixels: np.ndarray, options: Options, points: int | None
) -> Mapping[str, Sequence[Point]]:
    """A curve of each rival, and that of `comrec compress -q` with the preset.

    Args:
      rivals: by label.
      pixels: uint8 (H, W, 1|3).
      options: whose preset and tune it is.
      points: settings of each; None for POINTS, or none on pictures over MOST_PX.
    """
    if points is None:
        points = 0 if pixels.shape[0] * pixels.shape[1] > MOST_PX else POINTS
    if not points:
        return {}
    found = {
        label: _rising(_points(rival, pixels, points))
        for label, rival in rivals.items()
    }
    preset = presets.find(options.preset)
    if not preset.has_networks:
        return found | {OWN_LABEL: []}
    tune = options.tune if preset.jpeg_visual else "psnr"
    ours = own.command(preset.name, tune, threads=options.threads)
    return found | {OWN_LABEL: _rising(_points(ours, pixels, points))}


def _points(peer: Peer, pixels: np.ndarray, points: int) -> list[Point]:
    found = []
    for setting in thinned(peer.grid, points):
        passed = run(peer, pixels, setting)
        bpp = 8 * passed.rate_bytes / (pixels.shape[0] * pixels.shape[1])
        found.append((bpp, quality.scores(pixels, passed.restored).rgb_psnr_db))
    return found


def _rising(points: Sequence[Point]) -> Sequence[Point]:
    curve = Curve.through(points)
    return list(zip(curve.bpp, curve.quality, strict=True))
