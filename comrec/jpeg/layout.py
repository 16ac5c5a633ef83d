"""Describes where the blocks of a JPEG's components lie.

ITU-T T.81, A.1 and A.2. An interleaved scan codes minimum coded units (MCUs); where the
picture ends inside of one, blocks are added that no decoder shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from comrec.errors import JpegError
from comrec.jpeg.settings import SUBSAMPLINGS

MAX_SIDE_PX = 65_500  # libjpeg's own limit, just under the frame header's 16 bits


@dataclass(frozen=True)
class Component:
    """Describes one component of a picture.

    Attributes:
      height, width: in samples, without what fills up the last blocks.
      factor: blocks of one MCU along each axis, 1 or 2.
      mcu_rows, mcu_columns: MCUs of the picture.
    """

    height: int
    width: int
    factor: int
    mcu_rows: int
    mcu_columns: int

    @property
    def rows(self) -> int:
        """Rows of blocks that hold samples."""
        return -(-self.height // 8)

    @property
    def columns(self) -> int:
        """Columns of blocks that hold samples."""
        return -(-self.width // 8)

    @cached_property
    def order(self) -> np.ndarray:
        """Indices of blocks in the order in which an interleaved scan codes them.

        Returns:
          int64 (mcu_rows · mcu_columns · factor²,): of a block that holds samples,
          its index by rows; of an added block, -1.
        """
        rows, columns = self.mcu_rows * self.factor, self.mcu_columns * self.factor
        index = np.full((rows, columns), -1)
        index[: self.rows, : self.columns] = np.arange(
            self.rows * self.columns
        ).reshape(self.rows, self.columns)
        units = (self.mcu_rows, self.factor, self.mcu_columns, self.factor)
        return index.reshape(units).transpose(0, 2, 1, 3).ravel()


@dataclass(frozen=True)
class Layout:
    """Holds the components of a picture.

    Attributes:
      height_px, width_px: of the picture.
      channels: 1 for grey, 3 for colour (Y, Cb, Cr).
      subsampling: of the chroma, "4:2:0" or "4:4:4"; of no effect on grey.
    """

    height_px: int
    width_px: int
    channels: int
    subsampling: str = "4:2:0"

    def __post_init__(self) -> None:
        if self.subsampling not in SUBSAMPLINGS:
            raise JpegError(
                f"JPEG subsampling must be one of {', '.join(SUBSAMPLINGS)}. "
                f"Received: {self.subsampling!r}"
            )
        if self.channels not in (1, 3):
            raise JpegError(f"a JPEG has 1 or 3 channels. Received: {self.channels}")
        if not 1 <= min(self.shape) <= max(self.shape) <= MAX_SIDE_PX:
            raise JpegError(
                f"a JPEG has sides of 1 to {MAX_SIDE_PX} pixels. "
                f"Received: {self.width_px}x{self.height_px}"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """(height_px, width_px)."""
        return self.height_px, self.width_px

    @property
    def halves_chroma(self) -> bool:
        """True where chroma planes have half the width and height."""
        return self.channels == 3 and self.subsampling == "4:2:0"

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """Y alone, or Y, Cb and Cr."""
        factor = 2 if self.halves_chroma else 1
        units = -(-self.height_px // (8 * factor)), -(-self.width_px // (8 * factor))
        height, width = (-(-side // factor) for side in self.shape)
        luma = Component(self.height_px, self.width_px, factor, *units)
        chroma = Component(height, width, 1, *units)
        return (luma, chroma, chroma)[: self.channels]


def layout_of(pixels: np.ndarray, subsampling: str = "4:2:0") -> Layout:
    """Returns the layout for uint8 pixels (h, w, 1) or (h, w, 3).

    Raises:
      JpegError: the array is no such picture, or the subsampling is unknown.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        raise JpegError(
            "a JPEG holds uint8 (h, w, 1) or (h, w, 3). "
            f"Received: {pixels.dtype} {pixels.shape}"
        )
    height, width, channels = pixels.shape
    return Layout(height, width, channels, subsampling)
