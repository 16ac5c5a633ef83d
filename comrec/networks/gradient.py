"""Computes how the error of the restored image changes with the enlarged image.

The graph of RecCNN, as the preset's ONNX file has it, is extended by its backward pass
and run by onnxruntime, so no framework and no file of its own is needed.
"""

from __future__ import annotations

import threading
from functools import lru_cache

import numpy as np

from comrec.errors import naming_errors
from comrec.image.window import pad_to_multiple
from comrec.jpeg.colour import CHROMA_ZERO, RGB_TO_YCBCR, YCBCR_TO_RGB
from comrec.networks import backward, engine, families, tiling, weights
from comrec.networks.graph import FLOAT, Graph
from comrec.networks.presets import Preset, WeightFile

_load_lock = threading.Lock()


class InputGradient:
    """Restores tiles, with the gradient of their squared error.

    Args:
      preset: whose RecCNN, the same as the codec's.
      scale: linear size ratio image : compact.
      threads: cores for one call; 0 takes them all. The results of one thread are the
        same each time.
      exact: float32 arithmetic, whatever the accelerator.

    Attributes:
      reach_px: how far RecCNN looks to each side.
      halo_px: width of the border of a tile in which the gradient differs from that of
        the whole image: twice the reach, as errors are seen through changed pixels. A
        multiple of `multiple_px`.
      multiple_px: tiles start at multiples of this number in the image.
    """

    def __init__(
        self, preset: Preset, scale: float, threads: int = 0, exact: bool = False
    ) -> None:
        self._preset, self._scale = preset, scale
        self._engine = threads, exact
        self.reach_px = preset.reach_px.get("reccnn", 0)
        self.multiple_px = preset.multiple_px
        self.halo_px = 2 * self.reach_px + -2 * self.reach_px % self.multiple_px

    def tile_sides(self, size: tuple[int, int], memory_mb: int) -> tuple[int, int]:
        """Returns (height, width) of the tiles for an image of size (H, W).

        A tile with its halo takes at most `memory_mb` megabytes of working memory.
        """
        family = families.find(self._preset.family)
        return tiling.tile_sides(
            size, memory_mb, self.halo_px, family.gradient_bytes_per_pixel
        )

    def __call__(
        self, enlarged: np.ndarray, tables: np.ndarray, target: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Restores a tile and differentiates its squared error.

        Args:
          enlarged: float32 (h, w, 1) or (h, w, 3), in grey levels, not rounded, in the
            codec's `space`. Sides are padded as the codec pads an image.
          tables: quantiser steps (2, 8, 8) of the compact JPEG, from
            `comrec.jpeg.quantisation.read_tables`.
          target: uint8 (h, w, 1) or (h, w, 3) RGB, the original pixels.

        Returns:
          The restored tile, float32 (h, w, c), grey or RGB in grey levels, clipped to
          0 to 255 and not rounded; and the gradient of sum((restored - target)**2)
          with respect to each number of `enlarged`, float32 (h, w, c), in grey levels.

        Raises:
          WeightsError: the weights are missing or altered, or RecCNN has a node without
            a known gradient.
        """
        restored, gradient = self._run(True, enlarged, tables, target)
        return restored, _fold(gradient, enlarged.shape[0], enlarged.shape[1])

    def restore(
        self, enlarged: np.ndarray, tables: np.ndarray, target: np.ndarray
    ) -> np.ndarray:
        """Restores a tile alone, in less than half of the time; see `__call__`."""
        return self._run(False, enlarged, tables, target)[0]

    def _run(
        self, backward_too: bool, enlarged: np.ndarray, tables: np.ndarray,
        target: np.ndarray,
    ) -> list[np.ndarray]:  # fmt: skip
        condition = families.find(self._preset.family).condition(tables, self._scale)
        padded = pad_to_multiple(enlarged, self.multiple_px)
        run = _load(self._preset, enlarged.shape[2], backward_too, *self._engine)
        return [each[0] for each in run(padded[None], *condition, target[None])]


def _fold(gradient: np.ndarray, height: int, width: int) -> np.ndarray:
    """Adds the gradient of repeated rows and columns to that of the last ones."""
    if gradient.shape[:2] == (height, width):
        return gradient
    folded = gradient[:, :width].copy()
    folded[:, -1] += gradient[:, width:].sum(axis=1)
    folded[height - 1] += folded[height:].sum(axis=0)
    return folded[:height]


def _load(
    preset: Preset, channels: int, backward_too: bool, threads: int, exact: bool
) -> engine.Graph:
    file, inner = preset.onnx.get("reccnn"), preset.channels
    with _load_lock:
        return _load_file(file, inner, channels, backward_too, threads, exact)


@lru_cache(maxsize=16)
def _load_file(
    file: WeightFile | None,
    network_channels: int,
    channels: int,
    backward_too: bool,
    threads: int,
    exact: bool,
) -> engine.Graph:
    data = weights.read(file) if file else None
    with naming_errors(file.name if file else "no network"):
        graph = make_graph(data, network_channels, channels, backward_too)
        return engine.load_graph(graph, threads, exact)


def make_graph(
    data: bytes | None, network_channels: int, channels: int, backward_too: bool = True
) -> bytes:
    """Makes the graph of the forward and backward pass, as an ONNX file.

    Args:
      data: RecCNN's ONNX file, with the inputs image and conditions and the output
        residual; None for a preset without networks.
      network_channels: of RecCNN's image, 1 or 3.
      channels: of the enlarged image, 1 or 3.
      backward_too: whether the backward pass is in the graph.

    Returns:
      A graph of the inputs enlarged, float32 (1, H, W, channels) in grey levels;
      RecCNN's conditions; and target, uint8 (1, h, w, channels), h <= H and w <= W. Its
      outputs are restored and gradient, of the shapes of target and enlarged, as
      `InputGradient` documents.

    Raises:
      WeightsError: RecCNN has a node without a known gradient.
    """
    graph, white = Graph(data), np.array(255, np.float32)
    inner, enlarged = graph.model.graph, "enlarged"
    network = list(graph.nodes)
    del graph.nodes[:]
    pixels = graph.add("Div", enlarged, white)
    image, out = _colour(network_channels, channels)
    if network:
        taken = pixels if image is None else graph.add("MatMul", pixels, image)
        _rename(network, inner.input[0].name, taken)
        residual = inner.output[0].name
        graph.nodes.extend(network)
        if out is not None:
            residual = graph.add("MatMul", residual, out)
        pixels = graph.add("Add", pixels, residual)
    if channels > network_channels:
        pixels = graph.add("Add", pixels, -CHROMA_ZERO)
        pixels = graph.add("MatMul", pixels, YCBCR_TO_RGB.T)
    levels = graph.add("Mul", pixels, white)
    restored, sides = _add_restored(graph, levels, "target", white)
    outputs = [restored]
    if backward_too:
        seed = _add_error(graph, levels, "target", restored, sides)
        outputs.append(backward.add_gradient(graph, enlarged, levels, seed))
    conditions = list(inner.input)[1:]
    del inner.input[:], inner.output[:]
    graph.declare(inner.input, enlarged, np.float32, 4)
    inner.input.extend(conditions)
    graph.declare(inner.input, "target", np.uint8, 4)
    for name in outputs:
        graph.declare(inner.output, name, np.float32, 4)
    return graph.to_bytes()


def _colour(
    network_channels: int, channels: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Returns matrices from pixels to RecCNN's image, and from its residual back.

    None stands for no change.
    """
    if channels == network_channels:
        return None, None
    if channels == 1:  # the restored grey image is the luma of three equal channels
        return np.ones((1, 3), np.float32), RGB_TO_YCBCR[:1].T
    luma = np.eye(3, 1, dtype=np.float32)
    return luma, luma.T


def _rename(nodes: list, old: str, new: str) -> None:  # type: ignore[type-arg]
    for node in nodes:
        for place, name in enumerate(node.input):
            if name == old:
                node.input[place] = new


def _add_restored(
    graph: Graph, levels: str, target: str, white: np.ndarray
) -> tuple[str, str]:
    """Adds the restored image, of the target's sides: clipped, and before that."""
    size = graph.add("Slice", graph.add("Shape", target), *_indices(1, 3))
    sides = graph.add("Slice", levels, _indices(0, 0)[0].repeat(2), size,
                      np.array([1, 2]))  # fmt: skip
    return graph.add("Clip", sides, np.zeros((), np.float32), white), sides


def _add_error(
    graph: Graph, levels: str, target: str, restored: str, sides: str
) -> str:
    """Adds the gradient of the restored image's squared error by `levels`."""
    error = graph.add("Sub", restored, graph.add("Cast", target, to=FLOAT))
    doubled = graph.add("Add", error, error)
    is_inside = graph.add("Equal", sides, restored)
    seed = graph.add("Where", is_inside, doubled, np.zeros((), np.float32))
    missing = graph.add("Sub", graph.add("Shape", levels), graph.add("Shape", target))
    pads = graph.add("Concat", np.zeros(4, np.int64), missing, axis=0)
    return graph.add("Pad", seed, pads)


def _indices(*numbers: int) -> list[np.ndarray]:
    return [np.array([number], np.int64) for number in numbers]
