"""Implements `comrec compare`: pictures in comrec and others at equal bytes."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from comrec.api.compress import read_input
from comrec.apps.compare import page
from comrec.apps.compare.measure import Comparison, compare
from comrec.apps.evaluate import peers
from comrec.encoder.options import Options
from comrec.encoder.report import decibel
from comrec.errors import (
    ComrecError,
    ImageError,
    OutputError,
    UsageError,
    naming_errors,
)
from comrec.format import provenance
from comrec.image.source import load
from comrec.system import files


@dataclass(frozen=True)
class CompareRequest:
    """Describes a comparison.

    Attributes:
      options: how comrec compresses.
      others: names of codecs besides plain JPEG, see `comrec.apps.evaluate.peers`.
      points: number of points of each curve; see `curves.measure_curves`.

    Raises:
      UsageError: a codec is unknown, or `points` is 1.
    """

    options: Options
    others: Sequence[str] = ()
    points: int | None = None

    def __post_init__(self) -> None:
        if self.points == 1:
            raise UsageError("a curve has 2 points or more, or 0 for none. Received: 1")
        peers.load(self.others)
        named = dict.fromkeys(self.others)
        named.pop("jpeg-smaller", None)  # plain JPEG is always compared
        object.__setattr__(self, "others", tuple(named))


def each(
    paths: Sequence[Path], request: CompareRequest
) -> Iterator[tuple[Path, Comparison | ComrecError]]:
    """Compares pictures one by one; yields the error of a picture that fails."""
    for path in paths:
        try:
            data, name = load(path, request.options.max_pixels)
            with naming_errors(name):
                picture = read_input(data, request.options.max_pixels)
                comparison = compare(
                    picture, path.name, request.options, request.others, request.points
                )
        except ComrecError as err:
            yield path, err
        except MemoryError:
            yield path, ImageError(f"{path}: not enough memory for this picture")
        except Exception as err:  # one picture must not end the run
            kind = type(err).__name__
            yield (
                path,
                ComrecError(f"{path}: unexpected {kind} ({err}). Please report it"),
            )
        else:
            yield path, comparison


class Report:
    """Collects comparisons for one page, and writes the page.

    Args:
      path: of the page, .html.
      force: whether to replace an existing page that comrec made.

    Raises:
      OutputError: the file exists, or its name does not end in .html.
    """

    def __init__(self, path: Path, force: bool) -> None:
        if path.suffix.lower() not in (".html", ".htm"):
            raise OutputError(f"{path}: a page ends in .html. Use another name")
        self.path, self._force = path, force
        self._refuse_existing()
        self._names: list[str] = []
        self._sections: list[str] = []

    def add(self, comparison: Comparison) -> None:
        """Adds a picture to the page."""
        self._sections.append(page.make_section(comparison, len(self._names)))
        self._names.append(comparison.name)

    def write(self) -> None:
        """Writes the file, whole or not at all; none without a picture."""
        if self._names:
            self._refuse_existing()  # another process may have made it
            made = page.make_page(self._names, self._sections)
            files.write(self.path, made, replace=os.path.lexists(self.path))

    def _refuse_existing(self) -> None:
        if os.path.lexists(self.path) and not (
            self._force and provenance.is_ours(self.path, [page.is_page])
        ):
            raise OutputError(
                f"{self.path}: exists. Give --report another name, or -f to replace a "
                f"page that comrec made"
            )


def failed(path: Path, err: ComrecError) -> dict[str, object]:
    """Returns the record of a picture that could not be compared."""
    return {"input": str(path), "outcome": "failed", "error": str(err)}


def row(name: str, comparison: Comparison) -> dict[str, object]:
    """Returns the record of a comparison, as JSON values."""
    codecs = [
        {
            "codec": result.label,
            "detail": result.detail,
            "bytes": result.rate_bytes,
            "rate_bpp": round(comparison.rate_bpp(result), 4),
            "psnr_db": decibel(result.psnr_db),
            "ms_ssim": _round(result.ms_ssim, 5),
            "ssimulacra2": _round(result.ssimulacra2, 2),
        }
        for result in comparison.results
        if result.rate_bytes
    ]
    height, width = comparison.size
    return {
        "input": name, "width_px": width, "height_px": height, "codecs": codecs,
        "notes": list(comparison.notes),
    }  # fmt: skip


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None or math.isnan(value) else round(value, digits)
