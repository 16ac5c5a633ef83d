"""The marker segments of a JPEG: parsing, editing, and what the checksum covers."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from comrec.errors import JpegError
from comrec.jpeg import segments as seg

RNG = np.random.default_rng(1)
PIXELS = RNG.integers(0, 256, (19, 21, 3), dtype=np.uint8)
VARIANTS = {
    "baseline": {},
    "grey": {"mode": "L"},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 1},
    "adobe": {"keep_rgb": True},
    "metadata": {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", "comment": b"hello"},
}


def make(mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(out, "JPEG", quality=20, **options)
    return out.getvalue()


def decoded(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def coded_crc32(jpeg: bytes) -> int:
    return seg.coded_crc32(seg.parse(jpeg), jpeg)


def markers(jpeg: bytes) -> list[int]:
    return [segment.marker for segment in seg.parse(jpeg)]


@pytest.fixture(params=VARIANTS, name="jpeg")
def any_jpeg(request) -> bytes:
    return make(**VARIANTS[request.param])


def test_segments_and_the_two_outer_markers_make_up_the_whole_file(jpeg):
    parts = [jpeg[s.start : s.end] for s in seg.parse(jpeg)]
    assert b"\xff\xd8" + b"".join(parts) + b"\xff\xd9" == jpeg


def test_baseline_has_the_segments_that_annex_b_names():
    # JFIF, two tables of steps, baseline frame, four Huffman tables, one scan.
    assert markers(make()) == [0xE0, 0xDB, 0xDB, 0xC0, *[0xC4] * 4, 0xDA]


def test_progressive_scans_are_told_apart():
    jpeg = make(progressive=True)
    # libjpeg's script for three components has ten scans.
    assert markers(jpeg).count(seg.SOS) == 10
    assert markers(jpeg).count(0xC2) == 1


def test_restart_markers_belong_to_their_scan():
    jpeg = make(restart_marker_blocks=1)
    (scan,) = [s for s in seg.parse(jpeg) if s.marker == seg.SOS]
    # 21x19 at 4:2:0 is 2x2 blocks of 16: three restarts between four of them.
    data = jpeg[scan.start : scan.end]
    restarts = [bytes((0xFF, 0xD0 + n)) in data for n in range(8)]
    assert restarts == [True] * 3 + [False] * 5
    assert scan.end == len(jpeg) - 2


def test_fill_bytes_before_any_marker_are_skipped(jpeg):
    parts = [jpeg[s.start : s.end] for s in seg.parse(jpeg)]
    filled = b"\xff\xd8" + b"".join(b"\xff\xff\xff" + part for part in parts)
    filled += b"\xff\xff\xff\xd9"
    assert markers(filled) == markers(jpeg)
    assert np.array_equal(decoded(filled), decoded(jpeg))  # so it is legal


@pytest.mark.parametrize("tail", [b"\0", b"\xff", b"\xff\xd8\xff", bytes(1000)])
def test_bytes_after_the_end_are_ignored(jpeg, tail):
    assert markers(jpeg + tail) == markers(jpeg)
    assert coded_crc32(jpeg + tail) == coded_crc32(jpeg)


def test_every_cut_off_file_is_refused(jpeg):
    for length in range(len(jpeg)):
        with pytest.raises(JpegError, match=r"not a JPEG|cut off"):
            seg.parse(jpeg[:length])


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"\x89PNG\r\n\x1a\n", b"\xff\xd9", b"GIF89a" + bytes(100)]
)
def test_what_is_no_jpeg_is_refused(text):
    with pytest.raises(JpegError, match="not a JPEG"):
        seg.parse(text)


@pytest.mark.parametrize(
    "body",
    [
        b"\x00\x01\x02",  # no marker where one has to be
        b"\xff\xe0\x00\x01\xff\xd9",  # a size that does not cover itself
        b"\xff\xe0\xff\xff\xff\xd9",  # beyond the end of the file
        b"\xff" * 100,
    ],
)
def test_broken_structure_is_refused(body):
    with pytest.raises(JpegError, match="damaged or cut off"):
        seg.parse(b"\xff\xd8" + body)


SMALL = make(progressive=True)


@settings(max_examples=150, deadline=2000)
@given(
    st.lists(
        st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)),
        min_size=1,
        max_size=8,
    )
)
def test_damaged_bytes_parse_or_are_refused(changes):
    damaged = bytearray(SMALL)
    for position, value in changes:
        damaged[position] = value
    try:
        segments = seg.parse(bytes(damaged))
    except JpegError:
        return
    assert all(2 <= s.start < s.end <= len(damaged) for s in segments)


@settings(max_examples=150, deadline=2000)
@given(st.binary(max_size=300))
def test_noise_after_the_start_parses_or_is_refused(noise):
    try:
        segments = seg.parse(b"\xff\xd8" + noise)
    except JpegError:
        return
    assert b"\xff\xd9" in noise
    assert all(s.end <= len(noise) + 2 for s in segments)


@pytest.mark.parametrize(("count", "legal"), [(100_000, True), (100_001, False)])
def test_a_file_of_too_many_segments_is_refused(count, legal):
    jpeg = b"\xff\xd8" + b"\xff\xfe\x00\x02" * count + b"\xff\xd9"
    if legal:
        assert len(seg.parse(jpeg)) == count
    else:
        with pytest.raises(JpegError, match="bad segment"):
            seg.parse(jpeg)


@pytest.mark.parametrize("stray", [b"\xff\0", b"\1\xff\0\0\2", b"\xff\xff\0\xff"])
def test_a_zero_after_255_is_passed_over_before_the_first_scan_alone(jpeg, stray):
    found = seg.parse(jpeg)
    first = found[0].end
    padded = seg.parse(jpeg[:first] + stray + jpeg[first:])
    assert [s.payload for s in padded] == [s.payload for s in found]
    late = jpeg[:-2] + b"\xff\xfe\0\2" + stray + b"\0" + jpeg[-2:]  # after a comment
    with pytest.raises(JpegError, match=r"out of place|no marker"):
        seg.parse(late)


@pytest.mark.parametrize("marker", [0x01, 0xD0, 0xD7, 0xD8])
def test_a_marker_without_a_length_is_refused_between_segments(jpeg, marker):
    first = seg.parse(jpeg)[0].end
    stray = bytes((0xFF, marker, 0, 2))
    with pytest.raises(JpegError, match="out of place"):
        seg.parse(jpeg[:first] + stray + jpeg[first:])


@pytest.mark.parametrize(("count", "legal"), [(100, True), (101, False)])
def test_a_file_of_too_many_scans_is_refused(count, legal):
    """Each scan is work for a whole picture, and may cost a hundred bytes."""
    scan = b"\xff\xda\x00\x02\x00"
    jpeg = b"\xff\xd8" + scan * count + b"\xff\xd9"
    if legal:
        assert len(seg.parse(jpeg)) == count
    else:
        with pytest.raises(JpegError, match="more than 100 scans"):
            seg.parse(jpeg)


def test_what_is_coded_is_what_the_checksum_covers(jpeg):
    added = [(marker, b"another's") for marker in (0xE0, 0xEE, 0xEF, seg.COM)]
    bare = seg.coded_only(seg.insert(jpeg, added) + b"behind the end")
    assert bare == seg.coded_only(jpeg)
    assert seg.coded_crc32(seg.parse(bare), bare) == seg.coded_crc32(
        seg.parse(jpeg), jpeg
    )
    assert not any(segment.is_metadata for segment in seg.parse(bare))
    assert np.array_equal(decoded(bare), decoded(jpeg))


def test_frame_size_is_height_width_components(jpeg):
    components = 1 if decoded(jpeg).ndim == 2 else 3
    assert seg.frame_size(seg.parse(jpeg)) == (19, 21, components)


def test_huffman_tables_before_the_frame_are_no_frame():
    parts = sorted(seg.parse(make()), key=lambda s: s.marker != 0xC4)
    assert [s.marker for s in parts[:4]] == [0xC4] * 4
    assert seg.frame_size(parts) == (19, 21, 3)


def test_a_file_without_a_frame_has_no_size():
    with pytest.raises(JpegError, match="no frame header"):
        seg.frame_size(seg.parse(b"\xff\xd8\xff\xd9"))


@pytest.mark.parametrize("size", [0, 1, 65_533])
def test_added_segments_are_found_and_leave_the_picture_alone(jpeg, size):
    payload = b"name\0" * 13_107
    added = seg.insert(jpeg, [(seg.APP11, payload[:size]), (seg.COM, b"second")])
    found = [bytes(s.payload) for s in seg.parse(added) if s.marker == seg.APP11]
    assert found == [payload[:size]]
    assert np.array_equal(decoded(added), decoded(jpeg))
    assert coded_crc32(added) == coded_crc32(jpeg)


def test_added_segments_follow_the_jfif_header():
    assert markers(seg.insert(make(), [(seg.APP11, b"")]))[:2] == [seg.APP0, seg.APP11]


def test_added_segments_come_first_where_there_is_no_jfif_header():
    jpeg = make(keep_rgb=True)
    assert markers(jpeg)[0] != seg.APP0
    assert markers(seg.insert(jpeg, [(seg.APP11, b"")]))[0] == seg.APP11


def test_a_segment_beyond_its_limit_is_refused():
    with pytest.raises(JpegError, match=r"holds 65533 bytes\. Received: 65534"):
        seg.insert(make(), [(seg.APP11, bytes(65_534))])


def test_stripping_leaves_the_picture_and_its_checksum(jpeg):
    added = seg.insert(jpeg, [(seg.APP1, b"Exif\0\0"), (seg.COM, b"c"), (0xEE, b"x")])
    stripped = seg.without_metadata(added)
    assert not {seg.APP1, seg.COM} & set(markers(stripped))
    assert len(stripped) <= len(jpeg)
    assert np.array_equal(decoded(stripped), decoded(jpeg))
    assert coded_crc32(stripped) == coded_crc32(jpeg)


def test_stripping_leaves_the_headers_that_name_the_colour_space():
    for jpeg, marker in ((make(), seg.APP0), (make(keep_rgb=True), 0xEE)):
        stripped = seg.without_metadata(seg.insert(jpeg, [(marker, b"another's")]))
        assert [m for m in markers(stripped) if m >= seg.APP0] == [marker]


def test_checksum_covers_every_byte_of_coded_data_and_no_other(jpeg):
    jpeg = seg.insert(jpeg, [(seg.APP1, b"Exif\0\0 something")])
    before = coded_crc32(jpeg)
    for segment in seg.parse(jpeg):
        # Markers and sizes of metadata make structure: only its payload is free.
        start = segment.start + 4 * segment.is_metadata
        for position in range(start, segment.end):
            changed = bytearray(jpeg)
            changed[position] ^= 1
            try:
                same = coded_crc32(bytes(changed)) == before
            except JpegError:
                same = False
            assert same == segment.is_metadata, f"byte {position}"


def test_checksum_continues_from_another():
    jpeg = make()
    segments = seg.parse(jpeg)
    first = seg.coded_crc32(segments[:4], jpeg)
    assert seg.coded_crc32(segments[4:], jpeg, first) == coded_crc32(jpeg)


def test_payloads_are_told_apart_by_marker_and_prefix():
    added = [
        (seg.APP11, b"ours\0one"), (seg.APP11, b"theirs\0"),
        (seg.APP2, b"ours\0no"), (seg.APP11, b"ours\0two"),
    ]  # fmt: skip
    segments = seg.parse(seg.insert(make(), added))
    assert list(seg.payloads(segments, seg.APP11, b"ours\0")) == [b"one", b"two"]


@pytest.mark.parametrize("size", [0, 1, 65_526, 65_527, 65_528, 200_000])
def test_chunks_fit_segments_and_join_to_the_data(size):
    data = RNG.bytes(size)
    chunks = seg.split_payload(b"comrec\0", data)
    assert all(len(chunk) <= 65_533 and chunk[:7] == b"comrec\0" for chunk in chunks)
    assert b"".join(chunk[7:] for chunk in chunks) == data
    assert len(chunks) == max(-(-size // 65_526), 1)
