"""Predicts the PSNR of a restored image without decoding the whole of it.

The prediction is the PSNR of the enlarged image, which costs little, plus the gain of
the networks, which is measured on small windows and corrected by full decodes.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from comrec.encoder.file_cache import FileCache, is_large, trim_after
from comrec.encoder.fitted import FITTED
from comrec.encoder.sampling import REACH_PX, select_windows
from comrec.image import resample
from comrec.image.metrics import psnr_db, square_error
from comrec.image.window import Window, grid
from comrec.jpeg import coding
from comrec.networks.presets import Preset

DEFAULT_GAIN_DB = 1.0  # of the networks, before a measurement
SAMPLES_MAX = 3  # for one coding mode, at different qualities
# Relative difference of qualities up to which one sample is valid for both.
SAMPLE_TOLERANCE = 0.1
BAND_ROWS = 512  # enlarged at a time
LOSSLESS_DB = 100.0  # in place of infinity, where differences are taken


class Predictor:
    """Predicts the PSNR of one coding mode at any quality.

    Args:
      files: the JPEGs of the mode; also gives the image and the codec.
      network_lock: held while the networks run, which take all cores and much memory.
      guide: a preset to sample in place of the codec's own, which takes less time and
        whose gain differs by FITTED.guide_db.

    Attributes:
      decoded_db: PSNR of the images that were restored in full, by quality.
    """

    def __init__(
        self,
        files: FileCache,
        network_lock: AbstractContextManager[Any] | None = None,
        guide: Preset | None = None,
    ) -> None:
        self._files, self._pixels, self._codec = files, files.pixels, files.codec
        self._network_lock = network_lock or nullcontext()
        self._guide = guide
        self._size = files.pixels.shape[0], files.pixels.shape[1]
        self.decoded_db: dict[float, float] = {}
        self._enlarged_db: dict[float, float] = {}
        self._sampled_gain_db: dict[float, float] = {}
        self._windows: list[tuple[Window, float]] | None = None
        self._last: tuple[float, bytes, np.ndarray] | None = None

    def predict_psnr_db(self, quality: float) -> float:
        """Returns the PSNR of the restored image: measured if known, else predicted."""
        if quality in self.decoded_db:
            return self.decoded_db[quality]
        gain_db = self._predict_gain_db(quality) if self._codec else 0
        return self.measure_enlarged_db(quality) + gain_db

    def list_measured(self) -> list[float]:
        """Lists the qualities whose enlarged or restored image was measured."""
        return list(self._enlarged_db | self.decoded_db)

    def measure_enlarged_db(self, quality: float) -> float:
        """Returns the PSNR of the enlarged image at a quality."""
        if quality not in self._enlarged_db:
            enlarged = self._decode_draft(quality)[1]
            self._enlarged_db[quality] = psnr_db(self._pixels, enlarged)
        return self._enlarged_db[quality]

    def sample(self, quality: float, share: float) -> bool:
        """Measures the networks' gain at a quality on windows of the image.

        Args:
          quality: 1 to 100.
          share: of the image's pixels, for all windows with their surroundings.

        Returns:
          Whether windows were restored; false where the gain at this quality is known
          well enough.
        """
        near = [
            sampled
            for sampled in self._sampled_gain_db
            if abs(sampled - quality) <= SAMPLE_TOLERANCE * sampled
        ]
        if self._codec is None or near or len(self._sampled_gain_db) == SAMPLES_MAX:
            return False
        if self._windows == []:
            return False
        data, enlarged = self._decode_draft(quality)
        if quality not in self._enlarged_db:
            self._enlarged_db[quality] = psnr_db(self._pixels, enlarged)
        sampled = self._guide or self._codec.preset
        if self._windows is None:
            self._windows = self._select_windows(enlarged, share, [sampled])
        if self._windows:
            gain_db = self._measure_gain_db(sampled, data, enlarged, self._windows)
            if sampled != self._codec.preset:
                gain_db += FITTED.guide_db
            self._sampled_gain_db[quality] = gain_db
            trim_after(self._pixels)
        return bool(self._windows)

    def compare_with_guide(self, data: bytes, share: float) -> float:
        """Returns by how many dB the codec restores a file better than the guide.

        Args:
          data: a compact JPEG.
          share: of the image's pixels, for all windows with their surroundings.
        """
        if self._codec is None or self._guide in (None, self._codec.preset):
            return 0.0
        presets = [self._codec.preset, self._guide]
        enlarged = self.enlarge(data)
        windows = self._select_windows(enlarged, share, presets)
        if not windows:
            return FITTED.guide_db
        own_db, guide_db = (
            self._measure_gain_db(preset, data, enlarged, windows) for preset in presets
        )
        return own_db - guide_db

    def _select_windows(
        self, enlarged: np.ndarray, share: float, presets: Sequence[Preset]
    ) -> list[tuple[Window, float]]:
        max_px = share * self._size[0] * self._size[1]
        reach_px = max(map(_reach_of, presets))
        return select_windows(self._pixels, enlarged, max_px, reach_px)

    def _measure_gain_db(
        self,
        preset: Preset,
        data: bytes,
        enlarged: np.ndarray,
        windows: list[tuple[Window, float]],
    ) -> float:
        """Measures by how many dB a preset's RecCNN lowers the error in windows."""
        assert self._codec is not None
        sampler, image = copy.copy(self._codec), self._pixels
        sampler.preset = replace(preset, reach_px={"reccnn": _reach_of(preset)})
        weights = dict(windows)
        errors = {
            each: square_error(image[each.slices], enlarged[each.slices])
            for each in weights
        }
        is_coded = (
            self._codec.scale == 1 and self._codec.space(enlarged.shape[2]) == "RGB"
        )
        coded = enlarged if is_coded else None
        remaining = 0.0  # share of the error that is left after the networks
        with self._network_lock:
            parts = sampler.restore_windows(data, self._size, weights, True, coded)
            for window, restored in parts:
                error = square_error(image[window.slices], restored)
                remaining += weights[window] * error / max(errors[window], 1)
        return -10 * math.log10(max(remaining, 1e-6))

    def enlarge(self, data: bytes) -> np.ndarray:
        """Decodes a compact JPEG and enlarges the image, uint8 (H, W, C).

        The result may differ from what the networks take as input by a grey level.
        """
        coded = coding.decode(data)
        if self._codec is None or self._codec.scale == 1:
            return coded
        enlarged = np.empty((*self._size, coded.shape[2]), np.uint8)
        for band in grid(*self._size, BAND_ROWS, self._size[1]):
            enlarged[band.slices] = resample.enlarge(
                coded, self._codec.scale, self._size, band, rounded=True
            )
        return enlarged

    def _decode_draft(self, quality: float) -> tuple[bytes, np.ndarray]:
        """Returns the draft JPEG at a quality and its enlarged image."""
        if self._last and self._last[0] == quality:
            return self._last[1:]
        data = self._files.encode_draft(quality)
        enlarged = self.enlarge(data)
        self._last = None if is_large(self._pixels) else (quality, data, enlarged)
        trim_after(self._pixels)
        return data, enlarged

    def _predict_gain_db(self, quality: float) -> float:
        """Predicts the networks' gain by the samples, corrected by full decodes."""
        if not self.decoded_db:
            return self._interpolate_gain_db(quality)
        nearest = min(self.decoded_db, key=lambda q: abs(q - quality))
        restored_db = min(self.decoded_db[nearest], LOSSLESS_DB)
        gained_db = restored_db - min(self.measure_enlarged_db(nearest), LOSSLESS_DB)
        change_db = self._interpolate_gain_db(quality) - self._interpolate_gain_db(
            nearest
        )
        return gained_db + change_db

    def _interpolate_gain_db(self, quality: float) -> float:
        if not self._sampled_gain_db:
            return DEFAULT_GAIN_DB
        qualities = sorted(self._sampled_gain_db)
        gains_db = [self._sampled_gain_db[q] for q in qualities]
        return float(np.interp(quality, qualities, gains_db))


def _reach_of(preset: Preset) -> int:
    """Returns how much of a window's surroundings a preset gets to see, in pixels."""
    return -(-REACH_PX // preset.multiple_px) * preset.multiple_px
