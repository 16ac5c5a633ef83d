"""Scores a pair of the comrec family against plain JPEG at equal bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from comrec.encoder.plain import encode_plain
from comrec.errors import UsageError
from comrec.train.joint import samples
from comrec.train.joint.schedule import JointRun

SIDE_PX = 256  # of the middle of each picture
PLAIN = (3, 5, 8, 12, 18, 27, 40, 58, 75, 90)  # qualities of plain JPEG
QUALITIES = {1: (6, 12, 25, 60), 1.5: (12, 25, 50), 2: (12, 25, 50)}  # by scale
RATES = {1: (0.25, 0.5, 1.0), 1.5: (0.25,), 2: (0.15, 0.25)}  # compared, in bpp
BATCH = 4
# A flat picture is restored without error; its infinite PSNR would make the mean so.
ERROR_MIN = 1e-3
MAX_DB = 10 * np.log10(255**2 / ERROR_MIN)

Curve = tuple[list[float], list[float]]  # bits per pixel, dB


class Validation:
    """Measures the dB above plain JPEG at the same mean bytes, with real encoders.

    Args:
      pictures: uint8 (H, W, 3) each; pictures smaller than SIDE_PX are left out.

    Raises:
      UsageError: no picture is as large as SIDE_PX.
    """

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        large = [picture for picture in pictures if min(picture.shape[:2]) >= SIDE_PX]
        self.pictures = [_cut_middle(picture) for picture in large]
        if not large:
            raise UsageError(
                f"none of the {len(pictures)} validation pictures has "
                f"{SIDE_PX}x{SIDE_PX} pixels or more. Name larger ones by `data` or "
                f"`validation`"
            )
        self.plain = self._measure_plain()

    def __call__(self, run: JointRun) -> dict[str, float]:
        """Measures the gain of the networks of a run.

        Returns:
          {"gain_db_SCALE_BPP": dB at a scale and a rate, ..., "gain_db": their mean}.
        """
        row = {}
        for scale in run.config.scales:
            curve = self._measure(run, scale)
            for rate_bpp in RATES.get(scale, (0.15,)):
                plain_db = read_at_rate(self.plain, rate_bpp)
                gain = read_at_rate(curve, rate_bpp) - plain_db
                row[f"gain_db_{scale}_{rate_bpp}"] = round(gain, 4)
        return {"gain_db": round(float(np.mean(list(row.values()))), 4)} | row

    def _measure_plain(self) -> Curve:
        points = []
        for quality in PLAIN:
            coded = [encode_plain(picture, quality) for picture in self.pictures]
            bytes_ = [len(one.jpeg) for one in coded]
            reached_db = [min(one.psnr_db, MAX_DB) for one in coded]
            points.append(self._average(bytes_, reached_db))
        return _build_curve(points)

    def _measure(self, run: JointRun, scale: float) -> Curve:
        points = []
        for quality in QUALITIES.get(scale, (25, 50)):
            coded = [
                samples.code(picture, scale, "flat", quality, run.get_change(scale))
                for picture in self.pictures
            ]
            reached_db = measure_psnr_db(run, coded)
            points.append(self._average([one.bytes for one in coded], reached_db))
        return _build_curve(points)

    def _average(
        self, bytes_: Iterable[int], psnr_db: Iterable[float]
    ) -> tuple[float, float]:
        sizes = [picture.shape[0] * picture.shape[1] for picture in self.pictures]
        rates = [8 * n / size for n, size in zip(bytes_, sizes, strict=True)]
        return float(np.mean(rates)), float(np.mean(list(psnr_db)))


def read_at_rate(curve: Curve, rate_bpp: float) -> float:
    """Returns the dB of a curve at a rate, linear in the logarithm of the rate.

    The curve is extended beyond its ends by its last two points, since a constant
    would be the dB at other bytes.
    """
    rates, psnr_db = np.log(curve[0]), curve[1]
    right = int(np.clip(np.searchsorted(rates, np.log(rate_bpp)), 1, len(rates) - 1))
    left = right - 1
    fraction = (np.log(rate_bpp) - rates[left]) / (rates[right] - rates[left])
    return float(psnr_db[left] + fraction * (psnr_db[right] - psnr_db[left]))


def measure_psnr_db(run: JointRun, coded: Sequence[samples.Coding]) -> list[float]:
    """Restores pictures, and returns the PSNR of each, on 8-bit pixels."""
    reached = []
    for i in range(0, len(coded), BATCH):
        batch = coded[i : i + BATCH]
        enlarged = np.stack([coding.enlarged for coding in batch])
        conditions = np.stack([coding.condition for coding in batch])
        residual = np.asarray(run.reccnn.predict_on_batch([enlarged, conditions]))
        for coding, restored in zip(batch, enlarged + residual, strict=True):
            error = np.square(samples.to_uint8(restored) - coding.image.astype(float))
            reached.append(10 * np.log10(255**2 / max(float(error.mean()), ERROR_MIN)))
    return reached


def _build_curve(points: Sequence[tuple[float, float]]) -> Curve:
    rates, psnr_db = zip(*sorted(points), strict=True)
    return list(rates), list(psnr_db)


def _cut_middle(picture: np.ndarray) -> np.ndarray:
    y, x = ((side - SIDE_PX) // 32 * 16 for side in picture.shape[:2])
    return picture[y : y + SIDE_PX, x : x + SIDE_PX].copy()
