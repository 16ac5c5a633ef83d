"""The autoencoder codecs: networks, quantiser, entropy coder, .crae, command line."""

import json
import sys
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

keras = pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

import autoencoders

import comrec.apps.autoencoder
from comrec.apps.autoencoder import (
    bitstream,
    codec,
    entropy,
    model,
    networks,
    quantiser,
)
from comrec.apps.autoencoder.architecture import Architecture
from comrec.apps.autoencoder.codec import Codec
from comrec.errors import ComrecError, ImageError, StreamError, UsageError

KINDS = sorted(autoencoders.TINY)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Per kind: the path of a tiny model, and its codec."""
    folder = tmp_path_factory.mktemp("models")
    return {
        kind: (
            folder / f"{kind}.npz",
            Codec(autoencoders.write(folder / f"{kind}.npz", a)),
        )
        for kind, a in autoencoders.TINY.items()
    }


def picture(kind: str) -> np.ndarray:
    return autoencoders.pictures(autoencoders.TINY[kind], 1)[0]


# Networks


def test_the_networks_have_the_parameters_worked_by_hand():
    def count(*arguments):
        return [network.count_params() for network in networks.build(
            Architecture(*arguments))]  # fmt: skip

    assert count("dense", 1, (28, 28), 196, (512,)) == [
        784 * 512 + 512 + 512 * 196 + 196, 196 * 512 + 512 + 512 * 784 + 784,
    ]  # fmt: skip
    conv = 9 * 16 + 16 + 9 * 16 * 32 + 32
    up = 16 * 32 * 16 + 16 + 16 * 16 * 16 + 16 + 9 * 16 + 1
    assert count("cnn", 1, (28, 28), 32, (16, 32)) == [
        conv + 7 * 7 * 32 * 32 + 32, 33 * 7 * 7 * 32 + up,
    ]  # fmt: skip
    colour = 27 * 32 + 32 + 9 * 32 * 64 + 64 + 9 * 64 * 12 + 12 + 48 * 12
    back = (
        9 * 12 * 64
        + 64
        + 16 * 64 * 32
        + 32
        + 16 * 32 * 32
        + 32
        + 9 * 32 * 3
        + 3
        + 12 * 48
    )
    assert count("convolutional", 3, None, 12, (32, 64)) == [colour, back]


@pytest.mark.parametrize("kind", KINDS)
def test_the_weights_are_as_large_as_they_are_said_to_be(kind):
    said = autoencoders.TINY[kind].shapes()
    built = networks.build(autoencoders.TINY[kind])
    for shapes, network in zip(said, built, strict=True):
        assert shapes == [weight.shape for weight in network.get_weights()]


def test_a_quarter_of_the_values_is_the_size_of_the_latent():
    assert Architecture("dense", 1, (28, 28), 196, (512,)).share == 0.25
    assert Architecture("convolutional", 3, None, 12, (32, 64)).share == 0.25


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "vae"}, "kind must be one of dense, cnn, convolutional"),
        ({"channels": 4}, "channels must be 1 or 3"),
        ({"channels": True}, "channels must be 1 or 3"),
        ({"size_px": None}, "size_px must be height and width"),
        ({"size_px": (28, 10**6)}, "size_px must be height and width from 1 to 256"),
        ({"kind": "cnn", "widths": (4, 4), "size_px": (30, 28)}, "multiples of 4"),
        ({"latent": 0}, "latent must be 1 to 4096"),
        ({"widths": ()}, "widths must be two whole numbers"),
        ({"widths": (10**9,)}, "widths must be two whole numbers"),
        ({"widths": (1,) * 9}, r"widths must be two whole numbers \(dense: one to 8\)"),
        ({"widths": (4096,) * 8}, "weights, and at most 33,554,432 are legal"),
        ({"kind": "cnn", "widths": (257, 4)}, "from 1 to 256"),
    ],
)
def test_a_network_that_cannot_be_is_refused(change, words):
    legal = {
        "kind": "dense", "channels": 1, "size_px": (28, 28), "latent": 9,
        "widths": (8,),
    }  # fmt: skip
    assert Architecture.from_record(legal)
    with pytest.raises(ValueError, match=words):
        Architecture.from_record(legal | change)


def test_a_convolutional_one_codes_tile_by_tile_what_it_codes_whole(made, monkeypatch):
    _, coder = made["convolutional"]
    pixels = np.random.default_rng(1).integers(0, 256, (90, 75, 3)).astype(np.uint8)
    whole = coder.encode(pixels)
    restored = coder.decode(bitstream.parse(whole))
    monkeypatch.setattr(codec, "TILE_PX", 32)
    again = coder.decode(bitstream.parse(coder.encode(pixels)))
    assert restored.shape == pixels.shape
    # A sum in another order may fall on the other side of a level.
    far = np.abs(again.astype(int) - restored) > 1
    assert far.mean() < 1e-3


# Quantiser and entropy coder


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_quantising_is_off_by_half_a_step_within_the_range(bits):
    latents = np.random.default_rng(0).normal(3, 2, (5000, 3)).astype(np.float32)
    ranges = quantiser.measure(latents)
    back = quantiser.dequantise(quantiser.quantise(latents, ranges, bits), ranges, bits)
    inside = (latents >= ranges.low) & (latents < ranges.high)
    assert inside.mean() > 0.999
    step = (ranges.high - ranges.low) / 2**bits
    assert (np.abs(back - latents)[inside] <= (step / 2 * 1.001 + 1e-5).max()).all()


def test_a_value_that_never_moves_has_a_range():
    ranges = quantiser.measure(np.full((50, 2), -7, np.float32))
    assert (ranges.low < ranges.high).all()


def test_coarser_levels_are_sums_of_finer_ones():
    counts = np.random.default_rng(0).integers(1, 99, (4, 256)).astype(np.uint16)
    pairs = counts[:, ::2].astype(int) + counts[:, 1::2]
    np.testing.assert_array_equal(quantiser.merge_levels(counts, 7), pairs)
    np.testing.assert_array_equal(quantiser.merge_levels(counts, 8), counts)


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("places", [1, 2, 63])
def test_the_entropy_coder_is_exact_for_likely_and_unlikely_levels(bits, places):
    rng = np.random.default_rng(bits)
    counts = np.maximum(rng.geometric(0.01, (7, 256)) - 60, 1).astype(np.uint16)
    coder = entropy.Coder(counts, bits)
    for symbols in (
        rng.integers(0, 2**bits, (places, 7)),
        np.zeros((places, 7)),
        np.full((places, 7), 2**bits - 1),
    ):
        symbols = symbols.astype(np.uint8)
        data = coder.encode(symbols)
        np.testing.assert_array_equal(coder.decode(data, places), symbols)


def test_the_entropy_coder_is_exact_whatever_its_end_looks_like():
    rng = np.random.default_rng(0)
    counts = np.maximum(rng.geometric(0.001, (3, 256)) - 500, 1).astype(np.uint16)
    coder = entropy.Coder(counts, 8)
    for _ in range(500):
        symbols = rng.integers(0, 256, (2, 3)).astype(np.uint8)
        np.testing.assert_array_equal(coder.decode(coder.encode(symbols), 2), symbols)


def test_the_entropy_coder_comes_near_the_entropy():
    counts = np.ones((1, 256), np.uint16)
    counts[0, :4] = 8000, 4000, 2000, 2000
    p = counts[0] / counts.sum()
    symbols = np.random.default_rng(0).choice(256, (20_000, 1), p=p).astype(np.uint8)
    least = -np.log2(p[symbols[:, 0]]).sum() / 8
    assert least <= len(entropy.Coder(counts, 8).encode(symbols)) < 1.002 * least + 4


# .crae


@pytest.mark.parametrize("bits", [8, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_compressed_comes_back_as_the_network_restores_it(made, kind, bits):
    _, coder = made[kind]
    pixels = picture(kind)
    data = coder.encode(pixels, bits)
    restored = coder.decode(bitstream.parse(data))
    _, (expected,) = coder.code_many(
        coder.compute_latents(pixels[None]), bits, pixels.shape
    )
    assert np.abs(restored.astype(int) - expected).max() <= 1
    assert restored.dtype == np.uint8


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 100), (64, 64)])
def test_a_convolutional_one_codes_any_size(made, size):
    _, coder = made["convolutional"]
    pixels = np.random.default_rng(3).integers(0, 256, (*size, 3)).astype(np.uint8)
    assert coder.decode(bitstream.parse(coder.encode(pixels))).shape == pixels.shape


def test_a_digit_spends_17_bytes_on_what_is_not_its_values(made):
    _, coder = made["dense"]
    data = coder.encode(picture("dense"))
    assert len(data) - len(bitstream.parse(data).payload) == 17


def resealed(data: bytes) -> bytes:
    return data + zlib.crc32(data).to_bytes(4, "little")


@pytest.mark.parametrize("kind", KINDS)
def test_every_cut_and_every_changed_byte_is_refused_by_its_checksum(made, kind):
    _, coder = made[kind]
    data = coder.encode(picture(kind), 5)
    for size in range(len(data)):
        with pytest.raises(StreamError):
            bitstream.parse(data[:size])
    for i in range(len(data)):
        for flip in (1, 128, 255):
            changed = data[:i] + bytes([data[i] ^ flip]) + data[i + 1 :]
            with pytest.raises(StreamError):
                bitstream.parse(changed)


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_checksum_gives_a_picture_or_a_refusal(made, kind):
    _, coder = made[kind]
    data = coder.encode(picture(kind), 5)[:-4]
    places = [*range(16), *range(16, len(data), 5)]  # all of the header
    changed = [data[:size] for size in places]
    for i in places:
        for flip in (1, 16, 128, 255):
            changed.append(data[:i] + bytes([data[i] ^ flip]) + data[i + 1 :])
    for one in changed:
        try:
            restored = coder.decode(bitstream.parse(resealed(one), 10**4))
        except ComrecError:
            continue
        assert restored.dtype == np.uint8


def test_a_tiny_file_that_says_a_huge_picture_is_refused_before_any_work(made):
    _, coder = made["convolutional"]
    head = bitstream.MAGIC + bytes([1, 0]) + coder.model.hash + bytes([8])
    side = bytes([0x80, 0x80, 1])  # 16,384
    stream = bitstream.parse(resealed(head + side + side + bytes(50)))
    assert stream.height_px == 16_384
    with pytest.raises(StreamError, match="50 bytes cannot hold a picture of its size"):
        coder.decode(stream)
    with pytest.raises(ImageError, match="beyond the limit of 1000 pixels"):
        bitstream.parse(resealed(head + side + side + bytes(50)), 1000)


def test_another_version_is_refused_by_number(made):
    _, coder = made["dense"]
    data = bytearray(coder.encode(picture("dense")))
    data[4] = 2
    with pytest.raises(StreamError, match=r"version 2, .* reads version 1\. Upgrade"):
        bitstream.parse(bytes(data))


def test_an_unknown_model_is_refused_by_number(made):
    _, coder = made["dense"]
    data = bytearray(coder.encode(picture("dense"))[:-4])
    data[5] = 250
    with pytest.raises(ComrecError, match="model number 250, which this comrec does"):
        codec.decompress(resealed(bytes(data)))


def test_another_models_file_is_refused(made):
    _, coder = made["dense"]
    other, _ = made["cnn"]
    with pytest.raises(StreamError, match=r"made by model number 0 with weights"):
        codec.decompress(coder.encode(picture("dense")), str(other))


# Models on disk


def test_a_model_reads_back_as_it_was_but_for_half_precision(made, tmp_path):
    _, coder = made["cnn"]
    model.save(tmp_path / "again.npz", coder.model, half=False)
    again = model.load(str(tmp_path / "again.npz"))
    assert again.architecture == coder.model.architecture
    for ours, theirs in zip(again.weights, coder.model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(again.counts, coder.model.counts)


def record(**changes) -> np.ndarray:
    a = autoencoders.TINY["dense"].to_record() | changes
    return np.frombuffer(json.dumps({"name": "x", "architecture": a}).encode(), "u1")


BAD_MODELS = {
    "text": (b"nothing", "not a zip file"),
    "objects": ({"record": np.array([{}], dtype=object)}, "does not fit its header"),
    "no counts": ({"counts": np.zeros((6, 256), np.uint16)}, "its ranges and counts"),
    "no weights": ({"weight_0": None}, "weight_0"),
    "small": (
        {"weight_0": np.zeros((96, 9), "f2")},
        r"and its architecture has \(96, 1",
    ),
    "letters": ({"weight_1": np.full(10, "1.5")}, r"weights <U3\(10,\)"),
    "no numbers": ({"weight_1": np.full(10, np.nan, "f4")}, "that are no numbers"),
    "ranges": ({"low": np.zeros(6), "high": np.ones(6)}, "its ranges and counts"),
    "wide": ({"record": record(widths=[4096] * 8)}, "at most 33,554,432 are legal"),
    "deep": ({"record": record(widths=[1] * 10_000)}, "its record is too long"),
    "nested": ({"record": np.full(9000, ord("["), "u1")}, "recursion"),
    "two lines": (
        {"record": np.frombuffer(b'{"name": "a\\nb", "architecture": {}}', "u1")},
        "its name is not",
    ),
    "a bomb": ({"weight_0": np.zeros(2**22 + 1, np.uint8)}, "bytes of arrays"),
}


@pytest.mark.parametrize("damage", BAD_MODELS)
def test_a_model_that_is_none_is_refused_in_words(made, tmp_path, damage, monkeypatch):
    monkeypatch.setattr(model, "MAX_BYTES", 2**22)
    path, _ = made["dense"]
    bad = tmp_path / "bad.npz"
    change, words = BAD_MODELS[damage]
    if isinstance(change, bytes):
        bad.write_bytes(change)
    else:
        with np.load(path) as arrays:
            kept = dict(arrays) | change
        kept = {name: array for name, array in kept.items() if array is not None}
        np.savez_compressed(bad, **kept)
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match=rf"bad\.npz: .*{words}") as raised:
            model.load(str(bad))
        assert "\n" not in str(raised.value)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()
    assert model.load(str(path))


def test_every_cut_of_a_model_is_refused(made, tmp_path):
    path, _ = made["dense"]
    whole = path.read_bytes()
    for size in range(0, len(whole), 97):
        (tmp_path / "cut.npz").write_bytes(whole[:size])
        with pytest.raises(UsageError, match=r"cut\.npz: "):
            model.load(str(tmp_path / "cut.npz"))


# The command line


@pytest.fixture
def digit(tmp_path):
    path = tmp_path / "digit.png"
    Image.fromarray(picture("dense")[..., 0]).save(path)
    return path


def test_a_file_goes_both_ways(run, made, digit, tmp_path):
    path, _ = made["dense"]
    ran = run("autoencoder", "compress", digit, "-m", path, "--json")
    assert ran.status == 0, ran.err
    (row,) = ran.rows
    crae = tmp_path / "digit.crae"
    assert row["file_bytes"] == crae.stat().st_size
    assert (row["latent_values"], row["values"]) == (6, 96)
    ran = run("autoencoder", "decompress", crae, "-m", path)
    assert ran.status == 0, ran.err
    restored = np.asarray(Image.open(tmp_path / "digit.restored.png"))
    expected = codec.decompress(crae.read_bytes(), str(path))[..., 0]
    np.testing.assert_array_equal(restored, expected)


def test_outputs_are_replaced_by_force_alone_and_only_comrecs_own(
    run, refused, made, digit, tmp_path
):
    path, _ = made["dense"]
    command = ("autoencoder", "compress", digit, "-m", path)
    assert run(*command).status == 0
    refused(*command, names=tmp_path / "digit.crae")
    assert run(*command, "-f").status == 0
    (tmp_path / "notes.crae").write_text("mine")
    refused(*command, "-f", "-o", tmp_path / "notes.crae", names="notes.crae")
    crae = tmp_path / "digit.crae"
    back = ("autoencoder", "decompress", crae, "-m", path, "-f", "-o", digit)
    refused(*back, names=digit)


def save(path, shape, mode=None):
    pixels = np.zeros(shape, np.uint8)
    Image.fromarray(pixels, mode).save(path) if mode else Image.fromarray(pixels).save(
        path
    )
    return path


def test_pictures_that_a_model_does_not_code_are_refused(
    refused, made, digit, tmp_path
):
    path, _ = made["dense"]
    colour, _ = made["convolutional"]
    large = save(tmp_path / "large.png", (64, 48))
    rgb = save(tmp_path / "rgb.png", (8, 12, 3))
    clear = save(tmp_path / "clear.png", (8, 12, 4))
    start = ("autoencoder", "compress")
    line = refused(*start, large, "-m", path, names=large)
    assert "48x64 pixels, and dense codes 12x8 only" in line
    line = refused(*start, rgb, "-m", path, names=rgb)
    assert "3 channels (RGB), and dense codes 1 channel (grey)" in line
    line = refused(*start, digit, "-m", colour, names=digit)
    assert "1 channel (grey), and convolutional codes 3 channels (RGB)" in line
    assert "alpha" in refused(*start, clear, "-m", colour, names=clear)
    limit = ("--max-pixels", 20)
    assert "limit of 20 pixels" in refused(
        *start, digit, "-m", path, *limit, names=digit
    )


def test_requests_that_make_no_sense_are_refused(refused, made, digit, tmp_path):
    path, coder = made["dense"]
    start = ("autoencoder", "compress", digit)
    line = refused(*start, "-m", "mnist-densest", names="mnist-densest", status=2)
    assert "Models: " in line
    refused(*start, "-m", tmp_path / "no.npz", names="no.npz", status=2)
    refused(*start, "-m", path, "-o", tmp_path / "x.png", names="x.png", status=2)
    crae = tmp_path / "x.crae"
    crae.write_bytes(coder.encode(picture("dense")))
    back = ("autoencoder", "decompress")
    assert "Name the model.npz" in refused(*back, crae, names=crae)
    refused(*back, crae, "-o", tmp_path / "x.xyz", "-m", path, names="x.xyz", status=2)
    line = refused(*back, crae, "-m", path, "--max-pixels", 5, names=crae)
    assert "limit of 5 pixels" in line
    refused(*back, digit, "-m", path, names=digit)
    empty = tmp_path / "empty.crae"
    empty.write_bytes(b"")
    assert "empty file" in refused(*back, empty, names=empty)
    refused(*back, tmp_path / "none.crae", names="none.crae")


@pytest.mark.parametrize("package", ["keras", "constriction"])
def test_what_is_not_installed_is_asked_for_by_name(
    run, made, digit, package, monkeypatch
):
    path, _ = made["dense"]
    monkeypatch.setitem(sys.modules, package, None)
    if package == "keras":  # as in a fresh process
        monkeypatch.delitem(sys.modules, networks.__name__)
        monkeypatch.delattr(comrec.apps.autoencoder, "networks")
    ran = run("autoencoder", "compress", digit, "-m", path)
    assert ran.status == 1
    (line,) = ran.err.splitlines()
    assert package in line
    assert "pip install comrec[autoencoder]" in line


def test_models_are_listed(run):
    ran = run("autoencoder", "models", "--json")
    assert [row["model"] for row in ran.rows] == list(model.RELEASED)
    assert all(row["licence"] for row in ran.rows)
