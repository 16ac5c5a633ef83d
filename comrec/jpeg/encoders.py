"""Writes JPEG files: one record for each encoder.

Settings name an encoder, and everything else asks its record in ENCODERS. Code outside
this package may add a record at run time.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from comrec.errors import JpegError

if TYPE_CHECKING:
    import numpy as np

    from comrec.jpeg.settings import JpegSettings, Tables

# Built-in tables of mozjpeg, by its own numbers.
MOZJPEG_TABLES = {
    "standard": 0, "flat": 1, "ms-ssim": 2, "imagemagick": 3, "psnr-hvs": 4,
    "klein": 5, "watson": 6, "ahumada": 7, "peterson": 8,
}  # fmt: skip
SHARED_TABLES = ("standard", "flat")  # of both encoders


@dataclass(frozen=True)
class Target:
    """Shows an encoder the picture that a receiver makes of a file.

    Attributes:
      image: uint8 (H, W, C), the picture to come close to; its size may differ from
        that of the encoded pixels.
      restore: from a whole JPEG to uint8 (H, W, C), the receiver's picture.
    """

    image: np.ndarray
    restore: Callable[[bytes], np.ndarray]


class Encoder(Protocol):
    """Writes JPEG files without metadata.

    Attributes:
      both_scans_max_px: area up to which baseline and progressive files are both
        written where the smaller one is asked for; above it, progressive alone.
      is_continuous: whether a quality may be any number, not a whole one alone.
      keeps_coefficients: whether both kinds of scans hold the same coefficients, so
        that the progressive file is made of the baseline one.
    """

    both_scans_max_px: float
    is_continuous: bool
    keeps_coefficients: bool

    def check(self, settings: JpegSettings) -> None:
        """Raises JpegError for settings that the encoder cannot follow."""

    def qualities(self, settings: JpegSettings) -> tuple[int, ...]:
        """Returns the qualities, ascending, at which files differ."""

    def encode(
        self,
        pixels: np.ndarray,
        quality: float,
        settings: JpegSettings,
        space: str,
        progressive: bool,
        target: Target | None,
    ) -> bytes:
        """Returns the whole file.

        Args:
          pixels: uint8 (h, w, 1) grey or (h, w, 3) in `space`; checked by the caller.
          quality: 1 to 100, checked by the caller; a whole number where the encoder is
            not continuous.
          settings: checked by `check`.
          space: "RGB" or "YCbCr".
          progressive: the kind of scans.
          target: what a receiver makes of a file; None where nobody knows. An encoder
            may ignore it.
        """


class LibjpegTurbo:
    """Encodes by libjpeg-turbo, through Pillow."""

    both_scans_max_px: float = float("inf")
    is_continuous = False
    keeps_coefficients = False

    def check(self, settings: JpegSettings) -> None:
        if isinstance(settings.tables, str):
            _check_name("libjpeg-turbo", settings.tables, SHARED_TABLES)
        elif not _are_tables(settings.tables):
            raise JpegError(_TABLES)

    def qualities(self, settings: JpegSettings) -> tuple[int, ...]:
        return _qualities(settings)

    def encode(
        self,
        pixels: np.ndarray,
        quality: float,
        settings: JpegSettings,
        space: str,
        progressive: bool,
        target: Target | None,
    ) -> bytes:
        from comrec.jpeg.quantisation import scaled_tables
        from comrec.system.pillow import to_pillow

        is_grey = pixels.shape[2] == 1
        options: dict[str, object] = {"quality": quality}
        if settings.tables != "standard":
            tables = scaled_tables(settings.tables, quality)
            options = {"qtables": tables[: 1 if is_grey else 2]}
        if not is_grey:
            options["subsampling"] = settings.subsampling
        out = io.BytesIO()
        to_pillow(pixels, "L" if is_grey else space).save(
            out, "JPEG", optimize=settings.huffman == "optimised",
            progressive=progressive, extra=OversizedBuffer(3 * pixels.size), **options,
        )  # fmt: skip
        return out.getvalue()


class OversizedBuffer(bytes):
    """Pretends to a length, to enlarge the buffer of Pillow's JPEG encoder.

    Pillow writes an optimised JPEG into a buffer of one or two bytes a pixel plus the
    length of the `extra` data. Noise at a high quality needs more than the former.
    """

    size_bytes: int

    def __new__(cls, size_bytes: int) -> OversizedBuffer:
        buffer = super().__new__(cls)
        buffer.size_bytes = size_bytes
        return buffer

    def __len__(self) -> int:
        return self.size_bytes


class Mozjpeg:
    """Encodes by mozjpeg with trellis quantisation, through libvips."""

    # Of larger images the baseline file is hardly ever smaller, and takes time.
    both_scans_max_px: float = 2**19
    is_continuous = False
    keeps_coefficients = False

    def check(self, settings: JpegSettings) -> None:
        if settings.huffman == "standard":
            raise JpegError("mozjpeg always optimises its Huffman tables")
        if not isinstance(settings.tables, str):
            raise JpegError(
                "mozjpeg takes its built-in tables by name; tables of your own need "
                "the libjpeg-turbo encoder"
            )
        _check_name("mozjpeg", settings.tables, tuple(MOZJPEG_TABLES))

    def qualities(self, settings: JpegSettings) -> tuple[int, ...]:
        return _qualities(settings)

    def encode(
        self,
        pixels: np.ndarray,
        quality: float,
        settings: JpegSettings,
        space: str,
        progressive: bool,
        target: Target | None,
    ) -> bytes:
        import numpy as np

        from comrec.system import vips

        pixels = _to_rgb(pixels, space)
        height, width, channels = pixels.shape
        image = (
            vips.load()
            .Image.new_from_memory(
                np.ascontiguousarray(pixels), width, height, channels, "uchar"
            )
            .copy(interpretation="srgb" if channels == 3 else "b-w")
        )
        return image.jpegsave_buffer(
            Q=quality,
            quant_table=MOZJPEG_TABLES[str(settings.tables)],
            subsample_mode="off" if settings.subsampling == "4:4:4" else "on",
            trellis_quant=True,
            overshoot_deringing=True,
            optimize_coding=True,
            optimize_scans=progressive,
            interlace=progressive,
            keep="none",
        )


class Comrec:
    """Encodes by `comrec.jpeg.encode`: a trellis for the squared error of R, G and B.

    The flat table has chroma steps that go with luma's. Steps are whole numbers, and
    between them the price of a bit goes on with the quality.
    """

    both_scans_max_px: float = float("inf")
    is_continuous = True
    keeps_coefficients = True

    def check(self, settings: JpegSettings) -> None:
        if settings.huffman == "standard":
            raise JpegError("comrec always optimises its Huffman tables")
        if isinstance(settings.tables, str):
            _check_name("comrec", settings.tables, ("flat",))
        elif not _are_tables(settings.tables):
            raise JpegError(_TABLES)

    def qualities(self, settings: JpegSettings) -> tuple[int, ...]:
        return tuple(range(1, 101))

    def encode(
        self,
        pixels: np.ndarray,
        quality: float,
        settings: JpegSettings,
        space: str,
        progressive: bool,
        target: Target | None,
    ) -> bytes:
        import numpy as np

        from comrec.jpeg import trellis_encoder
        from comrec.jpeg.quantisation import scaled_tables

        pixels = _to_rgb(pixels, space)
        scans = "progressive" if progressive else "baseline"
        if settings.tables == "flat":
            return trellis_encoder.encode(
                pixels, None, settings.subsampling, None, scans, quality
            )
        tables = scaled_tables(settings.tables, quality)
        steps = [np.reshape(table, (8, 8)) for table in tables]
        return trellis_encoder.encode(pixels, steps, settings.subsampling, None, scans)


ENCODERS: dict[str, Encoder] = {
    "libjpeg-turbo": LibjpegTurbo(),
    "mozjpeg": Mozjpeg(),
    "comrec": Comrec(),
}
_TABLES = "JPEG tables must be one or two tuples of 64 steps, whole numbers from 1"


def _to_rgb(pixels: np.ndarray, space: str) -> np.ndarray:
    """Converts pixels in `space` to RGB; grey stays grey."""
    from comrec.system.pillow import from_pillow, to_pillow

    if space == "RGB" or pixels.shape[2] == 1:
        return pixels
    return from_pillow(to_pillow(pixels, space).convert("RGB"))


def _check_name(encoder: str, tables: str, legal: tuple[str, ...]) -> None:
    if tables not in legal:
        raise JpegError(
            f"{encoder} tables must be one of {', '.join(legal)}. Received: {tables!r}"
        )


def _qualities(settings: JpegSettings) -> tuple[int, ...]:
    from comrec.jpeg.quantisation import qualities

    return qualities(settings.tables)


def _are_tables(tables: Tables) -> bool:
    return (
        isinstance(tables, tuple)
        and len(tables) in (1, 2)
        and all(isinstance(table, tuple) and len(table) == 64 for table in tables)
        and all(type(step) is int and step >= 1 for table in tables for step in table)
    )
