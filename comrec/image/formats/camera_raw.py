"""Recognises camera raw files, which comrec refuses by name."""

from __future__ import annotations

from comrec.errors import ImageError
from comrec.image import ifd
from comrec.image.ifd import Directory

REMEDY = "Develop it to TIFF or JPEG with the camera's program or darktable first"
_SUB_IFDS, _PHOTOMETRIC, _MAKE, _DNG_VERSION = 330, 262, 0x010F, 50706
_SENSOR = (32803, 34892)  # photometric of a colour filter array, and linear raw
_RAW_COMPRESSION = {
    34713: "NEF",
    32767: "ARW",
    32769: "raw",
    65000: "KDC",
    65535: "PEF",
}
_STARTS = {
    b"FUJIFILMCCD-RAW": "RAF", b"FOVb": "X3F", b"\0MRM": "MRW", b"IIRO": "ORF",
    b"IIRS": "ORF", b"MMOR": "ORF", b"IIU\0": "RW2", b"II\x1a\0\0\0HEAPCCDR": "CRW",
    b"ARRI": "ARI",
}  # fmt: skip


def refusal(kind: str) -> ImageError:
    """Returns the error for a camera raw file."""
    return ImageError(f"camera raw ({kind}), which comrec does not read. {REMEDY}")


def refuse_start(data: bytes) -> None:
    """Raises ImageError for a file that begins as camera raw."""
    for start, kind in _STARTS.items():
        if data.startswith(start):
            raise refusal(kind)
    if data[4:12] == b"ftypcrx ":
        raise refusal("CR3")
    if data[:4] == b"II*\0" and data[8:10] == b"CR":
        raise refusal("CR2")


def refuse_tiff(data: bytes, page: Directory) -> None:
    """Raises ImageError for a TIFF that holds what a sensor saw."""
    if _DNG_VERSION in page.entries:
        raise refusal("DNG")
    order, big, _ = ifd.header(data)
    pages = [page]
    for place in page.numbers(_SUB_IFDS)[:100]:
        try:
            pages.append(ifd.read(data, place, order, big))
        except ifd.DirectoryError:
            continue
    for each in pages:
        kind = _RAW_COMPRESSION.get(each.number(259))
        if kind or each.number(_PHOTOMETRIC) in _SENSOR:
            make = page.entries.get(_MAKE)
            text = make.value.rstrip(b"\0 ").decode("latin-1") if make else ""
            raise refusal(text if text.isprintable() and text else kind or "TIFF")
