"""What others have published for the same pictures."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

FILE = Path(__file__).parents[2] / "published" / "jiang2017.tsv"
_NOT_PICTURES = ("budget", "protocol", "method", "label", "mean", "ssim")


class Line:
    """One method at one budget under one protocol; a figure is nan where none is."""

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
        return self._psnr_db.get(image.lower(), math.nan)


class Published:
    """The file of published figures."""

    def __init__(self, path: Path = FILE) -> None:
        lines = [x for x in path.read_text().splitlines() if not x.startswith("#")]
        self.pictures = [
            name for name in lines[0].split("\t") if name not in _NOT_PICTURES
        ]
        self._lines = [Line(row) for row in csv.DictReader(lines, delimiter="\t")]

    def covers(self, images: Sequence[str]) -> bool:
        """Whether these are the published pictures, so that means may be compared."""
        return sorted(map(str.lower, images)) == sorted(map(str.lower, self.pictures))

    def position(self, image: str) -> int:
        """Where the paper has a picture; one that it lacks comes last."""
        names = [name.lower() for name in self.pictures]
        return names.index(image.lower()) if image.lower() in names else len(names)

    def find(self, budget: str, protocol: str, method: str) -> Line | None:
        """A method's line; byte-fair is shown the lines of the paper protocol too."""
        for line in self._lines:
            fits = line.protocol == protocol or (
                (line.protocol, protocol) == ("paper", "byte-fair")
                and line.method != "released"
            )
            if fits and (line.budget, line.method) == (budget, method):
                return line
        return None

    def psnr_db(self, budget: str, protocol: str, method: str, image: str) -> float:
        line = self.find(budget, protocol, method)
        return math.nan if line is None else line.psnr_db(image)
