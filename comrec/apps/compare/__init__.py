"""`comrec compare`: pictures in as many bytes of comrec, plain JPEG and others."""

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
    """What pictures are compared by.

    Attributes:
      options: of comrec.
      others: names of codecs besides plain JPEG, see `comrec.apps.evaluate.peers`.
      points: of each curve; see `curves.measured`.

    Raises:
      UsageError: a codec is unknown.
    """

    options: Options
    others: Sequence[str] = ()
    points: int | None = None

    def __post_init__(self) -> None:
        if self.points == 1:
            raise UsageError("a curve has 2 points or more, or 0 for none. Received: 1")
        peers.load(self.others)
        named = dict.fromkeys(self.others)
        named.pop("jpeg-smaller", None)  # plain JPEG is there anyway
        object.__setattr__(self, "others", tuple(named))


def each(
    paths: Sequence[Path], asked: CompareRequest
) -> Iterator[tuple[Path, Comparison | ComrecError]]:
    """One picture after the other; an error stands for one that cannot be compared."""
    for path in paths:
        try:
            data, name = load(path, asked.options.max_pixels)
            with naming_errors(name):
                picture = read_input(data, asked.options.max_pixels)
                made = compare(
                    picture, path.name, asked.options, asked.others, asked.points
                )
        except ComrecError as err:
            yield path, err
        except MemoryError:
            yield path, ImageError(f"{path}: not enough memory for this picture")
        except Exception as err:  # one picture must not end the others
            kind = type(err).__name__
            yield (
                path,
                ComrecError(f"{path}: unexpected {kind} ({err}). Please report it"),
            )
        else:
            yield path, made


class Report:
    """A page that pictures are added to.

    Args:
      path: of the .html.
      force: a page of comrec's own may be replaced.

    Raises:
      OutputError: something stands there, or the name is no page's.
    """

    def __init__(self, path: Path, force: bool) -> None:
        if path.suffix.lower() not in (".html", ".htm"):
            raise OutputError(f"{path}: a page ends in .html. Use another name")
        self.path, self._force = path, force
        self._refuse_existing()
        self._names: list[str] = []
        self._sections: list[str] = []

    def add(self, made: Comparison) -> None:
        self._sections.append(page.section(made, len(self._names)))
        self._names.append(made.name)

    def write(self) -> None:
        """The file, whole or not at all; none where no picture was added."""
        if self._names:
            self._refuse_existing()  # it may have come meanwhile
            files.write(self.path, page.page(self._names, self._sections))

    def _refuse_existing(self) -> None:
        if os.path.lexists(self.path) and not (
            self._force and provenance.is_ours(self.path, [page.is_page])
        ):
            raise OutputError(
                f"{self.path}: exists. Give --report another name, or -f to replace a "
                f"page that comrec made"
            )


def failed(path: Path, err: ComrecError) -> dict[str, object]:
    """The record of a picture that could not be compared."""
    return {"input": str(path), "outcome": "failed", "error": str(err)}


def row(name: str, made: Comparison) -> dict[str, object]:
    """A record of JSON values."""
    codecs = [
        {
            "codec": shown.label,
            "detail": shown.detail,
            "bytes": shown.rate_bytes,
            "rate_bpp": round(made.rate_bpp(shown), 4),
            "psnr_db": decibel(shown.psnr_db),
            "ms_ssim": _rounded(shown.ms_ssim, 5),
            "ssimulacra2": _rounded(shown.ssimulacra2, 2),
        }
        for shown in made.shown
        if shown.rate_bytes
    ]
    height, width = made.size
    return {
        "input": name, "width_px": width, "height_px": height, "codecs": codecs,
        "notes": list(made.notes),
    }  # fmt: skip


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None or math.isnan(value) else round(value, digits)
