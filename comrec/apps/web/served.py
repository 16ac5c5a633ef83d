"""What a page of `comrec web` loads beside its pictures, and what it all takes."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from importlib import resources
from typing import Any

from comrec.apps.web import export, network
from comrec.errors import OutputError, UsageError
from comrec.networks import presets

BITS = 16  # of a weight: what `comrec export --bits auto` finds for every released pair
SCRIPT = "comrec"  # folder of the gallery
LICENCES = "LICENCES.txt"  # not asked for by any page
Row = dict[str, Any]


def networks(names: set[str]) -> tuple[dict[str, bytes], list[str]]:
    """The network files and their index, by name; and what there is to say of them."""
    contents, entries, notes = {}, [], []
    for name in sorted(names - {presets.PLAIN}):
        preset = presets.find(name)
        try:
            data = network.dump(preset, BITS)
        except UsageError:
            notes.append(f"browsers do not run {name}: its pictures stay as they are")
            continue
        file = network.file_name(preset, BITS)
        contents[f"{SCRIPT}/{file}"] = data
        entries.append(export.entry(preset, file, data))
    contents[f"{SCRIPT}/{export.INDEX}"] = export.index_text(entries)
    return contents, notes


def script() -> dict[str, bytes]:
    """The script and its runtime as they were built, by name."""
    folder = resources.files("comrec.apps.web") / "dist"
    try:
        found = {f"{SCRIPT}/{f.name}": f.read_bytes() for f in folder.iterdir()}
    except OSError:
        found = {}
    if f"{SCRIPT}/comrec-img.js" not in found:
        raise OutputError(f"{folder}: the script is missing. Reinstall comrec")
    return found


def totals(rows: list[Row], served: dict[str, bytes]) -> Row:
    """Bytes of pictures, script and networks, and what they are compared with."""
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
        of_it = [data for name, data in served.items() if belongs(name)]
        found[f"{part}_bytes"] = sum(map(len, of_it))
        found[f"{part}_gzip_bytes"] = sum(map(gzipped, of_it))
    return found


def gzipped(data: bytes) -> int:
    return len(gzip.compress(data, 6, mtime=0))  # the level of most hosts
