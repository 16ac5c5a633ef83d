"""Encodes a picture as a file, in the format of a file name's suffix."""

from __future__ import annotations

import io
import struct

from PIL import Image, PngImagePlugin

from comrec.errors import OutputError
from comrec.image import ifd, png, xmp
from comrec.image import metadata as blocks
from comrec.image.formats import png_text, tiff
from comrec.image.ifd import Entry
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes
from comrec.image.picture import Picture

WRITES = {
    ".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP", ".bmp": "BMP",
    ".jpg": "JPEG", ".jpeg": "JPEG", ".avif": "AVIF",
}  # fmt: skip
# Kinds of metadata that a format holds; docs/format.md has the table.
HOLDS = {
    "PNG": blocks.KINDS,
    "TIFF": ("exif", "icc", "xmp", "iptc", "density"),
    "WEBP": ("exif", "icc", "xmp"),
    "AVIF": ("exif", "icc", "xmp"),
    "BMP": ("density",),
    "JPEG": blocks.KINDS,
}
JPEG_OUT_QUALITY = 95
AVIF_OUT_QUALITY = 90
SIGNATURE = "comrec"  # ProcessingSoftware of every TIFF, comment of every JPEG
PNG_SIGNATURE = png_text.SIGNATURE  # text chunk of every PNG
SOFTWARE_TAG = 0x000B  # ProcessingSoftware
_INCHES_PER_METRE = 1 / 0.0254


def write(
    picture: Picture, suffix: str, threads: int = 1, notes: Notes | None = None
) -> bytes:
    """Encodes a picture by a suffix: without loss, except as JPEG and AVIF.

    Args:
      picture: written with its alpha, and with the metadata that the format holds.
      suffix: one of WRITES, in any case.
      threads: cores for a PNG; 0 takes all cores.
      notes: take what is left out.

    Returns:
      The whole file.

    Raises:
      OutputError: the suffix is unknown, or its format cannot hold this picture.
    """
    format_name = WRITES.get(suffix.lower())
    if format_name is None:
        raise OutputError(
            f"cannot write {suffix or 'a name without suffix'!r}. Name one of "
            f"{', '.join(WRITES)}"
        )
    if picture.alpha is not None and format_name in ("JPEG", "BMP"):
        raise OutputError(f"{format_name} has no alpha channel. Write a .png instead")
    kept = _fit(picture.metadata, format_name, Notes() if notes is None else notes)
    try:
        return _encode(picture, kept, format_name, threads)
    except (OSError, ValueError, RuntimeError) as err:
        raise OutputError(f"cannot be written as {format_name} ({err})") from err


def _fit(metadata: Metadata, format_name: str, notes: Notes) -> Metadata:
    """Returns the metadata that a format holds, and notes the rest."""
    kept = metadata.only(HOLDS[format_name])
    for kind in metadata.kinds():
        if kind not in HOLDS[format_name]:
            name = blocks.NAMES.get(kind, kind)
            notes.leave_out(kind, f"{name} left out: {format_name} cannot hold it")
    if format_name == "JPEG":
        kept, more = blocks.fit_jpeg(kept)
        for kind, line in zip(more.left_out, more.lines, strict=True):
            notes.leave_out(kind, line)
        return kept
    packet = xmp.merged(kept.xmp, kept.extended_xmp)
    if kept.xmp and packet is None:
        notes.leave_out("xmp", "extended XMP left out: it cannot be joined to its XMP")
        packet = kept.xmp
    return kept.only(set(HOLDS[format_name]) - {"xmp"}).updated(xmp=packet)


def _encode(picture: Picture, kept: Metadata, format_name: str, threads: int) -> bytes:
    options: dict[str, object] = {}
    if kept.icc and format_name != "JPEG":
        options["icc_profile"] = kept.icc
    if format_name == "PNG":
        options |= _png_options(kept)
        return png.encode(picture.to_array(), threads, **options)  # type: ignore[arg-type]
    out, image = io.BytesIO(), Image.fromarray(picture.to_array())
    if format_name == "JPEG":
        image.save(out, "JPEG", quality=JPEG_OUT_QUALITY, subsampling="4:4:4")
        signed = kept.updated(comment=(SIGNATURE.encode(), *kept.comment))
        return blocks.insert(out.getvalue(), signed, [])
    if format_name == "TIFF":
        image.save(out, "TIFF", compression="tiff_adobe_deflate", **options)
        return _with_tags(out.getvalue(), kept)
    if format_name in ("WEBP", "AVIF"):
        options |= (
            {"lossless": True, "exact": True}
            if format_name == "WEBP"
            else {"quality": AVIF_OUT_QUALITY, "subsampling": "4:4:4"}
        )
        if kept.exif:
            options["exif"] = b"Exif\0\0" + kept.exif
        if kept.xmp:
            options["xmp"] = kept.xmp
    if format_name == "BMP" and kept.density:
        options["dpi"] = tuple(n * 0.0254 for n in _per_metre(kept.density))
    image.save(out, format_name, **options)
    return out.getvalue()


def _png_options(kept: Metadata) -> dict[str, object]:
    info = PngImagePlugin.PngInfo()
    info.add_text("Software", SIGNATURE)
    if kept.xmp:
        info.add_itxt("XML:com.adobe.xmp", kept.xmp.decode("utf-8", "replace"))
    for comment in kept.comment:
        info.add_itxt("Comment", _decode_text(comment))
    extra = png_text.split(kept.text or b"")
    if kept.density:
        unit = int(kept.density[0] != 0)
        extra.append((b"pHYs", struct.pack(">IIB", *_per_metre(kept.density), unit)))
    if kept.iptc:
        extra.append((b"zTXt", png_text.raw_profile(b"8bim", kept.iptc)))
    options: dict[str, object] = {"pnginfo": info, "extra": extra}
    if kept.exif:
        options["exif"] = b"Exif\0\0" + kept.exif
    return options


def _decode_text(text: bytes) -> str:
    """Returns a comment of a JPEG, whose encoding no standard names, as text."""
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _per_metre(density: blocks.Density) -> tuple[int, int]:
    unit, x, y = density
    factor = {0: 1.0, 1: _INCHES_PER_METRE, 2: 100.0}[unit]
    return round(x * factor), round(y * factor)


def _with_tags(data: bytes, kept: Metadata) -> bytes:
    """Returns a TIFF with the tags of its EXIF, whose values stay as they are."""
    page = ifd.first(data)
    tags: dict[int, Entry] = {
        SOFTWARE_TAG: Entry(2, len(SIGNATURE) + 1, SIGNATURE.encode() + b"\0", 0)
    }
    if kept.exif:
        try:
            found = ifd.first(kept.exif)
        except ifd.DirectoryError as err:
            raise OutputError(
                "cannot be written as TIFF: its EXIF is damaged. Write a .png instead"
            ) from err
        tags |= {
            tag: ifd.swapped(found.entries[tag], found.order, page.order)
            for tag in tiff.DESCRIPTIVE if tag in found.entries
        }  # fmt: skip
        data += b"\0" * (len(data) % 2)
        inside, leading = ifd.copied(kept.exif, found, page.order, len(data))
        data, tags = data + inside, tags | leading
    if kept.density:
        unit, x, y = kept.density
        tags[0x0128] = ifd.whole(ifd.SHORT, page.order, unit + 1)
        for tag, n in ((0x011A, x), (0x011B, y)):
            tags[tag] = Entry(5, 1, struct.pack(page.order + "II", n, 1), 0)
    for tag, block in ((tiff.XMP, kept.xmp), (tiff.PHOTOSHOP, kept.iptc)):
        if block:
            tags[tag] = Entry(1 if tag == tiff.XMP else 7, len(block), block, 0)
    return ifd.with_directory(data, page.entries | tags)
