"""Converts between pictures and Pillow's images, with their metadata."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from comrec.errors import ImageError
from comrec.image import colour_space, depth, ifd, reader, xmp
from comrec.image import metadata as blocks
from comrec.image.formats import decoders, jpeg, png, png_text, tiff
from comrec.image.formats.parsed import damaged
from comrec.image.metadata import Density, Metadata
from comrec.image.notes import Notes
from comrec.image.picture import MAX_PIXELS, Picture, check_size
from comrec.jpeg import coding
from comrec.jpeg import segments as seg
from comrec.system.pillow import unlimited

Info = dict[str | tuple[int, int], Any]  # as Pillow annotates `Image.info`
_EXIF_PREFIX = b"Exif\0\0"
_RESOLUTION = 0x03ED  # Photoshop's resource that Pillow turns into a dictionary
# What Pillow says of a JPEG that is not of the picture.
_OF_THE_FILE = (
    "jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression",
)  # fmt: skip


def from_image(
    image: Image.Image,
    max_pixels: int = MAX_PIXELS,
    info: Mapping[str, Any] = MappingProxyType({}),
) -> Picture:
    """Makes a picture of an image of Pillow: the current frame, upright.

    Args:
      image: of any mode that comrec's own formats have.
      max_pixels: limit, checked before the image is loaded.
      info: metadata in place of those in the image's own `info`; None for none.

    Raises:
      ImageError: the mode is unknown, the file behind the image is damaged, or the
        image is beyond the limit.
    """
    check_size(image.height, image.width, max_pixels)
    notes = Notes()
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        notes.leave_out("frames", f"the current one of {frames} frames was taken")
    try:
        with unlimited():
            image.load()
    except (OSError, SyntaxError, ValueError, struct.error) as err:
        raise damaged(err) from err
    if image.width < 1 or image.height < 1:
        raise ImageError("an image without pixels. Give one of 1x1 at least")
    pixels, alpha = decoders.split(decoders.of_pillow(image))
    metadata = _metadata(image, pixels.shape[2] == 1, info, notes)
    if pixels.dtype != np.uint8:
        notes.leave_out("bit depth", depth.note(16))
        pixels = depth.to_8_bits(pixels)
    if image.mode == "CMYK":
        notes.leave_out("CMYK", "CMYK came, RGB is kept")
        pixels = decoders.from_cmyk(pixels, metadata.icc)
        metadata = replace(metadata, icc=None)
    turn = ifd.orientation(metadata.exif or b"") or xmp.orientation(metadata.xmp)
    upright = reader.upright(metadata, notes)
    return reader.turned(Picture(pixels, alpha, upright), turn or 1, notes)


def to_image(picture: Picture) -> Image.Image:
    """Makes an image of Pillow, L, LA, RGB or RGBA, with the metadata of a picture."""
    image = Image.fromarray(picture.to_array())
    image.info |= info_of(picture.metadata)
    return image


def info_of(metadata: Metadata) -> Info:
    """Returns metadata as Pillow's own plugins put them into `Image.info`.

    Exif, ICC, XMP, comment, density and Photoshop's resources are those of a JPEG, and
    texts are those of a PNG: see `png_text.decode`.
    """
    pixel = np.zeros((1, 1, 1), np.uint8)
    carrier = blocks.insert(coding.encode(pixel, 50), metadata, [])
    with Image.open(io.BytesIO(carrier), formats=("JPEG",)) as image:
        info: Info = {k: v for k, v in image.info.items() if k not in _OF_THE_FILE}
    if packet := xmp.merged(metadata.xmp, metadata.extended_xmp):
        info["xmp"] = packet
    return info | png_text.decode(metadata.text or b"")


def _metadata(
    image: Image.Image, is_grey: bool, given: Mapping[str, Any], notes: Notes
) -> Metadata:
    """Reads the metadata that an image of Pillow holds, or that are given."""
    info = image.info | dict(given)
    packet = info.get("xmp")
    packet = packet.encode() if isinstance(packet, str) else packet or None
    texts = png_text.read(_texts(info), notes)  # which may hold other kinds as well
    icc = info.get("icc_profile") or None
    if icc is None and "icc_profile" not in given:
        icc = _colour_space(info, is_grey, notes)
    _note_tiff(image, notes)
    of_jpeg = _of_segments(image, notes)
    return texts.updated(
        exif=_block(given["exif"]) if "exif" in given else _exif(image),
        icc=icc,
        xmp=packet,
        extended_xmp=of_jpeg.extended_xmp if packet == of_jpeg.xmp else None,
        iptc=_resources(info.get("photoshop")),
        comment=_comments(image, info) or None,
        density=_density(info, given.get("dpi")),
    )


def _of_segments(image: Image.Image, notes: Notes) -> Metadata:
    """Reads what Pillow keeps of a file and gives no picture: segments, and chunks.

    Returns:
      The metadata of a JPEG; notes take what of the file is left out.
    """
    png.note_kinds((each[0] for each in getattr(image, "private_chunks", ())), notes)
    found = [
        (seg.COM if name == "COM" else seg.APP0 + int(name.removeprefix("APP")), data)
        for name, data in getattr(image, "applist", ())
    ]
    parts = seg.parse(seg.insert(b"\xff\xd8\xff\xd9", found))
    jpeg.note_segments(parts, notes)
    if any(jpeg.names_gain_map(data) for _, data in found):
        notes.leave_out("gain map", jpeg.GAIN_MAP_NOTE)
    # Pillow joins all EXIF.
    others = [p for p in parts if p.payload[:6] != seg.EXIF_PREFIX]
    return blocks.from_segments(others, notes)


def _note_tiff(image: Image.Image, notes: Notes) -> None:
    """Notes what Pillow does not take of a TIFF."""
    tags = getattr(image, "tag_v2", {})
    try:
        is_small = bool(tags.get(tiff.SUBFILE, 0) & 1)
        bits = max(tags.get(tiff.BITS, (8,)))
    except (TypeError, ValueError):  # texts, or none
        return
    if is_small:
        notes.leave_out("previews", "a smaller version of the picture was taken")
    if bits > 8 and image.mode in ("RGB", "RGBA", "RGBX", "LA"):
        notes.leave_out("bit depth", depth.note(bits))


def _colour_space(info: Info, is_grey: bool, notes: Notes) -> bytes | None:
    """Returns a profile for the gAMA and cHRM that Pillow read of a PNG."""
    chunks = {b"sRGB": b"\0"} if "srgb" in info else {}
    named: dict[bytes, Any] = {
        b"gAMA": [info.get("gamma")], b"cHRM": info.get("chromaticity", ()),
    }  # fmt: skip
    for kind, numbers in named.items():
        try:
            levels = [round(n * 100_000) for n in numbers]
            chunks[kind] = struct.pack(f">{len(levels)}I", *levels)
        except (TypeError, ValueError, OverflowError, struct.error):
            continue  # the image has none
    return colour_space.of_png(chunks, is_grey, notes)


def _bytes(value: object) -> bytes:
    if isinstance(value, str):
        return value.encode()
    return bytes(value) if isinstance(value, bytes) else b""


def _comments(image: Image.Image, info: Info) -> tuple[bytes, ...]:
    """Returns all comments of a JPEG, of which Pillow's `info` has the last."""
    found = _bytes(info.get("comment"))
    segments = getattr(image, "applist", ())
    comments = tuple(data for kind, data in segments if kind == "COM")
    comments = comments if found in comments else (found,)
    return tuple(each for each in comments if each and each != blocks.SIGNATURE)


def _exif(image: Image.Image) -> bytes | None:
    """Returns the block that came, or a new one where it was changed since."""
    raw = image.info.get("exif")
    raw = raw if isinstance(raw, bytes) else b""
    try:
        now = image.getexif()
        if "exif" not in image.info and hasattr(image, "tag_v2"):
            now = _described(now)
        before = Image.Exif()
        before.load(raw)
        changed = Image.Exif()
        changed.load(now.tobytes() if now else b"")
        if ifd.ORIENTATION not in before and "xmp" in image.info:
            changed.pop(ifd.ORIENTATION, None)  # Pillow takes it from XMP
        if changed and changed.tobytes() != before.tobytes():
            raw = changed.tobytes()
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        pass  # damaged: the block that came is left out with a note
    return _block(raw)


def _block(exif: object) -> bytes | None:
    block = exif.tobytes() if isinstance(exif, Image.Exif) else _bytes(exif)
    return block.removeprefix(_EXIF_PREFIX) or None


def _described(tags: Image.Exif) -> Image.Exif:
    """Returns the tags of a TIFF that do not say where the file has its samples."""
    kept = Image.Exif()
    for tag in (*tiff.DESCRIPTIVE, ifd.ORIENTATION):
        if tag in tags:
            kept[tag] = tags[tag]
    for tag in (ifd.EXIF, ifd.GPS):
        if tag in tags:
            kept[tag] = tags.get_ifd(tag)
    return kept


def _density(info: Info, given: object) -> Density | None:
    """Returns the density of an image; None where a JPEG cannot say it."""
    unit, found = 1, given
    if found is None and "jfif_unit" in info:  # Pillow's "dpi" may then be a guess
        unit, found = info["jfif_unit"], info.get("jfif_density")
    elif found is None and "dpi" in info:
        found = info["dpi"]
    elif found is None:
        unit, found = 0, info.get("aspect")
    try:
        x, y = (round(float(n)) for n in found or ())  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    is_legal = unit in (0, 1, 2) and 0 < x < 2**16 and 0 < y < 2**16
    return (unit, x, y) if is_legal and (unit or x != y) else None


def _resources(found: object) -> bytes | None:
    """Returns Photoshop's image resources, of which one is IPTC, as a file has them."""
    out = []
    for code, data in found.items() if isinstance(found, dict) else ():
        if code == _RESOLUTION and isinstance(data, dict):
            sides = ((data[f"{a}Resolution"], data[f"DisplayedUnits{a}"]) for a in "XY")
            data = b"".join(
                struct.pack(">IHH", round(n * 65_536), unit, 1) for n, unit in sides
            )
        if isinstance(data, bytes):
            head = struct.pack(">4sHHI", b"8BIM", code, 0, len(data))
            out.append(head + data + b"\0" * (len(data) % 2))
    return b"".join(out) or None


# Strings that plugins of Pillow say about a file, and no text of a picture.
_NO_TEXTS = ("xmp", "comment", "compression", "version", "mode")


def _texts(info: Info) -> list[tuple[bytes, bytes]]:
    """Returns (kind, data) of the chunks of a PNG that would hold an image's texts."""
    texts = PngImagePlugin.PngInfo()
    for key, value in info.items():
        if not isinstance(key, str) or not isinstance(value, str):
            continue
        if 0 < len(key) < 80 and key not in _NO_TEXTS:
            texts.add_text(key, value)
    return [(kind, data) for kind, data, *_ in texts.chunks]
