"""Restores the picture of a pair that was read and checked."""

from __future__ import annotations

from comrec.format import container
from comrec.format.container import UnpackedPair
from comrec.image import reader
from comrec.image.picture import MAX_PIXELS, Picture
from comrec.jpeg import segments
from comrec.networks import presets
from comrec.networks.codec import MEMORY_MB, Codec
from comrec.system import stages


def restore(
    pair: UnpackedPair,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    max_pixels: int = MAX_PIXELS,
    exact: bool = False,
) -> Picture:
    """Restores a picture, with alpha and metadata, from a pair that was checked.

    Args:
      pair: the .jpg and its sidecar; without a sidecar the .jpg is only decoded.
      engine, threads, memory_mb, max_pixels, exact: as of `comrec.decompress`.
    """
    record = pair.sidecar
    if record is None:
        return reader.read(pair.jpeg, max_pixels)
    preset = presets.find(record.preset)
    codec = Codec(preset, record.scale, engine, threads, memory_mb, exact)
    alpha = container.unpack_alpha(record)
    size = record.height_px, record.width_px
    stages.begin("restoring")
    # Decodes only the bytes that the checksum covers: no other can change a pixel.
    pixels = codec.restore(segments.coded_only(pair.jpeg), size)
    return Picture(pixels, alpha, pair.metadata)
