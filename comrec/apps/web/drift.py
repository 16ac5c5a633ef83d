"""What storing a network in fewer bits changes, measured on pictures made here.

They are made, for the package ships none, and such that a network has much to do: a
texture as rough as nature's, lines and edges of all directions, and colours as far
apart as can be.
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
    """How far what is restored comes out from float32.

    Attributes:
      worst_levels: the largest difference of a pixel before rounding, in grey levels.
      lost_db: the largest loss of PSNR of a picture.
    """

    worst_levels: float
    lost_db: float

    def text(self) -> str:
        return f"{self.worst_levels:.2f} grey levels at worst, {self.lost_db:.4f} dB"


@dataclass(frozen=True)
class _Sample:
    """What a network is given, and what it makes of that in float32."""

    image: np.ndarray
    enlarged: np.ndarray
    told: np.ndarray
    restored: np.ndarray


class Yardstick:
    """The pictures of `pictures` as a preset restores them in float32.

    Each at every scale and several qualities of the compact JPEG.

    Args:
      preset: of the comrec family.
      threads: cores for the networks; 0 takes them all.
    """

    def __init__(self, preset: Preset, threads: int = 0) -> None:
        self._preset, self._threads = preset, threads
        run = engine.load(preset, "reccnn", threads=threads, exact=True)
        self._samples = [
            _Sample(image, enlarged, told, enlarged + run(enlarged, told))
            for image in pictures()
            for enlarged, told in _given(preset, image)
        ]

    def measure(self, file: bytes) -> Drift:
        """What a network file of the preset makes of them."""
        run = runnable(self._preset, file, self._threads)
        worst, lost = 0.0, 0.0
        for sample in self._samples:
            came = sample.enlarged + run(sample.enlarged, sample.told)
            worst = max(worst, float(np.abs(came - sample.restored).max()) * 255)
            exact_db, db = (
                psnr_db(sample.image, _to_uint8(each[0]))
                for each in (sample.restored, came)
            )
            lost = max(lost, exact_db - db)
        return Drift(worst, lost)


def runnable(preset: Preset, file: bytes, threads: int = 0) -> engine.Network:
    """The network of a network file, to run as `engine.load` documents."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or cores.affinity_limit()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        network.onnx(preset, network.read(file).arrays),
        sess_options=options,
        providers=["CPUExecutionProvider"],
    )
    names = [value.name for value in session.get_inputs()]
    return lambda *x: session.run(None, dict(zip(names, x, strict=True)))[0]


def pictures() -> list[np.ndarray]:
    """Three pictures, uint8 (SIDE_PX, SIDE_PX, 3), always the same."""
    return [_texture(), _lines(), _patches()]


def _texture() -> np.ndarray:
    """Noise whose amplitude falls with frequency, as that of photographs does."""
    random = np.random.default_rng(_SEED)
    frequency = np.hypot(*np.meshgrid(*2 * [np.fft.fftfreq(SIDE_PX)], indexing="ij"))
    falling = 1 / np.maximum(frequency, 1 / SIDE_PX)
    noise = random.standard_normal((3, SIDE_PX, SIDE_PX))
    # Channels of a photograph are much alike.
    noise = 0.8 * noise[:1] + 0.3 * noise
    planes = np.fft.ifft2(np.fft.fft2(noise) * falling).real
    planes /= planes.std(axis=(1, 2), keepdims=True)
    return _to_uint8((0.5 + 0.2 * planes).transpose(1, 2, 0))


def _lines() -> np.ndarray:
    """Rings that come closer and closer, their edges sharp in one half."""
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX] / SIDE_PX
    waves = np.cos(60 * np.pi * ((x - 0.5) ** 2 + (y - 0.4) ** 2))
    waves = np.where(x + y > 1, np.sign(waves), waves)
    colour = np.stack([0.9 - 0.4 * x, 0.5 + 0.4 * y, 0.3 + 0.5 * x * y], axis=2)
    return _to_uint8(colour * (0.5 + 0.5 * waves[..., None]))


def _patches() -> np.ndarray:
    """Rectangles of any colour, pure ones among them, over one another."""
    random = np.random.default_rng(_SEED)
    image = np.zeros((SIDE_PX, SIDE_PX, 3))
    for i in range(80):
        y, x = random.integers(0, SIDE_PX - 8, 2)
        height, width = random.integers(3, 60, 2)
        colour = random.random(3)
        image[y : y + height, x : x + width] = np.rint(colour) if i % 3 else colour
    return _to_uint8(image)


def _given(preset: Preset, image: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """What RecCNN is given of the picture: enlarged (1, H, W, 3), condition (1, 5).

    The sides of the picture are multiples of any network's.
    """
    size = image.shape[0], image.shape[1]
    for scale in preset.scales:
        codec = Codec(preset, scale)
        # Without ComCNN: any picture will do, and this is quicker.
        compact = codec.reduce(image)
        for quality in QUALITIES:
            coded = codec.encode(compact, quality)
            told = conditioning.condition(quantisation.read_tables(coded), scale)
            yield resample.enlarge(coding.decode(coded), scale, size)[None], told[None]


def _to_uint8(pixels: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(pixels, 0, 1) * 255).astype(np.uint8)
