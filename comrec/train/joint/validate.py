"""What a pair of the comrec family gains at equal bytes on other pictures."""

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
# A flat picture comes back as it was; its infinity would be the mean of all.
ERROR_LEAST = 1e-3
CLOSEST_DB = 10 * np.log10(255**2 / ERROR_LEAST)

Curve = tuple[list[float], list[float]]  # bits per pixel, dB


class Judge:
    """dB above plain JPEG at the same mean bytes, all coded by the real encoders.

    Args:
      pictures: uint8 (H, W, 3) each; smaller ones than SIDE_PX are left out.

    Raises:
      UsageError: none is as large.
    """

    def __init__(self, pictures: Sequence[np.ndarray]) -> None:
        large = [picture for picture in pictures if min(picture.shape[:2]) >= SIDE_PX]
        self.pictures = [_middle(picture) for picture in large]
        if not large:
            raise UsageError(
                f"none of the {len(pictures)} validation pictures has "
                f"{SIDE_PX}x{SIDE_PX} pixels or more. Name others"
            )
        self.plain = self._plain()

    def __call__(self, run: JointRun) -> dict[str, float]:
        """{"gain_db": mean of the others, "gain_db_SCALE_BPP": at that, ...}."""
        row = {}
        for scale in run.config.scales:
            curve = self._curve(run, scale)
            for rate_bpp in RATES.get(scale, (0.15,)):
                gain = at_rate(curve, rate_bpp) - at_rate(self.plain, rate_bpp)
                row[f"gain_db_{scale}_{rate_bpp}"] = round(gain, 4)
        return {"gain_db": round(float(np.mean(list(row.values()))), 4)} | row

    def _plain(self) -> Curve:
        points = []
        for quality in PLAIN:
            coded = [encode_plain(picture, quality) for picture in self.pictures]
            bytes_ = [len(one.jpeg) for one in coded]
            least_db = [min(one.psnr_db, CLOSEST_DB) for one in coded]
            points.append(self._point(bytes_, least_db))
        return _curve(points)

    def _curve(self, run: JointRun, scale: float) -> Curve:
        points = []
        for quality in QUALITIES.get(scale, (25, 50)):
            coded = [
                samples.code(picture, scale, "flat", quality, run.change(scale))
                for picture in self.pictures
            ]
            reached_db = restored_psnr_db(run, coded)
            points.append(self._point([one.bytes for one in coded], reached_db))
        return _curve(points)

    def _point(
        self, bytes_: Iterable[int], psnr_db: Iterable[float]
    ) -> tuple[float, float]:
        sizes = [picture.shape[0] * picture.shape[1] for picture in self.pictures]
        rates = [8 * n / size for n, size in zip(bytes_, sizes, strict=True)]
        return float(np.mean(rates)), float(np.mean(list(psnr_db)))


def at_rate(curve: Curve, rate_bpp: float) -> float:
    """dB of a curve at a rate, straight in the logarithm of the rate.

    Beyond an end it goes on as between the last two points, for an end that was held
    would be dB of other bytes.
    """
    rates, psnr_db = np.log(curve[0]), curve[1]
    right = int(np.clip(np.searchsorted(rates, np.log(rate_bpp)), 1, len(rates) - 1))
    left = right - 1
    part = (np.log(rate_bpp) - rates[left]) / (rates[right] - rates[left])
    return float(psnr_db[left] + part * (psnr_db[right] - psnr_db[left]))


def restored_psnr_db(run: JointRun, coded: Sequence[samples.Coding]) -> list[float]:
    """On 8-bit pixels, picture by picture."""
    reached = []
    for i in range(0, len(coded), BATCH):
        some = coded[i : i + BATCH]
        enlarged = np.stack([coding.enlarged for coding in some])
        told = np.stack([coding.condition for coding in some])
        residual = np.asarray(run.reccnn.predict_on_batch([enlarged, told]))
        for coding, restored in zip(some, enlarged + residual, strict=True):
            error = np.square(samples.to_uint8(restored) - coding.image.astype(float))
            reached.append(
                10 * np.log10(255**2 / max(float(error.mean()), ERROR_LEAST))
            )
    return reached


def _curve(points: Sequence[tuple[float, float]]) -> Curve:
    rates, psnr_db = zip(*sorted(points), strict=True)
    return list(rates), list(psnr_db)


def _middle(picture: np.ndarray) -> np.ndarray:
    y, x = ((side - SIDE_PX) // 32 * 16 for side in picture.shape[:2])
    return picture[y : y + SIDE_PX, x : x + SIDE_PX].copy()
