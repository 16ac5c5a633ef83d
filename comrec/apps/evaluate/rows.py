"""One row for each picture, codec and setting, in a file that a run goes on with."""

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
    """What became of one picture.

    Attributes:
      codec, version, setting: what coded it, and how.
      image, channels, pixels_crc32: what it is; the checksum of its pixels, so that
        no row is taken for that of another picture.
      rate_bytes: of every file that decoding needs.
      rate_bpp: per pixel of the image.
      rgb_psnr_db: and the other scores, see `quality.Scores`.
      encode_s, decode_s: seconds; a codec's first pass loads it, too.
      error: why there is none of this: numbers are 0 or nan then.
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
        return self[:6]

    @property
    def pixels(self) -> float:
        """Of the image."""
        return 8 * self.rate_bytes / self.rate_bpp


def failed(key: Sequence[Any], reason: object) -> Row:
    """The row of what a codec could not do."""
    words = " ".join(str(reason).split()) or type(reason).__name__
    numbers = 0, math.nan, math.nan, math.nan, None, None, None, math.nan, math.nan
    return Row._make((*key, *numbers, words))


def read(path: Path) -> list[Row]:
    """The rows of a file; none where there is no file yet.

    Raises:
      UsageError: it is something else.
    """
    if not os.path.exists(path):  # Path.exists() raises on names too long
        return []
    data, name = load(path)
    kinds: tuple[Callable[[str], Any], ...] = (
        str, str, float, str, int, str, int, _number, _number, _number,
        _optional, _optional, _optional, _number, _number, str,
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


def write(path: Path, found: Sequence[Row]) -> None:
    """All rows, in an order that does not depend on what was measured first."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(Row._fields)
    for row in sorted(found, key=lambda row: row.key):
        writer.writerow([f"{v:g}" if n == "setting" else _cell(v) for n, v in
                         row._asdict().items()])  # fmt: skip
    files.write(path, out.getvalue().encode())


def _number(cell: str) -> float:
    return float(cell) if cell else math.nan


def _optional(cell: str) -> float | None:
    return float(cell) if cell else None


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
