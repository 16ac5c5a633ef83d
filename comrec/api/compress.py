"""`comrec.compress` and `comrec.decompress`: one call each way, in memory."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from comrec.encoder import rate_control
from comrec.encoder.assemble import Packer
from comrec.encoder.options import EFFORT, Options
from comrec.encoder.report import Compressed
from comrec.errors import ImageError, JpegError, naming_errors
from comrec.format import container
from comrec.image import metadata, reader
from comrec.image import picture as image
from comrec.image.metadata import KINDS
from comrec.image.picture import MAX_PIXELS, Picture
from comrec.image.source import is_jpeg, load
from comrec.networks import presets

Source = np.ndarray | bytes | str | os.PathLike[str]

JPEG_GAIN = 0.95  # a .jpg that cannot be made 5 % smaller is left as it is


def compress(
    source: Source,
    *,
    preset: str = presets.DEFAULT,
    quality: int | None = None,
    jpeg_quality: int | None = None,
    target_size: int | None = None,
    target_bpp: float | None = None,
    target_psnr: float | None = None,
    tune: str = "psnr",
    effort: int = EFFORT,
    scale: float | str = "auto",
    metadata: str | Sequence[str] = KINDS,
    embed: bool = False,
    max_pixels: int = MAX_PIXELS,
    engine: str = "auto",
    threads: int = 0,
) -> Compressed:
    """Makes a smaller .jpg and a sidecar out of a picture.

    At most one of `quality`, `jpeg_quality` and the three targets may be given.
    Bytes are those of all files, metadata and alpha included; PSNR is of 8-bit
    pixels, over all channels, and was measured on the whole restored picture.
    Where no networks pay, the result is a plain JPEG, by libjpeg-turbo or mozjpeg.

    Args:
      source: a path, the bytes of a picture file, or a uint8 array (H, W) or
        (H, W, 1 to 4): grey, grey + alpha, RGB, RGBA.
      preset: name of the pair of networks; `comrec.presets.PRESETS` has them.
      quality: 1 to 100; 75 when nothing else is asked for. At least as close to the
        image (PSNR) as plain JPEG of this quality, in fewer bytes, or, where that is
        not found, in the same.
      jpeg_quality: 1 to 100, of the compact image itself; nothing is compared.
      target_size: bytes, 1 or more. Never over, as close as was found; within 2 %
        below where the steps of the JPEG quality allow.
      target_bpp: the same in bits per pixel of the image, above 0.
      target_psnr: dB, above 0. Never under, the fewest bytes that were found.
      tune: "psnr" writes JPEGs with the tables that PSNR likes best, "visual" with
        tables made for the eye, which take more bytes for the same PSNR. Quality and
        targets promise the same with either.
      effort: 0 to 9. 0 takes one guess of what the networks do, and plain JPEG where
        it falls short. 5 corrects the guess; the networks work as long as for 2.5
        decodes at most, and for two more where all that was decoded fell short, or as
        many as a target takes that nothing else meets. From 7 on
        every scale is searched to its end, from 8 on with other encoder settings
        too, and 9 then refines the compact image (presets of the comrec family
        alone), which needs `comrec[train]`.
      scale: linear size ratio image : compact, one of the preset's; "auto" takes
        what is best for the image (with `jpeg_quality`, the preset's first).
      metadata: which of "exif", "icc", "xmp" to keep in the .jpg; also "all",
        "none".
      embed: the sidecar goes into the .jpg.
      max_pixels: larger pictures are refused.
      engine: what runs the networks; see `comrec.networks.engine.choose`.
      threads: cores for the networks; 0 takes them all.

    Raises:
      UsageError: an option is out of range, or two exclude each other.
      ComrecError: the picture cannot be read, or the target cannot be met; the
        message then says what can.
    """
    options = Options(
        preset=preset,
        quality=quality,
        jpeg_quality=jpeg_quality,
        target_size=target_size,
        target_bpp=target_bpp,
        target_psnr=target_psnr,
        tune=tune,
        effort=effort,
        scale=scale,
        metadata=metadata,
        embed=embed,
        max_pixels=max_pixels,
        engine=engine,
        threads=threads,
    )
    if isinstance(source, np.ndarray):
        picture = image.from_array(source)
        image.check_size(*picture.size, options.max_pixels)
        return compress_picture(picture, options)
    data, name = load(source, options.max_pixels)
    with naming_errors(name):
        picture = read_input(data, options.max_pixels)
        return compress_picture(picture, options, data)


def read_input(data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    """A picture to compress, which must not be one that comrec made."""
    if is_jpeg(data) and container.is_comrec(data):
        raise ImageError("made by comrec already. Decompress it first")
    return reader.read(data, max_pixels)


def compress_picture(
    picture: Picture, options: Options, data: bytes = b""
) -> Compressed:
    """`compress` for a picture already decoded; `data` is the file it came from."""
    kept, notes = metadata.fit_jpeg(picture.metadata.only(options.metadata))
    picture = replace(picture, metadata=kept, notes=(*picture.notes, *notes))
    packer = Packer(picture, container.pack_alpha(picture.alpha), options)
    unchanged = None
    if is_jpeg(data) and options.jpeg_quality is None:
        unchanged = packer.pack_unchanged(data)
        budget_bytes = options.budget_bytes(*picture.size)
        if budget_bytes is not None:
            if unchanged.report.total_bytes <= budget_bytes:
                return unchanged
            unchanged = None
    try:
        choice = rate_control.choose(picture.pixels, options, packer.count_extra_bytes)
    except JpegError:
        if unchanged:  # nothing is closer
            return unchanged
        raise
    result = packer.pack(choice.best)
    if unchanged and result.report.total_bytes > JPEG_GAIN * len(unchanged.jpeg):
        return unchanged
    report = result.report
    if choice.best.codec:
        budget_bytes = report.total_bytes - packer.count_extra_bytes(None)
        same_bytes = rate_control.find_same_bytes(
            picture.pixels, options, budget_bytes, choice.plain
        )
        report = replace(report, same_bytes=same_bytes)
    if choice.plain:
        plain_bytes = choice.plain.total_bytes
        report = replace(report, plain=choice.plain, plain_total_bytes=plain_bytes)
    return replace(result, report=report)
