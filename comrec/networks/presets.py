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
from comrec.image.resample import exact
from comrec.jpeg.settings import JpegSettings

PLAIN = "plain"
FAMILIES = ("jiang2017", "comrec")
DEFAULT = "comrec-base-3"
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
      compact_quality: JPEG quality the pair was trained at; None where it was all.
      jpeg: how the compact image is written.
      jpeg_visual: the same for `--tune visual`; None where there is no other way.
      weights: master `.weights.h5` of each network.
      onnx: its export, float32, named after the master's hash.
      licence: terms of the weights.
      training: the file that has the config they were trained with.
      sizes: what the builder of each network in `comrec.networks.models` is told.
      reach_px: how far each network looks to each side, in pixels of its input.
      family: "jiang2017", whose ComCNN makes the compact image and whose RecCNN sees
        the enlarged one alone; or "comrec", whose ComCNN changes the image before it
        is reduced, at `compact_scales`, and whose RecCNN is told the `condition` too.
      multiple_px: sides of what goes into the networks are multiples of it.
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

    def __post_init__(self) -> None:
        if self.family not in FAMILIES:
            raise ValueError(f"no family is called {self.family!r}")
        for name in ("scales", "compact_scales"):
            object.__setattr__(self, name, tuple(map(exact, getattr(self, name))))

    @property
    def hash(self) -> str:
        """First 8 hex digits of the SHA-256 of the masters, in the order of the row."""
        return "-".join(file.sha256[:8] for file in self.weights.values())

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
