"""Codecs: their options, and their errors without a library."""

import io
import sys

import numpy as np
import pytest
from pictures import photo
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from comrec.apps.evaluate import bd, interface, peers, rivals
from comrec.apps.evaluate.bd import Curve
from comrec.image import metrics
from comrec.jpeg import coding

pytest.importorskip("scipy", reason="comes with the eval extra")
data = pytest.importorskip("skimage.data", reason="needs the dev extra")


@pytest.fixture(params=peers.NAMES)
def peer(request) -> interface.Peer:
    found, notes = peers.load([request.param])
    if notes:
        pytest.skip(notes[0])
    return found[0]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [(40, 56), (29, 31), (1, 1)])
def test_a_peer_gives_back_the_shape_that_went_in(peer, size, channels):
    pixels = np.ascontiguousarray(photo()[: size[0], : size[1], :channels])
    passed = interface.run(peer, pixels, peer.grid[5])
    assert passed.restored.shape == pixels.shape
    assert passed.restored.dtype == np.uint8
    assert passed.rate_bytes == sum(map(len, peer.encode(pixels, peer.grid[5])))


@pytest.mark.parametrize("channels", [1, 3])
def test_more_bytes_and_more_quality_along_the_grid(peer, channels):
    pixels = np.ascontiguousarray(data.astronaut()[:128, 180:308, :channels])
    low, middle, high = (
        interface.run(peer, pixels, peer.grid[i]) for i in (0, len(peer.grid) // 2, -1)
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
    # Pillow omits the colour transform by default.
    if notes := peers.load(["jpeg2000"])[1]:
        pytest.skip(notes[0])
    pixels = np.ascontiguousarray(data.astronaut()[:256, 128:384])
    passed = interface.run(peers.find("jpeg2000"), pixels, 1.0)
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
        passes = [interface.run(codec, pixels, quality) for quality in codec.grid]
        points = [(p.rate_bytes, metrics.psnr_db(pixels, p.restored)) for p in passes]
        curves.append(Curve.through(points))
    assert bd.bd_rate(*curves).value < -2
