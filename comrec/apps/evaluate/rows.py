"""Reads and writes rows, one for each picture, codec and setting, as TSV."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from comrec.errors import UsageError
from comrec.image.source import load
from comrec.system import files


class Row(NamedTuple):
    """Holds the measurement of one picture with one codec at one setting.

    Attributes:
      codec, version, setting: name, version and setting of the codec.
      image, channels, pixels_crc32: name, channels and pixel checksum of the picture;
        the checksum tells pictures of one name apart.
      rate_bytes: of every file that decoding needs.
      rate_bpp: bits per pixel of the image.
      rgb_psnr_db, luma_psnr_db, ssim, ms_ssim, ssimulacra2: see `quality.Scores`.
      encode_s, decode_s: times; the first pass of a codec includes loading it.
      error: why the setting failed, else empty; numbers are 0 or nan then.
    """

    codec: str
    version: str
    setting: float
    image: str
    channels: int
    pixels_crc32: str
    rate_bytes: int
    rate_bpp: float
    rgb_psnr_db: float
    luma_psnr_db: float
    ssim: float | None
    ms_ssim: float | None
    ssimulacra2: float | None
    encode_s: float
    decode_s: float
    error: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """Returns the fields that identify the measurement."""
        return self[:6]

    @property
    def pixels(self) -> float:
        """Returns the number of pixels of the image, from its rate."""
        return 8 * self.rate_bytes / self.rate_bpp


def make_failed_row(key: Sequence[Any], reason: object) -> Row:
    """Returns the row of a setting that failed."""
    words = " ".join(str(reason).split()) or type(reason).__name__
    numbers = 0, math.nan, math.nan, math.nan, None, None, None, math.nan, math.nan
    return Row._make((*key, *numbers, words))


def read(path: Path) -> list[Row]:
    """Reads the rows of a file; a missing file has none.

    Raises:
      UsageError: the file does not hold rows.
    """
    if not os.path.exists(path):  # Path.exists() raises on names too long
        return []
    data, name = load(path)
    kinds: tuple[Callable[[str], Any], ...] = (
        str, str, float, str, int, str, int, *[_parse_number] * 3,
        *[_parse_optional] * 3, *[_parse_number] * 2, str,
    )  # fmt: skip
    try:
        head, *lines = csv.reader(io.StringIO(data.decode()), delimiter="\t")
        if tuple(head) != Row._fields:
            raise ValueError("other columns")
        return [
            Row(*(kind(cell) for kind, cell in zip(kinds, line, strict=True)))
            for line in lines
        ]
    except (ValueError, csv.Error) as err:
        raise UsageError(
            f"{name}: not rows of `comrec evaluate` ({err}). Give --out another name"
        ) from err


def write(path: Path, found: Sequence[Row], replace: bool = True) -> None:
    """Writes rows in the order of their keys, whatever the order of measurement.

    Raises:
      OutputError: the file cannot be written, or exists and is not to be replaced.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(Row._fields)
    for row in sorted(found, key=lambda row: row.key):
        writer.writerow([f"{v:g}" if n == "setting" else _format_cell(v) for n, v in
                         row._asdict().items()])  # fmt: skip
    files.write(path, out.getvalue().encode(), replace)


def _parse_number(cell: str) -> float:
    return float(cell) if cell else math.nan


def _parse_optional(cell: str) -> float | None:
    return float(cell) if cell else None


def _format_cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
