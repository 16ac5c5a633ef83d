"""JPEGs to pack, and the name of the packed golden pairs."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import pictures
from PIL import Image

DATA = Path(__file__).parents[1] / "data"
# Packed pairs, and the .jpg files that they were packed from.
GOLDEN = {
    DATA / "golden-packed" / "colour-1.5.comrec.lep": DATA
    / "golden" / "comrec-lite-2" / "colour-1.5.comrec.jpg",
    DATA / "golden-packed" / "grey.comrec.lep": DATA
    / "golden" / "comrec-base-3" / "grey.comrec.jpg",
}  # fmt: skip
KINDS = {
    "baseline": {}, "progressive": {"progressive": True}, "4:4:4": {"subsampling": 0},
    "optimised": {"optimize": True}, "restarts": {"restart_marker_rows": 1},
    "quality 1": {"quality": 1}, "quality 100": {"quality": 100},
    "metadata": {"comment": b"x" * 1000, "icc_profile": b"profile"},
}  # fmt: skip


@cache
def jpeg(kind: str = "baseline") -> bytes:
    """Returns a JPEG of the photo, of one of KINDS, or "grey", "cmyk", "tiny"."""
    picture = Image.fromarray(pictures.photo())
    modes = {"grey": "L", "cmyk": "CMYK"}
    if kind in modes:
        picture = picture.convert(modes[kind])
    if kind == "tiny":
        picture = picture.resize((1, 1))
    out = io.BytesIO()
    picture.save(out, "JPEG", **KINDS.get(kind, {}))
    return out.getvalue()
