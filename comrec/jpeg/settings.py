"""Describes the settings of a JPEG encoder, except for the quality."""

from __future__ import annotations

from dataclasses import dataclass

from comrec.errors import JpegError

Tables = str | tuple[tuple[int, ...], ...]
ENCODERS = ("libjpeg-turbo", "mozjpeg")
SUBSAMPLINGS = ("4:4:4", "4:2:0")
HUFFMAN = ("optimised", "standard")
SCANS = ("smaller", "baseline", "progressive")
# Built-in tables of mozjpeg, by its own numbers.
MOZJPEG_TABLES = {
    "standard": 0, "flat": 1, "ms-ssim": 2, "imagemagick": 3, "psnr-hvs": 4,
    "klein": 5, "watson": 6, "ahumada": 7, "peterson": 8,
}  # fmt: skip
SHARED_TABLES = ("standard", "flat")  # of both encoders


def _check_tables(encoder: str, tables: Tables) -> None:
    if isinstance(tables, str):
        legal = tuple(MOZJPEG_TABLES) if encoder == "mozjpeg" else SHARED_TABLES
        if tables not in legal:
            raise JpegError(
                f"{encoder} tables must be one of {', '.join(legal)}. "
                f"Received: {tables!r}"
            )
    elif encoder == "mozjpeg":
        raise JpegError(
            "mozjpeg takes its built-in tables by name; tables of your own need "
            "the libjpeg-turbo encoder"
        )
    elif not (
        isinstance(tables, tuple)
        and len(tables) in (1, 2)
        and all(isinstance(table, tuple) and len(table) == 64 for table in tables)
        and all(type(step) is int and step >= 1 for table in tables for step in table)
    ):
        raise JpegError(
            "JPEG tables must be one or two tuples of 64 steps, whole numbers from 1"
        )


@dataclass(frozen=True)
class JpegSettings:
    """Holds all settings of a JPEG encoder but the quality.

    Attributes:
      encoder: "libjpeg-turbo" or "mozjpeg" (trellis quantisation).
      tables: "standard" (Annex K of T.81), "flat", one of mozjpeg's names, or
        one or two tuples of 64 steps in natural (row-major) order at quality
        50, luma first (libjpeg-turbo only: pyvips passes names alone).
      subsampling: of the chroma, "4:4:4" or "4:2:0"; no effect on grey.
      huffman: tables "optimised" for the image, or the "standard" tables.
      scans: "baseline", "progressive", or the "smaller" file of both. Above half a
        megapixel "smaller" is progressive for mozjpeg, since baseline files are hardly
        ever smaller. Above 16 megapixels "smaller" is baseline, since a decoder of
        progressive files holds all coefficients in memory.

    Raises:
      JpegError: a value is not legal, or two values exclude each other.
    """

    encoder: str = "libjpeg-turbo"
    tables: Tables = "standard"
    subsampling: str = "4:2:0"
    huffman: str = "optimised"
    scans: str = "smaller"

    def __post_init__(self) -> None:
        for name, legal in (
            ("encoder", ENCODERS),
            ("subsampling", SUBSAMPLINGS),
            ("huffman", HUFFMAN),
            ("scans", SCANS),
        ):
            if getattr(self, name) not in legal:
                raise JpegError(
                    f"JPEG {name} must be one of {', '.join(legal)}. "
                    f"Received: {getattr(self, name)!r}"
                )
        if self.huffman == "standard" and self.scans != "baseline":
            raise JpegError("standard Huffman tables need scans='baseline'")
        if self.huffman == "standard" and self.encoder == "mozjpeg":
            raise JpegError("mozjpeg always optimises its Huffman tables")
        _check_tables(self.encoder, self.tables)


PLAIN = JpegSettings()  # the anchor of comparisons
