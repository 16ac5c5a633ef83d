"""The rate term follows the bits of a real JPEG."""

from dataclasses import replace

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY, better

from comrec.jpeg import coding
from comrec.train.alternating import rate_term
from comrec.train.alternating.config import Round
from comrec.train.alternating.schedule import AlternatingRun
from comrec.train.run.config import LearningRate


@pytest.mark.parametrize("channels", [1, 3])
def test_rate_term_follows_the_bytes_of_a_real_jpeg(channels):
    """Busier pictures, and finer tables, cost more, about as much as they do."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:64, :64] / 64
    smooth = 0.5 + 0.2 * np.sin(3 * x + 5 * y)[..., None].repeat(channels, axis=2)
    noise = rng.normal(0, 1, smooth.shape)
    pictures = [smooth + amount * noise for amount in (0.01, 0.03, 0.1, 0.2)]
    real, proxy = [], []
    for quality in (20, 50, 80):
        for picture in pictures:
            pixels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
            real.append(len(coding.encode(pixels, quality)))
            tensor = keras.ops.convert_to_tensor(pixels[None].astype(np.float32) / 255)
            proxy.append(float(rate_term.magnitudes(tensor, quality)[0]))
    assert np.corrcoef(real, proxy)[0, 1] > 0.97


def test_rate_term_of_a_flat_picture_is_nothing_at_any_size():
    for size in ((8, 8), (20, 12)):
        flat = keras.ops.ones((1, *size, 1)) * 0.5
        assert float(rate_term.magnitudes(flat, 50)[0]) < 0.05 * size[0] * size[1]


def test_rate_term_is_calibrated_to_real_bits(crops):
    def halve(x):
        return x[:, ::2, ::2]

    each = rate_term.bits_per_magnitude(halve, crops, 50)
    small = crops[:, ::2, ::2]
    counted = rate_term.magnitudes(
        keras.ops.convert_to_tensor(small.astype(np.float32) / 255), 50
    )
    empty = len(coding.encode(np.full_like(small[0], 128), 50))
    bits = sum(8 * (len(coding.encode(c, 50)) - empty) for c in small)
    assert each * float(keras.ops.sum(counted)) == pytest.approx(bits, rel=1e-3)


@pytest.mark.slow
def test_rate_term_makes_the_compact_image_cheaper(unbroken, crops, tmp_path):
    def cost(weight: float) -> float:
        config = replace(
            TINY, start=str(unbroken.folder), rate_weight=weight, epoch_patches=400,
            rounds=(
                Round((LearningRate(2, 1e-3, 1e-3),), (LearningRate(1, 1e-9, 1e-9),)),
            ),
        )  # fmt: skip
        run = AlternatingRun(config, tmp_path / str(weight), crops, better)
        run._train_phase(run.phases[0])
        compact = run.comcnn.predict_on_batch(crops[:2].astype(np.float32) / 255)
        return float(keras.ops.sum(rate_term.magnitudes(compact, 50)))

    assert cost(0.5) < 0.8 * cost(0.0)
