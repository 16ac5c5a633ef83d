"""Finds the trained pairs: the rows of `presets.json`, and presets in folders.

A released name or number never changes meaning. `comrec.train.release` adds rows. A
folder with a `preset.json` and the files that it names is a preset as well, wherever a
name is expected: a finished training run is such a folder. Sidecars name presets in
folders by name and hash; such a name is looked for in the folders that were named in
this process, and in those of the environment variable COMREC_PRESETS.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from comrec.errors import JpegError, UsageError
from comrec.networks.preset import LAST_NUMBER as LAST_NUMBER
from comrec.networks.preset import NAME, NO_NUMBER, from_record, to_record, with_hash
from comrec.networks.preset import Preset as Preset
from comrec.networks.preset import WeightFile as WeightFile
from comrec.system import files

T = TypeVar("T")
Folders = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]
PLAIN = "plain"
DEFAULT = "comrec-base-3"
TABLE = Path(__file__).with_name("presets.json")
ROW = "preset.json"  # of a preset that is a folder
ROWS = "preset*.json"  # that row, and rows of the folder from before, by their hash
VARIABLE = "COMREC_PRESETS"  # folders, separated as in PATH
RUN = "config.json"  # of a training run
AUTOENCODER = "model.npz"  # of a run that trained one
SHA256 = re.compile(r"[0-9a-f]{64}")
_ROWS_BYTES_MAX = 2**24  # of a table; the released one has 20 KB


def read(path: Path = TABLE) -> tuple[Preset, ...]:
    """Reads the rows of a table that `dump` wrote.

    Raises:
      UsageError: the file cannot be read, is no table, or two of its rows share a name
        or a number.
    """

    def rows(records: Any) -> tuple[Preset, ...]:
        found = tuple(map(from_record, records))
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
      The row, whose name is that in the file and the row's hash.

    Raises:
      UsageError: the folder is no preset, or its row is illegal.
    """
    if not os.path.lexists(folder / ROW):
        raise UsageError(_describe_lack(folder))
    return read_row(folder / ROW)


def read_row(path: Path) -> Preset:
    """Reads one row of a folder; see `read_folder`."""
    row = _read(path, "the row of a preset", "Export it again, or name another", _own)
    return with_hash(row, path.parent)


def _describe_lack(folder: Path) -> str:
    """Says why a folder without a row is no preset, and what to do."""
    if (folder / AUTOENCODER).exists():
        return (
            f"{folder}: a run that trained an autoencoder. Compress by `comrec "
            f"autoencoder compress`, with {AUTOENCODER} in it as the `model`"
        )
    if (folder / RUN).exists():
        return (
            f"{folder}: a training run that is not finished ({ROW} is missing). Go on "
            f"with it by `resume`, or export what it has learned so far: comrec train "
            f"export {folder}"
        )
    if inside := sorted(path.parent.name for path in folder.glob(f"*/{ROW}")):
        return f"{folder}: holds several presets. Name one: {', '.join(inside)}"
    return (
        f"{folder}: no preset ({ROW} is missing). Name the folder of a finished "
        f"training run, or one that was exported"
    )


def dump(rows: Iterable[Preset]) -> str:
    """Returns the JSON of a table."""
    return _json([to_record(row) for row in rows])


def dump_folder(row: Preset) -> str:
    """Returns the JSON of a `preset.json`, with the name that `read_folder` extends."""
    name = row.name.partition(".")[0]
    return _json(to_record(replace(row, name=name, number=NO_NUMBER)))


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


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
    row = from_record({"number": NO_NUMBER} | record)
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


_ROWS = read()
PRESETS: Mapping[str, Preset] = MappingProxyType({row.name: row for row in _ROWS})
_added: dict[str, Preset] = {}


def known() -> Mapping[str, Preset]:
    """Returns every preset that has a name here.

    These are the released ones, those in the folders of COMREC_PRESETS, and those
    added.
    """
    own, _ = _scan_variable(os.environ.get(VARIABLE, ""))
    return MappingProxyType({**PRESETS, **{row.name: row for row in own}, **_added})


def problems() -> tuple[str, ...]:
    """Returns the errors of illegal rows in the folders of COMREC_PRESETS."""
    return _scan_variable(os.environ.get(VARIABLE, ""))[1]


def added() -> tuple[Preset, ...]:
    """Returns the presets that were added, to add them in another process."""
    return tuple(_added.values())


def add(preset: Preset) -> Preset:
    """Makes a preset known by its name, in this process."""
    _added[preset.name] = preset
    return preset


def add_folders(folders: Folders | None) -> None:
    """Makes presets in folders known, in this process: sidecars that name them work.

    Args:
      folders: one or several, each a preset or a folder that presets lie in. The name
        of a preset that is known is legal too.

    Raises:
      UsageError: a folder is missing or holds no preset, or a row is illegal.
    """
    if folders is None:
        return
    if isinstance(folders, str | os.PathLike) or not isinstance(folders, Iterable):
        folders = [folders]
    for folder in folders:
        if not isinstance(folder, str | os.PathLike):
            raise UsageError(f"presets must be folders. Received: {folder!r}")
        if os.path.isdir(folder):
            rows = _list_rows(Path(folder))
            for path in rows or [Path(folder) / ROW]:
                add(read_folder(path.parent) if path.name == ROW else read_row(path))
        elif not find_named(folder):
            raise UsageError(
                f"{folder!s}: no such folder. Name that of a preset, or of several"
            )


def _list_rows(folder: Path) -> list[Path]:
    return [*sorted(folder.glob(ROWS)), *sorted(folder.glob(f"*/{ROWS}"))]


@lru_cache(maxsize=1)
def _scan_variable(value: str) -> tuple[tuple[Preset, ...], tuple[str, ...]]:
    """Returns the presets in the folders of COMREC_PRESETS, and errors of others."""
    found, refused = [], []
    for folder in filter(None, value.split(os.pathsep)):
        for path in _list_rows(Path(folder)):
            try:
                found.append(read_row(path))
            except UsageError as err:  # the other presets are of use without it
                refused.append(str(err))
    return tuple(found), tuple(refused)


def find_named(name: object) -> Preset | None:
    """Returns the preset of that name; a path never names one, as in a sidecar."""
    if not isinstance(name, str):
        return None
    if name in PRESETS:
        return PRESETS[name]
    if name not in known():
        _scan_variable.cache_clear()  # one may have come since
    return known().get(name)


def find(name: str | os.PathLike[str]) -> Preset:
    """Returns the preset of that name, or the preset that a folder is.

    A folder's preset is known by its own name from then on, in this process.

    Raises:
      UsageError: there is none; the message lists the presets that are known.
    """
    if isinstance(name, str) and name in PRESETS:
        return PRESETS[name]
    if isinstance(name, str | os.PathLike) and os.path.isdir(name):
        return add(read_folder(Path(name)))
    if found := find_named(name):
        return found
    if isinstance(name, os.PathLike) or (isinstance(name, str) and os.sep in name):
        raise UsageError(f"{name!s}: no such folder. Name that of a preset, or a name")
    raise UsageError(f"no preset is called {name!r}. Presets: {', '.join(known())}")
