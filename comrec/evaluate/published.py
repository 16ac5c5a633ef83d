"""Curves of learned codecs that others measured, to show beside our own.

They are means over the same pictures, but neither run here nor whole files: bits are
those of the entropy coder. The rows of `published.tsv` name their source.
"""

from __future__ import annotations

import csv
import io
import math
from collections import defaultdict
from collections.abc import Sequence
from importlib import resources

from comrec.errors import UsageError
from comrec.evaluate import bd
from comrec.evaluate.bd import Curve
from comrec.evaluate.quality import ms_ssim_db
from comrec.evaluate.summary import ANCHOR_BPP, PUBLISHED, Line

SETS = ("kodak",)


def lines(name: str, measured: Sequence[Line]) -> list[Line]:
    """A line for each codec and each metric that was published, in that order.

    Args:
      name: of a set, one of SETS.
      measured: of the same pictures, the anchor first.

    Raises:
      UsageError: nothing was published of these pictures.
    """
    curves, pictures = _curves(name)
    anchors = {
        line.metric: line for line in reversed(measured) if line.metric in curves
    }
    counts = {(line.pictures, line.channels) for line in measured}
    if counts != {(pictures, 3)}:
        raise UsageError(
            f"what was published of {name} is of its {pictures} pictures in colour. "
            f"Name all of them, or leave --published out"
        )
    made = []
    for metric, anchor in anchors.items():
        for codec, curve in curves[metric].items():
            made.append(
                Line(
                    codec, PUBLISHED, 3, pictures, metric, curve,
                    bd.bd_rate(anchor.curve, curve, ANCHOR_BPP),
                    bd.bd_rate(anchor.curve, curve, ANCHOR_BPP, "akima"),
                    bd.bd_psnr(anchor.curve, curve, ANCHOR_BPP),
                    None, None, math.nan, math.nan,
                )
            )  # fmt: skip
    return made


def _curves(name: str) -> tuple[dict[str, dict[str, Curve]], int]:
    """By metric and codec; and how many pictures they are means of."""
    text = resources.files(__package__).joinpath("published.tsv").read_text("utf-8")
    rows = [
        row for row in csv.DictReader(io.StringIO(text), delimiter="\t")
        if row["set"] == name
    ]  # fmt: skip
    points: dict[str, dict[str, list[tuple[float, float]]]] = {
        metric: defaultdict(list) for metric in ("rgb_psnr_db", "ms_ssim_db")
    }
    for row in rows:
        bpp = float(row["bpp"])
        points["rgb_psnr_db"][row["codec"]].append((bpp, float(row["rgb_psnr_db"])))
        spread = ms_ssim_db(float(row["ms_ssim"]))
        points["ms_ssim_db"][row["codec"]].append((bpp, spread))
    curves = {
        metric: {codec: Curve.through(some) for codec, some in by_codec.items()}
        for metric, by_codec in points.items()
    }
    return curves, int(rows[0]["pictures"])
