"""`comrec.compress` and `comrec.decompress`: one call each way, in memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from comrec import container, image, metadata, naming, presets, rate, reader
from comrec import segments as seg
from comrec.codec import MEMORY_MB, Codec
from comrec.container import Opened
from comrec.errors import ImageError, SidecarError, naming_errors
from comrec.image import MAX_PIXELS, Picture
from comrec.metadata import KINDS
from comrec.options import QUALITY, Options, whole
from comrec.presets import PLAIN
from comrec.rate import Coded
from comrec.report import Report
from comrec.sidecar import Sidecar

Source = np.ndarray | bytes | str | os.PathLike[str]

JPEG_GAIN = 0.95  # a .jpg that cannot be made 5 % smaller is left as it is


@dataclass(frozen=True)
class Compressed:
    """The two files, as bytes.

    Attributes:
      jpeg: an ordinary JPEG.
      sidecar: the file to keep beside it; None when it is embedded, or when
        comrec did not pay and `jpeg` is the whole picture.
      report: sizes and PSNR.
    """

    jpeg: bytes
    sidecar: bytes | None
    report: Report


def compress(
    source: Source,
    *,
    preset: str = presets.DEFAULT,
    quality: int = QUALITY,
    jpeg_quality: int | None = None,
    scale: int | None = None,
    metadata: str | Sequence[str] = KINDS,
    embed: bool = False,
    max_pixels: int = MAX_PIXELS,
    engine: str = "auto",
    threads: int = 0,
) -> Compressed:
    """Makes a smaller .jpg and a sidecar out of a picture.

    Args:
      source: a path, the bytes of a picture file, or a uint8 array (H, W) or
        (H, W, 1 to 4): grey, grey + alpha, RGB, RGBA.
      preset: name of the pair of networks; `comrec.presets.PRESETS` has them.
      quality: 1 to 100. The restored picture is at least as close to the image
        (PSNR) as plain JPEG of this quality, in fewer bytes; where the preset
        cannot do that, the result is that plain JPEG. The search looks at a
        sample of a large picture and checks what it finds on all of it.
      jpeg_quality: 1 to 100, of the compact image itself; nothing is compared.
      scale: linear size ratio, where the preset has several.
      metadata: which of "exif", "icc", "xmp" to keep in the .jpg; also "all",
        "none".
      embed: the sidecar goes into the .jpg.
      max_pixels: larger pictures are refused.
      engine: what runs the networks; see `comrec.engine.choose`.
      threads: cores for the networks; 0 takes them all.

    Raises:
      ComrecError: the picture cannot be read, or an option is out of range.
    """
    options = Options(
        preset,
        quality,
        jpeg_quality,
        scale,
        metadata,
        embed,
        max_pixels,
        engine,
        threads,
    )
    if isinstance(source, np.ndarray):
        picture = image.from_array(source)
        image.check_size(*picture.size, options.max_pixels)
        return compress_picture(picture, options)
    data, name = load(source)
    with naming_errors(name):
        picture = read_input(data, options.max_pixels)
        return compress_picture(picture, options, data)


def load(source: bytes | str | os.PathLike[str]) -> tuple[bytes, str]:
    """A file's bytes, and what to call it in messages."""
    if isinstance(source, bytes | bytearray | memoryview):
        return bytes(source), "picture"
    path = Path(source)
    try:
        return path.read_bytes(), str(path)
    except OSError as err:
        raise ImageError(
            f"{path}: cannot be read ({err.strerror}). Check its name and permissions"
        ) from err


def read_input(data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    """A picture to compress, which must not be one that comrec made."""
    if _is_jpeg(data) and container.is_comrec(data):
        raise ImageError("made by comrec already. Decompress it first")
    return reader.read(data, max_pixels)


def compress_picture(
    picture: Picture, options: Options, data: bytes = b""
) -> Compressed:
    """`compress` for a picture already decoded; `data` is the file it came from."""
    kept, notes = metadata.fit_jpeg(picture.metadata.only(options.metadata))
    picture = replace(picture, metadata=kept, notes=(*picture.notes, *notes))
    packer = _Packer(picture, container.pack_alpha(picture.alpha), options.embed)
    pixels, codec = picture.pixels, options.codec()
    if options.jpeg_quality is not None:
        if codec is None:
            return packer.pack(rate.plain(pixels, options.jpeg_quality), None)
        coded = rate.at_quality(codec, pixels, options.jpeg_quality)
        return packer.compared(packer.pack(coded, codec))
    anchor = rate.plain(pixels, options.quality)
    result = fallback = packer.pack(anchor, None)
    if codec:
        # Any compact JPEG carries the same extra bytes; the anchor stands in for it.
        paired = packer.pack(anchor, codec)
        extra = paired.report.total_bytes - fallback.report.total_bytes
        paying = rate.as_close_as(codec, pixels, anchor, extra)
        if paying:
            result = packer.compared(packer.pack(paying, codec))
    plain_bytes = fallback.report.total_bytes
    report = replace(result.report, plain=anchor, plain_total_bytes=plain_bytes)
    result = replace(result, report=report)
    if _is_jpeg(data):
        unchanged = _unchanged(picture, data, options)
        if result.report.total_bytes > JPEG_GAIN * len(unchanged.jpeg):
            return unchanged
    return result


@dataclass(frozen=True)
class _Packer:
    """Puts the files of one picture together, around one coded JPEG or another."""

    picture: Picture
    alpha: bytes | None
    embed: bool

    def pack(self, coded: Coded, codec: Codec | None) -> Compressed:
        """Both files and a report; without a codec, a plain JPEG."""
        height, width = self.picture.size
        preset, scale = (codec.preset.name, codec.scale) if codec else (PLAIN, 1)
        record = Sidecar(preset, width, height, scale, self.alpha)
        # A plain JPEG is whole without a sidecar, unless there is alpha to keep.
        needed = record if codec or self.alpha is not None else None
        jpeg, sidecar = container.pack(
            coded.jpeg, self.picture.metadata, needed, self.embed
        )
        report = Report(
            outcome="comrec" if codec else "plain",
            preset=preset,
            width_px=width,
            height_px=height,
            jpeg_quality=coded.quality,
            jpeg_bytes=len(jpeg),
            sidecar_bytes=len(sidecar or b""),
            psnr_db=coded.psnr_db,
            notes=self.picture.notes,
        )
        return Compressed(jpeg, sidecar, report)

    def compared(self, result: Compressed) -> Compressed:
        """Adds plain JPEG of the same bytes to the report; both carry the metadata."""
        pixels = self.picture.pixels
        smallest = rate.plain(pixels, 1)
        extra = self.pack(smallest, None).report.total_bytes - len(smallest.jpeg)
        same_bytes = rate.plain_within(pixels, result.report.total_bytes - extra)
        return replace(result, report=replace(result.report, same_bytes=same_bytes))


def _unchanged(picture: Picture, data: bytes, options: Options) -> Compressed:
    """The .jpg that came, as it is but for metadata that is not wanted."""
    if set(options.metadata) != set(KINDS):
        kept = metadata.from_segments(seg.parse(data)).only(options.metadata)
        turn, bare = reader.orientation(data), seg.without_metadata(data)
        data = seg.insert(bare, metadata.to_segments(kept))
        if reader.orientation(data) != turn:  # its pixels are not upright
            kept = replace(kept, exif=reader.with_orientation(kept.exif, turn))
            data = seg.insert(bare, metadata.to_segments(kept))
    report = Report(
        outcome="unchanged",
        preset=PLAIN,
        width_px=picture.size[1],
        height_px=picture.size[0],
        jpeg_quality=None,
        jpeg_bytes=len(data),
        sidecar_bytes=0,
        psnr_db=float("inf"),
        notes=(),
    )
    return Compressed(data, None, report)


def decompress(
    jpeg: bytes | str | os.PathLike[str],
    sidecar: bytes | str | os.PathLike[str] | None = None,
    *,
    max_pixels: int = MAX_PIXELS,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    exact: bool = False,
) -> np.ndarray:
    """Restores a picture that `compress` made.

    Args:
      jpeg: a path, or the bytes of the .jpg.
      sidecar: a path, or the bytes of the sidecar. For a path it defaults to the
        file that `comrec compress` puts beside the .jpg; an embedded sidecar
        needs none. A plain JPEG has none and is decoded as it is.
      max_pixels: larger pictures are refused before anything is allocated.
      engine: what runs the networks; see `comrec.engine.choose`.
      threads: cores for the networks; 0 takes them all.
      memory_mb: bound on the working memory of the networks.
      exact: float32 arithmetic, whatever the engine.

    Returns:
      uint8 (H, W) grey, (H, W, 2) grey + alpha, (H, W, 3) RGB or (H, W, 4) RGBA,
      of the size that went in.

    Raises:
      ComrecError: a file is missing, damaged, or does not belong to the other.
    """
    threads = whole("threads", threads, 0)
    memory_mb = whole("memory_mb", memory_mb, 1)
    max_pixels = whole("max_pixels", max_pixels, 1)
    data, name = load(jpeg)
    beside, beside_name = None, ""
    if sidecar is None and isinstance(jpeg, str | os.PathLike):
        path = naming.sidecar_of(Path(jpeg))
        there = os.path.lexists(path)  # Path.exists() raises on names too long
        sidecar, beside_name = path if there else None, str(path)
    if isinstance(sidecar, str | os.PathLike):
        beside_name = str(sidecar)
    if sidecar is not None:
        try:
            beside, _ = load(sidecar)
        except ImageError as err:
            raise SidecarError(str(err)) from err
    with naming_errors(name):
        opened = container.unpack(data, name, beside, beside_name, max_pixels)
        return restore(opened, engine, threads, memory_mb, max_pixels, exact).to_array()


def restore(
    opened: Opened,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    max_pixels: int = MAX_PIXELS,
    exact: bool = False,
) -> Picture:
    """The picture, with its alpha and metadata, from files that were checked."""
    record = opened.sidecar
    if record is None:
        return reader.read(opened.jpeg, max_pixels)
    preset = presets.find(record.preset)
    codec = Codec(preset, record.scale, engine, threads, memory_mb, exact)
    alpha = container.unpack_alpha(record)
    pixels = codec.restore(opened.jpeg, (record.height_px, record.width_px))
    return Picture(pixels, alpha, opened.metadata)


def _is_jpeg(data: bytes) -> bool:
    return data[:2] == b"\xff\xd8"
