"""Encodes a picture as a JPEG whose coefficients are chosen by rate and distortion.

The distortion is the squared error of R, G and B as decoders show them, summed over the
picture. So the components are not quantised each for itself: luma makes up for what
chroma loses in halving and quantisation, as far as that is common to the channels, and
chroma for what luma loses. The rate is that of a baseline scan with Huffman codes for
the picture's own statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from comrec.errors import JpegError
from comrec.jpeg import baseline, symbols
from comrec.jpeg import coefficients as co
from comrec.jpeg.dc_trellis import quantise_dc
from comrec.jpeg.huffman import likely_lengths
from comrec.jpeg.layout import Layout, layout_of
from comrec.jpeg.settings import SCANS
from comrec.jpeg.trellis import quantise_ac

# The price of a bit is the squared error of a step in luma over this: experiments/
# quality/plain_jpeg.py.
STEP_PRICE = 6.5
PASSES = 2  # over a picture; each has the statistics and errors of the one before
PROGRESSIVE_MAX_PX = 2**24  # viewers of progressive files keep all of them in memory
_BAND_PX = 2**20  # quantised at once, which bounds memory
_DEAD_ZONE = 0.65  # in steps: what is below becomes zero in first statistics

Blocks = list[np.ndarray]  # int16 (rows, columns, 64) a component
Steps = Sequence[float | np.ndarray]  # of luma and of chroma


def encode(
    pixels: np.ndarray,
    steps: Steps,
    subsampling: str = "4:2:0",
    price: float | None = None,
    scans: str = "smaller",
) -> bytes:
    """Encodes one picture as a JPEG without metadata.

    Args:
      pixels: uint8 (h, w, 1) grey or (h, w, 3) RGB.
      steps: of luma and of chroma, whole numbers from 1 to 255; each is one for all
        frequencies or (8, 8) of them, rows being vertical ones. Grey has luma alone.
      subsampling: of the chroma, "4:2:0" or "4:4:4"; no effect on grey.
      price: the squared error, in grey levels and summed over R, G and B, that a bit
        must save to be spent; `price_of` the luma steps if None.
      scans: "baseline", "progressive", or the "smaller" file of both; of pictures above
        16 megapixels "smaller" is baseline.

    Returns:
      The whole file; the same for the same arguments.

    Raises:
      JpegError: an argument is out of range.
    """
    layout = layout_of(pixels, subsampling)
    if scans not in SCANS:
        raise JpegError(
            f"JPEG scans must be one of {', '.join(SCANS)}. Received: {scans!r}"
        )
    blocks = quantise(pixels, steps, layout, price)
    return write(blocks, steps, layout, scans)


def write(
    blocks: Blocks, steps: Steps, layout: Layout, scans: str = "smaller"
) -> bytes:
    """Writes quantised blocks as a file; arguments as for `encode` and `quantise`."""
    file = baseline.write(blocks, steps, layout)
    area = layout.height_px * layout.width_px
    if scans == "baseline" or (scans == "smaller" and area > PROGRESSIVE_MAX_PX):
        return file
    progressive = to_progressive(file)
    return progressive if scans == "progressive" else min(file, progressive, key=len)


def to_progressive(jpeg: bytes) -> bytes:
    """Returns the same coefficients in the progressive scans of fewest bytes."""
    import mozjpeg_lossless_optimization

    return mozjpeg_lossless_optimization.optimize(jpeg)


def even_steps(luma_step: int, subsampling: str = "4:2:0") -> tuple[int, np.ndarray]:
    """Returns steps of which each counts alike for the error of R, G and B.

    With 4:2:0 those of chroma rise from half of luma's at the lowest frequency to 1.7
    times at the highest, for the decoder attenuates what changes fast.

    Returns:
      luma_step, and chroma's int (8, 8), 1 to 255.
    """
    luma, blue, red = co.error_weights(Layout(8, 8, 3, subsampling))
    steps = np.empty(64)
    steps[co.ZIGZAG] = luma_step * np.sqrt(2 * luma / (blue + red))
    return luma_step, np.clip(np.rint(steps), 1, 255).astype(int).reshape(8, 8)


def price_of(luma_steps: float | np.ndarray, channels: int) -> float:
    """Returns the price of a bit that goes well with the steps of luma.

    Finer steps with a higher price give about the same rate and quality.
    """
    return float(np.mean(np.square(luma_steps, dtype=float))) * channels / STEP_PRICE


def quantise(
    pixels: np.ndarray,
    steps: Steps,
    layout: Layout,
    price: float | None = None,
    passes: int = PASSES,
) -> Blocks:
    """Chooses the coefficients of a picture; arguments as for `encode`.

    Returns:
      int16 (rows, columns, 64) a component, in steps and zigzag order.
    """
    tables = [
        np.frombuffer(baseline.quantisation_table(step), np.uint8).astype(np.float32)
        for step in (steps[0], steps[-1], steps[-1])
    ]
    if price is None:
        price = price_of(steps[0], layout.channels)
    if not 0 < price < np.inf:
        raise JpegError(f"the price of a bit must be above 0. Received: {price!r}")
    rows = max(_BAND_PX // layout.width_px // 16, 1) * 16
    bands = [
        _Band(
            pixels[top : top + rows],
            replace(layout, height_px=min(rows, layout.height_px - top)),
            tables[: layout.channels],
            price,
        )
        for top in range(0, layout.height_px, rows)
    ]
    found = [band.first_pass() for band in bands]
    for _ in range(passes - 1):
        lengths = _lengths(found, bands)
        found = [
            band.next_pass(blocks, lengths)
            for band, blocks in zip(bands, found, strict=True)
        ]
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


@dataclass(frozen=True)
class _Lengths:
    """Bits of a component's codes: of AC symbols (256,), of sizes of DC (16,)."""

    ac: np.ndarray
    dc: np.ndarray


def _lengths(found: Sequence[Blocks], bands: Sequence[_Band]) -> list[_Lengths]:
    """Returns likely code lengths for luma, and for chroma if there is one."""
    ac = [np.zeros(256, np.int64) for _ in range(2)]
    dc = [np.zeros(16, np.int64) for _ in range(2)]
    for blocks, band in zip(found, bands, strict=True):
        for i, values in enumerate(blocks):
            order = band.layout.components[i].order
            chain = values.reshape(-1, 64)[order[order >= 0]]
            ac[min(i, 1)] += symbols.ac_counts(chain)
            dc[min(i, 1)] += symbols.dc_counts(chain[:, 0])
    return [
        _Lengths(likely_lengths(a), likely_lengths(d))
        for a, d in zip(ac, dc, strict=True)
    ][: len(found[0])]


@dataclass(frozen=True)
class _Band:
    """Some rows of a picture, quantised as if there were nothing above or below.

    Only a row of samples at each seam knows of the difference.
    """

    pixels: np.ndarray
    layout: Layout
    steps: Sequence[np.ndarray]  # float32 (64,) in zigzag order, a component
    price: float

    def first_pass(self) -> Blocks:
        """Returns blocks, chosen by the statistics of what rounding would give."""
        planes = co.planes_of(self.pixels, self.layout)
        lengths = _lengths([self._rounded(planes)], [self])
        if self.layout.channels == 1:
            return self._quantise([0], planes, lengths[0])
        return self._quantise_all(self.pixels.astype(np.float32), planes[1:], lengths)

    def next_pass(self, before: Blocks, lengths: Sequence[_Lengths]) -> Blocks:
        """Returns blocks of less cost than those before, by given code lengths."""
        wanted = self.pixels.astype(np.float32)
        if (self.pixels % 255 == 0).any():
            wanted = _as_clipped(wanted, co.decode(before, self.steps, self.layout))
        if self.layout.channels == 1:
            planes = co.planes_of(wanted, self.layout)
            return self._quantise([0], planes, lengths[0])
        luma = self._restored(0, before[0])
        planes = co.nearest_chroma(wanted, luma, self.layout)
        return self._quantise_all(wanted, planes, lengths)

    def _rounded(self, planes: Sequence[np.ndarray]) -> Blocks:
        out = []
        for number, plane in enumerate(planes):
            targets = self._targets(number, plane)
            values = np.trunc(targets + np.copysign(1 - _DEAD_ZONE, targets))
            values[..., 0] = np.rint(targets[..., 0])
            out.append(values.astype(np.int16))
        return out

    def _quantise_all(
        self,
        wanted: np.ndarray,
        chroma_planes: Sequence[np.ndarray],
        lengths: Sequence[_Lengths],
    ) -> Blocks:
        """Quantises chroma, and luma so that it makes up for chroma's errors."""
        rest = self._quantise([1, 2], chroma_planes, lengths[1])
        shown = [self._restored(number, rest[number - 1]) for number in (1, 2)]
        luma = co.nearest_luma(wanted, shown, self.layout)
        return self._quantise([0], [luma], lengths[0]) + rest

    def _targets(self, number: int, plane: np.ndarray) -> np.ndarray:
        component = self.layout.components[number]
        return co.transform(plane, component) / self.steps[number]

    def _restored(self, number: int, values: np.ndarray) -> np.ndarray:
        scaled = values * self.steps[number]
        return co.restore(scaled, self.layout.components[number])

    def _quantise(
        self, numbers: Sequence[int], planes: Sequence[np.ndarray], lengths: _Lengths
    ) -> Blocks:
        """Quantises components that have the same steps, weights and code lengths."""
        step = self.steps[numbers[0]]
        weights = co.error_weights(self.layout)[numbers[0]] * (step**2 / self.price)
        targets = np.stack(
            [self._targets(n, p) for n, p in zip(numbers, planes, strict=True)]
        )
        values = quantise_ac(targets.reshape(-1, 64), weights, lengths.ac)
        values = values.reshape(targets.shape)
        for n, target, value in zip(numbers, targets, values, strict=True):
            order = self.layout.components[n].order
            value[..., 0] = _quantise_dc(target[..., 0], order, weights[0], lengths.dc)
        return list(values)


def _quantise_dc(
    targets: np.ndarray, order: np.ndarray, weight: float, lengths: np.ndarray
) -> np.ndarray:
    """Quantises DC coefficients (rows, columns) in the order of coding."""
    shown = order >= 0
    # What an added block is to have does not matter; a near value keeps states near.
    last = np.maximum.accumulate(np.where(shown, np.arange(len(order)), 0))
    values = quantise_dc(
        targets.ravel()[order[last]], (shown * weight).astype(np.float32), lengths
    )
    out = np.empty(targets.size, np.int16)
    out[order[shown]] = values[shown]
    return out.reshape(targets.shape)


def _as_clipped(wanted: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Returns what to aim at where decoders clip: black and white may be exceeded.

    Args:
      wanted: float32, the picture, 0 to 255.
      shown: float32, a decoded one before clipping.
    """
    over = np.maximum(shown, 255) - 255
    under = np.minimum(shown, 0)
    return wanted + np.where(wanted >= 255, over, 0) + np.where(wanted <= 0, under, 0)
