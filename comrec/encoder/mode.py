"""Describes one way to code an image, except for the quality: a coding mode."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from comrec.encoder.file_cache import FileCache, trim_after, with_settings
from comrec.encoder.plain import Coded
from comrec.encoder.predictor import Predictor
from comrec.encoder.tunes import PSNR, Metric
from comrec.image.metrics import psnr_db, psnr_of, square_error
from comrec.image.window import Window
from comrec.jpeg import coding
from comrec.jpeg.encoders import ENCODERS, SHARED_TABLES
from comrec.jpeg.quantisation import close_qualities, mean_step, read_tables
from comrec.jpeg.settings import PLAIN, JpegSettings
from comrec.networks.codec import Codec
from comrec.networks.presets import Preset


@dataclass(frozen=True)
class Candidate(Coded):
    """Holds a JPEG and the PSNR of the restored image, measured by a full decode.

    Attributes:
      total_bytes: of all files of the picture.
      settings: how the JPEG was written.
      codec: the networks that restore the image; None for a plain JPEG.
      tune_score: closeness by the metric of the tune; None where the metric is PSNR.
      steps: of the quantisers, luma and chroma, of a file whose coefficients were
        chosen by a trellis of comrec's own; the quality of one that was chosen through
        the network is that of the draft. None for others.
    """

    total_bytes: int
    settings: JpegSettings
    codec: Codec | None
    tune_score: float | None = None
    steps: tuple[float, float] | None = None

    @property
    def score(self) -> float:
        """Closeness by the metric of the tune; PSNR where it is not another."""
        return self.psnr_db if self.tune_score is None else self.tune_score


class CodingMode:
    """Combines an image, networks or none, a scale, and an encoder's settings.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      settings: how the JPEG is written; the codec's own settings where a codec is
        given.
      extra_bytes: bytes of all files of the picture except the JPEG.
      codec: the networks, at one scale; None for plain JPEG.
      compact: returns the compact image; by default the codec makes it.
      threads: cores for files that are written at the same time; 0 takes all.
      network_lock: held while the networks run, which take all cores and much memory.
      metric: of the tune, by which candidates are ranked.
      guide: a lighter preset to predict by; see `Predictor`.

    Attributes:
      is_continuous: whether qualities lie so close that bytes and PSNR rise without
        gaps; otherwise they are whole numbers.
      qualities: the qualities that write different files, rising from 1.
      decoded: the candidates, by quality.
      first_quality: the quality to measure first; None for the middle.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        settings: JpegSettings | None,
        extra_bytes: int,
        codec: Codec | None = None,
        compact: Callable[[], np.ndarray] | None = None,
        threads: int = 1,
        network_lock: AbstractContextManager[Any] | None = None,
        metric: Metric = PSNR,
        guide: Preset | None = None,
    ) -> None:
        self.pixels, self.codec, self.threads = pixels, codec, threads
        self.metric = metric
        self.settings = codec.settings if codec else settings or PLAIN
        is_continuous = ENCODERS[self.settings.encoder].is_continuous
        self.is_continuous = is_continuous and codec is None
        self.qualities: Sequence[float] = coding.qualities(self.settings)
        if self.is_continuous:
            self.qualities = close_qualities()
        self.extra_bytes = extra_bytes
        self.compact = compact or functools.cache(
            lambda: codec.compact(pixels) if codec else pixels
        )
        self.decoded: dict[float, Candidate] = {}
        self.first_quality: float | None = None
        self._files = FileCache(pixels, self.settings, codec, self.compact, threads)
        self._predictor = Predictor(self._files, network_lock, guide)

    def approximate(self, pixels: np.ndarray, byte_share: float) -> CodingMode:
        """Returns a faster mode with about the same results, to compare modes with.

        The mode replaces ComCNN by plain reduction, and leaves out trellis
        quantisation where a codec uses it, which saves about as many bytes in every
        mode.

        Args:
          pixels: uint8 (h, W, 1|3), the image or an excerpt.
          byte_share: bytes of the excerpt's JPEG divided by bytes of the image's JPEG.
        """
        settings = replace(self.settings, scans="baseline")
        extra_bytes = round(self.extra_bytes * byte_share)
        if self.codec is None:
            return CodingMode(pixels, settings, extra_bytes)
        if settings.tables in SHARED_TABLES:
            settings = replace(settings, encoder="libjpeg-turbo")
        codec = with_settings(self.codec, settings)
        compact = functools.cache(functools.partial(codec.reduce, pixels))
        return CodingMode(pixels, None, extra_bytes, codec, compact)

    def list_measured(self, for_bytes: bool) -> list[float]:
        """Lists the qualities whose bytes, or whose PSNR, cost nothing more to get.

        Without such qualities the list holds `first_quality`, if there is one.
        """
        measured = (
            list(self._files.jpeg_bytes)
            if for_bytes
            else self._predictor.list_measured()
        )
        return measured or ([] if self.first_quality is None else [self.first_quality])

    def predict_psnr_db(self, quality: float) -> float:
        """Returns the PSNR of the restored image: measured if known, else predicted."""
        return self._predictor.predict_psnr_db(quality)

    def measure_enlarged_db(self, quality: float) -> float:
        """Returns the PSNR of the enlarged image at a quality."""
        return self._predictor.measure_enlarged_db(quality)

    def sample(self, quality: float, share: float) -> bool:
        """Measures the networks' gain on windows; see `Predictor.sample`."""
        return self._predictor.sample(quality, share)

    def compare_with_guide(self, data: bytes, share: float) -> float:
        """Measures the codec against the guide; see `Predictor.compare_with_guide`."""
        return self._predictor.compare_with_guide(data, share)

    def decode_in_full(self, quality: float) -> Candidate:
        """Measures the PSNR of the whole restored image, which takes the longest."""
        if quality not in self.decoded:
            data = self.encode(quality)
            found_db, score = self._measure(data)
            self.decoded[quality] = Candidate(
                data,
                quality,
                found_db,
                self.measure_total_bytes(quality),
                self.settings,
                self.codec,
                score,
                self._read_steps(data) if self.is_continuous else None,
            )
            self._predictor.decoded_db[quality] = found_db
            trim_after(self.pixels)
        return self.decoded[quality]

    def decode(
        self,
        data: bytes,
        quality: float,
        steps: tuple[float, float],
        watch: Callable[[Window, np.ndarray], None] | None = None,
    ) -> Candidate:
        """Measures a JPEG that was written elsewhere, by a full decode.

        Args:
          data: the whole file.
          quality: of the draft that the file started from.
          steps: of its quantisers, luma and chroma.
          watch: called with each tile of the restored image, uint8.
        """
        found_db, score = self._measure(data, watch)
        trim_after(self.pixels)
        total_bytes = len(data) + self.extra_bytes
        return Candidate(
            data,
            quality,
            found_db,
            total_bytes,
            self.settings,
            self.codec,
            score,
            steps,
        )

    def encode(self, quality: float) -> bytes:
        """Encodes the JPEG at a quality; the last few files are kept."""
        return self._files.encode(quality)

    def measure_total_bytes(self, quality: float) -> int:
        """Returns the bytes of all files of the picture at a quality."""
        return self._files.measure_bytes(quality) + self.extra_bytes

    def measure_draft_bytes(self, quality: float) -> int:
        """Returns about the bytes of all files, enough to compare modes with."""
        return len(self._files.encode_draft(quality)) + self.extra_bytes

    @staticmethod
    def _read_steps(data: bytes) -> tuple[float, float]:
        luma, chroma = map(mean_step, read_tables(data))
        return luma, chroma

    def _measure(
        self,
        data: bytes,
        watch: Callable[[Window, np.ndarray], None] | None = None,
    ) -> tuple[float, float | None]:
        """Returns the PSNR and, for another metric of the tune, its score."""
        if self.metric is not PSNR and not self.metric.is_additive:
            return self._measure_whole(data)
        square, other = 0, 0.0  # sums over tiles: the whole would be one more copy
        for window, restored in self._restore_parts(data):
            if watch:
                watch(window, restored)
            image = self.pixels[window.slices]
            square += square_error(image, restored)
            if self.metric is not PSNR:
                other += self.metric.window_error(image, restored)
        count = self.pixels.size
        found_db = psnr_of(square, count)
        return found_db, None if self.metric is PSNR else self.metric.score(
            other, count
        )

    def _measure_whole(self, data: bytes) -> tuple[float, float]:
        restored = np.empty_like(self.pixels)
        for window, part in self._restore_parts(data):
            restored[window.slices] = part
        error = self.metric.window_error(self.pixels, restored)
        score = self.metric.score(error, self.pixels.size)
        return psnr_db(self.pixels, restored), score

    def _restore_parts(self, data: bytes) -> Iterable[tuple[Window, np.ndarray]]:
        """Yields the tiles of the restored image; a plain JPEG is one tile."""
        height, width = self.pixels.shape[:2]
        if self.codec is None:
            return [(Window(0, height, 0, width), coding.decode(data))]
        return self.codec.restore_parts(data, (height, width))
