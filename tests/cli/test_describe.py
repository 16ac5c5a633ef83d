"""The text of one result: outcomes, gains, and at most 80 columns."""

from __future__ import annotations

import pytest

from comrec.cli import describe


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (None, None, "infinite (identical)"),
        (None, 30.0, "30.00 dB"),
        (30.0, None, "infinite (identical)"),
        (31.0, 30.0, "30.00 dB; comrec +1.00 dB"),
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
