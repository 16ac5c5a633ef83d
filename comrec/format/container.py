"""Packs coded data, metadata and a sidecar into a pair, and unpacks pairs."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from comrec.errors import ImageError, JpegError, SidecarError
from comrec.format import sidecar
from comrec.format.sidecar import Sidecar
from comrec.image import metadata
from comrec.image.formats import decoders, png
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes
from comrec.image.picture import MAX_PIXELS, check_size
from comrec.image.resample import compact_size
from comrec.jpeg import segments as seg
from comrec.networks import presets
from comrec.system import files

# A sidecar takes about 80 bytes, plus the base64 of a grey PNG where alpha exists.
SIDECAR_SLACK_BYTES = 2**16
BITS = 8  # of the alpha channel


@dataclass(frozen=True)
class UnpackedPair:
    """Holds a .jpg, its sidecar (None for a plain JPEG) and its metadata."""

    jpeg: bytes
    sidecar: Sidecar | None
    metadata: Metadata


def pack(
    coded_jpeg: bytes, kept: Metadata, record: Sidecar | None, embed: bool
) -> tuple[bytes, bytes | None]:
    """Packs a pair.

    Args:
      coded_jpeg: a JPEG without metadata.
      kept: metadata for the .jpg; see `metadata.fit_jpeg`.
      record: the sidecar, not yet paired; None for a plain JPEG.
      embed: stores the sidecar in the .jpg.

    Returns:
      The .jpg, and the sidecar file or None.
    """
    if record is None:
        return metadata.insert(coded_jpeg, kept, []), None
    record = record.paired(coded_jpeg)
    if embed:
        return metadata.insert(coded_jpeg, kept, sidecar.embedded(record)), None
    return metadata.insert(coded_jpeg, kept, sidecar.marker()), record.to_json()


def max_sidecar_bytes(jpeg: bytes, max_pixels: int = MAX_PIXELS) -> int:
    """Returns the legal size in bytes of the sidecar of a .jpg.

    Args:
      jpeg: the whole .jpg, whose size bounds that of the image.
      max_pixels: limit on the image.
    """
    try:
        height, width, _ = seg.frame_size(seg.parse(jpeg))
    except JpegError:  # reported by `unpack`
        height, width = 0, 0
    scales = (scale for preset in presets.known().values() for scale in preset.scales)
    pixels = min(math.ceil(max(scales) ** 2 * height * width), max_pixels)
    # The file holds two records while one pair replaces another.
    return sidecar.RECORDS_MAX * (2 * pixels + SIDECAR_SLACK_BYTES)


def read_sidecar(path: Path, max_bytes: int, pipes: bool = True) -> bytes:
    """Reads a sidecar file.

    Args:
      path: of the file.
      max_bytes: legal size; see `max_sidecar_bytes`.
      pipes: whether `path` may be a named pipe.

    Raises:
      SidecarError: the file cannot be read, or is larger than any sidecar of its .jpg.
    """
    try:
        return files.read(path, max_bytes, pipes)
    except files.TooLargeError as err:
        raise SidecarError(
            f"{path}: not a comrec sidecar (over {max_bytes} bytes, the most for its "
            f".jpg). Restore the file that comrec wrote"
        ) from err
    except OSError as err:
        raise SidecarError(
            f"{path}: cannot be read ({err.strerror}). Check its name and permissions"
        ) from err


def parse_jpeg(jpeg: bytes) -> list[seg.Segment]:
    """Parses a user's file as `segments.parse` does; the error names a remedy.

    Raises:
      JpegError: the structure is broken.
    """
    try:
        return seg.parse(jpeg)
    except JpegError as err:
        raise JpegError(f"{err}. Use another copy") from err


def is_comrec(jpeg: bytes) -> bool:
    """Tells whether a file carries comrec's marker, which hosts may have stripped."""
    try:
        segments = seg.parse(jpeg)
    except JpegError:
        return False
    return any(True for _ in seg.payloads(segments, seg.APP11, sidecar.MAGIC))


def needs_sidecar(jpeg: bytes) -> bool:
    """Tells whether a file's marker refers to a sidecar file."""
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
    """Reads a pair and checks that its sidecar belongs to the .jpg.

    Args:
      jpeg: the whole file.
      source, sidecar_source: names of the files for messages.
      sidecar_file: content of the sidecar file; None without one.
      max_pixels: limit on the image, checked before pixels are allocated.

    Raises:
      JpegError: the .jpg is damaged.
      SidecarError: the sidecar is missing, damaged, or belongs to another .jpg.
      ImageError: the image is beyond the limit.
    """
    segments = parse_jpeg(jpeg)
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
            f"{source}: {which} is missing. Bring it back, name it with "
            f"`sidecar`, or restore with `assume` and `size`."
        )
    elif sidecar.is_marker_damaged(segments):
        raise SidecarError(
            f"{source}: comrec's marker in it is damaged, so its sidecar may be lost. "
            f"Use another copy, or restore with `assume` and `size`."
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
    """Makes a pair of a .jpg whose sidecar is lost.

    Args:
      jpeg: the whole file.
      preset: of the compressed pair, as the user states.
      size: (H, W) of the image. With the size of the .jpg it determines the scale.
      scale: needed for small images, where several scales give one compact size.

    Raises:
      JpegError: the .jpg is damaged.
      SidecarError: the .jpg cannot be the compact image of that size, or several
        scales fit.
    """
    segments = parse_jpeg(jpeg)
    height, width, _ = seg.frame_size(segments)
    scales = [scale] if scale else list(preset.scales)
    if not set(scales) <= set(preset.scales):
        raise SidecarError(
            f"`scale` must be one of {', '.join(map(str, preset.scales))} for "
            f"{preset.name}. Received: {scale}"
        )
    fitting = [n for n in scales if compact_size(*size, n) == (height, width)]
    if len(fitting) > 1:
        raise SidecarError(
            f"`size`: a {size[1]}x{size[0]} image and a {width}x{height} .jpg fit "
            f"scales {' and '.join(map(str, fitting))} of {preset.name}. Add `scale`, "
            f"or find the sidecar"
        )
    taken = [*fitting, *scales][0]
    record = Sidecar(preset.name, size[1], size[0], taken).paired(jpeg)
    sidecar.pick([record], jpeg, "`size`", "the .jpg")
    return UnpackedPair(jpeg, record, metadata.from_segments(segments))


def pack_alpha(alpha: np.ndarray | None) -> bytes | None:
    """Encodes an alpha channel, uint8 (H, W), as a grey PNG; None stays None."""
    if alpha is None:
        return None
    out = io.BytesIO()
    Image.fromarray(alpha).save(out, "PNG", optimize=True)
    return out.getvalue()


def unpack_alpha(record: Sidecar) -> np.ndarray | None:
    """Decodes the alpha channel, uint8 (H, W), of a sidecar; None without one.

    Raises:
      SidecarError: the channel is not a grey PNG of the declared size.
    """
    if record.alpha is None:
        return None
    damaged = "the alpha channel in the sidecar is damaged. Use another copy"
    try:
        parsed = png.parse(record.alpha, Notes())
        size = parsed.height_px, parsed.width_px
        if parsed.bits == BITS and size == (record.height_px, record.width_px):
            found = decoders.decode("PNG", BITS, parsed.clean)
            if found.space == decoders.GREY and found.samples.shape == (*size, 1):
                return found.samples[..., 0]
    except ImageError as err:
        raise SidecarError(damaged) from err
    raise SidecarError(damaged)
