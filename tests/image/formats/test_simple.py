"""GIF, BMP and PNM: size, frames, comments, density and kinds that are not read."""

from __future__ import annotations

import io
import struct
import tracemalloc

import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.errors import ImageError
from comrec.image import reader

PPM = b"P6 2 1 255\n" + bytes(range(6))
BMP = pictures.file_of(pictures.photo(9, 11), "BMP", dpi=(300, 300))
GIF = pictures.file_of(pictures.palette(), "GIF", comment=b"Grandma at the lake")


def test_the_comment_of_a_gif_is_kept_once():
    assert reader.read(GIF).metadata.comment == (b"Grandma at the lake",)


def test_frames_of_a_gif_are_counted_past_stray_bytes():
    second = GIF[GIF.index(b",\0\0\0\0") : -1]
    data = GIF[:-1] + b"\0\0" + second + b"\0" + second + b";"
    assert reader.read(data).notes == ("the first of 3 frames was taken",)


def test_a_gif_that_ends_in_its_header_is_refused():
    with pytest.raises(ImageError, match="damaged or cut off"):
        reader.read(GIF[:10])


def test_the_density_of_a_bmp_is_kept():
    assert reader.read(BMP).metadata.density == (1, 300, 300)


def bmp_with_masks(*masks: int) -> bytes:
    """A BMP of one row of 4 pixels of 32 bits, with masks of colours."""
    head = struct.pack("<IiiHHIIiiII", 40, 4, 1, 1, 32, 3, 16, 0, 0, 0, 0)
    body = head + struct.pack("<III", *masks) + bytes(16)
    return b"BM" + struct.pack("<IHHI", 14 + len(body), 0, 0, 14 + 52) + body


def test_a_bmp_of_a_kind_that_is_not_read_is_not_called_damaged():
    with pytest.raises(
        ImageError, match=r"bitfields.*does not read\. Convert it to PNG"
    ):
        reader.read(bmp_with_masks(0xFF0, 0xFF000, 0xFF00000))


def test_a_bmp_with_usual_masks_is_read():
    assert reader.read(bmp_with_masks(0xFF0000, 0xFF00, 0xFF)).pixels.shape == (1, 4, 3)


def test_the_profile_in_a_bmp_is_kept():
    icc, pixels = pictures.icc(), BMP[54:]
    where = struct.pack("<IIII", 4, 124 + len(pixels), len(icc), 0)
    info = struct.pack("<I", 124) + BMP[18:54] + bytes(16) + b"DEBM" + bytes(48) + where
    data = BMP[:10] + struct.pack("<I", 14 + 124) + info + pixels + icc
    picture = reader.read(data)
    assert picture.metadata.icc == icc
    np.testing.assert_array_equal(picture.pixels, pictures.photo(9, 11))


def test_the_comments_of_a_pnm_are_kept_and_data_after_it_are_named():
    data = b"P6\n# by hand\n2 1\n# deep\n255\n" + bytes(6)
    assert reader.read(data).metadata.comment == (b"by hand", b"deep")
    assert reader.read(data + b"P6").left_out == ("trailing data",)


@pytest.mark.parametrize(
    "data", [
        b"P6 x 1 255\n", b"P6 2 1\n", b"P5 2 1 70000\nab", PPM[:-1], b"P2 2 1 9\n1 t\n",
        b"P2 2 1 9\n1 10\n", b"P1 2 1\n1 7\n", b"P3 1 1 9\n1 2\n",
        b"P5 2 1 255#\nabc" + bytes(9),
    ],
)  # fmt: skip
def test_a_damaged_pnm_is_refused_in_words(data):
    with pytest.raises(ImageError, match="damaged or cut off") as caught:
        reader.read(data)
    assert not {"b'", "int()", "token"} & set(str(caught.value).split())
    assert "b'" not in str(caught.value)


@pytest.mark.parametrize("kind", [b"P5 2 1 10\n\0\x0b", b"P5 2 1 300\n\0\0\x01\x2d"])
def test_a_sample_above_the_highest_of_its_pnm_is_damage(kind):
    with pytest.raises(ImageError, match=r"a sample of (11|301), .* (10|300) at most"):
        reader.read(kind)
    assert reader.read(kind[:-1] + bytes((kind[-1] - 1,))).pixels[0, 1, 0] == 255


@pytest.mark.parametrize("kind", [b"P7", b"Pf", b"PF"])
def test_other_kinds_of_pnm_are_refused_by_name(kind):
    with pytest.raises(ImageError, match=f"a PNM of the kind {kind.decode()}"):
        reader.read(kind + b"\n2 1\n255\n" + bytes(24))


@pytest.mark.parametrize("highest", [1, 100, 255, 256, 1023, 65_535])
def test_a_pnm_of_any_highest_value_is_scaled_to_8_bits(highest):
    row = [0, highest // 2, highest]
    size = 1 if highest < 256 else 2
    data = b"P5 3 1 %d\n" % highest + b"".join(n.to_bytes(size, "big") for n in row)
    found = reader.read(data).pixels[0, :, 0].tolist()
    wanted = [round(n * 255 / highest) for n in row]
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) <= 1


def test_a_frame_beyond_the_canvas_of_a_gif_makes_it_larger():
    small = Image.fromarray(pictures.photo(8, 8)).quantize(4)
    data = bytearray(pictures.file_of(small, "GIF"))
    data[6:10] = struct.pack("<HH", 4, 4)
    with Image.open(io.BytesIO(bytes(data))) as picture:
        assert reader.read(bytes(data)).size == picture.size[::-1]


@pytest.mark.parametrize("size", [16, 41, 2**31])
def test_a_bmp_with_an_unusual_header_is_refused_by_its_size(size):
    with pytest.raises(ImageError, match=f"a BMP with a header of {size} bytes"):
        reader.read(BMP[:14] + struct.pack("<I", size) + BMP[18:])


def test_no_message_names_an_object_in_memory():
    with pytest.raises(ImageError, match="damaged or cut off") as caught:
        reader.read(b"GIF89a" + bytes(20))
    assert "0x" not in str(caught.value)


def test_a_pnm_of_endless_comments_is_refused_at_once():
    data = b"P6" + b"#\n" * 2_000_000 + b"1 1 255\nabc"
    tracemalloc.start()
    with pytest.raises(ImageError, match="damaged or cut off"):
        reader.read(data)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 2**24  # by the length of the file it would be 500 MB
