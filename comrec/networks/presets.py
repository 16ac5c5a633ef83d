"""Describes the trained pairs: one frozen row each, in `presets.json` or in a folder.

A released name or number never changes meaning. `comrec.train.release` adds rows. A
folder with a `preset.json` and the files that it names is a preset as well, wherever a
name is expected.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from comrec.errors import JpegError, UsageError
from comrec.jpeg.settings import JpegSettings
from comrec.system import files
from comrec.system.checks import exact

T = TypeVar("T")
PLAIN = "plain"
DEFAULT = "comrec-base-3"
TABLE = Path(__file__).with_name("presets.json")
ROW = "preset.json"  # of a preset that is a folder
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")  # of a preset in a folder
SHA256 = re.compile(r"[0-9a-f]{64}")
LAST_NUMBER = 255  # a byte in binary sidecars
_ROWS_BYTES_MAX = 2**24  # of a table; the released one has 20 KB
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


def read(path: Path = TABLE) -> tuple[Preset, ...]:
    """Reads the rows of a table that `dump` wrote.

    Raises:
      UsageError: the file cannot be read, is no table, or two of its rows share a name
        or a number.
    """

    def rows(records: Any) -> tuple[Preset, ...]:
        found = tuple(map(_preset, records))
        names, numbers = {row.name for row in found}, {row.number for row in found}
        if not len(found) == len(names) == len(numbers):
            raise ValueError("two rows share a name or a number")
        return found

    return _read(
        path, "a table of presets", "Reinstall comrec, or name another table", rows
    )


def read_folder(folder: Path) -> Preset:
    """Reads the preset that a folder is: `preset.json`, one row without a number.

    Returns:
      The row, whose name is that in the file and the row's hash: pictures can never be
      restored by what another folder, or the same one at another time, has under the
      same name.

    Raises:
      UsageError: the row cannot be read, or is not the row of a preset.
    """
    path = folder / ROW
    row = _read(path, "the row of a preset", "Export it again, or name another", _own)
    place = folder.resolve()
    return replace(
        row,
        name=f"{row.name}.{row.hash}",
        weights=_in(place, row.weights),
        onnx=_in(place, row.onnx),
    )


def _in(folder: Path, files: Mapping[str, WeightFile]) -> dict[str, WeightFile]:
    return {network: replace(file, folder=folder) for network, file in files.items()}


def dump(rows: Iterable[Preset]) -> str:
    """Returns the JSON of a table."""
    return _json([_record(row) for row in rows])


def dump_folder(row: Preset) -> str:
    """Returns the JSON of a `preset.json`, with the name that `read_folder` extends."""
    name = row.name.partition(".")[0]
    return _json(_record(replace(row, name=name, number=NO_NUMBER)))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _record(row: Preset) -> dict[str, Any]:
    record = asdict(row)
    for kind in ("weights", "onnx"):
        for file in record[kind].values():
            del file["folder"]
    return record


def _read(path: Path, kind: str, advice: str, build: Callable[[Any], T]) -> T:
    try:
        return build(json.loads(files.read(path, _ROWS_BYTES_MAX, pipes=False)))
    except OSError as err:
        raise UsageError(f"{path}: cannot be read ({err.strerror}). {advice}") from err
    except (
        ValueError, KeyError, TypeError, AttributeError, RecursionError, JpegError,
    ) as err:  # fmt: skip
        raise UsageError(
            f"{path}: not {kind} ({type(err).__name__}: {err}). {advice}"
        ) from err


def _own(record: dict[str, Any]) -> Preset:
    """Returns the row of a folder, checked: it may be somebody else's."""
    row = _preset({"number": NO_NUMBER} | record)
    networks = row.onnx.keys()
    for holds, legal in (
        (row.number == NO_NUMBER, "number absent or 0"),
        (NAME.fullmatch(str(row.name)), "name of small letters, digits and hyphens"),
        (row.channels in (1, 3), "channels 1 or 3"),
        (row.scales and min(row.scales) >= 1, "scales from 1"),
        (type(row.multiple_px) is int and row.multiple_px >= 1, "multiple_px from 1"),
        ("reccnn" in networks, "an onnx file of reccnn"),
        (networks == row.sizes.keys() == row.reach_px.keys(),
         "sizes and reach_px of the networks of onnx"),
        (set(row.compact_scales) <= set(row.scales), "compact_scales among scales"),
        ("comcnn" in networks or not row.compact_scales, "a comcnn for compact_scales"),
        (row.guide is None or row.guide in PRESETS, "a released preset as guide"),
        (all(map(_is_plain, (*row.weights.values(), *row.onnx.values()))),
         "files named without a folder, with their sha256"),
    ):  # fmt: skip
        if not holds:
            raise ValueError(f"expected: {legal}")
    return row


def _is_plain(file: WeightFile) -> bool:
    name = str(file.name)
    is_inside = name == os.path.basename(name) and name not in ("", ".", "..")
    return is_inside and "\0" not in name and bool(SHA256.fullmatch(str(file.sha256)))


def _decoding_hash(row: Preset) -> str:
    """Returns 8 hex digits of a SHA-256 over everything that decoding depends on."""
    record = _record(row)
    names = ("channels", "scales", "onnx", "sizes", "reach_px", "family", "multiple_px")
    used = json.dumps({name: record[name] for name in names}, sort_keys=True)
    return hashlib.sha256(used.encode()).hexdigest()[:8]


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
_added: dict[str, Preset] = {}


def known() -> Mapping[str, Preset]:
    """Returns every preset that has a name here: the released ones and those added."""
    return MappingProxyType({**PRESETS, **_added})


def added() -> tuple[Preset, ...]:
    """Returns the presets that were added, to add them in another process."""
    return tuple(_added.values())


def add(preset: Preset) -> Preset:
    """Makes a preset known by its name, in this process."""
    _added[preset.name] = preset
    return preset


def find(name: str | os.PathLike[str]) -> Preset:
    """Returns the preset of that name, or the preset that a folder is.

    A folder's preset is known by its own name from then on, in this process.

    Raises:
      UsageError: there is none; the message lists the presets that are known.
    """
    presets = known()
    if isinstance(name, str) and name in PRESETS:
        return PRESETS[name]
    if isinstance(name, str | os.PathLike) and os.path.isdir(name):
        return add(read_folder(Path(name)))
    if isinstance(name, str) and name in presets:
        return presets[name]
    raise UsageError(f"no preset is called {name!r}. Presets: {', '.join(presets)}")
