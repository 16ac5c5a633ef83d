"""The text of one result: outcomes, gains, and at most 80 columns."""

from __future__ import annotations

import pytest

from comrec.cli import describe


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (None, None, "infinite (identical)"),
        (None, 30.0, "30.00 dB; comrec is exact"),
        (30.0, None, "infinite (identical); better than comrec"),
        (31.0, 30.0, "30.00 dB; comrec gains 1.00 dB"),
        (30.0, 30.5, "30.50 dB; comrec loses 0.50 dB"),
    ],
)
def test_psnr_of_identical_pictures_is_infinite(ours, theirs, said):
    row = {
        "input": "a", "output": "b", "outcome": "comrec", "jpeg_bytes": 9,
        "sidecar_bytes": 9, "input_bytes": 99, "width_px": 2, "height_px": 2,
        "rate_bpp": 1.0, "psnr_db": ours, "same_bytes_psnr_db": theirs,
    }  # fmt: skip
    assert describe.format_compressed(row).endswith(
        f"plain JPEG in as many bytes: PSNR {said}"
    )


@pytest.mark.parametrize(
    ("target", "hint"), [("quality", True), ("target_size", False)]
)
def test_a_lower_q_is_advised_where_a_quality_was_requested(target, hint):
    row = {
        "input": "a", "output": "b", "outcome": "plain", "jpeg_bytes": 9,
        "sidecar_bytes": 0, "input_bytes": 99, "width_px": 2, "height_px": 2,
        "rate_bpp": 1.0, "psnr_db": 30.0, "jpeg_quality": 80, "target": target,
    }  # fmt: skip
    said = describe.format_compressed(row)
    assert "plain JPEG, quality 80" in said
    assert said.endswith("; try a lower -q") == hint


COMPRESSED = {
    "input": "photo.png", "output": "photo.comrec.jpg", "sidecar": "photo.comrec.json",
    "outcome": "comrec", "target": "quality", "input_bytes": 1_234_567,
    "width_px": 5000, "height_px": 3000, "jpeg_quality": 40, "jpeg_bytes": 123_456,
    "sidecar_bytes": 80, "rate_bpp": 0.0659, "psnr_db": 33.21, "plain_quality": 75,
    "same_bytes_psnr_db": 30.93, "plain_total_bytes": 234_567,
}  # fmt: skip


def test_a_compressed_picture_is_compared_at_equal_bytes_and_at_equal_psnr():
    assert describe.format_compressed(COMPRESSED).splitlines() == [
        "photo.png → photo.comrec.jpg + photo.comrec.json",
        "  5000x3000 pixels, 1,234,567 → 123,536 bytes (0.066 bpp), PSNR 33.21 dB",
        "  plain JPEG with this PSNR (quality 75): 234,567 bytes; comrec saves 47 %",
        "  plain JPEG in as many bytes: PSNR 30.93 dB; comrec gains 2.28 dB",
    ]


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"outcome": "skipped"}, "photo.comrec.json: exists, skipped"),
        ({"dry_run": True}, "would write: photo.png → "),
        ({"outcome": "unchanged"}, "  unchanged: cannot be made 5 % smaller"),
        (
            {"outcome": "unchanged", "target": "target_bpp"},
            "  unchanged: already within the target",
        ),
        (
            {"outcome": "plain"},
            "  plain JPEG, quality 40: the networks give no gain; try a lower -q",
        ),
        (
            {"outcome": "plain"},
            "  libjpeg-turbo (quality 75): 234,567 bytes; comrec saves 47 %",
        ),
        ({"input_bytes": 99}, "  larger than the input file: keep the input file"),
    ],
)
def test_each_outcome_of_compression_has_its_line(change, line):
    text = describe.format_compressed(COMPRESSED | change)
    assert line in text
    assert all(len(line) <= 80 for line in text.splitlines()[1:])  # the first has names


def test_steps_are_told_and_no_networks_where_the_preset_has_none():
    row = COMPRESSED | {"outcome": "plain", "steps": [18.56, 16.56]}
    lines = describe.format_compressed(row, has_networks=False).splitlines()
    assert lines[2] == "  plain JPEG, steps 18.6 and 16.6"
    assert lines[2] + ": the networks give" in describe.format_compressed(row)


def test_without_a_plain_jpeg_of_this_size_nothing_is_compared():
    row = {k: v for k, v in COMPRESSED.items() if "same" not in k and "plain" not in k}
    lines = describe.format_compressed(row).splitlines()
    assert lines[2:] == ["  no plain JPEG is as small"]


def test_a_plain_jpeg_that_is_no_larger_is_not_printed_as_a_saving():
    text = describe.format_compressed(COMPRESSED | {"plain_total_bytes": 123_536})
    assert "saves" not in text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        ({"outcome": "skipped"}, "a.jpg → a.png: exists, skipped"),
        ({"outcome": "restored"}, "a.jpg → a.png: 17x1 pixels"),
        (
            {"outcome": "plain"},
            "a.jpg → a.png: 17x1 pixels, plain JPEG, decoded without networks",
        ),
    ],
)
def test_a_restored_picture_is_one_line(row, text):
    row |= {"input": "a.jpg", "output": "a.png", "width_px": 17, "height_px": 1}
    assert describe.format_restored(row) == text


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (
            {"outcome": "restored"},
            "a.jpg: intact, restores to 17x1 pixels; add --original to compare",
        ),
        (
            {"outcome": "restored", "original": "a.png", "psnr_db": 31.5},
            "a.jpg: restores to 17x1 pixels, PSNR 31.50 dB; a.png may be deleted",
        ),
        (
            {"outcome": "plain"},
            "a.jpg: 17x1 pixels; plain JPEG, or a compact image that lost marker and "
            "sidecar",
        ),
    ],
)
def test_a_verified_pair_is_one_line(row, text):
    row |= {"input": "a.jpg", "width_px": 17, "height_px": 1}
    assert describe.format_verified(row) == text


@pytest.mark.parametrize(
    ("after", "end"),
    [(900, "900 bytes, 10.0 % saved"), (1010, "1,010 bytes, 1.0 % more")],
)
def test_a_packed_file_that_is_larger_is_no_saving(after, end):
    row = {"input": "a.jpg", "output": "a.lep", "outcome": "packed"}
    row |= {"input_bytes": 1000, "output_bytes": after}
    assert describe.format_packed(row).endswith(end)


def compared(*codecs: tuple[str, int, float | None, float | None, str]) -> list[str]:
    keys = "codec", "bytes", "psnr_db", "ssimulacra2", "detail"
    row = {
        "input": "a.png", "width_px": 2, "height_px": 1, "notes": ["Alpha is out."],
        "codecs": [dict(zip(keys, codec, strict=True)) for codec in codecs],
    }  # fmt: skip
    return describe.format_compared(row).splitlines()


def test_a_comparison_is_a_table_with_a_row_for_each_codec_and_a_line_for_each_note():
    assert compared(
        ("plain JPEG", 1234, 30.0, None, "quality 40"),
        ("comrec", 999, None, None, "scale 1"),
    ) == [
        "a.png: 2x1 pixels",
        "  codec       bytes      PSNR  setting",
        "  plain JPEG  1,234  30.00 dB  quality 40",
        "  comrec        999  infinite  scale 1",
        "  Alpha is out.",
    ]


def test_a_comparison_with_ssimulacra2_fits_80_columns():
    detail = "comrec-base-3, scale 1.5, steps of 18.6 levels"
    lines = compared(
        ("plain JPEG", 12_345_678, 30.0, -12.34, "quality 40"),
        ("comrec", 12_345_600, 32.5, 61.5, detail),
        ("comrec:comrec-base-2@1.5", 12_345_600, 32.5, None, "quality 100"),
    )
    assert lines[1].endswith("PSNR  SSIMULACRA2  setting")
    assert lines[2].endswith(" 12,345,678  30.00 dB       -12.34  quality 40")
    assert lines[3].endswith(" 61.50  comrec-base-3,")
    assert " ".join(line.strip() for line in lines[3:6]).endswith(detail)
    assert all(len(line) <= 80 for line in lines)


def test_details_align_names_lists_and_records():
    row = {"scales": [1, 1.5], "weights": {"a": "x", "b": "y"}, "licence": ""}
    assert describe.format_details(row).splitlines() == [
        "scales   1, 1.5",
        "weights  a: x",
        "         b: y",
        "licence  -",
    ]
