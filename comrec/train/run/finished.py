"""Defines the trained networks that a release is made from."""

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
    """Describes trained networks and the run that they come from.

    Attributes:
      folder: of the run.
      config: of the run; `dump()` gives its JSON.
      rows: the whole log of the run.
      weights_note: a sentence for the card that names the weights in the run.
      table_note: a sentence for the card that explains its table.
    """

    folder: Path
    config: Any
    rows: tuple[Row, ...]
    weights_note: str
    table_note: str

    @abstractmethod
    def load_models(self) -> tuple[keras.Model, ...]:
        """Loads the networks in float32, ComCNN first, named as presets name them."""

    @abstractmethod
    def derive_preset(self) -> dict[str, Any]:
        """Returns the settings of a `Preset` that follow from the config."""

    @abstractmethod
    def describe(self, parameters: Mapping[str, int]) -> str:
        """Returns a paragraph for the card.

        Args:
          parameters: trainable parameters of each network.
        """

    @abstractmethod
    def tabulate_validation(self) -> Table:
        """Returns the measurements that were made during the training."""
