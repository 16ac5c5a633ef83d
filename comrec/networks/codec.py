"""Runs both directions of the flow for one image in memory, at a given JPEG quality."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import numpy as np

from comrec.image import resample
from comrec.image.window import Window
from comrec.jpeg import coding, quantisation
from comrec.jpeg.colour import CHROMA_ZERO, RGB_TO_YCBCR, YCBCR_TO_RGB
from comrec.jpeg.encoders import Target
from comrec.jpeg.settings import JpegSettings
from comrec.networks import engine, families, tiling
from comrec.networks.presets import Preset
from comrec.system import stages
from comrec.system.pillow import from_pillow, to_pillow

MEMORY_MB = 1024


class Codec:
    """Encodes and restores with the networks of one preset, loaded when first needed.

    Args:
      preset: the pair of networks.
      scale: one of the preset's scales; the first of them when None.
      engine_name: see `engine.choose`.
      threads: cores for one network call; 0 takes them all.
      memory_mb: bound on the working memory of a network call, in megabytes.
      exact: float32 arithmetic, whatever the engine.
      networks: by name, to run instead of the preset's own networks, as
        `engine.load` documents them: a pair in training has no files yet.
      settings: how the compact JPEG is written; the preset's settings when None.
        Decoding does not depend on the settings.
    """

    def __init__(
        self,
        preset: Preset,
        scale: float | None = None,
        engine_name: str = "auto",
        threads: int = 0,
        memory_mb: int = MEMORY_MB,
        exact: bool = False,
        networks: Mapping[str, engine.Network] | None = None,
        settings: JpegSettings | None = None,
    ) -> None:
        self.preset = preset
        self.scale = scale or preset.scales[0]
        self.settings = settings or preset.jpeg
        self.memory_mb = memory_mb
        self.threads = threads
        self._engine = engine_name, threads, exact
        self._networks = networks

    @property
    def family(self) -> families.Family:
        """The record of the preset's family."""
        return families.find(self.preset.family)

    def reduce(self, pixels: np.ndarray) -> np.ndarray:
        """Approximates the compact image without ComCNN; arrays as in `compact`."""
        # In bytes all the way, which takes a fifth of the time of float32.
        reduced = resample.reduce(pixels, self.scale)
        if self.space(pixels.shape[2]) == "RGB":
            return reduced
        return from_pillow(to_pillow(reduced, "RGB").convert("YCbCr"))

    def compact(self, pixels: np.ndarray) -> np.ndarray:
        """Makes the compact image.

        Args:
          pixels: uint8 (H, W, 1) grey or (H, W, 3) RGB.

        Returns:
          uint8 (h, w, 1), or (h, w, 3) in `space`.
        """
        has_comcnn = self.scale in self.preset.compact_scales
        if self.scale == 1 and not has_comcnn:
            return pixels
        size = pixels.shape[0], pixels.shape[1]
        source = families.Source(partial(self._cut, pixels), size, self.scale)
        make = partial(self._run_comcnn, source) if has_comcnn else source.reduce
        compact_size = resample.compact_size(*size, self.scale)
        compact = np.empty((*compact_size, pixels.shape[2]), np.uint8)
        sides = self._tile_sides("comcnn", size)
        high, wide = (max(int(side / self.scale), 1) for side in sides)
        for window in tiling.tiles(compact_size, (high, wide)):
            made = make(window)
            compact[window.slices] = _to_uint8(
                _luma(made) if pixels.shape[2] == 1 else made
            )
        return compact

    def _run_comcnn(self, source: families.Source, window: Window) -> np.ndarray:
        """Makes a window of the compact image, float32 (h, w, C)."""
        return self.family.compact(self._network("comcnn"), source, window, self.preset)

    def _cut(self, pixels: np.ndarray, window: Window) -> np.ndarray:
        """Cuts a window of the image as the networks take it, float32 (h, w, C)."""
        image = resample.floats(pixels[window.slices])
        if self.space(image.shape[2]) == "YCbCr":
            return image @ RGB_TO_YCBCR.T + CHROMA_ZERO
        return image.repeat(3, axis=2) if self._is_tripled(image) else image

    def _is_tripled(self, image: np.ndarray) -> bool:
        """Returns whether a grey image goes through networks for colour."""
        return image.shape[2] == 1 and self.preset.channels == 3

    def encode(
        self, compact: np.ndarray, quality: float, image: np.ndarray | None = None
    ) -> bytes:
        """Encodes the compact image as a JPEG without metadata.

        Args:
          compact: as `compact` makes it.
          quality: 1 to 100.
          image: uint8 (H, W, C), shown to encoders that look at the restored image.
        """
        space, target = self.space(compact.shape[2]), None
        if image is not None:
            size = image.shape[0], image.shape[1]
            target = Target(image, partial(self.restore, size=size))
        return coding.encode(compact, quality, self.settings, space, target=target)

    def restore(self, coded_jpeg: bytes, size: tuple[int, int]) -> np.ndarray:
        """Restores a compact JPEG to the image, uint8 (H, W, 1) or (H, W, 3) RGB."""
        restored = None
        for window, pixels in self.restore_parts(coded_jpeg, size):
            if restored is None:
                restored = np.empty((*size, pixels.shape[2]), np.uint8)
            restored[window.slices] = pixels
        assert restored is not None  # a size has at least one pixel
        return restored

    def restore_parts(
        self, coded_jpeg: bytes, size: tuple[int, int]
    ) -> Iterator[tuple[Window, np.ndarray]]:
        """Yields the tiles of the restored image, each with its window."""
        windows = stages.track([*self.windows(size)])
        return self.restore_windows(coded_jpeg, size, windows)

    def windows(self, size: tuple[int, int]) -> Iterable[Window]:
        """Returns the tiles in which memory allows to restore an image (H, W)."""
        return tiling.tiles(size, self._tile_sides("reccnn", size))

    def restore_windows(
        self,
        coded_jpeg: bytes,
        size: tuple[int, int],
        windows: Iterable[Window],
        together: bool = False,
        coded: np.ndarray | None = None,
    ) -> Iterator[tuple[Window, np.ndarray]]:
        """Restores windows of the image, without the rest.

        Args:
          coded_jpeg: the compact JPEG.
          size: (H, W) of the image.
          windows: in pixels of the image, y0 and x0 multiples of the preset's
            `multiple_px`.
          together: see `tiling.run_all`.
          coded: the decoded compact JPEG in `space`; decoded here when None.

        Yields:
          Each window with its pixels, equal to those of `restore`.
        """
        space = self.space(3)
        coded = coding.decode(coded_jpeg, space) if coded is None else coded
        is_grey = coded.shape[2] == 1
        enlarged = partial(resample.enlarge, coded, self.scale, size)
        network = self._reconstruction(coded_jpeg)
        reach = self.preset.reach_px.get("reccnn", 0)
        parts = tiling.run_all(
            network, enlarged, size, windows, reach,
            multiple_px=self.preset.multiple_px, together=together,
        )  # fmt: skip
        for window, restored in parts:
            if restored.shape[2] == 3 and space == "YCbCr":
                restored = (restored - CHROMA_ZERO) @ YCBCR_TO_RGB.T
            yield window, _to_uint8(_luma(restored) if is_grey else restored)

    def _reconstruction(self, coded_jpeg: bytes) -> Callable[[np.ndarray], np.ndarray]:
        """Returns the function from enlarged to restored (B, H, W, C) for one JPEG."""
        if not (self._networks or self.preset.has_networks):
            return lambda enlarged: enlarged
        network, channels = self._network("reccnn"), self.preset.channels
        tables = quantisation.read_tables(coded_jpeg)
        condition = self.family.condition(tables, self.scale)

        def restore(enlarged: np.ndarray) -> np.ndarray:
            if self._is_tripled(enlarged[0]):
                enlarged = enlarged.repeat(3, axis=3)
            image = np.ascontiguousarray(enlarged[..., :channels])
            image += network(image, *(x.repeat(len(image), axis=0) for x in condition))
            chroma = enlarged[..., channels:]
            return np.concatenate([image, chroma], axis=3) if chroma.size else image

        return restore

    def _network(self, name: str) -> engine.Network:
        if self._networks:
            return self._networks[name]
        return engine.load(self.preset, name, *self._engine)

    def space(self, channels: int) -> str:
        """Returns the colour space of a compact image with that number of channels."""
        return "YCbCr" if channels > self.preset.channels else "RGB"

    def _tile_sides(self, network: str, size: tuple[int, int]) -> tuple[int, int]:
        """Returns (height, width) of the tiles for an image of size (H, W)."""
        # The input of ComCNN is kept beside the input of RecCNN, and its halo is small.
        most_px = tiling.TILE_AREA_PX // (2 if network == "comcnn" else 1)
        return tiling.tile_sides(
            size,
            self.memory_mb,
            self.preset.reach_px.get(network, 0),
            self.family.bytes_per_pixel,
            most_px,
        )


def _luma(image: np.ndarray) -> np.ndarray:
    """Returns the luma of float32 (h, w, C) RGB as (h, w, 1); grey is unchanged."""
    return image if image.shape[2] == 1 else (image @ RGB_TO_YCBCR[0])[..., None]


def _to_uint8(image: np.ndarray) -> np.ndarray:
    levels = image * 255  # all else in place: a tile is large
    np.rint(levels, out=levels)
    return np.clip(levels, 0, 255, out=levels).astype(np.uint8)
