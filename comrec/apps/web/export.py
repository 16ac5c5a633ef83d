"""Implements `comrec export`: networks of a preset for web pages or as ONNX files."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from comrec.apps.web import drift, network
from comrec.errors import OutputError, UsageError
from comrec.networks import weights
from comrec.networks.presets import Preset
from comrec.system import files
from comrec.system.checks import parse_json

INDEX = "networks.json"
INDEX_FORMAT = 1
INDEX_BYTES_MAX = 2**20
MAX_LEVELS, MAX_LOST_DB = 0.5, 0.02  # limits of the drift of fewer bits
Row = dict[str, object]


def web(preset: Preset, folder: Path, bits: int | None) -> Row:
    """Writes the network file of a preset, and names it in the folder's index.

    Args:
      preset: of the comrec family, with one width.
      folder: created if it is missing.
      bits: of a weight, 8, 16 or 32; None for the fewest within the limits of drift.

    Returns:
      A row for JSON and for people, with the measured drift.

    Raises:
      UsageError: browsers do not run the preset.
      OutputError: another file has the name, or a file cannot be written.
    """
    network.check(preset)
    yardstick = drift.Yardstick(preset)
    for chosen in (bits,) if bits else network.KINDS:
        data = network.dump(preset, chosen)
        found = yardstick.measure(data)
        if found.worst_levels < MAX_LEVELS and found.lost_db <= MAX_LOST_DB:
            break
    path = put(preset, folder, chosen, data)
    return {
        "preset": preset.name, "output": str(path), "bytes": len(data), "bits": chosen,
        "worst_levels": round(found.worst_levels, 4),
        "lost_db": round(found.lost_db, 5),
    }  # fmt: skip


def put(preset: Preset, folder: Path, bits: int, data: bytes) -> Path:
    """Writes a network file, and then the index that names it."""
    name = network.make_file_name(preset, bits)
    rows = [row for row in read_index(folder) if row.get("preset") != preset.name]
    _write_all(folder, {name: data})
    files.write(folder / INDEX, make_index([*rows, make_entry(preset, name, data)]))
    return folder / name


def make_entry(preset: Preset, name: str, data: bytes) -> Row:
    """Returns the entry of a network file in the index."""
    return {
        "preset": preset.name, "number": preset.number, "file": name,
        "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
        "licence": preset.licence,
    }  # fmt: skip


def make_index(rows: Iterable[Row]) -> bytes:
    """Returns the index of entries, in the order of their numbers."""
    ordered = sorted(rows, key=lambda row: int(str(row["number"])))
    record = {"format": INDEX_FORMAT, "networks": ordered}
    return (json.dumps(record, indent=1) + "\n").encode()


def read_index(folder: Path) -> list[Row]:
    """Reads the entries of a folder's index; a missing index has none.

    Raises:
      OutputError: the file is no index, or cannot be read.
    """
    path = folder / INDEX
    try:
        record = parse_json(files.read(path, INDEX_BYTES_MAX, pipes=False))
        rows = record["networks"]
        if record["format"] != INDEX_FORMAT or not all(
            isinstance(row["preset"], str) and isinstance(row["number"], int)
            for row in rows
        ):
            raise ValueError("another format")
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as err:
        reason = err.strerror if isinstance(err, OSError) else "not one of comrec's"
        raise OutputError(
            f"{path}: not a list of networks ({reason}). Move it away, or name another "
            f"folder"
        ) from err
    return rows


def onnx(preset: Preset, folder: Path) -> Row:
    """Copies the verified ONNX files of a preset, with a record of the preset.

    Returns:
      A row for JSON and for people.

    Raises:
      UsageError: the preset has no networks.
      OutputError: another file has a name, or a file cannot be written.
    """
    if not preset.onnx:
        raise UsageError(f"{preset.name}: has no networks. Name another preset")
    record = {
        "preset": preset.name, "number": preset.number, "hashes": preset.hash,
        "family": preset.family, "channels": preset.channels,
        "scales": list(preset.scales), "multiple_px": preset.multiple_px,
        "reach_px": dict(preset.reach_px), "licence": preset.licence,
        "onnx": {
            name: {"file": file.name, "sha256": file.sha256}
            for name, file in preset.onnx.items()
        },
    }  # fmt: skip
    text = json.dumps(record, indent=1, ensure_ascii=False) + "\n"
    contents = {file.name: weights.read(file) for file in preset.onnx.values()}
    contents[f"{preset.name}.json"] = text.encode()
    _write_all(folder, contents)
    return {
        "preset": preset.name,
        "output": [str(folder / name) for name in contents],
        "bytes": sum(map(len, contents.values())),
    }


def _write_all(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Writes missing files, all of them or none.

    Names contain hashes, so that an existing file of other content is not comrec's.
    """
    missing = {}
    for name, data in contents.items():
        path = folder / name
        if not os.path.lexists(path):
            missing[path] = data
        elif not _holds(path, data):
            raise OutputError(
                f"{path}: exists, and is another file. Move it away, or name another "
                f"folder"
            )
    done: list[Path] = []
    try:
        for path, data in missing.items():
            files.write(path, data, replace=False)
            done.append(path)
    except BaseException:
        for path in done:
            with contextlib.suppress(OSError):
                path.unlink()
        raise


def _holds(path: Path, data: bytes) -> bool:
    try:
        return files.read(path, len(data), pipes=False) == data
    except OSError:  # a folder, a device, or a longer file
        return False


def describe(row: Row) -> str:
    """Returns the text of `export` for a row."""
    if "bits" not in row:
        lines = [f"{row['preset']}: {row['bytes']:,} bytes"]
        return "\n  ".join([*lines, *map(str, row["output"])])  # type: ignore[call-overload]
    return (
        f"{row['preset']} → {row['output']}: {row['bytes']:,} bytes\n"
        f"  {row['bits']} bits a weight; against float32, on synthetic pictures: "
        f"{row['worst_levels']:.2f} grey levels at worst, {row['lost_db']:.4f} dB lost"
    )
