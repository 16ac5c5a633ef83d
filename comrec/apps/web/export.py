"""`comrec export`: the networks of a preset, for web pages or as ONNX files."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from comrec.apps.web import drift, network
from comrec.errors import OutputError, UsageError
from comrec.networks import weights
from comrec.networks.presets import Preset
from comrec.system import files

INDEX = "networks.json"
INDEX_FORMAT = 1
INDEX_BYTES_MAX = 2**20
WORST_LEVELS, LOST_DB = 0.5, 0.02  # that fewer bits may cost
Row = dict[str, object]


def web(preset: Preset, folder: Path, bits: int | None) -> Row:
    """Writes the network file of a preset, and names it in the folder's index.

    Args:
      preset: of the comrec family, with one width.
      folder: made where it is missing.
      bits: of a weight, 8, 16 or 32; None for the fewest that cost next to nothing.

    Returns:
      A row for --json and for people, with what was measured.

    Raises:
      UsageError: the preset is another.
      OutputError: another file stands there, or nothing can be written.
    """
    network.check(preset)
    yardstick = drift.Yardstick(preset)
    for tried in (bits,) if bits else network.KINDS:
        data = network.dump(preset, tried)
        found = yardstick.measure(data)
        if found.worst_levels < WORST_LEVELS and found.lost_db <= LOST_DB:
            break
    path = put(preset, folder, tried, data)
    return {
        "preset": preset.name, "output": str(path), "bytes": len(data), "bits": tried,
        "worst_levels": round(found.worst_levels, 4),
        "lost_db": round(found.lost_db, 5),
    }  # fmt: skip


def put(preset: Preset, folder: Path, bits: int, data: bytes) -> Path:
    """Writes a network file, and then the index that names it."""
    name = network.file_name(preset, bits)
    rows = [row for row in index(folder) if row.get("preset") != preset.name]
    _write_all(folder, {name: data})
    files.write(folder / INDEX, index_text([*rows, entry(preset, name, data)]))
    return folder / name


def entry(preset: Preset, name: str, data: bytes) -> Row:
    """What the index says of a network file."""
    return {
        "preset": preset.name, "number": preset.number, "file": name,
        "bytes": len(data),
    }  # fmt: skip


def index_text(rows: Iterable[Row]) -> bytes:
    """The index of these entries."""
    ordered = sorted(rows, key=lambda row: int(str(row["number"])))
    record = {"format": INDEX_FORMAT, "networks": ordered}
    return (json.dumps(record, indent=1) + "\n").encode()


def index(folder: Path) -> list[Row]:
    """What the index of a folder names; nothing where there is none.

    Raises:
      OutputError: what stands there is no such index.
    """
    path = folder / INDEX
    try:
        record = json.loads(files.read(path, INDEX_BYTES_MAX, pipes=False))
        rows = record["networks"]
        if record["format"] != INDEX_FORMAT or not all(
            isinstance(row["preset"], str) and isinstance(row["number"], int)
            for row in rows
        ):
            raise ValueError("of another format")
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
    """Copies the verified ONNX files of a preset, with a record of what they are.

    Returns:
      A row for --json and for people.

    Raises:
      UsageError: the preset has no networks.
      OutputError: another file stands there, or nothing can be written.
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
    """Writes files, all of them or none; what is there already is left as it is.

    A name says what is in a file, so one of other content is not comrec's to replace.
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
            files.write(path, data)
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


def told(row: Row) -> str:
    """What `export` says."""
    if "bits" not in row:
        lines = [f"{row['preset']}: {row['bytes']:,} bytes"]
        return "\n  ".join([*lines, *map(str, row["output"])])  # type: ignore[call-overload]
    return (
        f"{row['preset']} → {row['output']}: {row['bytes']:,} bytes\n"
        f"  {row['bits']} bits a weight; against float32, on pictures made for it: "
        f"{row['worst_levels']:.2f} grey levels at worst, {row['lost_db']:.4f} dB lost"
    )
