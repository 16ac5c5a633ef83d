"""TIFF layouts that decoders get wrong without a word: read right, or refused."""

from __future__ import annotations

import io
import struct

import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.errors import ImageError
from comrec.image import ifd, reader
from comrec.image.formats import tiff

LEFT_OUT = "a fourth or other channel that is not alpha was left out"


def planes(pixels: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(pixels, 2, 0))


@pytest.mark.parametrize("kind", ["rgb", "separated"])
def test_16_bit_planes_one_after_another_are_read_as_interleaved_ones(kind):
    pixels = pictures.photo() if kind == "rgb" else np.asarray(pictures.cmyk())
    levels = pictures.deep(pixels)
    options = {"photometric": kind}
    data = pictures.scientific_tiff(planes(levels), planarconfig="separate", **options)
    same = pictures.scientific_tiff(levels, **options)
    found = reader.read(data).pixels
    np.testing.assert_array_equal(found, reader.read(same).pixels)
    if kind == "rgb":
        np.testing.assert_array_equal(found, pixels)


@pytest.mark.parametrize("tile", [None, (16, 16)])
def test_8_bit_planes_one_after_another_are_read_exactly(tile):
    data = pictures.scientific_tiff(
        planes(pictures.photo()), photometric="rgb", planarconfig="separate", tile=tile
    )
    np.testing.assert_array_equal(reader.read(data).pixels, pictures.photo())


@pytest.mark.parametrize("bits", [8, 16])
def test_grey_with_white_as_zero_is_no_negative(bits):
    levels = pictures.grey() if bits == 8 else pictures.deep(pictures.grey())
    data = pictures.scientific_tiff(
        np.invert(levels), photometric="miniswhite", compression=None
    )
    np.testing.assert_array_equal(reader.read(data).to_array(), pictures.grey())


@pytest.mark.parametrize("kind", ["int32", "uint32"])
def test_32_bits_are_refused_however_small_the_values_are(kind):
    data = pictures.scientific_tiff(pictures.grey().astype(kind))
    with pytest.raises(ImageError, match=r"32 bits a channel\. Convert it"):
        reader.read(data)


@pytest.mark.parametrize("kind", ["int8", "int16"])
def test_signed_values_are_refused_with_the_reason(kind):
    data = pictures.scientific_tiff((pictures.grey() // 2).astype(kind))
    with pytest.raises(ImageError, match=r"values are signed.* Convert it"):
        reader.read(data)


@pytest.mark.parametrize(
    ("pixels", "kind"),
    [
        (pictures.photo(), "rgb"), (pictures.grey(), "minisblack"),
        (pictures.deep(pictures.photo()), "rgb"),
    ],
    ids=["RGB", "grey", "RGB of 16 bits"],
)  # fmt: skip
def test_a_channel_that_means_nothing_is_left_out_with_one_note(pixels, kind):
    data = pictures.scientific_tiff(
        pictures.with_alpha(pixels), photometric=kind, extrasamples=["unspecified"]
    )
    picture = reader.read(data)
    assert picture.alpha is None
    assert picture.notes.count(LEFT_OUT) == 1
    shown = pictures.grey() if kind == "minisblack" else pictures.photo()
    np.testing.assert_array_equal(picture.to_array(), shown)


def test_16_bit_grey_with_alpha_is_read_exactly():
    levels = pictures.deep(pictures.with_alpha(pictures.grey()))
    data = pictures.scientific_tiff(
        levels, photometric="minisblack", extrasamples=["unassalpha"]
    )
    np.testing.assert_array_equal(reader.read(data).to_array(), np.rint(levels / 257))


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("kind", ["rgb", "minisblack"])
def test_colours_multiplied_by_alpha_are_divided_by_it(kind, bits):
    pixels = pictures.photo() if kind == "rgb" else pictures.grey()[..., None]
    alpha = np.maximum(pictures.alpha(), 128)[..., None]
    top, dtype = (255, np.uint8) if bits == 8 else (65_535, np.uint16)
    levels = np.concatenate([pixels / 255 * (alpha / 255), alpha / 255], 2) * top
    data = pictures.scientific_tiff(
        np.rint(levels).astype(dtype), photometric=kind, extrasamples=["assocalpha"]
    )
    picture = reader.read(data)
    np.testing.assert_array_equal(picture.alpha, alpha[..., 0])
    assert np.abs(picture.pixels.astype(int) - pixels).max() <= 2


@pytest.mark.parametrize(
    ("name", "said"), [("float", "32 bits"), ("text", "not a pict")]
)
def test_a_kind_that_is_not_read_is_called_so(name, said):
    floats = pictures.photo().astype(np.float32)
    data = {
        "float": lambda: pictures.scientific_tiff(floats, photometric="rgb"),
        "text": lambda: b"a text",
    }[name]()
    with pytest.raises(ImageError, match=said + r".*Convert"):
        reader.read(data)


def test_the_resolution_of_a_tiff_is_kept():
    data = pictures.file_of(pictures.photo(), "TIFF", dpi=(300, 300))
    kept = Image.Exif()
    kept.load(reader.read(data).metadata.exif)
    assert (kept[0x011A], kept[0x011B], kept[0x0128]) == (300, 300, 2)


@pytest.mark.parametrize(("pages", "said"), [(5, "5"), (6, "over 5"), (20, "over 5")])
def test_pages_are_counted_up_to_a_limit(monkeypatch, pages, said):
    monkeypatch.setattr(tiff, "PAGES_COUNTED", 5)
    shades = [Image.new("L", (9, 7), 10 * n) for n in range(pages)]
    out = io.BytesIO()
    shades[0].save(out, "TIFF", save_all=True, append_images=shades[1:])
    picture = reader.read(out.getvalue())
    assert picture.notes == (f"the first of {said} frames was taken",)
    assert picture.left_out == ("pages",)
    assert not picture.pixels.any()  # it is the first


@pytest.mark.parametrize("tile", [None, (16, 16)])
@pytest.mark.parametrize("bits", [8, 16])
def test_grey_with_alpha_in_two_planes_is_refused_and_not_mixed_up(tile, bits):
    """libvips takes rows of both planes for grey; Pillow loses the alpha of tiles."""
    pixels = pictures.with_alpha(pictures.grey())
    levels = pictures.deep(pixels) if bits == 16 else pixels
    options = {"photometric": "minisblack", "extrasamples": ["unassalpha"]}
    data = pictures.scientific_tiff(
        planes(levels), planarconfig="separate", tile=tile, **options
    )
    with pytest.raises(ImageError, match=r"channels in separate planes.*interleaved"):
        reader.read(data)
    whole = pictures.scientific_tiff(levels, planarconfig="contig", **options)
    np.testing.assert_array_equal(reader.read(whole).to_array(), pixels)


@pytest.mark.parametrize("count", [3, 5])
def test_grey_with_further_channels_in_planes_is_refused_and_not_mixed_up(count):
    levels = pictures.photo(13, 17)[..., [0, 1, 2, 0, 1][:count]]
    options = {"photometric": "minisblack", "extrasamples": [0] * (count - 1)}
    data = pictures.scientific_tiff(planes(levels), planarconfig="separate", **options)
    with pytest.raises(ImageError, match=r"channels in separate planes.*interleaved"):
        reader.read(data)
    whole = pictures.scientific_tiff(levels, planarconfig="contig", **options)
    np.testing.assert_array_equal(reader.read(whole).pixels, levels[..., :1])


def test_a_tiff_of_a_kind_that_libvips_does_not_read_is_not_called_damaged():
    options = {"photometric": "rgb", "planarconfig": "separate"}
    data = pictures.scientific_tiff(planes(pictures.photo(13, 17)), **options)
    rgb = struct.pack("<HHI", 262, 3, 1) + b"\2"
    in_ycbcr = data.replace(rgb, rgb[:-1] + b"\6")
    assert data.count(rgb) == 1
    with pytest.raises(ImageError, match=r"TIFF of a kind .* which comrec does not"):
        reader.read(in_ycbcr)


def test_colours_with_alpha_in_planes_are_read_from_strips_and_not_from_tiles():
    pixels = planes(pictures.with_alpha(pictures.photo()))
    options = {"photometric": "rgb", "extrasamples": ["unassalpha"]}
    data = pictures.scientific_tiff(pixels, planarconfig="separate", **options)
    np.testing.assert_array_equal(
        reader.read(data).to_array(), pictures.with_alpha(pictures.photo())
    )
    data = pictures.scientific_tiff(
        pixels, planarconfig="separate", tile=(16, 16), **options
    )
    with pytest.raises(ImageError, match=r"channels in separate planes.*interleaved"):
        reader.read(data)


def old_lzw(pixels: np.ndarray) -> bytes:
    """A TIFF in the LZW of before TIFF 6.0: codes from the lowest bit up."""
    bits = place = 0
    for code in [256, *(c for v in pixels.tobytes() for c in (256, v)), 257]:
        bits |= code << place  # a clear code before each keeps codes at 9 bits
        place += 9
    data = bits.to_bytes(-(-place // 8), "little")
    options = {"compression": None, "photometric": "minisblack"}
    plain = bytearray(pictures.scientific_tiff(pixels, **options))
    page = ifd.first(bytes(plain))
    plain += b"\0" * (len(plain) % 2)
    entries = dict(page.entries)
    entries[259] = ifd.whole(ifd.SHORT, page.order, 5)
    entries[273] = ifd.whole(ifd.LONG, page.order, len(plain))
    entries[279] = ifd.whole(ifd.LONG, page.order, len(data))
    return ifd.with_directory(bytes(plain) + data, entries)


def test_the_lzw_of_before_tiff_6_is_read():
    pixels = pictures.grey(5, 7)
    data = old_lzw(pixels)
    np.testing.assert_array_equal(reader.read(data).to_array(), pixels)


@pytest.mark.parametrize("side", [16, 256, 512, 1024])
def test_tiles_may_be_larger_than_the_picture(side):
    """libvips takes none of more than 256 pixels for a picture as small as this."""
    options = {"photometric": "rgb", "tile": (side, side), "compression": "zlib"}
    data = pictures.scientific_tiff(pictures.photo(), **options)
    np.testing.assert_array_equal(reader.read(data).pixels, pictures.photo())


@pytest.mark.parametrize("compression", [1, 8, 34925])
def test_gigantic_tiles_are_refused_before_a_decoder_makes_room_for_them(compression):
    side = {322: 30_000, 323: 30_000, 259: compression}
    data = pictures.scientific_tiff(pictures.photo(), photometric="rgb", tile=(16, 16))
    page = ifd.first(data)
    sides = {tag: ifd.whole(ifd.LONG, page.order, n) for tag, n in side.items()}
    hostile = ifd.with_directory(data, page.entries | sides)
    with pytest.raises(ImageError, match="its tiles have 30000x30000 pixels"):
        reader.read(hostile)
