"""Describes sidecars and .jpg files without decoding pixels."""

from __future__ import annotations

import os
from pathlib import Path

from comrec.errors import ImageError, naming_errors
from comrec.format import container, names, sidecar
from comrec.format.sidecar import Sidecar
from comrec.image.picture import MAX_PIXELS
from comrec.image.source import open_packed
from comrec.jpeg import segments as seg
from comrec.system import files


def describe(path: Path) -> dict[str, object]:
    """Describes a sidecar or a .jpg, packed or not, and whether its pair fits.

    Returns:
      Flat fields, JSON types only.

    Raises:
      ComrecError: the file is neither a sidecar nor a JPEG, or is damaged.
    """
    content = _read(path)
    with naming_errors(str(path)):
        data = open_packed(content)
        if data is not content:
            packed = {"kind": "JPEG, packed", "packed_bytes": len(content)}
            return {"file": str(path)} | _jpeg(path, data) | packed
        if data[:2] == b"\xff\xd8":
            return {"file": str(path)} | _jpeg(path, data)
        records = sidecar.parse_json(data, str(path))
        return {"file": str(path), "kind": "sidecar"} | _sidecar(records[0], len(data))


def _sidecar(record: Sidecar, size_bytes: int) -> dict[str, object]:
    return {
        "preset": record.preset,
        "width_px": record.width_px,
        "height_px": record.height_px,
        "scale": record.scale,
        "alpha_bytes": len(record.alpha or b""),
        "crc32": f"{record.crc32:08x}",
        "sidecar_bytes": size_bytes,
    }


def _jpeg(path: Path, data: bytes) -> dict[str, object]:
    segments = container.parse_jpeg(data)
    height, width, components = seg.frame_size(segments)
    row: dict[str, object] = {
        "kind": "JPEG",
        "jpeg_width_px": width,
        "jpeg_height_px": height,
        "components": components,
        "jpeg_bytes": len(data),
        "metadata_bytes": sum(s.end - s.start for s in segments if s.is_metadata),
    }
    marked, inside = sidecar.read_embedded(segments, str(path))
    if inside:
        fits = "inside, fits" if inside.fits(data) else "inside, does not fit"
        return row | {"sidecar": fits} | _sidecar(inside, 0)
    beside = names.sidecar_of(path)
    if not os.path.lexists(beside):
        missing = "missing" if marked else "none: a plain JPEG"
        return row | {"sidecar": missing}
    limit = container.max_sidecar_bytes(data)
    content = _read(beside, limit, pipes=False)
    records = sidecar.parse_json(content, str(beside))
    fitting = [r for r in records if r.fits(data)]
    verdict = "fits" if fitting else "does not fit"
    record = (fitting or records)[0]
    return row | {"sidecar": f"{beside}, {verdict}"} | _sidecar(record, len(content))


def _read(
    path: Path,
    max_bytes: int = files.picture_bytes(MAX_PIXELS),
    pipes: bool = True,
) -> bytes:
    try:
        return files.read(path, max_bytes, pipes)
    except OSError as err:
        raise ImageError(
            f"{path}: cannot be read ({err.strerror}). Check its name and permissions"
        ) from err
