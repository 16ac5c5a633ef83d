"""One way to code an image, at any quality: what it takes, and what it should give."""

from __future__ import annotations

import copy
import functools
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from comrec.encoder import sampling
from comrec.encoder.plain import Coded
from comrec.image import resample
from comrec.image.metrics import psnr_db, psnr_of, square_error
from comrec.image.window import Window, grid
from comrec.jpeg import coding, quantisation
from comrec.jpeg.settings import PLAIN, SHARED_TABLES, JpegSettings
from comrec.networks.codec import Codec
from comrec.system import cores, memory

# What the networks gain before anything was measured.
GAIN_DB = 1.0
SAMPLES_MAX = 3  # of one way, at different qualities
SAMPLE_NEAR = 0.1  # a sample tells of qualities that differ by such a part
FILES_MAX = 4  # of a way, in memory: qualities
BAND_ROWS = 512  # that are enlarged at a time
# Of larger pictures one, and not what each way last showed: they fill the memory.
KEPT_MAX_PX = 2**22
TIDY_MIN_PX = 2**20  # what smaller ones leave is used again
LOSSLESS_DB = 100.0  # in place of infinity, where differences are taken


@dataclass(frozen=True)
class Candidate(Coded):
    """A JPEG that was decoded again to see how close it comes.

    Attributes:
      total_bytes: of all files around it.
      settings: how it was written.
      codec: the networks that restore it; None for a plain JPEG.
    """

    total_bytes: int
    settings: JpegSettings
    codec: Codec | None


class CodingMode:
    """Networks or none, a scale, an encoder's settings: all but the quality.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      settings: how the JPEG is written; the codec's own where there is one.
      extra_bytes: what all files take besides the JPEG.
      codec: the networks, at one scale; None for plain JPEG.
      compact: gives the compact image, if it is not what the codec makes.
      threads: cores for what can be written at the same time; 0 takes them all.
      alone: held while networks work: they take all cores, and much memory.

    Attributes:
      qualities: those that differ, from 1 on.
      verified: the candidates that were decoded in full, by quality.
      guess: a quality to look at first; None for the middle.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        settings: JpegSettings | None,
        extra_bytes: int,
        codec: Codec | None = None,
        compact: Callable[[], np.ndarray] | None = None,
        threads: int = 1,
        alone: AbstractContextManager[Any] | None = None,
    ) -> None:
        self.pixels, self.codec, self.threads = pixels, codec, threads
        self._alone = alone or nullcontext()
        self.settings = codec.settings if codec else settings or PLAIN
        self.qualities = quantisation.qualities(self.settings.tables)
        self.extra_bytes = extra_bytes
        self.compact = compact or functools.cache(
            lambda: codec.compact(pixels) if codec else pixels
        )
        self.verified: dict[int, Candidate] = {}
        self.guess: int | None = None
        self._sampled_db: dict[int, float] = {}
        self._windows: list[tuple[Window, float]] | None = None
        self._size = pixels.shape[0], pixels.shape[1]
        # Plain dicts: a cache around a method would keep the picture alive.
        self._files: dict[int, dict[str, bytes]] = {}  # by quality and kind of scans
        self._bytes: dict[int, int] = {}
        self._shown_dbs: dict[int, float] = {}
        self._last: tuple[int, bytes, np.ndarray] | None = None

    def rough(self, pixels: np.ndarray, share: float) -> CodingMode:
        """About the same in a fraction of the time, to tell one way from another by.

        Without ComCNN, and where a way has networks without trellis quantisation: with
        it all ways take about as much less.

        Args:
          pixels: of the image, or of a part of it that stands for the whole.
          share: of the bytes of the whole that it takes.
        """
        settings = replace(self.settings, scans="baseline")
        extra_bytes = round(self.extra_bytes * share)
        if self.codec is None:
            return CodingMode(pixels, settings, extra_bytes)
        if settings.tables in SHARED_TABLES:
            settings = replace(settings, encoder="libjpeg-turbo")
        codec = copy.copy(self.codec)
        codec.settings = settings
        compact = functools.cache(functools.partial(codec.reduce, pixels))
        return CodingMode(pixels, None, extra_bytes, codec, compact)

    def known(self, of_bytes: bool) -> list[int]:
        """Qualities whose bytes, or whose closeness, cost no more to look at.

        Where there are none, a guess.
        """
        seen = self._bytes if of_bytes else self._shown_dbs | self.verified
        return list(seen) or ([] if self.guess is None else [self.guess])

    def expected_db(self, quality: int) -> float:
        """PSNR of the restored image: measured, or else as the networks should do."""
        if quality in self.verified:
            return self.verified[quality].psnr_db
        return self.shown_db(quality) + (self._gain_db(quality) if self.codec else 0)

    def sample(self, quality: int, share: float) -> bool:
        """Looks how much the networks gain, on a share of the image.

        Returns:
          Whether it did; not where enough is known about this quality.
        """
        near = [q for q in self._sampled_db if abs(q - quality) <= SAMPLE_NEAR * q]
        if self.codec is None or near or len(self._sampled_db) == SAMPLES_MAX:
            return False
        if self._windows == []:
            return False
        data, shown = self._draft(quality)
        self._look(quality, shown)
        sampler = copy.copy(self.codec)
        step = sampler.preset.multiple_px
        reach = -(-sampling.REACH_PX // step) * step
        sampler.preset = replace(sampler.preset, reach_px={"reccnn": reach})
        if self._windows is None:
            most_px = share * self._size[0] * self._size[1]
            self._windows = sampling.spread(self.pixels, shown, most_px, reach)
        weights = dict(self._windows)
        image = self.pixels
        theirs = {
            each: square_error(image[each.slices], shown[each.slices])
            for each in weights
        }
        is_coded = self.codec.scale == 1 and self.codec.space(shown.shape[2]) == "RGB"
        coded = shown if is_coded else None
        del shown  # which may be larger than what is decoded next
        left = 0.0  # of the error, after the networks
        with self._alone:
            parts = sampler.restore_windows(data, self._size, weights, True, coded)
            for window, part in parts:
                ours = square_error(image[window.slices], part)
                left += weights[window] * ours / max(theirs[window], 1)
        if weights:
            self._sampled_db[quality] = -10 * math.log10(max(left, 1e-6))
            tidy(self.pixels)
        return bool(weights)

    def verify(self, quality: int) -> Candidate:
        """Restores the whole image, which takes the longest."""
        if quality not in self.verified:
            data = self.jpeg(quality)
            self.verified[quality] = Candidate(
                data,
                quality,
                self._reached_db(data),
                self.total_bytes(quality),
                self.settings,
                self.codec,
            )
            tidy(self.pixels)
        return self.verified[quality]

    def _reached_db(self, data: bytes) -> float:
        if self.codec is None:
            return psnr_db(self.pixels, coding.decode(data))
        error = 0  # summed part by part: the whole would be one more copy
        for window, part in self.codec.restore_parts(data, self._size):
            error += square_error(self.pixels[window.slices], part)
        return psnr_of(error, self.pixels.size)

    def jpeg(self, quality: int) -> bytes:
        """The file at a quality; the last few are kept."""
        return min(self._written(quality, self._kinds), key=len)

    @property
    def _kinds(self) -> tuple[str, ...]:
        return coding.scans_of(self.compact(), self.settings)

    def _written(self, quality: int, kinds: Sequence[str]) -> list[bytes]:
        """A file for each kind of scans."""
        files = self._files.get(quality)
        if files is None:
            if len(self._files) == (1 if self._is_large else FILES_MAX):
                del self._files[next(iter(self._files))]
            files = self._files[quality] = {}
        missing = [kind for kind in kinds if kind not in files]
        write = [functools.partial(self._write, quality, kind) for kind in missing]
        written = cores.run_parallel(write, self.threads)
        files.update(zip(missing, written, strict=True))
        if missing:
            tidy(self.pixels)
        return [files[kind] for kind in kinds]

    def _write(self, quality: int, scans: str) -> bytes:
        settings = replace(self.settings, scans=scans)
        if self.codec is None:
            return coding.encode(self.pixels, quality, settings)
        writer = copy.copy(self.codec)
        writer.settings = settings
        return writer.encode(self.compact(), quality)

    def total_bytes(self, quality: int) -> int:
        """Of all files around the JPEG at a quality."""
        if quality not in self._bytes:
            self._bytes[quality] = len(self.jpeg(quality)) + self.extra_bytes
        return self._bytes[quality]

    def shown_db(self, quality: int) -> float:
        """PSNR of the image as it would come back if the networks added nothing."""
        if quality not in self._shown_dbs:
            self._look(quality, self._draft(quality)[1])
        return self._shown_dbs[quality]

    def _look(self, quality: int, shown: np.ndarray) -> None:
        if quality not in self._shown_dbs:
            self._shown_dbs[quality] = psnr_db(self.pixels, shown)

    def draft_bytes(self, quality: int) -> int:
        """About what all files take: enough to tell ways from each other."""
        return len(self._draft_jpeg(quality)) + self.extra_bytes

    def _draft(self, quality: int) -> tuple[bytes, np.ndarray]:
        """About the JPEG at a quality, and what it will show; the last is kept."""
        if self._last and self._last[0] == quality:
            return self._last[1:]
        data = self._draft_jpeg(quality)
        shown = self._shown(data)
        self._last = None if self._is_large else (quality, data, shown)
        tidy(self.pixels)
        return data, shown

    def _draft_jpeg(self, quality: int) -> bytes:
        """About the JPEG at a quality: of two kinds of scans one.

        mozjpeg's trellis depends on them, by some hundredths of a dB.
        """
        if self.codec is None:
            return self.jpeg(quality)
        return self._written(quality, self._kinds[:1])[0]

    @property
    def _is_large(self) -> bool:
        return self._size[0] * self._size[1] > KEPT_MAX_PX

    def _shown(self, data: bytes) -> np.ndarray:
        """The image as it would come back if the networks added nothing."""
        coded = coding.decode(data)
        if self.codec is None or self.codec.scale == 1:
            return coded
        shown = np.empty((*self._size, coded.shape[2]), np.uint8)
        for band in grid(*self._size, BAND_ROWS, self._size[1]):
            shown[band.slices] = resample.enlarge(
                coded, self.codec.scale, self._size, band, rounded=True
            )
        return shown

    def _gain_db(self, quality: int) -> float:
        """What the networks should add: as in the sample, put right by the whole."""
        if not self.verified:
            return self._sampled_gain_db(quality)
        nearest = min(self.verified, key=lambda q: abs(q - quality))
        reached_db = min(self.verified[nearest].psnr_db, LOSSLESS_DB)
        gained_db = reached_db - min(self.shown_db(nearest), LOSSLESS_DB)
        change_db = self._sampled_gain_db(quality) - self._sampled_gain_db(nearest)
        return gained_db + change_db

    def _sampled_gain_db(self, quality: int) -> float:
        if not self._sampled_db:
            return GAIN_DB
        qualities = sorted(self._sampled_db)
        gains_db = [self._sampled_db[q] for q in qualities]
        return float(np.interp(quality, qualities, gains_db))


def tidy(pixels: np.ndarray) -> None:
    """After work on an image for which much memory was taken."""
    if pixels.shape[0] * pixels.shape[1] > TIDY_MIN_PX:
        memory.trim()
