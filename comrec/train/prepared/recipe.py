"""Makes crops of pictures and their JPEGs, and writes them to disk in shards.

A shard is one file with a fixed number of crops. A crop depends only on the recipe, the
pictures and its own number. So an unfinished folder can be continued, and the same
recipe and pictures always make the same crops.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from comrec.errors import OutputError, UsageError
from comrec.networks.alignment import grid_px
from comrec.system import files
from comrec.train.prepared import coders
from comrec.train.prepared.shards import RECIPE

SHARD = 64  # crops in a file
SHARES = {
    "own": 0.5, "ordinary": 0.25, "twice": 0.1, "nearly_lossless": 0.05, "flat": 0.1,
}  # fmt: skip
AREA_MAX_PX = 2**20  # limits the probability of a large picture


@dataclass(frozen=True)
class Recipe:
    """Holds the settings of a folder of prepared crops, except for the pictures.

    Attributes:
      count: number of crops.
      side_px: of a crop; a multiple of `grid_px` of the scales.
      shares: of each kind in `coders.KINDS`; their sum is 1.
      grey_share: of the crops, of all kinds.
      scales, scale_shares: of the kinds in `coders.SCALED`; other kinds have scale 1.
      seed: source of all draws.

    Raises:
      UsageError: a setting is not legal.
    """

    count: int = 4096
    side_px: int = 192
    shares: dict[str, float] = field(default_factory=lambda: dict(SHARES))
    grey_share: float = 0.2
    scales: tuple[float, ...] = (1, 1.5, 2)
    scale_shares: tuple[float, ...] = (0.6, 0.25, 0.15)
    seed: int = 2026

    def __post_init__(self) -> None:
        unknown = {*self.shares} - {*coders.KINDS}
        if unknown or not _are_shares(self.shares.values()):
            raise UsageError(
                f"shares must be numbers from 0 whose sum is 1, of "
                f"{', '.join(coders.KINDS)}. Received: {self.shares!r}"
            )
        if not {*self.scales} <= {*coders.FLAT_QUALITIES}:
            raise UsageError(
                f"`scales` must be among {', '.join(map(str, coders.FLAT_QUALITIES))}. "
                f"Received: {self.scales!r}"
            )
        if len(self.scale_shares) != len(self.scales) or not _are_shares(
            self.scale_shares
        ):
            raise UsageError(
                f"`scale_shares` must be a number from 0 for each of the scales, 1 in "
                f"all. Received: {self.scale_shares!r}"
            )
        if self.side_px < 1 or self.side_px % grid_px(self.scales):
            raise UsageError(
                f"`side_px` must be a multiple of {grid_px(self.scales)}, for those "
                f"scales. Received: {self.side_px!r}"
            )
        if self.count < 1 or not 0 <= self.grey_share <= 1:
            raise UsageError(
                f"`count` must be 1 or more, and `grey_share` from 0 to 1. Received: "
                f"{self.count!r}, {self.grey_share!r}"
            )


def prepare(
    folder: Path,
    recipe: Recipe,
    pictures: Sequence[np.ndarray],
    reductions: Sequence[float],
) -> Iterator[int]:
    """Makes the shards that a folder does not have yet.

    Args:
      folder: gets the shards and the recipe; made if missing.
      recipe: of the crops.
      pictures: uint8 (H, W, 3) each; pictures that are too small are left out.
      reductions: for each picture, the largest linear factor by which a square is
        reduced to a crop; above 1 for pictures with artefacts of a JPEG.

    Yields:
      The number of crops that are finished, after each shard.

    Raises:
      UsageError: the folder holds crops of another recipe or of other pictures, or
        no picture is large enough.
      OutputError: the folder cannot be written.
    """
    least = coders.least_side_px(recipe.side_px)
    large = [
        (pixels, reduction)
        for pixels, reduction in zip(pictures, reductions, strict=True)
        if min(pixels.shape[:2]) >= least
    ]
    if not large:
        raise UsageError(
            f"none of the {len(pictures)} pictures has {least}x{least} pixels or more. "
            f"Name others, or make `side_px` smaller"
        )
    _claim(folder, recipe, [pixels for pixels, _ in large])
    areas = np.array([min(p.shape[0] * p.shape[1], AREA_MAX_PX) for p, _ in large])
    weights = areas / areas.sum()
    for first in range(0, recipe.count, SHARD):
        last = min(first + SHARD, recipe.count)
        path = folder / f"{first:06d}.npz"
        if not path.exists():
            made = [_draw(large, weights, recipe, i) for i in range(first, last)]
            _save(path, made)
        yield last


def _draw(
    pictures: Sequence[tuple[np.ndarray, float]],
    weights: np.ndarray,
    recipe: Recipe,
    index: int,
) -> tuple[str, coders.Coded]:
    rng = np.random.default_rng([recipe.seed, index])
    kinds = list(recipe.shares)
    kind = str(rng.choice(kinds, p=[recipe.shares[name] for name in kinds]))
    scale = recipe.scales[rng.choice(len(recipe.scales), p=recipe.scale_shares)]
    grey = bool(rng.random() < recipe.grey_share)
    return kind, coders.draw(
        pictures, weights, kind, scale if kind in coders.SCALED else 1, grey,
        recipe.side_px, rng,
    )  # fmt: skip


def _save(path: Path, made: Sequence[tuple[str, coders.Coded]]) -> None:
    coded = [one for _, one in made]
    images = [np.broadcast_to(one.image, (*one.image.shape[:2], 3)) for one in coded]
    arrays = {
        "images": np.stack(images),
        "greys": np.array([one.image.shape[2] == 1 for one in coded]),
        "jpegs": np.frombuffer(b"".join(one.jpeg for one in coded), np.uint8),
        "ends": np.cumsum([len(one.jpeg) for one in coded]),
        "scales": np.array([one.scale for one in coded], np.float32),
        "kinds": np.array([kind for kind, _ in made]),
        "coders": np.array([one.coder for one in coded]),
        "qualities": np.array([one.quality for one in coded]),
    }
    temporary = path.with_suffix(".tmp")
    try:
        with open(temporary, "wb") as out:
            np.savez(out, **arrays)  # type: ignore[arg-type]
        temporary.replace(path)
    except OSError as err:
        temporary.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written ({err.strerror})") from err


def _claim(folder: Path, recipe: Recipe, pictures: Sequence[np.ndarray]) -> None:
    """Writes the recipe, or checks that the one in the folder is the same.

    Raises:
      UsageError: the recipe in the folder differs.
      OutputError: the folder cannot be written.
    """
    checksum = 0
    for pixels in pictures:
        checksum = zlib.crc32(pixels.tobytes(), checksum)
    record = asdict(recipe) | {
        "version": coders.VERSION, "pictures": len(pictures),
        "pictures_crc32": checksum,
    }  # fmt: skip
    text, path = json.dumps(record, indent=2) + "\n", folder / RECIPE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.read_text() != text:
            raise UsageError(
                f"{path}: holds another recipe, or its pictures or its version were "
                f"others. Name another folder, or the same pictures and options"
            )
    except OSError as err:
        raise OutputError(f"{path}: cannot be written ({err.strerror})") from err
    files.write(path, text.encode())


def _are_shares(values: Iterable[float]) -> bool:
    found = list(values)
    return all(value >= 0 for value in found) and abs(sum(found) - 1) < 1e-8
