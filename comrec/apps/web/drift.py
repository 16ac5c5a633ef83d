"""Measures what storing a network in fewer bits changes, on synthetic pictures.

The package contains no pictures. The synthetic ones have many details to restore: a
texture with the spectrum of photographs, edges of all directions, and colours at the
limits of their range.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from comrec.apps.web import network
from comrec.image import resample
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding, quantisation
from comrec.networks import conditioning, engine
from comrec.networks.codec import Codec
from comrec.networks.presets import Preset
from comrec.system import cores

QUALITIES = (5, 20, 50, 85)  # of the compact JPEG
SIDE_PX = 128
_SEED = 20


@dataclass(frozen=True)
class Drift:
    """Holds the differences of restored pictures from those in float32.

    Attributes:
      worst_levels: largest difference of a pixel before rounding, in grey levels.
      lost_db: largest loss of PSNR of a picture.
    """

    worst_levels: float
    lost_db: float

    def text(self) -> str:
        """Returns the differences in words."""
        return f"{self.worst_levels:.2f} grey levels at worst, {self.lost_db:.4f} dB"


@dataclass(frozen=True)
class _Sample:
    """Holds the inputs of a network and their output in float32.

    Attributes:
      image: uint8 (H, W, 3).
      enlarged, restored: float32 (1, H, W, 3), 0 to 1.
      condition: float32 (1, 5).
    """

    image: np.ndarray
    enlarged: np.ndarray
    condition: np.ndarray
    restored: np.ndarray


class Yardstick:
    """Measures network files of a preset against float32.

    The pictures are those of `make_pictures`, at every scale and at QUALITIES of the
    compact JPEG.

    Args:
      preset: of the comrec family.
      threads: cores for the networks; 0 takes all.
    """

    def __init__(self, preset: Preset, threads: int = 0) -> None:
        self._preset, self._threads = preset, threads
        run = engine.load(preset, "reccnn", threads=threads, exact=True)
        self._samples = [
            _Sample(image, enlarged, condition, enlarged + run(enlarged, condition))
            for image in make_pictures()
            for enlarged, condition in _make_inputs(preset, image)
        ]

    def measure(self, file: bytes) -> Drift:
        """Measures a network file of the preset."""
        run = load(self._preset, file, self._threads)
        worst, lost = 0.0, 0.0
        for sample in self._samples:
            restored = sample.enlarged + run(sample.enlarged, sample.condition)
            worst = max(worst, float(np.abs(restored - sample.restored).max()) * 255)
            exact_db, db = (
                psnr_db(sample.image, _to_uint8(batch[0]))
                for batch in (sample.restored, restored)
            )
            lost = max(lost, exact_db - db)
        return Drift(worst, lost)


def load(preset: Preset, file: bytes, threads: int = 0) -> engine.Network:
    """Loads the network of a network file, which runs as `engine.load` documents."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or cores.affinity_limit()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        network.make_onnx(preset, network.read(file).arrays),
        sess_options=options,
        providers=["CPUExecutionProvider"],
    )
    names = [value.name for value in session.get_inputs()]
    return lambda *x: session.run(None, dict(zip(names, x, strict=True)))[0]


def make_pictures() -> list[np.ndarray]:
    """Makes three pictures, uint8 (SIDE_PX, SIDE_PX, 3), always the same."""
    return [_make_texture(), _make_rings(), _make_patches()]


def _make_texture() -> np.ndarray:
    """Makes noise whose amplitude falls with frequency, as in photographs."""
    random = np.random.default_rng(_SEED)
    frequency = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(SIDE_PX)], indexing="ij"))
    falling = 1 / np.maximum(frequency, 1 / SIDE_PX)
    noise = random.standard_normal((3, SIDE_PX, SIDE_PX))
    # Channels of a photograph are correlated.
    noise = 0.8 * noise[:1] + 0.3 * noise
    planes = np.fft.ifft2(np.fft.fft2(noise) * falling).real
    planes /= planes.std(axis=(1, 2), keepdims=True)
    return _to_uint8((0.5 + 0.2 * planes).transpose(1, 2, 0))


def _make_rings() -> np.ndarray:
    """Makes rings of rising frequency, with sharp edges in one half."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    waves = np.cos(60 * np.pi * ((x - 0.5) ** 2 + (y - 0.4) ** 2))
    waves = np.where(x + y > 1, np.sign(waves), waves)
    colour = np.stack([0.9 - 0.4 * x, 0.5 + 0.4 * y, 0.3 + 0.5 * x * y], axis=2)
    return _to_uint8(colour * (0.5 + 0.5 * waves[..., None]))


def _make_patches() -> np.ndarray:
    """Makes overlapping rectangles of random and of pure colours."""
    random = np.random.default_rng(_SEED)
    image = np.zeros((SIDE_PX, SIDE_PX, 3))
    for i in range(80):
        y, x = random.integers(0, SIDE_PX - 8, 2)
        height, width = random.integers(3, 60, 2)
        colour = random.random(3)
        image[y : y + height, x : x + width] = np.rint(colour) if i % 3 else colour
    return _to_uint8(image)


def _make_inputs(preset: Preset, image: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Yields the inputs of RecCNN: enlarged, (1, H, W, 3), and condition, (1, 5).

    SIDE_PX is a multiple of every network's `multiple_px`.
    """
    size = image.shape[0], image.shape[1]
    for scale in preset.scales:
        codec = Codec(preset, scale)
        # Bicubic reduction in place of ComCNN: faster, and no less demanding.
        compact = codec.reduce(image)
        for quality in QUALITIES:
            coded = codec.encode(compact, quality)
            tables = quantisation.read_tables(coded)
            enlarged = resample.enlarge(coding.decode(coded), scale, size)
            yield enlarged[None], conditioning.condition(tables, scale)[None]


def _to_uint8(pixels: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
