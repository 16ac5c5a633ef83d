"""The two directions of the flow for one image in memory, at a given JPEG quality."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from comrec import condition, engine, jpeg, resample, tiling
from comrec.presets import Preset
from comrec.tiling import Window

# JFIF: full-range BT.601. Rows make Y, Cb - 1/2, Cr - 1/2 of RGB in [0, 1].
RGB_TO_YCBCR = np.array(
    [
        [0.299, 0.587, 0.114],
        [-0.168735892, -0.331264108, 0.5],
        [0.5, -0.418687589, -0.081312411],
    ],
    np.float32,
)
YCBCR_TO_RGB = np.linalg.inv(RGB_TO_YCBCR.astype(np.float64)).astype(np.float32)
CHROMA_ZERO = np.array([0, 128 / 255, 128 / 255], np.float32)
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

    def compact(self, pixels: np.ndarray, has_comcnn: bool = True) -> np.ndarray:
        """Makes the compact image.

        Args:
          pixels: uint8 (H, W, 1) grey or (H, W, 3) RGB.
          has_comcnn: False for a plain reduction, even where ComCNN is for the scale.

        Returns:
          uint8 (h, w, 1), or (h, w, 3) in `space`.
        """
        has_comcnn = has_comcnn and self.scale in self.preset.compact_scales
        if self.scale == 1 and not has_comcnn:
            return pixels
        image = pixels.astype(np.float32) / 255
        if self.space(pixels.shape[2]) == "YCbCr":
            image = image @ RGB_TO_YCBCR.T + CHROMA_ZERO
        channels = self.preset.channels
        is_grey = pixels.shape[2] == 1
        if is_grey and channels == 3:
            image = image.repeat(3, axis=2)
        compact, chroma = image[..., :channels], image[..., channels:]
        compact = (
            self._compacted(compact)
            if has_comcnn
            else resample.reduce(compact, self.scale)
        )
        if chroma.shape[2]:
            chroma = resample.reduce(chroma, self.scale)
            compact = np.concatenate([compact, chroma], axis=2)
        return _to_uint8(_luma(compact) if is_grey else compact)

    def _compacted(self, image: np.ndarray) -> np.ndarray:
        """ComCNN and the reduction, float32 (H, W, C) to (h, w, C)."""
        network = self._network("comcnn")
        side, reach = self._tile_side("comcnn"), self.preset.reach_px["comcnn"]
        if self.preset.family == "jiang2017":
            scale = int(self.scale)
            whole = resample.padded(image, scale)
            return tiling.run_whole(network, whole, side, reach, scale)
        told = np.log2([[self.scale]]).astype(np.float32)
        multiple = self.preset.multiple_px
        change = tiling.run_whole(
            lambda tile: network(tile, told), resample.padded(image, multiple), side,
            reach, multiple_px=multiple,
        )  # fmt: skip
        changed = image + change[: image.shape[0], : image.shape[1]]
        return resample.reduce(changed, self.scale)

    def encode(self, compact: np.ndarray, quality: int) -> bytes:
        """The compact image as a JPEG without metadata, as the preset writes it."""
        space = self.space(compact.shape[2])
        return jpeg.encode(compact, quality, self.settings, space)

    def restore(self, coded_jpeg: bytes, size: tuple[int, int]) -> np.ndarray:
        """A compact JPEG to the restored image, uint8 (H, W, 1) or (H, W, 3) RGB."""
        windows = list(tiling.grid(*size, self._tile_side("reccnn")))
        restored = None
        for window, pixels in self.restore_windows(coded_jpeg, size, windows):
            if restored is None:
                restored = np.empty((*size, pixels.shape[2]), np.uint8)
            restored[window.slices] = pixels
        assert restored is not None  # a size has at least one pixel
        return restored

    def restore_windows(
        self, coded_jpeg: bytes, size: tuple[int, int], windows: Iterable[Window]
    ) -> Iterator[tuple[Window, np.ndarray]]:
        """Restores parts of the image alone.

        Args:
          coded_jpeg: the compact JPEG.
          size: (H, W) of the image.
          windows: in pixels of the image.

        Yields:
          Each window with its pixels as `restore` would give them.
        """
        space = self.space(3)
        coded = jpeg.decode(coded_jpeg, space).astype(np.float32) / 255
        enlarged = resample.enlarge(coded, self.scale, size)
        is_grey = coded.shape[2] == 1
        if is_grey and self.preset.channels == 3:
            enlarged = enlarged.repeat(3, axis=2)
        network = self._reconstruction(coded_jpeg)
        channels, reach = self.preset.channels, self.preset.reach_px.get("reccnn", 0)
        whole = resample.padded(enlarged[..., :channels], self.preset.multiple_px)
        for window in windows:
            residual = tiling.run(
                network, whole, window, reach, multiple_px=self.preset.multiple_px
            )
            restored = enlarged[window.slices].copy()
            restored[..., :channels] += residual
            if restored.shape[2] == 3 and space == "YCbCr":
                restored = (restored - CHROMA_ZERO) @ YCBCR_TO_RGB.T
            yield window, _to_uint8(_luma(restored) if is_grey else restored)

    def _reconstruction(self, coded_jpeg: bytes) -> Callable[[np.ndarray], np.ndarray]:
        """RecCNN as it is for one JPEG: enlarged to residual."""
        if not (self._networks or self.preset.weights):
            return np.zeros_like
        network = self._network("reccnn")
        if self.preset.family == "jiang2017":
            return network
        told = condition.condition(condition.tables_of(coded_jpeg), self.scale)
        return lambda enlarged: network(enlarged, told[None])

    def _network(self, name: str) -> engine.Network:
        if self._networks:
            return self._networks[name]
        return engine.load(self.preset, name, *self._engine)

    def space(self, channels: int) -> str:
        """The colour space of a compact image that has so many channels."""
        return "YCbCr" if channels > self.preset.channels else "RGB"

    def _tile_side(self, network: str) -> int:
        return tiling.tile_side(self.memory_mb, self.preset.reach_px.get(network, 0))


def _luma(image: np.ndarray) -> np.ndarray:
    """Grey of what networks for colour make of a grey picture; grey as it is."""
    return image if image.shape[2] == 1 else (image @ RGB_TO_YCBCR[0])[..., None]


def _to_uint8(image: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)
