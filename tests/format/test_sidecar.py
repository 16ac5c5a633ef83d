"""The record that ties a .jpg to the image it was made from."""

import base64
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from comrec.errors import SidecarError
from comrec.format import sidecar
from comrec.format.sidecar import Sidecar
from comrec.jpeg import segments as seg

PRESET = "jiang2017-gray-q50"
WIDTH, HEIGHT = 41, 29  # of the image; half of it, rounded up, is 21x15


def picture(seed: int, width: int = 21, height: int = 15) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=30)
    return out.getvalue()


JPEG = picture(1)
OTHER = picture(2)
RECORD = Sidecar(PRESET, WIDTH, HEIGHT, 2).paired(JPEG)
WITH_ALPHA = Sidecar(PRESET, WIDTH, HEIGHT, 2, b"\x89PNG, say").paired(JPEG)
GOOD = json.loads(RECORD.to_json())


def restores(text: bytes, jpeg: bytes = JPEG) -> Sidecar:
    """What decoding does with a file: parse, then find the record that fits."""
    candidates = sidecar.parse_json(text, "house.comrec.json")
    return sidecar.pick(candidates, jpeg, "house.comrec.json", "house.comrec.jpg")


def restores_embedded(jpeg: bytes) -> Sidecar:
    marked, inside = sidecar.read_embedded(seg.parse(jpeg), "house.comrec.jpg")
    assert marked
    assert inside is not None
    return sidecar.pick([inside], jpeg, "house.comrec.jpg", "the picture around it")


def dump(record: object) -> bytes:
    return json.dumps(record).encode()


# Round trips, and how long they are


def test_a_whole_scale_has_one_spelling_whatever_type_it_came_in():
    given = Sidecar(PRESET, WIDTH, HEIGHT, 2.0).paired(JPEG)
    assert given == RECORD
    assert restores(given.to_json()) == RECORD
    assert sidecar.parse_binary(given.to_binary(), "x") == RECORD


def test_good_records_are_read():  # else every refusal below could be for any reason
    assert restores(RECORD.to_json()) == RECORD
    assert restores(WITH_ALPHA.to_json()) == WITH_ALPHA
    assert restores(dump(GOOD)) == RECORD
    for record in (RECORD, WITH_ALPHA):
        jpeg = seg.insert(JPEG, sidecar.embedded(record))
        assert restores_embedded(jpeg) == record


sides = st.integers(1, 2**24 - 1)


@settings(max_examples=100, deadline=2000)
@given(sides, sides, st.none() | st.binary(min_size=1, max_size=99), st.integers(0))
def test_both_forms_give_back_what_went_in(width, height, alpha, crc):
    for preset, scale in ((PRESET, 2), ("plain", 1)):
        record = Sidecar(preset, width, height, scale, alpha, crc % 2**32)
        assert sidecar.parse_json(record.to_json(), "x") == [record]
        assert sidecar.parse_binary(record.to_binary(), "x") == record


def test_the_file_is_one_line_of_80_bytes_at_most():
    text = Sidecar(PRESET, 5000, 3000, 2, crc32=2**32 - 1).to_json()
    assert len(text) <= 80
    assert text.count(b"\n") == 1
    assert text.endswith(b"\n")
    assert next(iter(json.loads(text))) == "comrec"  # the version comes first


def test_embedded_it_costs_24_bytes_at_most():
    record = Sidecar(PRESET, 5000, 3000, 2, crc32=2**32 - 1)
    jpeg = seg.insert(JPEG, sidecar.embedded(record))
    assert len(jpeg) - len(JPEG) <= 24
    assert len(seg.insert(JPEG, sidecar.marker())) - len(JPEG) <= 11


def test_a_long_alpha_is_embedded_in_several_segments():
    alpha = np.random.default_rng(3).bytes(150_000)
    record = Sidecar(PRESET, WIDTH, HEIGHT, 2, alpha).paired(JPEG)
    jpeg = seg.insert(JPEG, sidecar.embedded(record))
    assert [s.marker for s in seg.parse(jpeg)].count(seg.APP11) == 3
    assert restores_embedded(jpeg) == record


def test_marker_alone_says_made_by_comrec_without_a_record():
    marked = seg.insert(JPEG, sidecar.marker())
    assert sidecar.read_embedded(seg.parse(marked), "x") == (True, None)
    assert sidecar.read_embedded(seg.parse(JPEG), "x") == (False, None)


# Pairing: anything changed is refused


@pytest.mark.parametrize(
    "change",
    [
        {"preset": "plain"},
        {"size": [WIDTH + 1, HEIGHT]},
        {"size": [WIDTH - 1, HEIGHT]},  # a size with the same compact image
        {"size": [WIDTH, HEIGHT + 1]},
        {"size": [HEIGHT, WIDTH]},
        {"crc": "00000000"},
        {"alpha": base64.b64encode(b"alpha").decode()},
    ],
    ids=str,
)
def test_a_changed_field_is_refused(change):
    with pytest.raises(SidecarError, match=r"house\.comrec\.json: does not belong to"):
        restores(dump(GOOD | change))


@pytest.mark.parametrize("alpha", [b"\x89PNG, saz", b"\x89PNG, sa", b"\0"])
def test_a_changed_or_removed_alpha_is_refused(alpha):
    record = json.loads(WITH_ALPHA.to_json())
    with pytest.raises(SidecarError, match="does not belong to"):
        restores(dump(record | {"alpha": base64.b64encode(alpha).decode()}))
    del record["alpha"]
    with pytest.raises(SidecarError, match="does not belong to"):
        restores(dump(record))


@pytest.mark.parametrize("digit", range(8))
def test_a_changed_digit_of_the_checksum_is_refused(digit):
    crc = list(GOOD["crc"])
    crc[digit] = "1" if crc[digit] == "0" else "0"
    with pytest.raises(SidecarError, match="does not belong to"):
        restores(dump(GOOD | {"crc": "".join(crc)}))


@pytest.mark.parametrize("record", [RECORD, WITH_ALPHA], ids=["opaque", "alpha"])
def test_every_changed_byte_of_the_binary_form_is_refused(record):
    data = record.to_binary()
    for position in range(len(data)):
        for mask in (1, 2, 0x80, 0xFF):
            changed = bytearray(data)
            changed[position] ^= mask
            jpeg = seg.insert(JPEG, [(seg.APP11, sidecar.MAGIC + bytes(changed))])
            with pytest.raises(SidecarError, match=r"^house\.comrec\.jpg: "):
                restores_embedded(jpeg)


def test_every_cut_off_binary_form_is_refused():
    data = WITH_ALPHA.to_binary()
    for length in range(1, len(data)):
        jpeg = seg.insert(JPEG, [(seg.APP11, sidecar.MAGIC + data[:length])])
        with pytest.raises(SidecarError, match=r"^house\.comrec\.jpg: "):
            restores_embedded(jpeg)


def test_the_sidecar_of_another_picture_is_refused_naming_both_files():
    message = r"^house\.comrec\.json: does not belong to house\.comrec\.jpg"
    with pytest.raises(SidecarError, match=message):
        restores(RECORD.to_json(), OTHER)


def test_a_picture_put_around_another_pictures_record_is_refused():
    with pytest.raises(SidecarError, match="does not belong to"):
        restores_embedded(seg.insert(OTHER, sidecar.embedded(RECORD)))


def test_a_record_made_for_a_compact_image_of_another_size_is_refused():
    jpeg = picture(1, width=22)
    record = Sidecar(PRESET, WIDTH, HEIGHT, 2).paired(jpeg)
    message = r"41x29 image at scale 2 has a 21x15 compact .* \.jpg is 22x15"
    with pytest.raises(SidecarError, match=message):
        restores(record.to_json(), jpeg)


def test_metadata_added_or_stripped_does_no_harm():
    added = [(seg.APP1, b"Exif\0\0abc"), (seg.COM, b"from a camera"), *sidecar.marker()]
    assert restores(RECORD.to_json(), seg.insert(JPEG, added)) == RECORD
    stripped = seg.without_metadata(seg.insert(JPEG, added))
    assert restores(RECORD.to_json(), stripped) == RECORD


def test_other_weights_under_the_same_name_are_refused(monkeypatch):
    preset = sidecar.presets.find(PRESET)
    first, *rest = preset.weights.items()
    altered = replace(first[1], sha256="0" + first[1].sha256[1:])
    weights = dict([(first[0], altered), *rest])
    rows = {PRESET: replace(preset, weights=weights)}
    monkeypatch.setattr(sidecar.presets, "PRESETS", rows)
    with pytest.raises(SidecarError, match="does not belong to"):
        restores(RECORD.to_json())


# Two lines, while a new pair replaces an old one


def test_either_of_two_lines_may_fit():
    other = Sidecar(PRESET, WIDTH, HEIGHT, 2).paired(OTHER)
    for text in (
        RECORD.to_json() + other.to_json(),
        other.to_json() + RECORD.to_json(),
    ):
        assert restores(text, JPEG) == RECORD
        assert restores(text, OTHER) == other
        with pytest.raises(SidecarError, match="does not belong to"):
            restores(text, picture(3))


def test_the_same_line_twice_is_one_record():
    assert restores(RECORD.to_json() * 2) == RECORD


def test_a_field_given_twice_counts_as_its_last_value():
    line = RECORD.to_json()
    early = line.replace(b'"size"', b'"size":[1,1],"size"')
    late = line.replace(b',"crc"', b',"size":[1,1],"crc"')
    assert restores(early) == RECORD
    with pytest.raises(SidecarError, match="does not belong to"):
        restores(late)


@pytest.mark.parametrize(
    "text", [b"", b"\n\n\n", RECORD.to_json() * 3, b"\n" + RECORD.to_json() * 2]
)
def test_another_number_of_lines_is_refused(text):
    with pytest.raises(SidecarError, match="one line of JSON is expected"):
        sidecar.parse_json(text, "x")


# Malformed files


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"comrec": 2}, "sidecar version 2, but this comrec reads version 1. Upgrade"),
        ({"comrec": 0}, "sidecar version 0, but this comrec reads version 1"),
        ({"comrec": True}, 'no "comrec" version'),
        ({"comrec": 1.0}, 'no "comrec" version'),
        ({"comrec": "1"}, 'no "comrec" version'),
        ({"comrec": None}, 'no "comrec" version'),
        ({"preset": "jiang2017-gray-q10"}, "unknown preset 'jiang2017-gray-q10'"),
        ({"preset": "x" * 9999}, r"unknown preset 'x+\.\.\.\. This comrec has plain,"),
        ({"preset": 2}, "unknown preset 2"),
        ({"preset": [PRESET]}, "unknown preset"),
        ({"preset": None}, "unknown preset None"),
        ({"size": 41}, r"size must be \[width, height\]\. Received: 41"),
        ({"size": "41x29"}, r"size must be \[width, height\]"),
        ({"size": [41]}, r"size must be \[width, height\]"),
        ({"size": [41, 29, 1]}, r"size must be \[width, height\]"),
        ({"size": {"0": 41, "1": 29}}, r"size must be \[width, height\]"),
        ({"size": [0, 29]}, "size must be 1 to 16777215 each way. Received: 0"),
        ({"size": [41, -29]}, "Received: -29"),
        ({"size": [2**24, 29]}, "Received: 16777216"),
        ({"size": [41, 10**4000]}, r"Received: 10+\.\.\."),
        ({"size": [41.0, 29]}, r"Received: 41\.0"),
        ({"size": [float("nan"), 29]}, "Received: nan"),
        ({"size": [41, float("inf")]}, "Received: inf"),
        ({"size": [True, 29]}, "Received: True"),
        ({"size": [None, 29]}, "Received: None"),
        ({"size": ["41", "29"]}, "Received: '41'"),
        ({"crc": 5}, "crc must be 8 hex digits. Received: 5"),
        ({"crc": "1234567"}, "crc must be 8 hex digits"),
        ({"crc": "123456789"}, "crc must be 8 hex digits"),
        ({"crc": "0x123456"}, "crc must be 8 hex digits"),
        ({"crc": "ABCDEF01"}, "crc must be 8 hex digits"),
        ({"crc": "1234567\n"}, "crc must be 8 hex digits"),
        ({"crc": "٠١٢٣٤٥٦٧"}, "crc must be 8 hex digits"),
        ({"alpha": None}, "alpha must be a PNG in base64. Received: None"),
        ({"alpha": ""}, "alpha must be a PNG in base64. Received: ''"),
        ({"alpha": "é"}, "alpha must be a PNG in base64"),
        ({"alpha": "YW!xwaGE="}, "alpha must be a PNG in base64"),
        ({"alpha": "abc"}, "alpha must be a PNG in base64"),
        ({"alpha": ["YQ=="]}, "alpha must be a PNG in base64"),
        ({"alpha": 0}, "alpha must be a PNG in base64"),
        ({"scale": 2}, r"missing \[\], unknown \['scale'\]"),
        ({"width": 41}, r"missing \[\], unknown \['width'\]"),
        ({"w" * 9999: 41}, r"unknown \['w+\.\.\.\."),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_field_is_refused_by_name(change, message):
    with pytest.raises(SidecarError, match=message) as err:
        sidecar.parse_json(dump(GOOD | change), "house.comrec.json")
    assert str(err.value).startswith("house.comrec.json: ")
    assert "\n" not in str(err.value)
    assert len(str(err.value)) < 300


@pytest.mark.parametrize("name", GOOD)
def test_a_missing_field_is_refused_by_name(name):
    record = {key: value for key, value in GOOD.items() if key != name}
    with pytest.raises(SidecarError, match=f"^x: .*{name}"):
        sidecar.parse_json(dump(record), "x")


def test_the_message_for_a_huge_version_is_short():
    with pytest.raises(SidecarError, match="Upgrade comrec") as err:
        sidecar.parse_json(dump(GOOD | {"comrec": 10**4000}), "x")
    assert len(str(err.value)) < 300


@pytest.mark.parametrize(
    "text",
    [
        b"null", b"1", b'"comrec"', b"[]", b"{}", b"[1]", b"\xff\xfe", b"\0", b"{",
        b"[" * 100_000, b'{"comrec":' * 100_000, b"9" * 100_000, b"\xef\xbb\xbf{}",
        b'{"comrec":1e999999}', RECORD.to_json()[:-3],
    ],
    ids=lambda text: repr(text[:20]),
)  # fmt: skip
def test_what_is_no_record_is_refused(text):
    with pytest.raises(SidecarError, match=r"^x: not a comrec sidecar"):
        sidecar.parse_json(text, "x")


@pytest.mark.parametrize("field", [*GOOD, "alpha", "extra"])
def test_deep_nesting_in_any_field_is_refused(field):
    for depth in (10, *range(900, 1000, 7), 100_000):
        text = dump(GOOD | {field: "@"}).replace(b'"@"', b"[" * depth + b"]" * depth)
        with pytest.raises(SidecarError, match=r"^x: "):
            sidecar.parse_json(text, "x")


@settings(max_examples=100, deadline=2000)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_refused_in_one_way(text):
    with pytest.raises(SidecarError, match=r"^x: "):
        sidecar.parse_json(text, "x")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner)
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=2000)
@given(json_values)
def test_any_json_is_refused_in_one_way(value):
    with pytest.raises(SidecarError, match=r"^x: "):
        sidecar.parse_json(dump(value), "x")


@settings(max_examples=100, deadline=2000)
@given(st.sampled_from([*GOOD, "alpha", "scale", "x"]), json_values)
def test_any_value_in_any_field_is_refused_or_the_same(name, value):
    if name in GOOD and (type(value), value) == (type(GOOD[name]), GOOD[name]):
        return
    with pytest.raises(SidecarError, match=r"^house\.comrec\.json: "):
        restores(dump(GOOD | {name: value}))


@settings(max_examples=100, deadline=2000)
@given(st.binary(max_size=40))
def test_any_binary_form_is_refused_or_read_back_whole(data):
    try:
        record = sidecar.parse_binary(data, "x")
    except SidecarError:
        return
    assert record.to_binary() == data


def test_a_binary_form_from_the_future_is_refused_by_version():
    data = bytes([9]) + RECORD.to_binary()[1:]
    for length in (1, 2, len(data)):  # a later version may be shorter
        with pytest.raises(SidecarError, match=r"^x: sidecar version 9, .* Upgrade"):
            sidecar.parse_binary(data[:length], "x")


def test_a_binary_form_of_an_unknown_preset_is_refused_by_number():
    data = RECORD.to_binary()
    with pytest.raises(SidecarError, match=r"^x: unknown preset 255\."):
        sidecar.parse_binary(data[:1] + b"\xff" + data[2:], "x")


@pytest.mark.parametrize("text", [b"{}," * 40_000, b"[" * 40_000, b"\n" * 40_000])
def test_json_of_many_values_is_refused_before_it_is_parsed(text, monkeypatch):
    def parse(line: bytes):
        assert len(line) < 1000
        raise ValueError

    monkeypatch.setattr(sidecar.json, "loads", parse)
    with pytest.raises(SidecarError, match="not a comrec sidecar"):
        sidecar.parse_json(text, "x.json")
