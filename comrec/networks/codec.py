"""The two directions of the flow for one image in memory, at a given JPEG quality."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import numpy as np

from comrec.image import resample
from comrec.image.window import Window
from comrec.jpeg import coding, quantisation
from comrec.jpeg.colour import CHROMA_ZERO, RGB_TO_YCBCR, YCBCR_TO_RGB
from comrec.networks import conditioning, engine, tiling
from comrec.networks.presets import Preset
from comrec.system.pillow import from_pillow, to_pillow

MEMORY_MB = 1024


class Codec:
    """The networks of one preset, loaded when first needed.

    Args:
      preset: which pair.
      scale: one of the preset's; its first when None.
      engine_name: see `engine.choose`.
      threads: cores for one network call; 0 takes them all.
      memory_mb: bound on the working memory of a network call.
      exact: float32 arithmetic, whatever the engine.
      networks: by name, to run instead of the preset's own, as
        `engine.load` documents them: a pair in training has no files yet.
      tune: "psnr", or "visual" for the JPEG tables that eyes prefer, where the
        preset has others for them. Decoding does not depend on it.
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
        tune: str = "psnr",
    ) -> None:
        self.preset = preset
        self.scale = scale or preset.scales[0]
        self.settings = preset.jpeg
        if tune == "visual" and preset.jpeg_visual:
            self.settings = preset.jpeg_visual
        self.memory_mb = memory_mb
        self._engine = engine_name, threads, exact
        self._networks = networks

    def reduced(self, pixels: np.ndarray) -> np.ndarray:
        """About the compact image, without ComCNN: both as in `compact`."""
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
        part = self._compacted if has_comcnn else self._reduced
        size = resample.compact_size(pixels.shape[0], pixels.shape[1], self.scale)
        compact = np.empty((*size, pixels.shape[2]), np.uint8)
        sides = self._tile_sides("comcnn", pixels.shape[:2])
        high, wide = (max(int(side / self.scale), 1) for side in sides)
        for window in tiling.tiles(size, (high, wide)):
            made = part(pixels, window)
            compact[window.slices] = _to_uint8(
                _luma(made) if pixels.shape[2] == 1 else made
            )
        return compact

    def _reduced(self, pixels: np.ndarray, window: Window) -> np.ndarray:
        """A window of the plainly reduced image, float32 (h, w, C)."""
        cut, size = partial(self._cut, pixels), (pixels.shape[0], pixels.shape[1])
        return resample.reduce_window(cut, size, self.scale, window)

    def _compacted(self, pixels: np.ndarray, window: Window) -> np.ndarray:
        """A window of the compact image, float32 (h, w, C)."""
        network, reach = self._network("comcnn"), self.preset.reach_px["comcnn"]
        cut, size = partial(self._cut, pixels), (pixels.shape[0], pixels.shape[1])
        channels = self.preset.channels
        if self.preset.family == "jiang2017":
            scale = int(self.scale)
            luma = tiling.run(
                network,
                lambda part: cut(part)[..., :channels],
                size,
                window.times(scale),
                reach,
                scale,
            )
            chroma = self._reduced(pixels, window)[..., channels:]
            return np.concatenate([luma, chroma], axis=2) if chroma.size else luma
        told = np.log2([[self.scale]]).astype(np.float32)
        multiple = self.preset.multiple_px

        def changed(part: Window) -> np.ndarray:
            start = part.starting(multiple)
            made = tiling.run(
                lambda tile: np.add(tile, network(tile, told), out=tile),
                cut, size, start, reach, multiple_px=multiple,
            )  # fmt: skip
            return made[part.y0 - start.y0 :, part.x0 - start.x0 :]

        return resample.reduce_window(changed, size, self.scale, window)

    def _cut(self, pixels: np.ndarray, window: Window) -> np.ndarray:
        """A window of the image as the networks take it, float32 (h, w, C)."""
        image = resample.floats(pixels[window.slices])
        if self.space(image.shape[2]) == "YCbCr":
            return image @ RGB_TO_YCBCR.T + CHROMA_ZERO
        return image.repeat(3, axis=2) if self._is_tripled(image) else image

    def _is_tripled(self, image: np.ndarray) -> bool:
        """Whether a grey picture goes through networks for colour."""
        return image.shape[2] == 1 and self.preset.channels == 3

    def encode(self, compact: np.ndarray, quality: int) -> bytes:
        """The compact image as a JPEG without metadata, as the preset writes it."""
        space = self.space(compact.shape[2])
        return coding.encode(compact, quality, self.settings, space)

    def restore(self, coded_jpeg: bytes, size: tuple[int, int]) -> np.ndarray:
        """A compact JPEG to the restored image, uint8 (H, W, 1) or (H, W, 3) RGB."""
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
        """Yields the tiles of what `restore` gives, each with its window."""
        windows = tiling.tiles(size, self._tile_sides("reccnn", size))
        return self.restore_windows(coded_jpeg, size, windows)

    def restore_windows(
        self,
        coded_jpeg: bytes,
        size: tuple[int, int],
        windows: Iterable[Window],
        together: bool = False,
        coded: np.ndarray | None = None,
    ) -> Iterator[tuple[Window, np.ndarray]]:
        """Restores parts of the image alone.

        Args:
          coded_jpeg: the compact JPEG.
          size: (H, W) of the image.
          windows: in pixels of the image, y0 and x0 multiples of the preset's
            `multiple_px`.
          together: see `tiling.run_all`.
          coded: what the compact JPEG decodes to in `space`, if that is at hand.

        Yields:
          Each window with its pixels as `restore` would give them.
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
        """RecCNN as it is for one JPEG: enlarged to restored, (1, H, W, C)."""
        if not (self._networks or self.preset.weights):
            return lambda enlarged: enlarged
        network, channels = self._network("reccnn"), self.preset.channels
        told = []
        if self.preset.family != "jiang2017":
            tables = quantisation.read_tables(coded_jpeg)
            told.append(conditioning.condition(tables, self.scale)[None])

        def restored(enlarged: np.ndarray) -> np.ndarray:
            if self._is_tripled(enlarged[0]):
                enlarged = enlarged.repeat(3, axis=3)
            image = np.ascontiguousarray(enlarged[..., :channels])
            image += network(image, *(each.repeat(len(image), axis=0) for each in told))
            chroma = enlarged[..., channels:]
            return np.concatenate([image, chroma], axis=3) if chroma.size else image

        return restored

    def _network(self, name: str) -> engine.Network:
        if self._networks:
            return self._networks[name]
        return engine.load(self.preset, name, *self._engine)

    def space(self, channels: int) -> str:
        """The colour space of a compact image that has so many channels."""
        return "YCbCr" if channels > self.preset.channels else "RGB"

    def _tile_sides(self, network: str, size: tuple[int, ...]) -> tuple[int, int]:
        """For an image of that size, (H, W)."""
        reach, family = self.preset.reach_px.get(network, 0), self.preset.family
        # What ComCNN takes is kept beside what RecCNN does; it has less of a halo.
        most_px = tiling.TILE_AREA_PX // (2 if network == "comcnn" else 1)
        size = size[0], size[1]
        return tiling.tile_sides(size, self.memory_mb, reach, family, most_px)


def _luma(image: np.ndarray) -> np.ndarray:
    """Grey of what networks for colour make of a grey picture; grey as it is."""
    return image if image.shape[2] == 1 else (image @ RGB_TO_YCBCR[0])[..., None]


def _to_uint8(image: np.ndarray) -> np.ndarray:
    levels = image * 255  # all else in place: a tile is large
    np.rint(levels, out=levels)
    return np.clip(levels, 0, 255, out=levels).astype(np.uint8)
