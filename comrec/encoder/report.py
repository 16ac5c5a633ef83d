"""Reports the result of one compression in numbers."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path

from comrec.encoder.plain import Coded
from comrec.errors import OutputError


@dataclass(frozen=True)
class Report:
    """Holds the sizes and the PSNR of one compressed picture.

    Bytes are those of whole files; PSNR is over all channels of 8-bit pixels.

    Attributes:
      outcome: "comrec"; "plain" where networks do not pay and a plain JPEG was
        written; "unchanged" where a .jpg could not be made smaller.
      preset: the preset that the sidecar names.
      scale: linear size ratio image : JPEG.
      target: the option that sets the goal, one of `comrec.encoder.options.TARGETS`.
      target_value: the value of this option.
      width_px, height_px: of the image.
      jpeg_quality: of the .jpg, 1 to 100; None for an unchanged .jpg, and where
        `steps` say more.
      steps: of the .jpg's quantisers, luma and chroma, where its coefficients were
        chosen by comrec's own trellis; None for others.
      jpeg_bytes, sidecar_bytes: of the two files.
      psnr_db: of the picture that `decompress` returns.
      notes: properties of the source that were changed or left out, with the reasons.
      left_out: the kinds of what was left out; docs/format.md lists them.
      plain: plain JPEG at the requested quality or of at least the requested PSNR,
        without metadata; None where bytes were requested or no plain JPEG has this
        PSNR.
      plain_total_bytes: of the files with this plain JPEG, the same metadata and alpha
        included.
      same_bytes: the best plain JPEG that is no larger than both files together.
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
    steps: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    plain: Coded | None = None
    plain_total_bytes: int | None = None
    same_bytes: Coded | None = None

    @property
    def total_bytes(self) -> int:
        """Bytes of both files."""
        return self.jpeg_bytes + self.sidecar_bytes

    @property
    def rate_bpp(self) -> float:
        """Bits of both files per pixel of the image."""
        return 8 * self.total_bytes / (self.width_px * self.height_px)

    def row(self) -> dict[str, object]:
        """Returns the report as one flat record of JSON values."""
        row: dict[str, object] = {
            name: getattr(self, name)
            for name in (
                "outcome", "preset", "scale", "target", "target_value", "width_px",
                "height_px", "jpeg_quality", "jpeg_bytes", "sidecar_bytes",
            )
        }  # fmt: skip
        row["steps"] = [round(n, 2) for n in self.steps] if self.steps else None
        row |= {"rate_bpp": round(self.rate_bpp, 4), "psnr_db": decibel(self.psnr_db)}
        for name, coded in (("plain", self.plain), ("same_bytes", self.same_bytes)):
            if coded:
                row[f"{name}_quality"] = coded.quality
                row[f"{name}_jpeg_bytes"] = len(coded.jpeg)
                row[f"{name}_psnr_db"] = decibel(coded.psnr_db)
        if self.plain_total_bytes is not None:
            row["plain_total_bytes"] = self.plain_total_bytes
        return row | {"notes": list(self.notes), "left_out": list(self.left_out)}


def decibel(value: float) -> float | None:
    """Rounds to 0.001 dB; returns None for infinity, which JSON does not have."""
    return None if value == float("inf") else round(value, 3)


@dataclass(frozen=True)
class Compressed:
    """Holds the two files of a compressed picture as bytes.

    Attributes:
      jpeg: an ordinary JPEG.
      sidecar: the file to keep beside the .jpg; None where the sidecar is embedded,
        or where networks do not pay and `jpeg` is the whole picture.
      report: sizes and PSNR.

    A notebook shows the restored picture.
    """

    jpeg: bytes
    sidecar: bytes | None
    report: Report

    def save(self, path: str | os.PathLike[str], *, force: bool = False) -> Path:
        """Writes the .jpg, and beside it the sidecar where there is one.

        A kill leaves no half of a pair. `decompress` and `open` find the sidecar by the
        name of the .jpg.

        Args:
          path: of the .jpg, such as photo.comrec.jpg; photo.comrec.json is then the
            sidecar.
          force: replaces files that comrec made.

        Returns:
          The path of the .jpg.

        Raises:
          OutputError: the name is none of a JPEG, a file exists, or cannot be written.
        """
        from comrec.format import names, pair

        place = Path(path)
        if place.suffix.lower() not in names.JPEGS:
            raise OutputError(
                f"{place}: the files are a .jpg and its sidecar. Name the .jpg"
            )
        pair.refuse_shared(place)
        pair.write_pair(place, self.jpeg, self.sidecar, force)
        return place

    def __repr__(self) -> str:
        return f"<Compressed {self._describe()}>"

    def _describe(self) -> str:
        report = self.report
        psnr = decibel(report.psnr_db)
        return (
            f"{report.width_px}x{report.height_px}, {report.total_bytes:,} bytes, "
            f"{'exact' if psnr is None else f'{psnr:.2f} dB'}, {report.outcome}"
        )

    def _repr_png_(self) -> bytes:
        """Returns the restored picture as a PNG, for notebooks."""
        from comrec.format import container
        from comrec.format.restoring import restore
        from comrec.image import writer

        limit_px = self.report.width_px * self.report.height_px
        pair = container.unpack(self.jpeg, "picture", self.sidecar, "", limit_px)
        return writer.write(restore(pair, max_pixels=limit_px), ".png", threads=0)

    def _repr_html_(self) -> str:
        """Returns the restored picture with a line of numbers, for notebooks."""
        text = base64.b64encode(self._repr_png_()).decode()
        line = self._describe()
        return (
            f'<figure style="margin:0"><img alt="{line}" style="max-width:100%" '
            f'src="data:image/png;base64,{text}"><figcaption>{line}</figcaption>'
            f"</figure>"
        )
