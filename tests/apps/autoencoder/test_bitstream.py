"""A .crae is read whole, or refused with the reason."""

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

from autoencoders import KINDS, picture, reseal

from comrec.apps.autoencoder import bitstream
from comrec.errors import ComrecError, ImageError, StreamError


def test_a_digit_spends_17_bytes_on_what_is_not_its_values(made):
    _, coder = made["dense"]
    data = coder.encode(picture("dense"))
    assert len(data) - len(bitstream.parse(data).payload) == 17


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
            restored = coder.decode(bitstream.parse(reseal(one), 10**4))
        except ComrecError:
            continue
        assert restored.dtype == np.uint8


def test_a_tiny_file_that_says_a_huge_picture_is_refused_before_any_work(made):
    _, coder = made["convolutional"]
    head = bitstream.MAGIC + bytes([1, 0]) + coder.model.hash + bytes([8])
    side = bytes([0x80, 0x80, 1])  # 16,384
    stream = bitstream.parse(reseal(head + side + side + bytes(50)))
    assert stream.height_px == 16_384
    with pytest.raises(StreamError, match="50 bytes cannot hold a picture of its size"):
        coder.decode(stream)
    with pytest.raises(ImageError, match="beyond the limit of 1000 pixels"):
        bitstream.parse(reseal(head + side + side + bytes(50)), 1000)


def test_another_version_is_refused_by_number(made):
    _, coder = made["dense"]
    data = bytearray(coder.encode(picture("dense")))
    data[4] = 2
    with pytest.raises(StreamError, match=r"version 2, .* reads version 1\. Upgrade"):
        bitstream.parse(bytes(data))
