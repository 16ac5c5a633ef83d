"""One frozen row per trained pair, in `presets.json`.

A released name or number never changes meaning. `comrec.train.release` adds rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from comrec.errors import JpegError, UsageError
from comrec.jpeg import JpegSettings

PLAIN = "plain"
DEFAULT = "jiang2017-gray-q50-2"
TABLE = Path(__file__).with_name("presets.json")
LAST_NUMBER = 255  # a byte in binary sidecars


@dataclass(frozen=True)
class WeightFile:
    """A file of `pretrained/` and the SHA-256 it must have."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Preset:
    """A trained pair and everything that coding with it needs to agree on.

    Attributes:
      name: what sidecars and the command line call it.
      number: what binary sidecars call it, 1 to 255.
      summary: one line for people.
      channels: of both networks. 1: luma goes through them and chroma through
        fixed resampling.
      scales: linear size ratios image : compact that the pair can do.
      compact_quality: JPEG quality the pair was trained at.
      jpeg: how the compact image is written.
      weights: master `.weights.h5` of each network.
      onnx: its export, float32, named after the master's hash.
      licence: terms of the weights.
      training: the file that has the config they were trained with.
      width: feature maps in the hidden layers of both networks.
      depth: convolutions of RecCNN.
    """

    name: str
    number: int
    summary: str
    channels: int
    scales: tuple[int, ...]
    compact_quality: int
    jpeg: JpegSettings
    weights: Mapping[str, WeightFile]
    onnx: Mapping[str, WeightFile]
    licence: str
    training: str
    width: int = 64
    depth: int = 20

    @property
    def hash(self) -> str:
        """First 8 hex digits of the SHA-256 of both masters, ComCNN then RecCNN."""
        return "-".join(file.sha256[:8] for file in self.weights.values())

    @property
    def reach_px(self) -> Mapping[str, int]:
        """How far a network looks to each side, in pixels of its input."""
        return {"comcnn": 4, "reccnn": self.depth}  # kernels are 3x3, one is strided

    def size(self, network: str) -> tuple[int, ...]:
        """What the builder of a network in `comrec.models` is told."""
        size = (self.channels, self.width, self.depth)
        return size if network == "reccnn" else size[:2]

    def row(self) -> dict[str, object]:
        """The same as JSON values, for people and programs."""
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


def read(path: Path = TABLE) -> tuple[Preset, ...]:
    """The rows of a table that `dump` wrote.

    Raises:
      UsageError: it cannot be read, is something else, or two of its rows share a
        name or a number.
    """
    try:
        rows = tuple(_preset(record) for record in json.loads(path.read_bytes()))
        if (
            not len(rows)
            == len({r.name for r in rows})
            == len({r.number for r in rows})
        ):
            raise ValueError("two rows share a name or a number")
    except OSError as err:
        raise UsageError(
            f"{path}: cannot be read ({err.strerror}). Reinstall comrec, or name "
            f"another table"
        ) from err
    except (ValueError, KeyError, TypeError, AttributeError, JpegError) as err:
        raise UsageError(
            f"{path}: not a table of presets ({type(err).__name__}: {err}). Reinstall "
            f"comrec, or name another table"
        ) from err
    return rows


def dump(rows: Iterable[Preset]) -> str:
    """The JSON of a table."""
    return (
        json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False) + "\n"
    )


def _preset(record: dict[str, Any]) -> Preset:
    tables = record["jpeg"]["tables"]
    if not isinstance(tables, str):
        tables = tuple(tuple(table) for table in tables)
    files = {
        kind: {network: WeightFile(**file) for network, file in record[kind].items()}
        for kind in ("weights", "onnx")
    }
    settings = JpegSettings(**record["jpeg"] | {"tables": tables})
    scales = tuple(record["scales"])
    return Preset(**record | files | {"jpeg": settings, "scales": scales})


_ROWS = read()
PRESETS: Mapping[str, Preset] = MappingProxyType({row.name: row for row in _ROWS})


def find(name: str) -> Preset:
    """The preset of that name.

    Raises:
      UsageError: there is none; the message lists those there are.
    """
    if name not in PRESETS:
        raise UsageError(f"no preset is called {name!r}. Presets: {', '.join(PRESETS)}")
    return PRESETS[name]
