"""Restored pictures have the size, mode, alpha and PSNR of the report."""

from __future__ import annotations

import io

import fake_pair
import numpy as np
import pictures
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import comrec
from comrec.image import metadata
from comrec.image.metrics import psnr_db
from comrec.jpeg import segments

pytestmark = pytest.mark.slow
SIDES = st.integers(1, 33)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    """Draws flat, smooth and noisy pictures of one to four channels."""
    height, width, channels = draw(SIDES), draw(SIDES), draw(st.integers(1, 4))
    chance = np.random.default_rng(draw(st.integers(0, 99)))
    noise = chance.integers(0, 256, (height, width, channels))
    y, x = np.mgrid[:height, :width]
    smooth = np.dstack([(5 * x + 7 * y + 40 * c) % 256 for c in range(channels)])
    flat = np.full_like(noise, draw(st.integers(0, 255)))
    array = draw(st.sampled_from([noise, smooth, flat])).astype(np.uint8)
    return array[..., 0] if channels == 1 else array


OPTIONS = st.fixed_dictionaries(
    {
        "preset": st.sampled_from([fake_pair.NAME, "plain"]),
        "embed": st.booleans(),
        "tune": st.sampled_from(["psnr", "visual"]),
        "effort": st.sampled_from([0, 5]),
    },
    optional={"metadata": st.sampled_from(["all", "none", ("icc",), ("exif", "xmp")])},
)
ASKED = st.sampled_from(
    [{"quality": n} for n in (1, 40, 100)]
    + [{"jpeg_quality": n} for n in (5, 95)]
    + [{"target_psnr": 15.0}]
)


@pytest.fixture(scope="module", autouse=True)
def pair():
    with fake_pair.installed():
        yield


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(arrays(), OPTIONS, ASKED)
def test_restored_pictures_have_size_mode_alpha_and_psnr_of_the_report(
    array, options, asked
):
    made = comrec.compress(array, **options, **asked)
    back = comrec.decompress(made.jpeg, made.sidecar)
    assert (back.shape, back.dtype) == (array.shape, array.dtype)
    if array.ndim == 3 and array.shape[2] in (2, 4):
        np.testing.assert_array_equal(back[..., -1], array[..., -1])
        back, array = back[..., :-1], array[..., :-1]
    assert psnr_db(array, back) == pytest.approx(made.report.psnr_db, abs=0.01)
    assert made.report.total_bytes == len(made.jpeg) + len(made.sidecar or b"")


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sets(st.sampled_from(["exif", "icc", "xmp"])),
    st.sets(st.sampled_from(["exif", "icc", "xmp"])),
    st.booleans(),
)
def test_metadata_come_back_as_asked(there, asked, embed):
    blocks = {
        "exif": pictures.exif(1), "icc_profile": pictures.icc(),
        "xmp": b'<x:xmpmeta xmlns:x="adobe:ns:meta/"/>',
    }  # fmt: skip
    given = {k: v for k, v in blocks.items() if k.removesuffix("_profile") in there}
    out = io.BytesIO()
    Image.fromarray(pictures.photo()).save(out, "WEBP", lossless=True, **given)
    made = comrec.compress(
        out.getvalue(), preset=fake_pair.NAME, jpeg_quality=30, embed=embed,
        metadata=tuple(asked),
    )  # fmt: skip
    kept = metadata.from_segments(segments.parse(made.jpeg))
    found = {kind for kind in metadata.KINDS if getattr(kept, kind)}
    assert found == there & asked
