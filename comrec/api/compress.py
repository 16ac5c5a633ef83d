"""Compresses one picture in memory: `comrec.compress`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from comrec.encoder import rate_control
from comrec.encoder.assemble import Packer
from comrec.encoder.options import Options
from comrec.encoder.report import Compressed
from comrec.errors import ImageError, JpegError, naming_errors
from comrec.format import container
from comrec.image import exchange, kept, metadata, reader
from comrec.image import picture as image
from comrec.image.notes import Notes
from comrec.image.picture import MAX_PIXELS, Picture
from comrec.image.source import File, is_jpeg, load
from comrec.system import forking
from comrec.system.options import takes

Source = File | np.ndarray | Image.Image

forking.register()
JPEG_GAIN = 0.95  # a .jpg that cannot be made 5 % smaller is left unchanged
OF_PIXELS = ("CMYK", "bit depth")  # left out of pixels, where these are coded again


@takes(Options)
def compress(source: Source, **options: Any) -> Compressed:
    """Compresses a picture to a small .jpg and a sidecar.

    At most one target may be given: quality, jpeg_quality, target_size, target_bpp or
    target_psnr. Bytes are those of all files, metadata and alpha included. PSNR is over
    all channels of the 8-bit pixels of the whole restored picture. Where a plain
    JPEG does at least as well, the result is one, by libjpeg-turbo or
    `comrec.jpeg.encode` (mozjpeg for the tune "visual"). The preset "plain" has no
    networks: its result is always such a JPEG, and has a sidecar for alpha alone.

    | effort | rounds through a network, by which coefficients are chosen |
    | --- | --- |
    | 0 | none: one decode of the picture shows the result of a guess |
    | 1, 2, 3 | 1, 2, 2, through the preset's guide where it names one |
    | 4, 5 | 3; at 5, more of the picture is sampled before |
    | 6, 7, 8, 9 | 4, 6, 8, 10, through the preset's own network |

    A round is a forward and a backward pass of its network. After the last round the
    picture is decoded, and up to three rounds and decodes more land the file on the
    target. Presets whose networks are no guides (the paper's), and the tune
    "visual", have no rounds, nor have images above 16 megapixels: there, efforts bound
    the decodes of a search.

    Args:
      source: path or bytes of a picture file, or a file object that reads bytes; an
        image of Pillow, whose metadata count as a file's; or a uint8 array (H, W) or
        (H, W, 1 to 4): grey, grey + alpha, RGB, RGBA.
      {options}

    Returns:
      The bytes of both files, and a report of sizes and PSNR.

    Raises:
      UsageError: an option is out of range, or two exclude each other.
      ComrecError: the picture cannot be read, or the target cannot be met; the
        message then names the closest target that can be met.
    """
    checked = Options(**options)
    if isinstance(source, np.ndarray):
        picture = image.from_array(source)
        image.check_size(*picture.size, checked.max_pixels)
        return compress_picture(picture, checked)
    if isinstance(source, Image.Image):
        given = exchange.from_image(source, checked.max_pixels)
        return compress_picture(given, checked)
    data, name = load(source, checked.max_pixels)
    with naming_errors(name):
        picture = read_input(data, checked.max_pixels)
        return compress_picture(picture, checked, data)


def read_input(data: bytes, max_pixels: int = MAX_PIXELS) -> Picture:
    """Reads a picture file to compress.

    Raises:
      ImageError: the file cannot be read, or comrec wrote this .jpg.
    """
    if is_jpeg(data) and container.is_comrec(data):
        raise ImageError("made by comrec already. Decompress it first")
    return reader.read(data, max_pixels)


def compress_picture(
    picture: Picture, options: Options, data: bytes = b""
) -> Compressed:
    """Compresses a decoded picture.

    Args:
      picture: the decoded picture.
      options: the checked options.
      data: the picture file; a .jpg that cannot be made smaller is returned unchanged.
    """
    replaced = Notes()
    chosen = kept.choose(picture.metadata, options.metadata, replaced)
    fitting, notes = metadata.fit_jpeg(chosen)
    left_out = *picture.left_out, *notes.left_out
    lines = *picture.notes, *replaced.lines, *notes.lines
    picture = replace(picture, metadata=fitting, notes=lines)
    result = _choose(picture, options, data)
    if result.report.outcome == "unchanged":
        if result.jpeg == data:
            return result
        # The pixels are those of the file; what stood beside them went.
        left_out = tuple(kind for kind in left_out if kind not in OF_PIXELS)
    return replace(result, report=replace(result.report, left_out=left_out))


def _choose(picture: Picture, options: Options, data: bytes) -> Compressed:
    """Returns the best files of a picture, or the .jpg that came."""
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
        if unchanged:  # no other file is closer to the target
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
