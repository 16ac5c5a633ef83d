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
from numbers import Real

import numpy as np

from comrec.errors import JpegError
from comrec.jpeg import baseline
from comrec.jpeg import coefficients as co
from comrec.jpeg.layout import Layout, layout_of
from comrec.jpeg.quantisation import flat_step, flat_table, whole_table
from comrec.jpeg.quantiser import (
    Blocks,
    CodeLengths,
    code_lengths,
    quantise_component,
)
from comrec.jpeg.settings import SCANS

# The price of a bit is the squared error of a step in luma over STEP_PRICE, where the
# step is USUAL_STEP; of finer steps it is less: experiments/quality/plain_jpeg.py.
STEP_PRICE, USUAL_STEP, FINER_EXPONENT = 6.5, 25.0, 0.15
QUALITY = 75  # of files for which neither steps nor a quality are given
PASSES = 2  # over a picture; each has the statistics and errors of the one before
PROGRESSIVE_MAX_PX = 2**24  # viewers of progressive files keep all of them in memory
_BAND_PX = 2**20  # quantised at once, which bounds memory
_DEAD_ZONE = 0.65  # in steps: smaller values are zero in the first statistics

Steps = Sequence[float | np.ndarray]  # of luma and of chroma


def encode(
    pixels: np.ndarray,
    steps: Steps | None = None,
    subsampling: str = "4:2:0",
    price: float | None = None,
    scans: str = "smaller",
    quality: float | None = None,
) -> bytes:
    """Encodes one picture as a JPEG without metadata.

    The coefficients are those of least squared error of R, G and B plus price · bits,
    and the Huffman tables are made for them. Any JPEG decoder reads the file.

    Args:
      pixels: uint8 (H, W, 1) grey or (H, W, 3) RGB, 0 to 255; sides of 1 to 65500.
      steps: of the quantisers, luma and chroma; whole numbers from 1 to 255. Each is
        one for all frequencies or (8, 8) of them, rows being vertical frequencies. Grey
        takes luma's alone.
      subsampling: of the chroma, "4:2:0" or "4:4:4"; no effect on grey.
      price: the squared error, in grey levels and summed over R, G and B, that a bit
        must save to be spent; above 0. If None, the one that goes with the steps.
      scans: "baseline", "progressive", or the "smaller" file of both; of pictures above
        16 megapixels "smaller" is baseline.
      quality: 1 to 100, fractions as well, in place of steps: luma has the step of a
        flat table, 16 at quality 50, 4 at 87.5, and chroma the `even_steps` that go
        with it. 75 if neither is given.

    Returns:
      The whole file; the same for the same arguments.

    Raises:
      JpegError: an argument is out of range, or both steps and quality are given.
    """
    layout = layout_of(pixels, subsampling)
    if scans not in SCANS:
        raise JpegError(
            f"JPEG scans must be one of {', '.join(SCANS)}. Received: {scans!r}"
        )
    if steps is None:
        step = flat_step(checked_quality(QUALITY if quality is None else quality))
        steps = even_steps(step, subsampling)
        price = price_of(step, layout.channels) if price is None else price
    elif quality is not None:
        raise JpegError("a JPEG takes `steps` or `quality`, not both. Leave one out")
    blocks = quantise(pixels, steps, layout, price)
    return write(blocks, steps, layout, scans)


def checked_quality(quality: float) -> float:
    """Returns a quality that is a number from 1 to 100; refuses all else."""
    is_number = isinstance(quality, Real) and not isinstance(quality, bool)
    if not is_number or not 1 <= quality <= 100:
        raise JpegError(
            f"JPEG quality must be a number, 1 to 100. Received: {quality!r}"
        )
    return quality


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


def even_steps(
    luma_step: float, subsampling: str = "4:2:0"
) -> tuple[np.ndarray, np.ndarray]:
    """Returns steps of which each counts alike for the error of R, G and B.

    With 4:2:0 those of chroma rise from half of luma's at the lowest frequency to 1.7
    times at the highest, for the decoder attenuates what changes fast. All are as near
    as whole numbers may be.

    Args:
      luma_step: any number above 0; up to 1 stands for 1, and from 255 on for 255.
      subsampling: of the chroma.

    Returns:
      int (8, 8) twice, luma's and chroma's, 1 to 255.
    """
    luma, blue, red = co.error_weights(Layout(8, 8, 3, subsampling))
    steps = luma_step * np.sqrt(2 * luma / (blue + red))
    tables = flat_table(min(max(luma_step, 1), 255)), whole_table(steps.clip(1, 255))
    of_luma, of_chroma = (co.natural_order(table).astype(int) for table in tables)
    return of_luma, of_chroma


def price_of(luma_steps: float | np.ndarray, channels: int) -> float:
    """Returns the price of a bit that goes well with the steps of luma.

    Finer steps with a higher price give about the same rate and quality. Of several
    steps, small ones count most.
    """
    square = 1 / float(np.mean(1 / np.square(luma_steps, dtype=float)))
    finer = (square / USUAL_STEP**2) ** (FINER_EXPONENT / 2)
    return square * finer * channels / STEP_PRICE


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
    if not isinstance(steps, Sequence) or not 1 <= len(steps) <= 2:
        raise JpegError(f"JPEG steps are luma's and chroma's. Received: {steps!r}")
    tables = [
        np.frombuffer(baseline.quantisation_table(step), np.uint8).astype(np.float32)
        for step in (steps[0], steps[-1], steps[-1])
    ]
    if price is None:
        price = price_of(steps[0], layout.channels)
    if not isinstance(price, Real) or not 0 < price < np.inf:
        raise JpegError(
            f"the price of a bit must be a number above 0. Received: {price!r}"
        )
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
        lengths = code_lengths(
            (blocks, band.layout) for blocks, band in zip(found, bands, strict=True)
        )
        found = [
            band.next_pass(blocks, lengths)
            for band, blocks in zip(bands, found, strict=True)
        ]
    return [np.concatenate(parts) for parts in zip(*found, strict=True)]


@dataclass(frozen=True)
class _Band:
    """Holds a band of rows, quantised without a look at the rows around it.

    Only a row of samples at each seam knows of the difference.
    """

    pixels: np.ndarray
    layout: Layout
    steps: Sequence[np.ndarray]  # float32 (64,) in zigzag order, a component
    price: float

    def first_pass(self) -> Blocks:
        """Returns blocks, chosen by the statistics of what rounding would give."""
        planes = co.planes_of(self.pixels, self.layout)
        lengths = code_lengths([(self._rounded(planes), self.layout)])
        return self._quantised(self.pixels.astype(np.float32), planes, lengths)

    def next_pass(self, before: Blocks, lengths: Sequence[CodeLengths]) -> Blocks:
        """Returns blocks of less cost than those before, by given code lengths."""
        wanted = self.pixels.astype(np.float32)
        ends = self.pixels == 0, self.pixels == 255
        if any(end.any() for end in ends):
            shown = co.decode(before, self.steps, self.layout)
            # Decoders clip, so that black and white may be exceeded.
            for end, limit in zip(ends, (np.minimum, np.maximum), strict=True):
                wanted[end] = limit(shown[end], wanted[end])
        if self.layout.channels == 1:
            planes = co.planes_of(wanted, self.layout)
        else:
            luma = self._restored(0, before[0])
            planes = [luma, *co.nearest_chroma(wanted, luma, self.layout)]
        return self._quantised(wanted, planes, lengths)

    def _rounded(self, planes: Sequence[np.ndarray]) -> Blocks:
        out = []
        for number, plane in enumerate(planes):
            targets = self._targets(number, plane)
            values = np.trunc(targets + np.copysign(1 - _DEAD_ZONE, targets))
            values[..., 0] = np.rint(targets[..., 0])
            out.append(values.astype(np.int16))
        return out

    def _quantised(
        self,
        wanted: np.ndarray,
        planes: Sequence[np.ndarray],
        lengths: Sequence[CodeLengths],
    ) -> Blocks:
        """Quantises chroma, and luma so that it makes up for chroma's errors.

        Args:
          wanted: float32, the picture.
          planes: what chroma is to be, and grey; luma of colour is not looked at.
          lengths: a component.
        """
        if self.layout.channels == 1:
            return [self._quantised_plane(0, planes[0], lengths[0])]
        rest = [self._quantised_plane(i, planes[i], lengths[i]) for i in (1, 2)]
        shown = [self._restored(i, values) for i, values in enumerate(rest, 1)]
        luma = co.nearest_luma(wanted, shown, self.layout)
        return [self._quantised_plane(0, luma, lengths[0]), *rest]

    def _quantised_plane(
        self, number: int, plane: np.ndarray, lengths: CodeLengths
    ) -> np.ndarray:
        weights = co.error_weights(self.layout)[number] * self.steps[number] ** 2
        return quantise_component(
            self._targets(number, plane),
            weights / np.float32(self.price),
            self.layout.components[number],
            lengths,
        )

    def _targets(self, number: int, plane: np.ndarray) -> np.ndarray:
        component = self.layout.components[number]
        return co.transform(plane, component) / self.steps[number]

    def _restored(self, number: int, values: np.ndarray) -> np.ndarray:
        scaled = values * self.steps[number]
        return co.restore(scaled, self.layout.components[number])
