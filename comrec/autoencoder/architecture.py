"""What an autoencoder is: its kind, what it takes, and how many values it keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

KINDS = ("dense", "cnn", "convolutional")
SIDE_LIMIT_PX, WIDTH_LIMIT, LATENT_LIMIT = 256, 4096, 4096
POOLED_PX = 4  # cnn and convolutional halve both sides twice


@dataclass(frozen=True)
class Architecture:
    """Everything that the builder of a network has to know.

    Attributes:
      kind: "dense", "cnn" (a dense latent) or "convolutional" (maps of latent values,
        for pictures of any size).
      channels: 1, grey, or 3, RGB.
      size_px: (H, W) that it takes; None of a convolutional one, which takes any.
      latent: values kept, of a convolutional one for every 4x4 pixels.
      widths: of the hidden layers of the encoder; the decoder mirrors them.

    Raises:
      ValueError: no such network can be built.
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
            ("channels", _whole(self.channels) and self.channels in (1, 3), "1 or 3"),
            ("size_px", self._fits(), self._legal_size()),
            ("latent", _whole(self.latent, LATENT_LIMIT), f"1 to {LATENT_LIMIT}"),
            (
                "widths",
                (len(self.widths) == 2 or (self.kind == "dense" and self.widths))
                and all(_whole(width, WIDTH_LIMIT) for width in self.widths),
                f"two whole numbers (dense: one or more) from 1 to {WIDTH_LIMIT}",
            ),
        ):
            if not is_legal:
                raise ValueError(
                    f"{name} must be {words}. Received: {getattr(self, name)!r}"
                )

    @property
    def values(self) -> int | None:
        """Numbers in one picture; None where pictures are of any size."""
        return math.prod(self.size_px) * self.channels if self.size_px else None

    @property
    def share(self) -> float:
        """Latent values for each value of a picture: the ratio that people quote."""
        return self.latent / (self.values or POOLED_PX**2 * self.channels)

    def grid(self, height_px: int, width_px: int) -> tuple[int, int]:
        """How many places of latent values there are, down and across."""
        if self.size_px:
            return 1, 1
        return -(-height_px // POOLED_PX), -(-width_px // POOLED_PX)

    def record(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Architecture:
        """The inverse of `record`. Raises ValueError for anything else."""
        try:
            return cls(**record)
        except TypeError as err:
            raise ValueError(f"not an architecture ({err})") from err

    def _fits(self) -> bool:
        if self.kind == "convolutional" or self.size_px is None:
            return self.kind == "convolutional" and self.size_px is None
        step = POOLED_PX if self.kind == "cnn" else 1
        return len(self.size_px) == 2 and all(
            _whole(side, SIDE_LIMIT_PX) and side % step == 0 for side in self.size_px
        )

    def _legal_size(self) -> str:
        if self.kind == "convolutional":
            return "null: any size goes through"
        step = f", multiples of {POOLED_PX}" if self.kind == "cnn" else ""
        return f"height and width from 1 to {SIDE_LIMIT_PX}{step}"


def _whole(value: object, most: int = 2**31) -> bool:
    return type(value) is int and 1 <= value <= most
