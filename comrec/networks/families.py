"""Describes each family of networks: how its networks are built, fed and run.

A preset names its family, and everything else asks the family's record in FAMILIES. A
new family is a new record; code outside comrec may add one at run time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from comrec.errors import UsageError
from comrec.image import resample
from comrec.image.window import Cut, Window
from comrec.networks import conditioning, tiling

if TYPE_CHECKING:
    import keras

    from comrec.networks.presets import Preset

Network = Callable[..., np.ndarray]
Sizes = Mapping[str, Mapping[str, Any]]  # of each network, what its builder takes


@dataclass(frozen=True)
class Source:
    """Gives the image from which ComCNN makes windows of the compact image.

    Attributes:
      cut: gives a window of the image as the networks take it, float32 (h, w, C) in
        [0, 1].
      size: (H, W) of the image.
      scale: linear size ratio image : compact.
    """

    cut: Cut
    size: tuple[int, int]
    scale: float

    def reduce(self, window: Window) -> np.ndarray:
        """Makes a window of the compact image without a network, float32 (h, w, C)."""
        return resample.reduce_window(self.cut, self.size, self.scale, window)


@dataclass(frozen=True)
class Family:
    """Holds what differs between families of networks.

    Attributes:
      build: (network, sizes) to an untrained Keras model; loads Keras when called.
      compact: (ComCNN, source, window of the compact image, preset) to its pixels,
        float32 (h, w, C) in [0, 1].
      condition: (quantiser steps of the JPEG, as `quantisation.read_tables` returns
        them, scale) to the further inputs of RecCNN, each float32 (1, n).
      reach_px: how far each network looks to each side, in pixels of its input, by the
        sizes of the networks.
      multiple_px: sides of what goes into the networks are multiples of this number,
        by the sizes of the networks.
      bytes_per_pixel: working memory over the area of a network's input.
      gradient_bytes_per_pixel: the same of RecCNN's forward and backward pass, which
        keeps the maps of all layers.
      is_guide: whether gradients pass through RecCNN to the compact image.
      can_export: whether web pages run a preset of the family, by its sizes.
    """

    build: Callable[[str, Mapping[str, Any]], keras.Model]
    compact: Callable[[Network, Source, Window, Preset], np.ndarray]
    condition: Callable[[np.ndarray, float], tuple[np.ndarray, ...]]
    reach_px: Callable[[Sizes], Mapping[str, int]]
    multiple_px: Callable[[Sizes], int]
    bytes_per_pixel: int
    gradient_bytes_per_pixel: int = 6_000
    is_guide: bool = False
    can_export: Callable[[Sizes], bool] = lambda sizes: False


def find(name: str) -> Family:
    """Returns the family of that name.

    Raises:
      UsageError: there is none; the message lists the families that are known.
    """
    if name not in FAMILIES:
        raise UsageError(
            f"no family of networks is called {name!r}. Families: {', '.join(FAMILIES)}"
        )
    return FAMILIES[name]


def _builder(module: str) -> Callable[[str, Mapping[str, Any]], keras.Model]:
    """Returns a function that builds a network of `comrec.networks.models.MODULE`."""

    def build(network: str, sizes: Mapping[str, Any]) -> keras.Model:
        models = import_module(f"comrec.networks.models.{module}")  # loads Keras
        return getattr(models, f"build_{network}")(**sizes)

    return build


def _compact_luma(
    comcnn: Network, source: Source, window: Window, preset: Preset
) -> np.ndarray:
    """Makes the luma by ComCNN, and reduces chroma by fixed resampling."""
    channels, scale = preset.channels, int(source.scale)
    luma = tiling.run(
        comcnn,
        lambda part: source.cut(part)[..., :channels],
        source.size,
        window.times(scale),
        preset.reach_px["comcnn"],
        scale,
    )
    chroma = source.reduce(window)[..., channels:]
    return np.concatenate([luma, chroma], axis=2) if chroma.size else luma


def _compact_change(
    comcnn: Network, source: Source, window: Window, preset: Preset
) -> np.ndarray:
    """Changes the image by ComCNN, and reduces the result by fixed resampling."""
    condition = np.log2([[source.scale]]).astype(np.float32)
    reach, multiple = preset.reach_px["comcnn"], preset.multiple_px

    def change(part: Window) -> np.ndarray:
        start = part.starting(multiple)
        changed = tiling.run(
            lambda tile: np.add(tile, comcnn(tile, condition), out=tile),
            source.cut, source.size, start, reach, multiple_px=multiple,
        )  # fmt: skip
        return changed[part.y0 - start.y0 :, part.x0 - start.x0 :]

    return resample.reduce_window(change, source.size, source.scale, window)


def _quantiser_condition(tables: np.ndarray, scale: float) -> tuple[np.ndarray, ...]:
    return (conditioning.condition(tables, scale)[None],)


def _jiang2017_reach_px(sizes: Sizes) -> Mapping[str, int]:
    module = import_module("comrec.networks.models.jiang2017")
    return {"comcnn": module.REACH_PX, "reccnn": sizes["reccnn"]["depth"]}


def _pyramid_reach_px(sizes: Sizes) -> Mapping[str, int]:
    reach_px = import_module("comrec.networks.models.pyramid").reach_px
    found = {"reccnn": reach_px(sizes["reccnn"]["blocks"])}
    if "comcnn" in sizes:
        found = {"comcnn": reach_px((sizes["comcnn"]["blocks"],))} | found
    return found


def _pyramid_multiple_px(sizes: Sizes) -> int:
    return 2 ** len(sizes["reccnn"]["widths"])


# Bytes per pixel are measured as peak resident memory: experiments/results/tiles.tsv,
# and for the gradient at 512x512: 5,894 for jiang2017, 756 for comrec-base-3.
FAMILIES: dict[str, Family] = {
    "jiang2017": Family(
        build=_builder("jiang2017"),
        compact=_compact_luma,
        condition=lambda tables, scale: (),
        reach_px=_jiang2017_reach_px,
        multiple_px=lambda sizes: 1,
        bytes_per_pixel=1_200,
    ),
    "comrec": Family(
        build=_builder("pyramid"),
        compact=_compact_change,
        condition=_quantiser_condition,
        reach_px=_pyramid_reach_px,
        multiple_px=_pyramid_multiple_px,
        bytes_per_pixel=400,
        gradient_bytes_per_pixel=800,
        is_guide=True,
        can_export=lambda sizes: len(sizes["reccnn"]["widths"]) == 1,
    ),
}
