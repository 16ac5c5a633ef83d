"""Codes pictures to .crae files and back, with one model."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np

from comrec.apps.autoencoder import bitstream, entropy, model, quantiser
from comrec.apps.autoencoder.architecture import POOLED_PX
from comrec.apps.autoencoder.bitstream import Stream
from comrec.apps.autoencoder.model import Model
from comrec.errors import ComrecError, ImageError, StreamError, UsageError
from comrec.image import picture as image
from comrec.image.window import grid
from comrec.networks import tiling

DEFAULT = "cifar100-conv"
BITS = 8
TILE_PX = 512  # side of a tile of a convolutional network
# An upper bound of the reach of a convolutional encoder or decoder to each side: 3x3
# convolutions at 1, 1/2 and 1/4 of the size.
REACH_PX = 16
BATCH = 512  # small pictures in a batch

Network = Callable[[np.ndarray], np.ndarray]


class Codec:
    """Encodes and decodes pictures with one model.

    Args:
      model: with its weights.

    Raises:
      ComrecError: Keras or constriction is not installed.
      UsageError: the weights are not those of the architecture.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        entropy.load_library()  # first, since Keras takes seconds to load
        self._encoder, self._decoder = _load_networks(model)
        self._coders: dict[int, entropy.Coder] = {}

    def encode(self, pixels: np.ndarray, bits: int = BITS) -> bytes:
        """Encodes a picture as a whole .crae file.

        Args:
          pixels: uint8 (H, W, C).
          bits: of each latent value, 1 to 8.

        Raises:
          ImageError: the model does not code this size or number of channels.
          UsageError: the number of bits is illegal.
        """
        self.check(pixels)
        if type(bits) is not int or not 1 <= bits <= quantiser.BITS_MAX:
            raise UsageError(
                f"bits must be a whole number, 1 to {quantiser.BITS_MAX}. "
                f"Received: {bits!r}"
            )
        return self._write_file(self._quantise(pixels, bits), bits, pixels.shape)

    def _write_file(
        self, symbols: np.ndarray, bits: int, shape: tuple[int, ...]
    ) -> bytes:
        payload = self._get_coder(bits).encode(symbols)
        return Stream(
            self.model.number, self.model.hash, bits, shape[0], shape[1], payload
        ).to_bytes()

    def decode(self, stream: Stream) -> np.ndarray:
        """Decodes the picture of a .crae file, uint8 (H, W, C).

        Raises:
          StreamError: the file is of another model, or damaged.
        """
        if (stream.number, stream.hash) != (self.model.number, self.model.hash):
            raise StreamError(
                f"made by model number {stream.number} with weights "
                f"{stream.hash.hex()}, and {self.model.name} has number "
                f"{self.model.number} and {self.model.hash.hex()}. Name the model.npz "
                f"it was made with by -m"
            )
        size = stream.height_px, stream.width_px
        a = self.model.architecture
        if a.size_px and a.size_px != size:
            raise StreamError(
                f"states {size[1]}x{size[0]}, which {self.model.name} does not code. "
                f"Use another copy"
            )
        down, across = a.grid(*size)
        symbols = self._get_coder(stream.bits).decode(stream.payload, down * across)
        return self._dequantise(symbols.reshape(down, across, -1), stream.bits, size)

    def check(self, pixels: np.ndarray) -> None:
        """Checks that the model codes a picture of this size and these channels.

        Raises:
          ImageError: the model does not.
        """
        a, name = self.model.architecture, self.model.name
        if pixels.shape[2] != a.channels:
            kinds = {1: "1 channel (grey)", 3: "3 channels (RGB)"}
            raise ImageError(
                f"{kinds[pixels.shape[2]]}, and {name} codes {kinds[a.channels]}. "
                f"Convert the picture, or name another model with -m"
            )
        if a.size_px and a.size_px != pixels.shape[:2]:
            raise ImageError(
                f"{pixels.shape[1]}x{pixels.shape[0]} pixels, and {name} codes "
                f"{a.size_px[1]}x{a.size_px[0]} only. Resize the picture, "
                f"or name another model with -m ({DEFAULT} codes RGB of any size)"
            )

    # Many small pictures of one size, for measuring

    def compute_latents(self, images: np.ndarray) -> np.ndarray:
        """Encodes uint8 (N, H, W, C) as float32 (N, values) or (N, h, w, values)."""
        parts = [
            self._encoder(images[i : i + BATCH]) for i in range(0, len(images), BATCH)
        ]
        return np.concatenate(parts)

    def restore(self, latents: np.ndarray) -> np.ndarray:
        """Decodes latents to uint8 (N, H, W, C)."""
        parts = [
            _to_uint8(self._decoder(latents[i : i + BATCH]))
            for i in range(0, len(latents), BATCH)
        ]
        return np.concatenate(parts)

    def code_many(
        self, latents: np.ndarray, bits: int, shape: tuple[int, ...]
    ) -> tuple[list[bytes], np.ndarray]:
        """Encodes many pictures, and restores them from the quantised values.

        Args:
          latents: of `compute_latents`.
          bits: of each value, 1 to 8.
          shape: (H, W, C) of each picture.

        Returns:
          The .crae file of each picture, and the restored ones, uint8 (N, H, W, C).
        """
        symbols = quantiser.quantise(latents, self.model.ranges, bits)
        values = self.model.architecture.latent
        made = [
            self._write_file(one.reshape(-1, values), bits, shape) for one in symbols
        ]
        back = quantiser.dequantise(symbols, self.model.ranges, bits)
        return made, self.restore(back)

    def _get_coder(self, bits: int) -> entropy.Coder:
        if bits not in self._coders:
            self._coders[bits] = entropy.Coder(self.model.counts, bits)
        return self._coders[bits]

    def _quantise(self, pixels: np.ndarray, bits: int) -> np.ndarray:
        """Returns the levels of a picture's latent values, uint8 (places, values)."""
        a, ranges = self.model.architecture, self.model.ranges
        if a.size_px:
            return quantiser.quantise(self._encoder(pixels[None]), ranges, bits)
        height, width = pixels.shape[:2]
        ends = (0, -height % POOLED_PX), (0, -width % POOLED_PX), (0, 0)
        pixels = np.pad(pixels, ends, mode="edge")
        symbols = np.empty((*a.grid(height, width), a.latent), np.uint8)
        for window in grid(pixels.shape[0], pixels.shape[1], TILE_PX):
            latent = tiling.run(
                self._encoder, lambda part: pixels[part.slices], pixels.shape[:2],
                window, REACH_PX, POOLED_PX,
            )  # fmt: skip
            y, x = window.y0 // POOLED_PX, window.x0 // POOLED_PX
            part = symbols[y : y + latent.shape[0], x : x + latent.shape[1]]
            part[:] = quantiser.quantise(latent, ranges, bits)
        return symbols.reshape(-1, a.latent)

    def _dequantise(
        self, symbols: np.ndarray, bits: int, size: tuple[int, int]
    ) -> np.ndarray:
        """Restores uint8 (H, W, C) from levels, uint8 (h, w, values)."""
        a, ranges = self.model.architecture, self.model.ranges
        if a.size_px:
            latent = quantiser.dequantise(symbols[0], ranges, bits)
            return _to_uint8(self._decoder(latent))[0]
        down, across = symbols.shape[:2]
        pixels = np.empty((down * POOLED_PX, across * POOLED_PX, a.channels), np.uint8)
        for window in grid(down, across, TILE_PX // POOLED_PX):
            wide = window.grown(REACH_PX // POOLED_PX, down, across)
            latent = quantiser.dequantise(symbols[wide.slices], ranges, bits)
            part = _to_uint8(self._decoder(latent[None]))[0]
            y0, y1, x0, x1 = (
                n * POOLED_PX for n in (window.y0, window.y1, window.x0, window.x1)
            )
            top, left = wide.y0 * POOLED_PX, wide.x0 * POOLED_PX
            pixels[y0:y1, x0:x1] = part[y0 - top : y1 - top, x0 - left : x1 - left]
        return pixels[: size[0], : size[1]]


def compress(picture: np.ndarray, model_name: str = DEFAULT, bits: int = BITS) -> bytes:
    """Compresses a picture to the content of a .crae file.

    Args:
      picture: uint8 (H, W), (H, W, 1) or (H, W, 3).
      model_name: of a released model, or path of the model.npz of a training run.
      bits: of each latent value, 1 to 8.

    Raises:
      ComrecError: see `Codec` and `model.load`.
    """
    taken = image.from_array(picture)
    if taken.alpha is not None:
        raise ImageError(NO_ALPHA)
    image.check_size(*taken.size, image.MAX_PIXELS)
    return Codec(model.load(model_name)).encode(taken.pixels, bits)


def decompress(
    data: bytes, model_name: str = "", max_pixels: int = image.MAX_PIXELS
) -> np.ndarray:
    """Restores the picture of a .crae file.

    Args:
      data: the file's content.
      model_name: path of the model.npz, if the model is not released; the file itself
        names a released model.
      max_pixels: larger pictures are refused before decoding.

    Returns:
      uint8 (H, W, 1) or (H, W, 3).

    Raises:
      StreamError: the file is damaged, cut off, of another version or another model.
      ImageError: the picture has more than max_pixels.
    """
    return decode_stream(bitstream.parse(data, max_pixels), model_name)


def decode_stream(stream: Stream, model_name: str = "") -> np.ndarray:
    """Restores the picture of a parsed .crae file; see `decompress`."""
    if not model_name and stream.number == model.OWN:
        raise StreamError(
            "made with a model that comrec does not have. Name the model.npz of its "
            "training run with -m"
        )
    name = model_name or model.find_name(stream.number)
    return Codec(model.load(name)).decode(stream)


NO_ALPHA = (
    "has an alpha channel, which no autoencoder codes. Flatten it first, or use "
    "`comrec compress`"
)


def _to_uint8(restored: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(restored, 0, 1) * 255).astype(np.uint8)


def _load_networks(model: Model) -> tuple[Network, Network]:
    """Loads Keras, and the encoder and the decoder of a model.

    Raises:
      ComrecError: Keras is not installed.
      UsageError: the weights are not those of the architecture.
    """
    try:
        with _silence_stderr():
            from comrec.apps.autoencoder import networks

            return networks.load(model.architecture, model.weights)
    except ImportError as err:
        raise ComrecError(
            f"autoencoders run on Keras and one of its backends, and {err.name or err} "
            f"is not installed: pip install comrec[autoencoder]"
        ) from err
    except ValueError as err:
        raise UsageError(
            f"{model.name}: its weights are not those of its architecture. Name "
            f"another model"
        ) from err


@contextmanager
def _silence_stderr() -> Iterator[None]:
    """Drops the messages that TensorFlow writes past Python's stderr at its start.

    Errors of the start are raised as well, so nothing is lost.
    """
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
