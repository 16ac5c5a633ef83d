"""Encodes a picture as a file, in the format of a file name's suffix."""

from __future__ import annotations

import io

from PIL import ExifTags, Image, PngImagePlugin

from comrec.errors import OutputError
from comrec.image import png
from comrec.image.metadata import Metadata, descriptive
from comrec.image.picture import Picture

WRITES = {
    ".png": "PNG", ".tif": "TIFF", ".tiff": "TIFF", ".webp": "WEBP", ".bmp": "BMP",
    ".jpg": "JPEG", ".jpeg": "JPEG",
}  # fmt: skip
JPEG_OUT_QUALITY = 95
SIGNATURE = "comrec"  # ProcessingSoftware of every TIFF, comment of every JPEG
PNG_SIGNATURE = b"Software\0comrec"  # text chunk of every PNG
XMP_TAG = 700  # of a TIFF


def write(picture: Picture, suffix: str, threads: int = 1) -> bytes:
    """Encodes a picture in the format of a suffix, without loss except as JPEG.

    Args:
      picture: written with its alpha and metadata.
      suffix: one of WRITES, in any case.
      threads: cores for a PNG; 0 takes all cores.

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
    options = _metadata_options(picture.metadata, format_name)
    if format_name == "JPEG":
        options |= {"quality": JPEG_OUT_QUALITY, "subsampling": "4:4:4"}
        options["comment"] = SIGNATURE
    elif format_name == "WEBP":
        options |= {"lossless": True, "exact": True}
    out = io.BytesIO()
    try:
        if format_name == "PNG":
            return png.encode(picture.to_array(), threads, **options)
        Image.fromarray(picture.to_array()).save(out, format_name, **options)
    except (OSError, ValueError, RuntimeError) as err:
        raise OutputError(f"cannot be written as {format_name} ({err})") from err
    return out.getvalue()


def _metadata_options(metadata: Metadata, format_name: str) -> dict[str, object]:
    if format_name == "BMP":
        return {}
    options: dict[str, object] = {}
    if metadata.icc:
        options["icc_profile"] = metadata.icc
    if format_name == "TIFF":
        tags = _tiff_tags(metadata)
        # libtiff, which compresses, cannot write the directories inside EXIF.
        nested = {ExifTags.IFD.Exif, ExifTags.IFD.GPSInfo, ExifTags.IFD.Interop}
        method = "raw" if nested & set(tags) else "tiff_adobe_deflate"
        return options | {"exif": tags, "compression": method}
    if metadata.exif:
        options["exif"] = b"Exif\0\0" + metadata.exif
    if format_name == "PNG":
        info = PngImagePlugin.PngInfo()
        info.add_text("Software", "comrec")
        if metadata.xmp:
            info.add_itxt("XML:com.adobe.xmp", metadata.xmp.decode("utf-8", "replace"))
        options["pnginfo"] = info
    elif metadata.xmp:
        options["xmp"] = metadata.xmp
    return options


def _tiff_tags(metadata: Metadata) -> Image.Exif:
    """Returns the tags of a TIFF, which hold its EXIF and XMP."""
    tags, found = Image.Exif(), Image.Exif()
    if metadata.exif:
        try:
            found.load(metadata.exif)
            tags.load(descriptive(found).tobytes())
            inner = tags.get_ifd(ExifTags.IFD.Exif) if ExifTags.IFD.Exif in tags else {}
            if ExifTags.IFD.Interop in inner:  # else Pillow writes the old offset
                inner[ExifTags.IFD.Interop] = tags.get_ifd(ExifTags.IFD.Interop)
        except Exception as err:  # Pillow's errors on damaged EXIF are undocumented
            raise OutputError(
                "cannot be written as TIFF: its EXIF is damaged. Write a .png instead"
            ) from err
    tags[ExifTags.Base.ProcessingSoftware] = SIGNATURE
    if metadata.xmp:
        tags[XMP_TAG] = metadata.xmp
    return tags
