"""Reads published curves of learned codecs, to show beside measured ones.

The published curves are means over the same pictures, but their rates count the bits
of the entropy coder, not whole files. The rows of `published.tsv` name their source.
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
SETS = {"kodak": "e4bcea3c"}  # name to `checksum` of the pictures


def checksum(pictures: Sequence[Identity]) -> str:
    """Returns a checksum of all pictures together, 8 hexadecimal digits.

    Names of the pictures do not count.
    """
    return f"{zlib.crc32(''.join(sorted(crc for *_, crc in pictures)).encode()):08x}"


def check(name: str, pictures: Sequence[Identity]) -> None:
    """Raises UsageError if these are not the pictures of the set, in colour."""
    if checksum(pictures) != SETS[name]:
        raise UsageError(
            f"the published curves of {name} are of its pictures in colour, and these "
            f"pictures differ. Name the folder of {name}, or leave --published out"
        )


def make_lines(name: str, measured: Sequence[Line]) -> list[Line]:
    """Returns a line for each published codec.

    Args:
      name: of a set, one of SETS.
      measured: lines of the same pictures, the anchor first.
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
        for codec, curve in _read_curves(name).items()
    ]  # fmt: skip


def _read_curves(name: str) -> dict[str, Curve]:
    """Reads the curves of a set, by codec."""
    text = resources.files(__package__).joinpath("published.tsv").read_text("utf-8")
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in csv.DictReader(io.StringIO(text), delimiter="\t"):
        if row["set"] == name:
            points[row["codec"]].append((float(row["bpp"]), float(row[METRIC])))
    return {codec: Curve.through(found) for codec, found in points.items()}
