"""Collects the script and networks of a gallery, and counts all bytes it serves."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from importlib import resources
from typing import Any

from comrec.apps.web import export, network
from comrec.errors import OutputError, UsageError
from comrec.networks import presets

BITS = 16  # of a weight: what `export.web` chooses for every released pair
SCRIPT = "comrec"  # folder in the gallery
LICENCES = "LICENCES.txt"  # not loaded by any page
GALLERY_SCRIPT, DROP_SCRIPT = "gallery.js", "drop.js"  # of one kind of page each
Row = dict[str, Any]


def make_networks(names: set[str]) -> tuple[dict[str, bytes], list[str]]:
    """Returns the network files of presets and their index, by name; and notes."""
    contents, entries, notes = {}, [], []
    for name in sorted(names - {presets.PLAIN}):
        preset = presets.find(name)
        try:
            data = network.dump(preset, BITS)
        except UsageError:
            notes.append(f"browsers do not run {name}: its pictures are not restored")
            continue
        file = network.make_file_name(preset, BITS)
        contents[f"{SCRIPT}/{file}"] = data
        entries.append(export.make_entry(preset, file, data))
    contents[f"{SCRIPT}/{export.INDEX}"] = export.make_index(entries)
    return contents, notes


def read_script() -> dict[str, bytes]:
    """Reads the built script and its runtime, which all pages load, by name.

    Raises:
      OutputError: the script is not installed.
    """
    folder = resources.files("comrec.apps.web") / "dist"
    try:
        found = {
            f"{SCRIPT}/{f.name}": f.read_bytes()
            for f in folder.iterdir()
            if f.name not in (GALLERY_SCRIPT, DROP_SCRIPT)
        }
    except OSError:
        found = {}
    if f"{SCRIPT}/comrec-img.js" not in found:
        raise OutputError(f"{folder}: the script is missing. Reinstall comrec")
    return found


def count_bytes(rows: list[Row], served: dict[str, bytes]) -> Row:
    """Returns bytes of pictures, script and networks, and of files for comparison."""
    compared = [row for row in rows if row.get("input_bytes")]
    judged = [row for row in rows if row.get("plain_bytes")]
    found: Row = {
        "pictures": len(rows),
        "pictures_bytes": sum(row["bytes"] for row in rows),
        "compared_bytes": sum(row["bytes"] for row in compared),
        "input_bytes": sum(row["input_bytes"] for row in compared),
        "judged_bytes": sum(row["bytes"] for row in judged),
        "plain_bytes": sum(row["plain_bytes"] for row in judged),
        "page_bytes": 0, "page_gzip_bytes": 0,
    }  # fmt: skip
    parts: dict[str, Callable[[str], bool]] = {
        "network": lambda name: name.endswith(".bin"),
        "script": lambda name: not name.endswith((".bin", LICENCES)),
    }
    for part, belongs in parts.items():
        contents = [data for name, data in served.items() if belongs(name)]
        found[f"{part}_bytes"] = sum(map(len, contents))
        found[f"{part}_gzip_bytes"] = sum(map(count_gzip_bytes, contents))
    return found


def count_gzip_bytes(data: bytes) -> int:
    """Returns the number of bytes after gzip."""
    return len(gzip.compress(data, 6, mtime=0))  # the level of most hosts
