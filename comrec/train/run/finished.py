"""Describes trained networks, so that a release can be made of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import keras

from comrec.train.run.log import Row

PAPER = (
    "[An End-to-End Compression Framework Based on Convolutional Neural Networks]"
    "(https://arxiv.org/abs/1708.00838)"
)
PICTURES = {
    1: "for grey pictures. Colour pictures use it on luma; chroma is reduced and "
    "enlarged by bicubic resampling.",
    3: "for colour pictures; grey ones go through it as three equal channels.",
}
Table = tuple[Iterable[str], list[Iterable[str]]]  # head, lines


class TrainedPair(ABC):
    """Trained networks and where they come from.

    Attributes:
      folder: of the run.
      config: of the run; `dump()` gives its JSON.
      rows: the whole log of the run.
      which: a sentence for the card: which weights of the run these are.
      bold: a sentence on what the card's table shows.
    """

    folder: Path
    config: Any
    rows: tuple[Row, ...]
    which: str
    bold: str

    @abstractmethod
    def models(self) -> tuple[keras.Model, ...]:
        """The networks in float32, ComCNN first, named as presets name them."""

    @abstractmethod
    def row(self) -> dict[str, Any]:
        """The settings of a `Preset` that follow from the config."""

    @abstractmethod
    def what(self, parameters: Mapping[str, int]) -> str:
        """A paragraph for the card; of each network its trainable parameters."""

    @abstractmethod
    def validation(self) -> Table:
        """What was measured while it was trained."""
