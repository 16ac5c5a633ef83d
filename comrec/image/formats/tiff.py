"""Parses TIFF: the tags of the first page's pixels, its metadata, and the rest."""

from __future__ import annotations

import struct

from comrec.errors import ImageError
from comrec.image import ifd
from comrec.image.formats import camera_raw, png_text
from comrec.image.formats.parsed import Parsed, damaged, unsupported
from comrec.image.ifd import Directory, Entry
from comrec.image.metadata import Metadata
from comrec.image.notes import Notes

PAGES_COUNTED = 1000
SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
SAMPLES, PLANES, PREDICTOR, SUB_IFDS, EXTRA, SAMPLE_FORMAT = (
    277,
    284,
    317,
    330,
    338,
    339,
)
XMP, IPTC, PHOTOSHOP, ICC = 700, 33723, 34377, 34675
# Tags of the layout of pixels, which the decoder gets: also fill order, strips, tiles,
# fax options, palette, ink set, JPEG tables, chroma subsampling and reference levels.
_LAYOUT = (
    WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, 266, 273, SAMPLES, 278, 279, PLANES,
    292, 293, PREDICTOR, 320, 322, 323, 324, 325, 332, EXTRA, SAMPLE_FORMAT, 347, 512,
    513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 531, 532,
)  # fmt: skip
# Tags that describe the picture: texts, resolution in x and y, its unit, date, rating,
# and Windows' title, comment, author, keywords and subject.
DESCRIPTIVE = (
    0x010D, 0x010E, 0x010F, 0x0110, 0x011A, 0x011B, 0x011D, 0x0128, 0x0131, 0x0132,
    0x013B, 0x013C, 0x4746, 0x4749, 0x8298, *range(0x9C9B, 0x9CA0),
)  # fmt: skip
_COLOURS = {0: 1, 1: 1, 2: 3, 3: 1, 5: 4, 6: 3}  # samples by photometric
_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES = 273, 279, 324, 325
# None, fax, LZW, JPEG, deflate, PackBits, WebP; libvips lacks old JPEG and LZMA.
_METHODS = {1, 2, 3, 4, 5, 7, 8, 32773, 32946, 50001}
_RARE_METHODS = {6, 34925}
_RARE = "rare TIFF"
# Read elsewhere, or about samples and pages of the file: kinds of page, threshold,
# smallest and largest samples, gaps, response of grey, place on a page, page numbers.
_OTHERS_KNOWN = {
    SUBFILE, 255, 263, 264, 265, ifd.ORIENTATION, 280, 281, 286, 287, 288, 289, 290,
    291, 297, SUB_IFDS, 340, 341, XMP, IPTC, PHOTOSHOP, ICC, ifd.EXIF, ifd.GPS, 0x000B,
}  # fmt: skip
_COLOUR_TAGS = (301, 318, 319)  # transfer function, white point, primaries
TILE_SIDES = (322, 323)
# libvips takes tiles of 256 pixels, and others up to twice the picture's longer side.
_TILE_SIDE_PX, _TILE_FACTOR = 256, 2
_TILE_PX = 2**22  # that any picture may have; a decoder allocates a whole tile
_HEADER_BYTES = 8
_REDUCED, _MASK = 1, 4  # bits of SUBFILE


def parse(data: bytes, notes: Notes) -> Parsed:
    """Parses a TIFF.

    Raises:
      ImageError: a directory is damaged, or the layout is none that is read.
    """
    try:
        order, big, _ = ifd.header(data)
        pages = list(ifd.chain(data, PAGES_COUNTED + 1))
        if not pages:
            raise damaged("no directory")
        camera_raw.refuse_tiff(data, pages[0])
        page = _choose(data, pages, order, big, notes)
    except ifd.DirectoryError as err:
        raise damaged(err) from err
    width, height = page.number(WIDTH), page.number(HEIGHT)
    if not (width and height):
        raise damaged("no size")
    bits = _check_layout(page)
    _check_places(data, page)
    colours = _COLOURS[page.number(PHOTOMETRIC)]
    extra = page.numbers(EXTRA)
    others = _samples(page) - colours
    if others > 1 or 0 in extra:
        notes.leave_out(
            "channels", "a fourth or other channel that is not alpha was left out"
        )
    if any(tag in page.entries for tag in _COLOUR_TAGS) and ICC not in page.entries:
        notes.leave_out("colour space", "the colour space (primaries) is lost")
    is_rare = _check_rare(data, page, bits, others)
    known = {*_LAYOUT, *DESCRIPTIVE, *_COLOUR_TAGS, *_OTHERS_KNOWN}
    if unknown := sorted(page.entries.keys() - known):
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        named = ", ".join(map(str, unknown[:5]))
        notes.leave_out("application data", f"tags of TIFF left out: {named}{more}")
    return Parsed(
        _RARE if is_rare else "TIFF", bits, height, width, _cleaned(data, page, others),
        _metadata(data, page, notes), page.number(ifd.ORIENTATION),
        others > 0 and (not extra or extra[0] in (1, 2)),
    )  # fmt: skip


def _choose(
    data: bytes, pages: list[Directory], order: str, big: bool, notes: Notes
) -> Directory:
    """Returns the directory of the picture: the first that is no preview of another."""
    places = pages[0].numbers(SUB_IFDS)[:PAGES_COUNTED]
    nested = [ifd.read(data, place, order, big) for place in places]  # type: ignore[arg-type]
    full = [p for p in [*pages, *nested] if not p.number(SUBFILE) & (_REDUCED | _MASK)]
    page = full[0] if full else pages[0]
    others = sum(p is not page and not p.number(SUBFILE) & _REDUCED for p in pages)
    if others:
        count = others + 1
        many = count if count <= PAGES_COUNTED else f"over {PAGES_COUNTED}"
        notes.leave_out("pages", f"the first of {many} frames was taken")
    if len(pages) - others > 1 or nested:
        notes.leave_out("previews", "smaller versions of the picture were left out")
    return page


def _check_layout(page: Directory) -> int:
    """Returns the bits of a sample; raises ImageError for layouts that are not read."""
    depths = set(page.numbers(BITS, (1,)))
    bits = max(depths, default=1)
    if len(depths) > 1:
        raise unsupported("a TIFF whose channels have different depths")
    if bits > 8 and bits != 16:
        raise ImageError(f"{bits} bits a channel. Convert it to 8 or 16 bits first")
    if set(page.numbers(SAMPLE_FORMAT, (1,))) != {1}:
        raise ImageError(
            "its values are signed or of no known type. Convert it to unsigned 8 or "
            "16 bits first"
        )
    photometric, samples = page.number(PHOTOMETRIC, -1), _samples(page)
    if photometric not in _COLOURS:
        raise ImageError(
            f"mode {photometric} of TIFF is not one comrec knows. Convert it to 8-bit "
            f"grey or RGB first"
        )
    if samples < _COLOURS[photometric]:
        raise damaged("it has too few channels")
    if bits < 8 and samples > 1:
        raise unsupported(f"a TIFF with {samples} channels of {bits} bits")
    method = page.number(COMPRESSION, 1)
    if method not in _METHODS | _RARE_METHODS:
        raise unsupported(f"a TIFF compressed by method {method}")
    return bits


def _samples(page: Directory) -> int:
    """Returns the number of channels, which JPEG of before TIFF 6.0 need not say."""
    is_old_jpeg = page.number(COMPRESSION) == 6 and SAMPLES not in page.entries
    colours = _COLOURS.get(page.number(PHOTOMETRIC, -1), 1)
    return colours if is_old_jpeg else page.number(SAMPLES, 1)


def _check_rare(data: bytes, page: Directory, bits: int, others: int) -> bool:
    """Returns whether Pillow has to decode; raises ImageError where none can."""
    samples = _samples(page)
    is_planes = page.number(PLANES) == 2 and samples > 1
    is_tiled = is_planes and _TILES in page.entries
    # libvips mixes planes of grey up; Pillow has no mode for further planes in tiles.
    is_grey = _COLOURS[page.number(PHOTOMETRIC)] == 1
    if is_planes and (is_grey or (is_tiled and others > 0)):
        raise ImageError(
            "channels in separate planes, with alpha or others beside the colours. "
            "Save it interleaved (contiguous) first"
        )
    reasons = {
        "in separate planes of tiles": is_tiled,
        "in tiles far larger than the picture": _has_huge_tiles(page),
        "compressed by LZMA": page.number(COMPRESSION) in _RARE_METHODS,
        "compressed by the LZW of before TIFF 6.0": _is_old_lzw(data, page),
    }
    named = [reason for reason, holds in reasons.items() if holds]
    if named and bits == 16:
        raise ImageError(
            f"16 bits a channel {' and '.join(named)}. Save it interleaved "
            f"(contiguous), in strips and by another method first"
        )
    return bool(named)


def _has_huge_tiles(page: Directory) -> bool:
    """Tells whether tiles are too large for libvips, and raises for any decoder."""
    if _TILES not in page.entries:
        return False
    width, height = page.number(WIDTH), page.number(HEIGHT)
    tile_width, tile_height = (page.number(tag) for tag in TILE_SIDES)
    if tile_width * tile_height > max(_TILE_PX, 4 * width * height):
        raise ImageError(
            f"its tiles have {tile_width}x{tile_height} pixels, and it has "
            f"{width}x{height}. Save it in strips or smaller tiles first"
        )
    side = max(_TILE_SIDE_PX, _TILE_FACTOR * max(width, height))
    return max(tile_width, tile_height) > side


def _is_old_lzw(data: bytes, page: Directory) -> bool:
    """Tells whether LZW has its bits in the order of before TIFF 6.0 (libtiff does)."""
    place = (*page.numbers(_STRIPS), *page.numbers(_TILES), len(data))[0]
    start = data[place : place + 2]
    is_reversed = len(start) == 2 and start[0] == 0 and bool(start[1] & 1)
    return page.number(COMPRESSION) == 5 and is_reversed


def _check_places(data: bytes, page: Directory) -> None:
    """Raises ImageError for strips or tiles that end after the data."""
    found = places(page)
    if not found:
        raise damaged("no pixels")
    if any(place + size > len(data) for place, size in found):
        raise damaged("the file ends before the picture")


def places(page: Directory) -> list[tuple[int, int]]:
    """Returns place and size of each strip or tile; a size that is not said is 1."""
    starts = page.numbers(_STRIPS) or page.numbers(_TILES)
    sizes = page.numbers(_STRIP_BYTES) or page.numbers(_TILE_BYTES)
    return list(zip(starts, sizes or [1] * len(starts), strict=False))


def _cleaned(data: bytes, page: Directory, others: int) -> bytes:
    """Returns the file with one directory, which has the tags of the layout alone."""
    kept = {tag: page.entries[tag] for tag in _LAYOUT if tag in page.entries}
    if others > 0 and EXTRA not in kept:  # a fourth channel is alpha
        kept[EXTRA] = ifd.whole(ifd.SHORT, page.order, 2, *([0] * (others - 1)))
    return ifd.with_directory(data, kept)


def _metadata(data: bytes, page: Directory, notes: Notes) -> Metadata:
    def block(tag: int) -> bytes | None:
        return page.entries[tag].value if tag in page.entries else None

    iptc = block(PHOTOSHOP)
    if iptc is None and (records := block(IPTC)) is not None:
        records = ifd.swapped(page.entries[IPTC], page.order, ">").value
        if page.entries[IPTC].type != ifd.LONG:
            records = page.entries[IPTC].value
        iptc = png_text.IPTC_RESOURCE + struct.pack(">I", len(records)) + records
    return Metadata(
        exif=exif_of(data, page), icc=block(ICC) or None, xmp=block(XMP) or None,
        iptc=iptc or None, density=_density(page),
    )  # fmt: skip


def exif_of(data: bytes, page: Directory) -> bytes | None:
    """Returns an EXIF block of what describes the picture, or None.

    A TIFF and its EXIF share one set of tags. The others describe the layout of pixels
    and must not be copied from one file to another.
    """
    kept = {tag: page.entries[tag] for tag in DESCRIPTIVE if tag in page.entries}
    start = b"II*\0" if page.order == "<" else b"MM\0*"
    inside, leading = ifd.copied(data, page, page.order, _HEADER_BYTES)
    if not kept and not leading:
        return None
    place = _HEADER_BYTES + len(inside)
    link = struct.pack(page.order + "I", place)
    last = ifd.packed(kept | leading, page.order, False, place)
    return start + link + inside + last


def _density(page: Directory) -> tuple[int, int, int] | None:
    unit = {1: 0, 2: 1, 3: 2}.get(page.number(0x0128, 2), 0)
    sides = [_rational(page.entries.get(tag), page.order) for tag in (0x011A, 0x011B)]
    x, y = (round(n) for n in sides)
    says_something = unit or x != y
    return (unit, x, y) if says_something and 0 < x < 2**16 and 0 < y < 2**16 else None


def _rational(entry: Entry | None, order: str) -> float:
    if entry is None or entry.type != 5 or not entry.length:
        return 0
    over, under = struct.unpack_from(order + "II", entry.value)
    return over / under if under else 0
