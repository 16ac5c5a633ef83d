"""Describes one trained pair: its row, as a dataclass and as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from comrec.jpeg.settings import JpegSettings
from comrec.system.checks import exact

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # of a preset in a folder
IN_FOLDER = re.compile(rf"{NAME.pattern}\.[0-9a-f]{{8}}")  # with the hash of its row
LAST_NUMBER = 255  # a byte in binary sidecars
NO_NUMBER = 0  # of presets in folders, which binary sidecars name in full


@dataclass(frozen=True)
class WeightFile:
    """Names a file with weights and the SHA-256 that it must have.

    Attributes:
      name: of the file.
      sha256: of its content, 64 hex digits.
      folder: where the file is; None for the files that comrec ships.
    """

    name: str
    sha256: str
    folder: Path | None = None


@dataclass(frozen=True)
class Preset:
    """Holds a trained pair and everything that both directions need to know of it.

    Attributes:
      name: in sidecars and on the command line.
      number: in binary sidecars, 1 to 255; 0 for a preset in a folder.
      summary: one line for people.
      channels: of both networks. 1: luma goes through the networks and chroma through
        fixed resampling.
      scales: legal linear size ratios image : compact.
      compact_quality: JPEG quality that the pair was trained at; None for a pair that
        was trained at all qualities.
      jpeg: how the compact image is written.
      jpeg_visual: the same for the tune "visual"; None where `jpeg` serves both.
      guide: name of a lighter preset, through whose RecCNN the encoder may choose
        coefficients in place of its own; None for none.
      weights: master `.weights.h5` of each network.
      onnx: export of each network, float32, named after the hash of the master.
      licence: terms of the weights.
      training: the file with the configuration of the training.
      sizes: arguments of the builder of each network in `comrec.networks.models`.
      reach_px: how far each network looks to each side, in pixels of its input.
      family: key in `comrec.networks.families.FAMILIES`.
      multiple_px: sides of what goes into the networks are multiples of this number.
      compact_scales: scales at which ComCNN is used; at others the image is reduced
        without a network.
    """

    name: str
    number: int
    summary: str
    channels: int
    scales: tuple[float, ...]
    compact_quality: int | None
    jpeg: JpegSettings
    weights: Mapping[str, WeightFile]
    onnx: Mapping[str, WeightFile]
    licence: str
    training: str
    sizes: Mapping[str, Mapping[str, Any]]
    reach_px: Mapping[str, int]
    family: str = "jiang2017"
    multiple_px: int = 1
    compact_scales: tuple[float, ...] = ()
    jpeg_visual: JpegSettings | None = None
    guide: str | None = None

    def __post_init__(self) -> None:
        for name in ("scales", "compact_scales"):
            object.__setattr__(self, name, tuple(map(exact, getattr(self, name))))

    @property
    def has_networks(self) -> bool:
        """Whether the preset restores more than a plain JPEG decoder does."""
        return bool(self.weights or self.onnx)

    @property
    def hash(self) -> str:
        """First 8 hex digits of the SHA-256 of the masters, in the order of the row.

        Of everything that decoding depends on, for a preset in a folder.
        """
        if self.number == NO_NUMBER:
            return _decoding_hash(self)
        return "-".join(file.sha256[:8] for file in self.weights.values())

    def row(self) -> dict[str, object]:
        """Returns the row as JSON values, for people and programs."""
        return {
            "preset": self.name,
            "summary": self.summary,
            "channels": self.channels,
            "scales": list(self.scales),
            "jpeg": vars(self.jpeg),
            "weights": {n: f"{f.name} {f.sha256}" for n, f in self.weights.items()},
            "onnx": {n: f"{f.name} {f.sha256}" for n, f in self.onnx.items()},
            "licence": self.licence,
            "training": self.training,
        }


def with_hash(row: Preset, folder: Path) -> Preset:
    """Returns the row of a folder as it is known: under its name and its hash.

    Pictures can never be restored by what another folder, or the same one at another
    time, has under the same name.
    """
    place = folder.resolve()
    return replace(
        row,
        name=f"{row.name}.{row.hash}",
        weights=_in(place, row.weights),
        onnx=_in(place, row.onnx),
    )


def _in(folder: Path, files: Mapping[str, WeightFile]) -> dict[str, WeightFile]:
    return {network: replace(file, folder=folder) for network, file in files.items()}


def to_record(row: Preset) -> dict[str, Any]:
    """Returns the JSON values of a row, which `from_record` takes."""
    record = asdict(row)
    for kind in ("weights", "onnx"):
        for file in record[kind].values():
            del file["folder"]
    return record


def from_record(record: dict[str, Any]) -> Preset:
    """Builds a row from the JSON values that `to_record` returned.

    Raises:
      KeyError, TypeError, ValueError, AttributeError, JpegError: the values are those
        of no row.
    """
    files = {
        kind: {network: WeightFile(**file) for network, file in record[kind].items()}
        for kind in ("weights", "onnx")
    }
    visual = record["jpeg_visual"]
    sizes = {network: _frozen(size) for network, size in record["sizes"].items()}
    changed = {
        "scales": tuple(record["scales"]),
        "compact_scales": tuple(record["compact_scales"]),
        "jpeg": _settings(record["jpeg"]),
        "jpeg_visual": visual and _settings(visual),
        "sizes": sizes,
    }
    return Preset(**record | files | changed)


def _settings(record: dict[str, Any]) -> JpegSettings:
    tables = record["tables"]
    if not isinstance(tables, str):
        tables = tuple(tuple(table) for table in tables)
    return JpegSettings(**record | {"tables": tables})


def _frozen(size: Mapping[str, Any]) -> Mapping[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in size.items()}


def _decoding_hash(row: Preset) -> str:
    """Returns 8 hex digits of a SHA-256 over everything that decoding depends on."""
    record = to_record(row)
    names = ("channels", "scales", "onnx", "sizes", "reach_px", "family", "multiple_px")
    used = json.dumps({name: record[name] for name in names}, sort_keys=True)
    return hashlib.sha256(used.encode()).hexdigest()[:8]
