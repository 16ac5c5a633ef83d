"""The .jpg as comrec writes it: coded data, metadata, marker or embedded sidecar."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from comrec.errors import JpegError, SidecarError
from comrec.format import sidecar
from comrec.format.sidecar import Sidecar
from comrec.image import metadata
from comrec.image.metadata import Metadata
from comrec.image.picture import MAX_PIXELS, check_size
from comrec.image.resample import compact_size
from comrec.jpeg import segments as seg
from comrec.networks import presets
from comrec.system import files
from comrec.system.pillow import open_picture

# A sidecar is some 80 bytes; with alpha, base64 of a PNG of that many grey pixels.
SIDECAR_SLACK_BYTES = 2**16


@dataclass(frozen=True)
class UnpackedPair:
    """A .jpg with the sidecar that belongs to it; None for a plain JPEG."""

    jpeg: bytes
    sidecar: Sidecar | None
    metadata: Metadata


def pack(
    coded_jpeg: bytes, kept: Metadata, record: Sidecar | None, embed: bool
) -> tuple[bytes, bytes | None]:
    """Puts the files together.

    Args:
      coded_jpeg: without metadata.
      kept: what goes into the .jpg; see `metadata.fit_jpeg`.
      record: the sidecar, not yet paired; None for a plain JPEG.
      embed: the sidecar goes into the .jpg.

    Returns:
      The .jpg, and the sidecar file or None.
    """
    added = metadata.to_segments(kept)
    if record is None:
        return seg.insert(coded_jpeg, added), None
    record = record.paired(coded_jpeg)
    if embed:
        return seg.insert(coded_jpeg, sidecar.embedded(record) + added), None
    return seg.insert(coded_jpeg, sidecar.marker() + added), record.to_json()


def read_sidecar(path: Path, max_pixels: int, pipes: bool = True) -> bytes:
    """The content of what should be the sidecar of a .jpg.

    Args:
      path: of the file.
      max_pixels: limit on the image.
      pipes: whether it may be a named pipe.

    Raises:
      SidecarError: it cannot be read, or is larger than any sidecar.
    """
    # While a pair replaces another, it has a record of each.
    limit = sidecar.RECORDS_MAX * (2 * max_pixels + SIDECAR_SLACK_BYTES)
    try:
        return files.read(path, limit, pipes)
    except files.TooLargeError as err:
        raise SidecarError(
            f"{path}: not a comrec sidecar (over {limit} bytes). Restore the file "
            f"that comrec wrote"
        ) from err
    except OSError as err:
        raise SidecarError(
            f"{path}: cannot be read ({err.strerror}). Check its name and permissions"
        ) from err


def parsed(jpeg: bytes) -> list[seg.Segment]:
    """`segments.parse` of a file from outside: damage is refused with a remedy."""
    try:
        return seg.parse(jpeg)
    except JpegError as err:
        raise JpegError(f"{err}. Use another copy") from err


def is_comrec(jpeg: bytes) -> bool:
    """Whether a file carries comrec's marker (it may have been stripped)."""
    try:
        segments = seg.parse(jpeg)
    except JpegError:
        return False
    return any(True for _ in seg.payloads(segments, seg.APP11, sidecar.MAGIC))


def needs_sidecar(jpeg: bytes) -> bool:
    """Whether a file says that its sidecar is another file."""
    try:
        parts = seg.payloads(seg.parse(jpeg), seg.APP11, sidecar.MAGIC)
        found = list(parts)
    except JpegError:
        return False
    return bool(found) and not any(found)


def unpack(
    jpeg: bytes,
    source: str,
    sidecar_file: bytes | None = None,
    sidecar_source: str = "",
    max_pixels: int = MAX_PIXELS,
) -> UnpackedPair:
    """Reads a .jpg, and checks that everything needed to restore it belongs to it.

    Args:
      jpeg: the whole file.
      source, sidecar_source: names to blame in messages.
      sidecar_file: what stands beside the .jpg, if anything does.
      max_pixels: limit on the image, checked before anything is allocated.

    Raises:
      JpegError, SidecarError, ImageError: see their messages.
    """
    segments = parsed(jpeg)
    marked, inside = sidecar.read_embedded(segments, source)
    kept = metadata.from_segments(segments)
    height, width, _ = seg.frame_size(segments)
    check_size(height, width, max_pixels)
    if inside is not None:
        record = sidecar.pick([inside], jpeg, source, "the picture around it")
    elif sidecar_file is not None:
        candidates = sidecar.parse_json(sidecar_file, sidecar_source)
        record = sidecar.pick(candidates, jpeg, sidecar_source, source)
    elif marked:
        which = f"its sidecar {sidecar_source}".rstrip()
        raise SidecarError(
            f"{source}: {which} is missing. Bring it back, or restore with "
            f"--assume PRESET --size WxH."
        )
    elif sidecar.is_marker_damaged(segments):
        raise SidecarError(
            f"{source}: comrec's marker in it is damaged, so its sidecar may be lost. "
            f"Use another copy, or restore with --assume PRESET --size WxH."
        )
    else:
        return UnpackedPair(jpeg, None, kept)
    check_size(record.height_px, record.width_px, max_pixels)
    if record.preset == presets.PLAIN and record.alpha is None:
        return UnpackedPair(jpeg, None, kept)  # the .jpg is the whole picture
    return UnpackedPair(jpeg, record, kept)


def assume(
    jpeg: bytes,
    preset: presets.Preset,
    size: tuple[int, int],
    scale: float | None = None,
) -> UnpackedPair:
    """A .jpg whose sidecar is lost, on the word of someone who knows.

    Args:
      jpeg: the whole file.
      preset: that made it.
      size: (H, W) of the image; with the .jpg's own it gives the scale.
      scale: for a picture so small that two fit.

    Raises:
      SidecarError: the .jpg cannot be the compact image of that size.
    """
    segments = parsed(jpeg)
    height, width, _ = seg.frame_size(segments)
    scales = [scale] if scale else list(preset.scales)
    if not set(scales) <= set(preset.scales):
        raise SidecarError(
            f"--scale must be one of {', '.join(map(str, preset.scales))} for "
            f"{preset.name}. Received: {scale}"
        )
    fitting = [n for n in scales if compact_size(*size, n) == (height, width)]
    if len(fitting) > 1:
        raise SidecarError(
            f"--size: a {size[1]}x{size[0]} image and a {width}x{height} .jpg fit "
            f"scales {' and '.join(map(str, fitting))} of {preset.name}. Add --scale, "
            f"or find the sidecar"
        )
    taken = [*fitting, *scales][0]
    record = Sidecar(preset.name, size[1], size[0], taken).paired(jpeg)
    sidecar.pick([record], jpeg, "--size", "the .jpg")
    return UnpackedPair(jpeg, record, metadata.from_segments(segments))


def pack_alpha(alpha: np.ndarray | None) -> bytes | None:
    """uint8 (H, W) to a grey PNG."""
    if alpha is None:
        return None
    out = io.BytesIO()
    Image.fromarray(alpha).save(out, "PNG", optimize=True)
    return out.getvalue()


def unpack_alpha(record: Sidecar) -> np.ndarray | None:
    """The alpha channel, uint8 (H, W), exactly as it was.

    Raises:
      SidecarError: it is not a grey PNG of the declared size.
    """
    if record.alpha is None:
        return None
    damaged = "the alpha channel in the sidecar is damaged. Use another copy"
    try:
        with open_picture(record.alpha, ("PNG",)) as picture:
            if picture.mode == "L" and picture.size == (
                record.width_px,
                record.height_px,
            ):
                return np.asarray(picture)
    except MemoryError:
        raise
    except Exception as err:  # what damage makes of a PNG decoder is not listed
        raise SidecarError(damaged) from err
    raise SidecarError(damaged)
