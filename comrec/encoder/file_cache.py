"""Writes the JPEGs of one coding mode and keeps the last few in memory."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from comrec.jpeg import coding
from comrec.jpeg.encoders import ENCODERS
from comrec.jpeg.settings import JpegSettings
from comrec.networks.codec import Codec
from comrec.system import cores, memory

QUALITIES_MAX = 4  # whose files are kept for one coding mode
# Of larger images the files of one quality are kept, and no decoded image: several
# coding modes of a large image would fill the memory.
LARGE_MIN_PX = 2**22
TRIM_MIN_PX = 2**20  # the C library uses the memory of smaller images again


class FileCache:
    """Writes JPEGs of an image at any quality, each with one or two kinds of scans.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      settings: how the JPEG is written.
      codec: the networks, at one scale; None for plain JPEG.
      compact: returns the compact image; the image itself for plain JPEG.
      threads: cores for files that are written at the same time; 0 takes all.

    Attributes:
      jpeg_bytes: sizes of the smallest file, by the qualities that were measured.
    """

    def __init__(
        self,
        pixels: np.ndarray,
        settings: JpegSettings,
        codec: Codec | None,
        compact: Callable[[], np.ndarray],
        threads: int = 1,
    ) -> None:
        self.pixels, self.codec, self._settings = pixels, codec, settings
        self._compact, self._threads = compact, threads
        self._keeps_coefficients = ENCODERS[settings.encoder].keeps_coefficients
        # Plain dicts: a cache around a method would keep the image alive.
        self._files: dict[float, dict[str, bytes]] = {}  # by quality and kind of scans
        self.jpeg_bytes: dict[float, int] = {}

    def encode(self, quality: float) -> bytes:
        """Encodes the JPEG at a quality: the smallest of all kinds of scans."""
        return min(self._write_all(quality, self._list_scans()), key=len)

    def encode_draft(self, quality: float) -> bytes:
        """Encodes an approximation of `encode`: the first kind of scans alone.

        Where the encoder does not keep coefficients, as mozjpeg's trellis, whose choice
        depends on the scans, PSNR differs by hundredths of a dB.
        """
        if self.codec is None and not self._keeps_coefficients:
            return self.encode(quality)
        return self._write_all(quality, self._list_scans()[:1])[0]

    def measure_bytes(self, quality: float) -> int:
        """Returns the size of the JPEG at a quality."""
        if quality not in self.jpeg_bytes:
            self.jpeg_bytes[quality] = len(self.encode(quality))
        return self.jpeg_bytes[quality]

    def _list_scans(self) -> tuple[str, ...]:
        return coding.scans_of(self._compact(), self._settings)

    def _write_all(self, quality: float, kinds: Sequence[str]) -> list[bytes]:
        """Returns a file for each kind of scans; writes those that are not kept."""
        files = self._files.get(quality)
        if files is None:
            if len(self._files) == (1 if is_large(self.pixels) else QUALITIES_MAX):
                del self._files[next(iter(self._files))]
            files = self._files[quality] = {}
        missing = [kind for kind in kinds if kind not in files]
        if self._keeps_coefficients and "baseline" in kinds:
            missing = [kind for kind in missing if kind == "baseline"]
        tasks = [functools.partial(self._write, quality, kind) for kind in missing]
        written = cores.run_parallel(tasks, self._threads)
        files.update(zip(missing, written, strict=True))
        if missing:
            trim_after(self.pixels)
        for kind in kinds:
            if kind not in files:
                files[kind] = coding.to_progressive(files["baseline"])
        return [files[kind] for kind in kinds]

    def _write(self, quality: float, scans: str) -> bytes:
        settings = replace(self._settings, scans=scans)
        if self.codec is None:
            return coding.encode(self._compact(), quality, settings)
        codec = with_settings(self.codec, settings)
        return codec.encode(self._compact(), quality, self.pixels)


def with_settings(codec: Codec, settings: JpegSettings) -> Codec:
    """Returns a copy of a codec that writes JPEGs with other settings."""
    codec = copy.copy(codec)
    codec.settings = settings
    return codec


def is_large(pixels: np.ndarray) -> bool:
    """Checks whether an image, (H, W, C), is too large to keep several copies of."""
    return pixels.shape[0] * pixels.shape[1] > LARGE_MIN_PX


def trim_after(pixels: np.ndarray) -> None:
    """Returns freed memory to the system after work on a large image, (H, W, C)."""
    if pixels.shape[0] * pixels.shape[1] > TRIM_MIN_PX:
        memory.trim()
