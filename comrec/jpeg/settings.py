"""Describes the settings of a JPEG encoder, except for the quality."""

from __future__ import annotations

from dataclasses import dataclass

from comrec.errors import JpegError
from comrec.jpeg.encoders import ENCODERS

Tables = str | tuple[tuple[int, ...], ...]
SUBSAMPLINGS = ("4:4:4", "4:2:0")
HUFFMAN = ("optimised", "standard")
SCANS = ("smaller", "baseline", "progressive")


@dataclass(frozen=True)
class JpegSettings:
    """Holds all settings of a JPEG encoder but the quality.

    Attributes:
      encoder: key in `comrec.jpeg.encoders.ENCODERS`: "libjpeg-turbo", or "mozjpeg" or
        "comrec" (trellis quantisation).
      tables: "standard" (Annex K of T.81), "flat", one of mozjpeg's names, or
        one or two tuples of 64 steps in natural (row-major) order at quality
        50, luma first (not for mozjpeg: pyvips passes names alone). With "comrec",
        "flat" has chroma steps that go with luma's.
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
            ("encoder", tuple(ENCODERS)),
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
        ENCODERS[self.encoder].check(self)


PLAIN = JpegSettings()  # the anchor of comparisons
