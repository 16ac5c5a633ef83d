"""Measures rate and distortion of one picture, for the chart of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from comrec.apps.compare.chart import OWN_LABEL, Point
from comrec.apps.evaluate import own, quality
from comrec.apps.evaluate.bd import Curve
from comrec.apps.evaluate.interface import Peer, run, thin
from comrec.encoder.options import Options
from comrec.networks import presets

POINTS = 6
MAX_PX = 2_000_000  # of a picture that has curves by default


def measure_curves(
    rivals: Mapping[str, Peer], pixels: np.ndarray, options: Options, points: int | None
) -> Mapping[str, Sequence[Point]]:
    """Returns a curve of each rival, and one of `comrec compress -q`, by label.

    Args:
      rivals: codecs by label.
      pixels: uint8 (H, W, 1|3).
      options: preset, tune and threads of comrec.
      points: settings of each codec, 0 for no curves; None for POINTS, or 0 above
        MAX_PX pixels.
    """
    if points is None:
        points = 0 if pixels.shape[0] * pixels.shape[1] > MAX_PX else POINTS
    if not points:
        return {}
    found = {
        label: _keep_rising(_measure_points(rival, pixels, points))
        for label, rival in rivals.items()
    }
    preset = presets.find(options.preset)
    if not preset.has_networks:
        return found | {OWN_LABEL: []}
    tune = options.tune if preset.jpeg_visual else "psnr"
    ours = own.make_command_peer(preset.name, tune, threads=options.threads)
    return found | {OWN_LABEL: _keep_rising(_measure_points(ours, pixels, points))}


def _measure_points(peer: Peer, pixels: np.ndarray, points: int) -> list[Point]:
    found = []
    for setting in thin(peer.grid, points):
        passed = run(peer, pixels, setting)
        bpp = 8 * passed.rate_bytes / (pixels.shape[0] * pixels.shape[1])
        found.append((bpp, quality.scores(pixels, passed.restored).rgb_psnr_db))
    return found


def _keep_rising(points: Sequence[Point]) -> Sequence[Point]:
    curve = Curve.through(points)
    return list(zip(curve.bpp, curve.quality, strict=True))
