"""Defines the protocols for equal bytes, and makes the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import PIL
from PIL import features

import comrec
from comrec.encoder import root_finding
from comrec.errors import ComrecError
from comrec.format import container
from comrec.format.sidecar import Sidecar
from comrec.image.metadata import Metadata
from comrec.image.metrics import psnr_db, ssim
from comrec.jpeg import coding
from comrec.jpeg.settings import PLAIN, JpegSettings
from jiang2017.methods import Method
from jiang2017.published import Published

STANDARD = JpegSettings(huffman="standard", scans="baseline")
MOZJPEG = JpegSettings(encoder="mozjpeg")
BUDGETS = {"qf5": 5, "qf10": 10}  # quality of the direct JPEG


class Protocol(NamedTuple):
    """Describes how the bytes of a method are limited to those of the direct JPEG.

    Attributes:
      name: its name in rows.
      direct: settings of the direct JPEG, whose bytes are the budget.
      coded: settings of the method's own .jpg.
      per_picture: whether each picture fits the bytes of its own direct JPEG, sidecar
        and marker counted. Else all pictures have one quality, and the mean bytes of
        the .jpg files alone fit the mean of the direct JPEGs.
    """

    name: str
    direct: JpegSettings
    coded: JpegSettings
    per_picture: bool


PROTOCOLS = (
    Protocol("paper", STANDARD, STANDARD, per_picture=False),
    Protocol("byte-fair", PLAIN, PLAIN, per_picture=True),
    Protocol("mozjpeg", PLAIN, MOZJPEG, per_picture=True),
)


class Picture(NamedTuple):
    name: str
    pixels: np.ndarray  # uint8 (H, W, 1)


class Row(NamedTuple):
    image: str
    budget: str
    protocol: str
    method: str
    plain_quality: int
    plain_bytes: int
    plain_psnr_db: float
    compact_quality: int  # of the method's .jpg, which "jpeg" has at full size
    jpeg_bytes: int
    sidecar_bytes: int
    rate_bpp: float
    psnr_db: float
    ssim: float
    gain_db: float
    published_psnr_db: float
    preset: str
    weights: str
    comrec: str
    pillow: str
    libjpeg_turbo: str


class Trial:
    """Runs one method on all pictures, and keeps results for other protocols."""

    def __init__(self, method: Method, pictures: list[Picture]) -> None:
        self.method, self.pictures = method, pictures
        self._codec = method.codec(STANDARD)
        self._compact = [self._codec.compact(p.pixels) for p in pictures]
        self._coded: dict[tuple[int, int, JpegSettings], bytes] = {}
        self._restored: dict[tuple[int, bytes], np.ndarray] = {}

    def encode(self, index: int, quality: int, settings: JpegSettings) -> bytes:
        """Returns the .jpg of one picture, without metadata."""
        key = index, quality, settings
        if key not in self._coded:
            codec = self.method.codec(settings)
            self._coded[key] = codec.encode(self._compact[index], quality)
        return self._coded[key]

    def restore(self, index: int, coded: bytes) -> np.ndarray:
        """Returns the restored picture: uint8 (H, W, 1)."""
        key = index, coding.decode(coded).tobytes()  # Huffman tables do not matter
        if key not in self._restored:
            size = self.pictures[index].pixels.shape[:2]
            self._restored[key] = self._codec.restore(coded, size)
        return self._restored[key]

    def count_bytes(
        self, index: int, coded: bytes, protocol: Protocol
    ) -> tuple[int, int]:
        """Returns the bytes of .jpg and sidecar that the protocol counts."""
        if self.method.is_direct or not protocol.per_picture:
            return len(coded), 0
        height, width, _ = self.pictures[index].pixels.shape
        record = Sidecar(self._codec.preset.name, width, height, self._codec.scale)
        data, sidecar = container.pack(coded, Metadata(), record, embed=False)
        return len(data), len(sidecar or b"")


def rows(
    budget: str, protocol: Protocol, trial: Trial, published: Published
) -> Iterator[Row]:
    """Yields a row for each picture.

    Raises:
      ComrecError: no quality fits the budget of a picture.
    """
    plain_quality = BUDGETS[budget]
    plains = [
        coding.encode(picture.pixels, plain_quality, protocol.direct)
        for picture in trial.pictures
    ]
    chosen = qualities(protocol, trial, plain_quality, [len(p) for p in plains])
    for i, (picture, plain, quality) in enumerate(
        zip(trial.pictures, plains, chosen, strict=True)
    ):
        coded = trial.encode(i, quality, protocol.coded)
        jpeg_bytes, sidecar_bytes = trial.count_bytes(i, coded, protocol)
        restored = trial.restore(i, coded)
        plain_db = psnr_db(picture.pixels, coding.decode(plain))
        reached_db = psnr_db(picture.pixels, restored)
        yield Row(
            picture.name, budget, protocol.name, trial.method.name,
            plain_quality, len(plain), round(plain_db, 4),
            quality, jpeg_bytes, sidecar_bytes,
            round(8 * (jpeg_bytes + sidecar_bytes) / picture.pixels.size, 5),
            round(reached_db, 4), round(ssim(picture.pixels, restored), 5),
            round(reached_db - plain_db, 4),
            published.psnr_db(budget, protocol.name, trial.method.name, picture.name),
            trial.method.source, trial.method.weights, comrec.__version__,
            PIL.__version__, str(features.version("libjpeg_turbo")),
        )  # fmt: skip


def qualities(
    protocol: Protocol, trial: Trial, plain_quality: int, budgets: list[int]
) -> list[int]:
    """Returns the quality for each picture, found by bisection on the bytes."""
    count = len(budgets)
    if trial.method.is_direct and protocol.coded == protocol.direct:
        return [plain_quality] * count

    def size(index: int, quality: int) -> int:
        coded = trial.encode(index, quality, protocol.coded)
        return sum(trial.count_bytes(index, coded, protocol))

    def largest(fits: Callable[[int], bool], who: str) -> int:
        quality = root_finding.find_largest(fits, 1, 100)
        if quality is None:
            raise ComrecError(
                f"{who}: at no quality does {trial.method.name} fit the bytes of plain "
                f"JPEG {plain_quality}. Leave out very small or uniform pictures"
            )
        return quality

    if protocol.per_picture:
        return [
            largest(lambda q, i=i: size(i, q) <= budgets[i], trial.pictures[i].name)
            for i in range(count)
        ]
    everywhere = largest(
        lambda q: sum(size(i, q) for i in range(count)) <= sum(budgets), "all pictures"
    )
    return [everywhere] * count
