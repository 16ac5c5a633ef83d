"""No file is worse than plain JPEG, and every target is met, for random pictures."""

from __future__ import annotations

import io
import math
import re

import fake_pair
import numpy as np
import pairs
import pictures
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

import comrec
from comrec.image.metrics import psnr_db

released = st.sampled_from([preset.name for preset in pairs.PAIRS])
SIDES = st.one_of(st.integers(1, 9), st.integers(10, 48))
SEEDS = st.integers(0, 2**31)
QUICK = (
    Phase.explicit,
    Phase.generate,
)  # a failure is found again at length, and shrunk
KINDS = ("noise", "flat", "gradient", "photo", "dots", "text")


@pytest.fixture(autouse=True, scope="module")
def _pair():
    with fake_pair.installed():
        yield


def drawn(kind: str, height: int, width: int, is_grey: bool, seed: int) -> np.ndarray:
    """A picture, uint8 (H, W) or (H, W, 3)."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    low, high = random.integers(0, 256, (2, 3))
    ramp = ((y + x) / max(height + width - 2, 1))[..., None]
    if kind == "noise":
        pixels = random.integers(0, 256, (height, width, 3))
    elif kind == "photo":
        top, left = random.integers(0, 400, 2)
        astronaut = pytest.importorskip("skimage.data").astronaut()
        pixels = astronaut[top : top + height, left : left + width]
    elif kind == "gradient":
        pixels = low + ramp * (high - low)
    else:
        density = {"flat": 0, "dots": 0.02, "text": 0.4}[kind]
        pixels = np.where(random.random((height, width, 1)) < density, high, low)
    pixels = np.ascontiguousarray(pixels, np.uint8)
    return pixels[..., 0].copy() if is_grey else pixels


@st.composite
def images(draw: st.DrawFn) -> np.ndarray:
    return drawn(
        draw(st.sampled_from(KINDS)),
        draw(SIDES),
        draw(SIDES),
        draw(st.booleans()),
        draw(SEEDS),
    )


requests = st.one_of(
    st.fixed_dictionaries({"quality": st.integers(1, 100)}),
    st.fixed_dictionaries({"target_size": st.integers(150, 2000)}),
    st.fixed_dictionaries({"target_bpp": st.floats(0.05, 30)}),
    st.fixed_dictionaries({"target_psnr": st.floats(10, 60)}),
)
ways = st.fixed_dictionaries(
    {
        "scale": st.sampled_from(["auto", "auto", 1, 2]),
        "effort": st.sampled_from([0, 5, 5, 7]),
        "tune": st.sampled_from(["psnr", "psnr", "visual"]),
        "embed": st.booleans(),
    }
)


def plain_jpegs(image: np.ndarray) -> list[tuple[int, float]]:
    """Returns (bytes, dB) of libjpeg-turbo's JPEGs of qualities 1 to 100, by Pillow."""
    found = []
    picture = Image.fromarray(image)
    options = {} if image.ndim == 2 else {"subsampling": "4:2:0"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ImageFile, "MAXBLOCK", 2**20)  # noise does not fit the usual
        for quality in range(1, 101):
            sizes = []
            for progressive in (False, True):
                out = io.BytesIO()
                picture.save(
                    out, "JPEG", quality=quality, optimize=True,
                    progressive=progressive, **options,
                )  # fmt: skip
                sizes.append(len(out.getvalue()))
            found.append((min(sizes), psnr_db(image, np.asarray(Image.open(out)))))
    return found


def check(image: np.ndarray, request: dict, **options: object) -> str:
    """Compresses, restores, and checks every promise; returns the outcome."""
    name, value = next(iter(request.items()))
    budget_bytes = {
        "target_size": value, "target_bpp": value * image.shape[0] * image.shape[1] / 8,
    }.get(name, math.inf)  # fmt: skip
    plain = plain_jpegs(image)
    try:
        made = comrec.compress(image, **request, **options)
    except comrec.ComrecError as refused:
        assert name != "quality"
        check_refusal(image, request, options, str(refused), plain)
        return "refused"
    restored = comrec.decompress(made.jpeg, made.sidecar)
    ours_db = psnr_db(image, restored)
    ours_bytes = len(made.jpeg) + len(made.sidecar or b"")
    report = made.report
    assert (report.psnr_db, report.total_bytes) == (ours_db, ours_bytes)
    assert (report.target, report.target_value) == (name, value)
    if name == "quality":
        asked_bytes, asked_db = plain[value - 1]
        assert ours_db >= asked_db
        assert ours_bytes <= asked_bytes
    assert ours_bytes <= budget_bytes
    assert ours_db >= request.get("target_psnr", 0)
    better = [
        (size, db)
        for size, db in plain
        if size <= ours_bytes and db >= ours_db and (size, db) != (ours_bytes, ours_db)
    ]
    assert not better
    if report.outcome == "comrec":
        assert options.get("scale", "auto") in ("auto", report.scale)
    return report.outcome


def check_refusal(
    image: np.ndarray, request: dict, options: dict, said: str, plain: list
) -> None:
    """Checks that the limit in a refusal is beyond the request, and can be met."""
    assert "\n" not in said
    if "target_psnr" in request:
        assert max(db for _, db in plain) < request["target_psnr"]
        limit = float(re.search(r"; ([\d.]+) dB is the highest", said)[1])
        assert limit < request["target_psnr"]
        nearest = {"target_psnr": limit}
    else:
        limit = int(re.search(r"; ([\d,]+) is the least", said)[1].replace(",", ""))
        assert limit <= min(size for size, _ in plain)
        nearest = {"target_size": limit}
    made = comrec.compress(image, **nearest, **options)
    assert made.report.total_bytes <= nearest.get("target_size", math.inf)


@settings(max_examples=10, deadline=None, derandomize=True, database=None, phases=QUICK)
@given(images(), requests, ways)
def test_never_worse_than_jpeg_and_targets_are_kept(image, request, options):
    check(image, request, preset=fake_pair.NAME, **options)


@settings(max_examples=4, deadline=None, derandomize=True, database=None, phases=QUICK)
@given(images(), requests, released, st.sampled_from([0, 5]))
def test_never_worse_with_released_pairs(image, request, preset, effort):
    check(image, request, preset=preset, effort=effort)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(images(), requests, ways)
def test_never_worse_than_jpeg_at_length(image, request, options):
    check(image, request, preset=fake_pair.NAME, **options)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(images(), requests, released, ways)
def test_never_worse_with_released_pairs_at_length(image, request, preset, options):
    options = {k: v for k, v in options.items() if k != "scale"}
    check(image, request, preset=preset, **options)


SMOOTH = np.ascontiguousarray(pictures.photo(176, 208))
SMALL = np.ascontiguousarray(pictures.photo(24, 32))


@pytest.mark.parametrize(
    ("image", "request_", "expected"),
    [
        (SMOOTH, {"quality": 4}, "comrec"),
        (SMALL, {"quality": 100}, "plain"),
        (SMALL, {"target_size": 50}, "refused"),
        (SMALL, {"target_bpp": 1e-9}, "refused"),
        (SMALL, {"target_psnr": 99}, "refused"),
    ],
    ids=["comrec", "plain", "size", "bpp", "psnr"],
)
def test_all_outcomes_occur(image, request_, expected):
    # Else the tests above see but one.
    assert check(image, request_, preset=fake_pair.NAME) == expected


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (17, 1), (2, 2), (11, 29)])
@pytest.mark.parametrize("request_", [{"quality": 75}, {"target_bpp": 2000 / 2}])
def test_odd_and_tiny_sizes(size, request_):
    check(drawn("noise", *size, False, 1), request_, preset=fake_pair.NAME)


def test_small_pictures_whose_psnr_falls_as_the_quality_rises():
    noise = drawn("noise", 9, 5, False, 36)
    plain = plain_jpegs(noise)
    reached_db = [db for _, db in plain]
    assert reached_db != sorted(reached_db)
    check(noise, {"target_size": 497}, preset=fake_pair.NAME, effort=0)
