"""Reads prepared crops from disk, and draws batches of them for RecCNN."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from comrec.errors import UsageError
from comrec.jpeg import coding as jpeg
from comrec.jpeg.quantisation import read_tables
from comrec.networks.alignment import MCU_PX
from comrec.networks.conditioning import condition
from comrec.train.joint import samples
from comrec.train.prepared import coders

RECIPE = "recipe.json"  # file with the recipe of a folder


class PreparedCrops:
    """Holds the crops of a folder in memory, decoded.

    Args:
      folder: made by `comrec.train.prepared.recipe.prepare`.
      scales: of the crops to read; None for all.

    Raises:
      UsageError: the folder holds no crop of these scales, or a shard is damaged.
    """

    def __init__(self, folder: Path, scales: Iterable[float] | None = None) -> None:
        wanted = None if scales is None else {*scales}
        self.images: list[np.ndarray] = []
        self.kinds: list[str] = []
        self._coded: list[np.ndarray] = []
        self._scales: list[float] = []
        self._conditions: list[np.ndarray] = []
        self._bytes: list[int] = []
        for shard in sorted(folder.glob("[0-9]*.npz")):
            self._read(shard, wanted)
        if not self.images:
            raise UsageError(f"{folder}: no prepared crop in it. Prepare some first")
        self._errors: list[float | None] = [None] * len(self.images)

    def __len__(self) -> int:
        return len(self.images)

    def get_coding(self, index: int) -> samples.Coding:
        """Returns one crop with its enlarged JPEG, as RecCNN learns from it."""
        image, scale = self.images[index], self._scales[index]
        enlarged = coders.enlarge(self._coded[index], scale, image.shape[0])
        image = image.repeat(3, axis=2) if image.shape[2] == 1 else image
        error = self._errors[index]
        if error is None:
            levels = image.astype(np.float32) / 255
            error = float(np.mean(np.square(enlarged - levels)))
            self._errors[index] = error
        return samples.Coding(
            image, enlarged, self._conditions[index], int(MCU_PX * scale), error,
            self._bytes[index],
        )  # fmt: skip

    def draw_batches(
        self, count: int, batch: int, patch_px: int, rng: np.random.Generator
    ) -> Iterator[samples.Batch]:
        """Yields batches of patches turned at random.

        Args:
          count: number of batches.
          batch: patches in a batch.
          patch_px: side of a patch.
          rng: source of the draws.

        Yields:
          Inputs, image and weights, as `samples.draw_batches` does.
        """
        for _ in range(count):
            drawn = [self._draw_patch(patch_px, rng) for _ in range(batch)]
            enlarged, image, conditions, errors = (
                np.stack(x) for x in zip(*drawn, strict=True)
            )
            weights = 1 / (errors.astype(np.float32) + samples.ERROR_FLOOR)
            yield (enlarged, conditions), image, weights

    def _draw_patch(self, side: int, rng: np.random.Generator) -> tuple[Any, ...]:
        coding = self.get_coding(int(rng.integers(len(self))))
        y, x = samples.draw_corner(coding.image, coding.grid_px, side, rng)
        place, which = (slice(y, y + side), slice(x, x + side)), int(rng.integers(8))
        image = samples.turn(coding.image[place], which).astype(np.float32) / 255
        enlarged = samples.turn(coding.enlarged[place], which)
        return enlarged, image, coding.condition, coding.error

    def _read(self, shard: Path, wanted: set[float] | None) -> None:
        try:
            with open(shard, "rb") as file, np.load(file) as found:
                arrays = {name: found[name] for name in found.files}
            ends = arrays["ends"]
            jpegs = np.split(arrays["jpegs"], ends[:-1])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as err:
            raise UsageError(f"{shard}: not a shard of prepared crops ({err})") from err
        for i, data in enumerate(jpegs):
            scale = float(arrays["scales"][i])
            if wanted is not None and scale not in wanted:
                continue
            image, coded = arrays["images"][i], data.tobytes()
            self.images.append(image[..., :1].copy() if arrays["greys"][i] else image)
            self.kinds.append(str(arrays["kinds"][i]))
            self._coded.append(jpeg.decode(coded))
            self._scales.append(scale)
            self._conditions.append(condition(read_tables(coded), scale))
            self._bytes.append(len(coded))
