"""An architecture has the sizes it states, and an illegal one is refused."""

import pytest

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

from comrec.apps.autoencoder.architecture import Architecture


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
