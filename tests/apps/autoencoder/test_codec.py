"""The codec restores a picture of any size as its networks do."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

from autoencoders import KINDS, picture, reseal

from comrec.apps.autoencoder import (
    bitstream,
    codec,
)
from comrec.errors import ComrecError, StreamError


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


def test_an_unknown_model_is_refused_by_number(made):
    _, coder = made["dense"]
    data = bytearray(coder.encode(picture("dense"))[:-4])
    data[5] = 250
    with pytest.raises(ComrecError, match="model number 250, which this comrec does"):
        codec.decompress(reseal(bytes(data)))


def test_another_models_file_is_refused(made):
    _, coder = made["dense"]
    other, _ = made["cnn"]
    with pytest.raises(StreamError, match=r"made by model number 0 with weights"):
        codec.decompress(coder.encode(picture("dense")), str(other))
