"""Makes the page of a site on which visitors restore pictures of their own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comrec.api.restore import load_codec
from comrec.apps.web import network, page, served
from comrec.apps.web.outputs import Outputs
from comrec.errors import UsageError
from comrec.jpeg import analysis
from comrec.networks import gates, presets

PRESET = "comrec-lite-2"  # restores ordinary JPEGs: browsers are slow
MAX_PIXELS = 50_000_000  # at about 16 bytes each, what a phone can hold
TITLE = "Restore JPEGs"
PAGE, STYLE, RESTORING = "drop.html", "drop.css", f"{served.SCRIPT}/restoring.json"
Row = dict[str, Any]


@dataclass(frozen=True)
class DropRequest:
    """Describes a page to drop pictures on.

    Attributes:
      folder: of the page.
      preset: whose network restores ordinary JPEGs, or the folder of one.
      title: of the page.
      max_pixels: larger pictures are not restored.
      force: whether to replace files that were changed since an earlier run.
    """

    folder: Path
    preset: str | os.PathLike[str] = PRESET
    title: str = TITLE
    max_pixels: int = MAX_PIXELS
    force: bool = False


def write(request: DropRequest) -> Row:
    """Writes a site of this page alone; returns a row of totals, with `notes`.

    Raises:
      UsageError: browsers do not run the preset, or the folder has a gallery.
      OutputError: a file cannot be written, or is not comrec's.
    """
    outputs = Outputs(request.folder, request.force)
    if outputs.pictures:
        raise UsageError(
            f"{request.folder}: has a gallery. Name another folder, or make the "
            f"gallery again with `drop`"
        )
    names = choose_networks(request.preset)
    networks, notes = served.make_networks(names)
    contents = _leave_out_elements(served.read_script()) | networks
    contents |= make_files(request, contents, "index.html")
    contents["page.css"] = page.read_part("page.css").encode()
    for name, data in contents.items():
        outputs.check(name, data)
    for name, data in contents.items():
        outputs.put(name, data)
    outputs.finish(set())
    size = sum(map(len, contents.values()))
    return {"page": str(request.folder / "index.html"), "total_bytes": size} | {
        "networks": sorted(presets.find(name).name for name in names), "notes": notes,
    }  # fmt: skip


def _leave_out_elements(script: dict[str, bytes]) -> dict[str, bytes]:
    """Returns the script without what restores the pictures of a page."""
    return {
        name: data
        for name, data in script.items()
        if not name.endswith(("comrec-img.js", "picture.js"))
    }


def choose_networks(preset: str | os.PathLike[str]) -> set[str]:
    """Returns the presets whose networks a page has: a visitor's pairs need any.

    Raises:
      UsageError: browsers do not run the preset, or it restores no JPEGs.
    """
    network.check(load_codec(preset).preset)
    return {os.fspath(preset), PRESET, presets.DEFAULT}


def make_files(
    request: DropRequest, script: dict[str, bytes], name: str = PAGE
) -> dict[str, bytes]:
    """Returns the page, its style sheet, its script and how it restores, by name.

    Args:
      request: the request.
      script: files of the site that the page loads.
      name: of the page.
    """
    own = page.read_part(f"dist/{served.DROP_SCRIPT}").encode()
    restoring = make_restoring(request.preset, request.max_pixels)
    files = {f"{served.SCRIPT}/{served.DROP_SCRIPT}": own, RESTORING: restoring}
    divider = page.fill("divider.html", name="This picture")
    text = page.make_frame(
        request.title,
        summary="JPEGs come closer to what they were, and comrec's pairs back to full "
        "size. All of it happens on your machine: no picture leaves it.",
        without_scripts="This page restores pictures with a script, and scripts are "
        "switched off.",
        main=page.fill("drop.html", divider=divider),
        footer="<p>Pictures are restored one after another. Those of more than "
        f"{request.max_pixels / 1e6:g} megapixels are not.</p>\n",
        names=choose_networks(request.preset),
        cost=_describe_cost(served.count_bytes([], script | files), script),
        scripts=(f"{served.SCRIPT}/{served.DROP_SCRIPT}",),
        style=STYLE,
    )
    return files | {name: text, STYLE: page.read_part(STYLE).encode()}


def _describe_cost(totals: Row, script: dict[str, bytes]) -> str:
    """Returns what a visitor loads, in words; `script` has the networks."""
    sizes = sorted(len(data) for name, data in script.items() if name.endswith(".bin"))
    return (
        f"The script with its runtime takes at most "
        f"{page.format_bytes(totals['script_bytes'])} "
        f"({page.format_bytes(totals['script_gzip_bytes'])} with gzip), a network "
        f"{' or '.join(map(page.format_bytes, sizes))}: it is loaded once a picture "
        f"needs it."
    )


def make_restoring(preset: str | os.PathLike[str], max_pixels: int) -> bytes:
    """Returns JSON that says how a page restores ordinary JPEGs: as `restore` does."""
    name = presets.find(preset).name
    record = {
        "preset": name, "max_pixels": max_pixels, "gates": gates.measured(name),
        "presets": {each.number: each.name for each in presets.PRESETS.values()},
        "luma_steps": [round(step, 5) for step in analysis.luma_steps()],
    }  # fmt: skip
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"
