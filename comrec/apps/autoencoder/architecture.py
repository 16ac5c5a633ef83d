"""Defines the architecture of an autoencoder: its kind, its input and its sizes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

KINDS = ("dense", "cnn", "convolutional")
SIDE_LIMIT_PX, LATENT_LIMIT = 256, 4096
# Of a hidden layer. A convolution has its maps at every pixel of a tile.
WIDTH_LIMITS = {"dense": 4096, "cnn": 256, "convolutional": 256}
DEPTH_LIMIT = 8  # hidden layers of a dense encoder
PARAMETERS_LIMIT = 2**25  # of encoder and decoder; 128 MiB
POOLED_PX = 4  # cnn and convolutional halve both sides twice

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Architecture:
    """Holds the settings from which the networks are built.

    Attributes:
      kind: "dense", "cnn" (a dense latent) or "convolutional" (maps of latent values,
        for pictures of any size).
      channels: 1, grey, or 3, RGB.
      size_px: (H, W) of the pictures; None if convolutional, for any size.
      latent: number of latent values, if convolutional for every 4x4 pixels.
      widths: of the hidden layers of the encoder; the decoder mirrors them.

    Raises:
      ValueError: a setting is illegal, or the network is too large.
    """

    kind: str
    channels: int
    size_px: tuple[int, int] | None
    latent: int
    widths: tuple[int, ...]

    def __post_init__(self) -> None:
        if self.size_px is not None:
            object.__setattr__(self, "size_px", tuple(self.size_px))
        object.__setattr__(self, "widths", tuple(self.widths))
        for name, is_legal, words in (
            ("kind", self.kind in KINDS, f"one of {', '.join(KINDS)}"),
            (
                "channels",
                _is_whole(self.channels) and self.channels in (1, 3),
                "1 or 3",
            ),
            ("size_px", self._has_legal_size(), self._describe_sizes()),
            ("latent", _is_whole(self.latent, LATENT_LIMIT), f"1 to {LATENT_LIMIT}"),
            (
                "widths",
                self._has_legal_widths(),
                f"two whole numbers (dense: one to {DEPTH_LIMIT}) from 1 to "
                f"{WIDTH_LIMITS.get(self.kind)}",
            ),
        ):
            if not is_legal:
                raise ValueError(
                    f"{name} must be {words}. Received: {getattr(self, name)!r:.80}"
                )
        count = sum(math.prod(shape) for half in self.shapes() for shape in half)
        if count > PARAMETERS_LIMIT:
            raise ValueError(
                f"{count:,} weights, and at most {PARAMETERS_LIMIT:,} are legal: "
                f"choose smaller widths"
            )

    @property
    def values(self) -> int | None:
        """Returns the number of values in a picture; None for pictures of any size."""
        return math.prod(self.size_px) * self.channels if self.size_px else None

    @property
    def share(self) -> float:
        """Returns the number of latent values for each value of a picture."""
        return self.latent / (self.values or POOLED_PX**2 * self.channels)

    def grid(self, height_px: int, width_px: int) -> tuple[int, int]:
        """Returns the number of latent places, down and across."""
        if self.size_px:
            return 1, 1
        return -(-height_px // POOLED_PX), -(-width_px // POOLED_PX)

    def shapes(self) -> tuple[list[Shape], list[Shape]]:
        """Returns the shapes of the weights of encoder and decoder, in Keras' order."""
        if self.kind == "dense":
            widths = (self.values or 0, *self.widths, self.latent)
            return _dense(widths), _dense(widths[::-1])
        (first, second), channels = self.widths, self.channels
        halved = [*_conv(3, channels, first), *_conv(3, first, second)]
        # Transposed kernels have their output channels before their input channels.
        doubled: list[Shape] = [
            (4, 4, first, second), (first,), (4, 4, first, first), (first,),
        ]  # fmt: skip
        doubled += _conv(3, first, channels)
        if self.size_px:
            height, width = self.size_px
            pooled = height // POOLED_PX * (width // POOLED_PX) * second
            ends = _dense((pooled, self.latent)), _dense((self.latent, pooled))
            return [*halved, *ends[0]], [*ends[1], *doubled]
        deep = _conv(3, second, self.latent)
        block: Shape = (POOLED_PX, POOLED_PX, channels, self.latent)
        unfold = _conv(3, self.latent, second)
        return [*halved, *deep, block], [*unfold, *doubled, block]

    def to_record(self) -> dict[str, Any]:
        """Returns the settings as JSON values."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Architecture:
        """Reads the JSON values of an architecture.

        Raises:
          ValueError: a setting is missing, unknown or illegal.
        """
        try:
            return cls(**record)
        except TypeError as err:
            raise ValueError(f"not an architecture ({err})") from err

    def _has_legal_widths(self) -> bool:
        depths = range(1, DEPTH_LIMIT + 1) if self.kind == "dense" else (2,)
        most = WIDTH_LIMITS.get(self.kind, 0)
        return len(self.widths) in depths and all(
            _is_whole(w, most) for w in self.widths
        )

    def _has_legal_size(self) -> bool:
        if self.kind == "convolutional" or self.size_px is None:
            return self.kind == "convolutional" and self.size_px is None
        step = POOLED_PX if self.kind == "cnn" else 1
        return len(self.size_px) == 2 and all(
            _is_whole(side, SIDE_LIMIT_PX) and side % step == 0 for side in self.size_px
        )

    def _describe_sizes(self) -> str:
        if self.kind == "convolutional":
            return "null, for pictures of any size"
        step = f", multiples of {POOLED_PX}" if self.kind == "cnn" else ""
        return f"height and width from 1 to {SIDE_LIMIT_PX}{step}"


def _dense(widths: Sequence[int]) -> list[Shape]:
    pairs = itertools.pairwise(widths)
    return [shape for a, b in pairs for shape in ((a, b), (b,))]


def _conv(side: int, before: int, after: int) -> list[Shape]:
    return [(side, side, before, after), (after,)]


def _is_whole(value: object, most: int = 2**31) -> bool:
    return type(value) is int and 1 <= value <= most
