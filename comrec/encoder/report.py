"""What became of one picture, in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from comrec.encoder.plain import Coded


@dataclass(frozen=True)
class Report:
    """Bytes are those of whole files; dB is PSNR over all channels of 8-bit pixels.

    Attributes:
      outcome: "comrec"; "plain" where the networks do not pay and plain JPEG was
        written, by libjpeg-turbo or mozjpeg; "unchanged" for a .jpg that was as small
        as it gets.
      preset: what the sidecar names.
      scale: linear size ratio image : JPEG.
      target: what was asked for, one of `comrec.encoder.options.TARGETS`.
      target_value: its number.
      width_px, height_px: of the image.
      jpeg_quality: of the .jpg that was written; None for an unchanged one.
      jpeg_bytes, sidecar_bytes: of the two files.
      psnr_db: of the picture that `decompress` gives.
      notes: what was not kept as it was, and why.
      plain: plain JPEG at the quality or of the closeness that was asked for,
        without metadata; None where bytes were asked for, or none is so close.
      plain_total_bytes: of the files that plain JPEG would have taken, with the
        metadata and the alpha that comrec's carry.
      same_bytes: the best plain JPEG no larger than both files together.
    """

    outcome: str
    preset: str
    scale: float
    target: str
    target_value: float
    width_px: int
    height_px: int
    jpeg_quality: int | None
    jpeg_bytes: int
    sidecar_bytes: int
    psnr_db: float
    notes: tuple[str, ...] = ()
    plain: Coded | None = None
    plain_total_bytes: int | None = None
    same_bytes: Coded | None = None

    @property
    def total_bytes(self) -> int:
        """Of both files."""
        return self.jpeg_bytes + self.sidecar_bytes

    @property
    def rate_bpp(self) -> float:
        """Bits of both files per pixel of the image."""
        return 8 * self.total_bytes / (self.width_px * self.height_px)

    def row(self) -> dict[str, object]:
        """The same as one flat record of JSON values."""
        row: dict[str, object] = {
            name: getattr(self, name)
            for name in (
                "outcome", "preset", "scale", "target", "target_value", "width_px",
                "height_px", "jpeg_quality", "jpeg_bytes", "sidecar_bytes",
            )
        }  # fmt: skip
        row |= {"rate_bpp": round(self.rate_bpp, 4), "psnr_db": decibel(self.psnr_db)}
        for name, coded in (("plain", self.plain), ("same_bytes", self.same_bytes)):
            if coded:
                row[f"{name}_quality"] = coded.quality
                row[f"{name}_jpeg_bytes"] = len(coded.jpeg)
                row[f"{name}_psnr_db"] = decibel(coded.psnr_db)
        if self.plain_total_bytes is not None:
            row["plain_total_bytes"] = self.plain_total_bytes
        return row | {"notes": list(self.notes)}


def decibel(value: float) -> float | None:
    """Rounded to 0.001 dB; None for identical pictures, as JSON has no infinity."""
    return None if value == float("inf") else round(value, 3)


@dataclass(frozen=True)
class Compressed:
    """The two files, as bytes.

    Attributes:
      jpeg: an ordinary JPEG.
      sidecar: the file to keep beside it; None when it is embedded, or when
        comrec did not pay and `jpeg` is the whole picture.
      report: sizes and PSNR.
    """

    jpeg: bytes
    sidecar: bytes | None
    report: Report
