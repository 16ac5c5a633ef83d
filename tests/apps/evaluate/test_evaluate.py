"""Curves, metrics and peer codecs, and the script that makes rows of them."""

import dataclasses
import io
import math
import sys

import numpy as np
import pytest
from pictures import photo, photo_file
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

import comrec
from comrec.apps import evaluate
from comrec.apps.evaluate import bd, peers, quality, rivals
from comrec.apps.evaluate.bd import Curve, Score
from comrec.errors import ComrecError, UsageError
from comrec.image import metrics
from comrec.jpeg import coding
from comrec.jpeg.colour import luma
from comrec.networks import presets

pytest.importorskip("scipy", reason="comes with the eval extra")
data = pytest.importorskip("skimage.data", reason="needs the dev extra")

ANCHOR = Curve((0.1, 0.2, 0.5, 1.0, 2.0), (24.0, 26.0, 29.5, 33.0, 37.5))
SMOOTH = Curve((0.06, 0.13, 0.3, 0.7, 1.4, 2.5), (24.5, 27.0, 30.1, 34.0, 37.2, 40.0))
GREY = photo()[..., :1]

# Curves


@pytest.mark.filterwarnings("ignore")  # of matplotlib, which it loads
@pytest.mark.parametrize("method", bd.METHODS)
@pytest.mark.parametrize("curves", [(ANCHOR, SMOOTH), (SMOOTH, ANCHOR)])
def test_bd_agrees_with_the_package_bjontegaard(curves, method):
    bjontegaard = pytest.importorskip("bjontegaard", reason="comes with the eval extra")
    anchor, other = curves
    points = anchor.bpp, anchor.quality, other.bpp, other.quality
    options = {"method": method, "require_matching_points": False, "min_overlap": 0}
    rate = bd.bd_rate(anchor, other, method=method)
    psnr = bd.bd_psnr(anchor, other, method=method)
    assert rate.value == pytest.approx(bjontegaard.bd_rate(*points, **options))
    assert psnr.value == pytest.approx(bjontegaard.bd_psnr(*points, **options))


def test_half_the_bits_for_the_same_quality_are_minus_50_percent():
    half = Curve(tuple(bpp / 2 for bpp in ANCHOR.bpp), ANCHOR.quality)
    assert bd.bd_rate(ANCHOR, half) == pytest.approx((-50, 24.0, 37.5))
    assert bd.bd_rate(half, ANCHOR) == pytest.approx((100, 24.0, 37.5))


def test_one_db_more_at_the_same_rate_is_one_db():
    better = Curve(ANCHOR.bpp[1:], tuple(db + 1 for db in ANCHOR.quality[1:]))
    # Without the first point PCHIP bends the first stretch a little differently.
    assert bd.bd_psnr(ANCHOR, better) == pytest.approx((1, 0.2, 2.0), rel=0.02)


def test_bd_is_over_the_range_that_both_have_and_that_is_asked_for():
    assert bd.bd_rate(ANCHOR, SMOOTH)[1:] == (24.5, 37.5)
    assert bd.bd_rate(ANCHOR, SMOOTH, until_bpp=1.0)[1:] == (24.5, 33.0)
    assert bd.bd_psnr(ANCHOR, SMOOTH)[1:] == (0.1, 2.0)
    assert bd.bd_psnr(ANCHOR, SMOOTH, until_bpp=1.0)[1:] == (0.1, 1.0)


@pytest.mark.parametrize(
    "other", [Curve((0.1, 0.2), (40.0, 41.0)), Curve((0.1,), (30.0,)), Curve((), ())]
)
def test_curves_that_share_no_range_have_no_bd_rate(other):
    assert bd.bd_rate(ANCHOR, other) is None
    assert bd.bd_rate(other, ANCHOR) is None
    assert bd.bd_rate(ANCHOR, SMOOTH, until_bpp=0.05) is None


def test_quality_at_a_rate_is_on_the_curve_or_nothing():
    assert [bd.at_rate(ANCHOR, bpp) for bpp in ANCHOR.bpp] == list(ANCHOR.quality)
    assert 29.5 < bd.at_rate(ANCHOR, 0.7) < 33.0
    assert bd.at_rate(ANCHOR, 0.0999) is None
    assert bd.at_rate(ANCHOR, 2.001) is None
    # On a line in log rate PCHIP is that line: 3 dB for each doubling.
    line = Curve((0.25, 0.5, 1.0, 2.0), (20.0, 23.0, 26.0, 29.0))
    assert bd.at_rate(line, math.sqrt(0.5)) == pytest.approx(24.5)


def test_a_curve_leaves_out_points_that_do_not_pay():
    points = [(1.0, 33.0), (0.5, 34.0), (2.0, math.inf), (0.5, 31.0), (0.1, 20.0)]
    assert Curve.through(points) == Curve((0.1, 0.5), (20.0, 34.0))


@pytest.mark.parametrize(
    "points", [((1, 2), (30, 30)), ((2, 1), (30, 31)), ((0, 1), (30, 31)), ((1,), ())]
)
def test_a_curve_that_does_not_rise_is_refused(points):
    with pytest.raises(ValueError, match="a curve is finite"):
        Curve(*points)


def test_a_mean_curve_has_every_picture_at_every_setting():
    scores = [
        Score("a", 10, 0.2, 26), Score("b", 10, 0.4, 30),
        Score("b", 20, 0.8, 34), Score("a", 20, 0.4, 28),
    ]  # fmt: skip
    mean = bd.mean_curve(scores)
    assert mean.bpp == pytest.approx((0.3, 0.6))
    assert mean.quality == pytest.approx((28, 31))
    for wrong in (scores[:3], scores + scores[:1], 2 * scores):
        with pytest.raises(ValueError, match="every picture once"):
            bd.mean_curve(wrong)


def psnr(mean_square: float) -> float:
    return 10 * math.log10(255**2 / mean_square)


# Metrics


def coarse(image: np.ndarray) -> np.ndarray:
    """A distortion that no version of a codec changes: steps of 24 levels."""
    return (image // 24 * 24 + 12).astype(np.uint8)


# pytorch_msssim 1.0.0 on torch 2.13.0: ms_ssim(image, coarse(image), data_range=255) as
# (1, C, H, W) float64 tensors, photos from scikit-image 0.26. Its window is float32.
MS_SSIM = {
    "astronaut": (lambda: data.astronaut(), 0.9682991345),
    "odd sides": (lambda: data.astronaut()[:333, :479], 0.9625585766),
    "grey": (lambda: data.camera()[..., None], 0.9597379875),
}


@pytest.mark.parametrize("case", MS_SSIM)
def test_ms_ssim_is_that_of_pytorch_msssim(case):
    load, expected = MS_SSIM[case]
    image = load()
    assert quality.ms_ssim(image, coarse(image)) == pytest.approx(expected, abs=3e-6)


@pytest.mark.parametrize("channels", [1, 3])
def test_ssim_is_that_of_luma_and_its_own_formula_agrees(channels):
    # Another path than scikit-image's: the window by OpenCV, over whole windows.
    image = np.ascontiguousarray(data.astronaut()[:200, 100:301, :channels])
    planes = luma(image), luma(coarse(image))
    expected, _ = quality._ssim_plane(*(p[..., 0].astype(float) for p in planes))
    pytest.importorskip("ssimulacra2", reason="comes with the eval extra")
    found = quality.scores(image, coarse(image), "all")
    assert found.ssim == pytest.approx(expected, abs=1e-6)
    assert found.ms_ssim is not None


def test_a_metric_that_a_picture_is_too_small_for_is_left_out():
    pytest.importorskip("ssimulacra2", reason="comes with the eval extra")
    for side, there in ((7, 0), (8, 1), (11, 2), (161, 3)):
        image = data.astronaut()[:side, :200]
        found = quality.scores(image, coarse(image), "all")
        assert sum(score is not None for score in found[2:]) == there


def test_ms_ssim_of_the_same_picture_is_one():
    image = data.camera()[:161, :161, None]
    assert quality.ms_ssim(image, image) == pytest.approx(1)
    assert quality.ms_ssim_db(1.0) == math.inf
    assert quality.ms_ssim_db(0.99) == pytest.approx(20)


@pytest.mark.parametrize(
    "shapes", [((160, 200, 1), (160, 200, 1)), ((200, 200, 3), (200, 200, 1))]
)
def test_ms_ssim_refuses_what_it_is_not_defined_for(shapes):
    with pytest.raises(ValueError, match="at least 161 pixels a side"):
        quality.ms_ssim(*(np.zeros(shape, np.uint8) for shape in shapes))


def test_psnr_is_over_all_channels_and_over_luma():
    image = np.full((8, 8, 3), 100, np.uint8)
    restored = image + np.array([0, 0, 10], np.uint8)  # luma: 1.14, rounded 1
    found = quality.scores(image, restored)
    assert found == pytest.approx((psnr(100 / 3), psnr(1), None, None, None))


@pytest.mark.parametrize("channels", [1, 3])
def test_ssimulacra2_is_that_of_its_package_on_files(channels, tmp_path):
    package = pytest.importorskip("ssimulacra2", reason="comes with the eval extra")
    image = data.astronaut()[:70, 200:301, :channels]
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, pixels in zip(paths, (image, coarse(image)), strict=True):
        Image.fromarray(pixels.squeeze()).save(path)
    expected = package.compute_ssimulacra2(*map(str, paths))
    assert quality.ssimulacra2(image, coarse(image)) == pytest.approx(expected)
    assert quality.ssimulacra2(image, image) == pytest.approx(100)


def test_a_metric_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    quality.require("psnr")
    with pytest.raises(ComrecError, match=r"SSIMULACRA2 .* pip install comrec\[eval\]"):
        quality.require("all")


# Peers


@pytest.fixture(params=peers.NAMES)
def peer(request) -> evaluate.Peer:
    found, notes = peers.load([request.param])
    if notes:
        pytest.skip(notes[0])
    return found[0]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(40, 56), (29, 31), (1, 1)])
def test_a_peer_gives_back_the_shape_that_went_in(peer, size, channels):
    pixels = np.ascontiguousarray(photo()[: size[0], : size[1], :channels])
    passed = evaluate.run(peer, pixels, peer.grid[5])
    assert passed.restored.shape == pixels.shape
    assert passed.restored.dtype == np.uint8
    assert passed.rate_bytes == sum(map(len, peer.encode(pixels, peer.grid[5])))


@pytest.mark.parametrize("channels", [1, 3])
def test_more_bytes_and_more_quality_along_the_grid(peer, channels):
    pixels = np.ascontiguousarray(data.astronaut()[:128, 180:308, :channels])
    low, middle, high = (
        evaluate.run(peer, pixels, peer.grid[i]) for i in (0, len(peer.grid) // 2, -1)
    )
    assert low.rate_bytes < middle.rate_bytes < high.rate_bytes
    low_db, middle_db, high_db = (
        metrics.psnr_db(pixels, passed.restored) for passed in (low, middle, high)
    )
    assert low_db < middle_db < high_db
    assert 10 <= len(peer.grid) <= 14


def test_the_anchor_is_baseline_jpeg_with_optimised_huffman_tables():
    (file,) = peers.find(rivals.ANCHOR).encode(photo(), 30)
    out = io.BytesIO()
    Image.fromarray(photo()).save(
        out, "JPEG", quality=30, optimize=True, subsampling="4:2:0"
    )
    assert file == out.getvalue()


def tables(file: bytes) -> list[list[int]]:
    with JpegImageFile(io.BytesIO(file)) as picture:
        return list(picture.quantization.values())


def test_mozjpeg_has_its_own_tables_or_flat_ones():
    pytest.importorskip("pyvips")
    own, flat = (peers.find(name) for name in ("mozjpeg", "mozjpeg-flat"))
    assert {step for t in tables(*flat.encode(photo(), 50)) for step in t} == {16}
    assert tables(*own.encode(photo(), 50))[0][:3] == [16, 16, 16]
    assert tables(*own.encode(photo(), 50))[0] != [16] * 64
    assert tables(*own.encode(photo(), 50)) != tables(coding.encode(photo(), 50))


def test_jpeg_2000_decorrelates_the_colours():
    # Pillow leaves the transform between them out unless told.
    if notes := peers.load(["jpeg2000"])[1]:
        pytest.skip(notes[0])
    pixels = np.ascontiguousarray(data.astronaut()[:256, 128:384])
    passed = evaluate.run(peers.find("jpeg2000"), pixels, 1.0)
    out = io.BytesIO()
    Image.fromarray(pixels).save(
        out, "JPEG2000", quality_layers=[24], irreversible=True, mct=0
    )
    with Image.open(out) as picture:
        without_db = metrics.psnr_db(pixels, np.asarray(picture))
    assert passed.rate_bytes == pytest.approx(len(out.getvalue()), rel=0.03)
    assert metrics.psnr_db(pixels, passed.restored) > without_db + 1


def test_half_size_counts_what_it_has_to_say_about_odd_sides():
    half = peers.find("half-jpeg")
    assert len(half.encode(photo(), 50)) == 1
    assert half.encode(photo()[:-1], 50)[1] == bytes([1, 0])


def test_a_peer_that_gives_back_another_shape_is_refused():
    wrong = dataclasses.replace(peers.find("jpeg"), decode=lambda files: GREY[:3])
    with pytest.raises(evaluate.PeerError, match=r"^jpeg made \(3, 56, 1\)"):
        evaluate.run(wrong, photo(), 50)


@pytest.mark.parametrize(
    ("name", "module"),
    [("jxl", "imagecodecs"), ("mozjpeg", "pyvips"), ("jpegli", "ajpegli")],
)
def test_a_peer_whose_library_is_absent_is_named(name, module, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    found, notes = peers.load(["jpeg", name])
    assert [peer.name for peer in found] == ["jpeg"]
    assert len(notes) == 1
    assert notes[0].startswith(f"Left out: {name} ({module} ")


def test_a_peer_that_pillow_was_built_without_is_named(monkeypatch):
    monkeypatch.setattr("PIL.features.check", lambda feature: False)
    names = ["avif", "webp", "jpeg2000"]
    found, notes = peers.load(names)
    assert not found
    assert [note.split()[2] for note in notes] == names


@pytest.mark.parametrize(
    "name", ["jpg", "comrec:", "comrec:x@two", "comrec:x@auto", "comrec"]
)
def test_an_unknown_codec_is_refused_with_those_there_are(name):
    with pytest.raises(UsageError, match=r"no codec is called .* jpeg, .*@SCALE"):
        peers.load([name])


# comrec as a peer

PRESET = "jiang2017-gray-q50-2"


@pytest.fixture(scope="module")
def made() -> comrec.Compressed:
    return comrec.compress(photo_file(".png"), preset=PRESET, jpeg_quality=50)


def test_comrec_as_a_peer_writes_and_reads_what_comrec_does(made):
    own = peers.find(f"comrec:{PRESET}@2")
    files = own.encode(photo(), 50)
    assert files == (made.jpeg, made.sidecar)
    restored = comrec.decompress(made.jpeg, made.sidecar)
    assert np.array_equal(own.decode(files), restored)
    passed = evaluate.run(own, photo(), 50)
    assert passed.rate_bytes == len(made.jpeg) + len(made.sidecar)
    assert presets.find(PRESET).hash in own.version


def test_an_embedded_sidecar_is_part_of_the_one_file():
    beside, inside = (peers.find(f"comrec:{PRESET}@2{e}") for e in ("", "+embed"))
    assert inside.name == beside.name + "+embed"
    (file,) = inside.encode(photo(), 50)
    assert len(file) < sum(map(len, beside.encode(photo(), 50)))
    assert np.array_equal(
        inside.decode((file,)), beside.decode(beside.encode(photo(), 50))
    )


@pytest.mark.parametrize("embed", ["", "+embed"])
def test_a_preset_without_a_scale_is_what_compress_makes_at_a_quality(embed):
    found = peers.find(f"comrec:comrec-lite{embed}", threads=1)
    assert found.name == f"comrec:comrec-lite{embed}"
    pixels = np.ascontiguousarray(data.astronaut()[:128, 180:308])
    made = comrec.compress(
        pixels, preset="comrec-lite", quality=10, embed=bool(embed), metadata="none"
    )
    expected = (made.jpeg,) if embed else (made.jpeg, made.sidecar)
    assert found.encode(pixels, 10) == expected
    restored = comrec.decompress(made.jpeg, made.sidecar, exact=True)
    assert np.array_equal(found.decode(expected), restored)


def test_where_no_networks_pay_the_plain_jpeg_is_the_one_file():
    found = peers.find("comrec:comrec-lite", threads=1)
    tiny = photo()[:6, :6]
    (file,) = found.encode(tiny, 90)
    assert np.array_equal(found.decode((file,)), coding.decode(file))


def test_all_stands_for_every_rival_and_no_codec_is_there_twice():
    assert peers.spread(["webp", "all", "jpeg", "comrec:x"]) == [
        "webp", *[name for name in peers.NAMES if name != "webp"], "comrec:x",
    ]  # fmt: skip


def test_plain_jpeg_with_standard_huffman_tables_is_larger_and_the_same():
    (standard,), (own,) = (
        peers.find(name).encode(photo(), 30) for name in ("jpeg-standard", "jpeg")
    )
    assert np.array_equal(coding.decode(standard), coding.decode(own))
    assert len(standard) > len(own)


def test_jpegli_without_adaptive_quantisation_has_more_psnr_at_its_bytes():
    found, notes = peers.load(["jpegli", "jpegli-psnr"])
    if notes:
        pytest.skip(notes[0])
    pixels, curves = np.ascontiguousarray(data.astronaut()[:256, 128:384]), []
    for codec in found:
        passes = [evaluate.run(codec, pixels, quality) for quality in codec.grid]
        points = [(p.rate_bytes, metrics.psnr_db(pixels, p.restored)) for p in passes]
        curves.append(Curve.through(points))
    assert bd.bd_rate(*curves).value < -2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (f"{PRESET}@3", r"has scale 2\. Received: 3"),
        ("nothing@2", "no preset is called 'nothing'"),
        ("plain@1", "has no networks"),
        (f"{PRESET}@2:visual", "not tuned for eyes"),
    ],
)
def test_a_preset_that_cannot_do_it_is_refused(name, message):
    with pytest.raises(UsageError, match=message):
        peers.find(f"comrec:{name}")
