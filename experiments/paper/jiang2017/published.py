"""Reads figures that others published for the same pictures."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

FILE = Path(__file__).parents[2] / "published" / "jiang2017.tsv"
_NOT_PICTURES = ("budget", "protocol", "method", "label", "mean", "ssim")


class Line:
    """Holds the figures of one method, budget and protocol; missing ones are nan."""

    def __init__(self, cells: Mapping[str, str]) -> None:
        self.budget, self.protocol = cells["budget"], cells["protocol"]
        self.method, self.label = cells["method"], cells["label"]
        self.mean_db, self.mean_ssim = float(cells["mean"]), float(cells["ssim"])
        self._psnr_db = {
            name.lower(): float(cell)
            for name, cell in cells.items()
            if name not in _NOT_PICTURES
        }

    def psnr_db(self, image: str) -> float:
        """Returns the PSNR of a picture in dB, or nan."""
        return self._psnr_db.get(image.lower(), math.nan)


class Published:
    """Holds the published figures of a file."""

    def __init__(self, path: Path = FILE) -> None:
        lines = [x for x in path.read_text().splitlines() if not x.startswith("#")]
        self.pictures = [
            name for name in lines[0].split("\t") if name not in _NOT_PICTURES
        ]
        self._lines = [Line(row) for row in csv.DictReader(lines, delimiter="\t")]

    def covers(self, images: Sequence[str]) -> bool:
        """Returns whether these are exactly the published pictures."""
        return sorted(map(str.lower, images)) == sorted(map(str.lower, self.pictures))

    def position(self, image: str) -> int:
        """Returns the position of a picture in the paper; others come last."""
        names = [name.lower() for name in self.pictures]
        return names.index(image.lower()) if image.lower() in names else len(names)

    def find(self, budget: str, protocol: str, method: str) -> Line | None:
        """Returns a method's line or None; byte-fair also has the paper protocol's."""
        for line in self._lines:
            fits = line.protocol == protocol or (
                (line.protocol, protocol) == ("paper", "byte-fair")
                and line.method != "released"
            )
            if fits and (line.budget, line.method) == (budget, method):
                return line
        return None

    def psnr_db(self, budget: str, protocol: str, method: str, image: str) -> float:
        """Returns the published PSNR of a picture in dB, or nan."""
        line = self.find(budget, protocol, method)
        return math.nan if line is None else line.psnr_db(image)
