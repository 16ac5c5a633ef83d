"""Curves of learned codecs that others measured, to show beside our own.

They are means over the same pictures, but neither run here nor whole files: bits are
those of the entropy coder. The rows of `published.tsv` name their source.
"""

from __future__ import annotations

import csv
import io
import math
import zlib
from collections import defaultdict
from collections.abc import Sequence
from importlib import resources

from comrec.apps.evaluate import bd
from comrec.apps.evaluate.bd import Curve
from comrec.apps.evaluate.summary import ANCHOR_BPP, PUBLISHED, Identity, Line
from comrec.errors import UsageError

METRIC = "rgb_psnr_db"
SETS = {"kodak": "e4bcea3c"}  # and what `checksum` makes of their pictures


def checksum(pictures: Sequence[Identity]) -> str:
    """Of all pictures together, whatever they are called."""
    return f"{zlib.crc32(''.join(sorted(crc for *_, crc in pictures)).encode()):08x}"


def check(name: str, pictures: Sequence[Identity]) -> None:
    """Raises UsageError if these are not the pictures of that set, in colour."""
    if checksum(pictures) != SETS[name]:
        raise UsageError(
            f"what was published of {name} is of its pictures in colour, and these "
            f"are others. Name the folder of them, or leave --published out"
        )


def lines(name: str, measured: Sequence[Line]) -> list[Line]:
    """A line for each codec that was published.

    Args:
      name: of a set, one of SETS.
      measured: of the same pictures, the anchor first.
    """
    anchor = next(line for line in measured if line.metric == METRIC)
    return [
        Line(
            codec, PUBLISHED, 3, anchor.pictures, METRIC, curve,
            bd.bd_rate(anchor.curve, curve, ANCHOR_BPP),
            bd.bd_rate(anchor.curve, curve, ANCHOR_BPP, "akima"),
            bd.bd_psnr(anchor.curve, curve, ANCHOR_BPP),
            None, None, math.nan, math.nan,
        )
        for codec, curve in _curves(name).items()
    ]  # fmt: skip


def _curves(name: str) -> dict[str, Curve]:
    """By codec."""
    text = resources.files(__package__).joinpath("published.tsv").read_text("utf-8")
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text), delimiter="\t"):
        if row["set"] == name:
            points[row["codec"]].append((float(row["bpp"]), float(row[METRIC])))
    return {codec: Curve.through(some) for codec, some in points.items()}
