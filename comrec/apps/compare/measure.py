"""Compares one picture in comrec with other codecs at no more bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from comrec.api.compress import compress_picture
from comrec.api.decompress import decompress
from comrec.apps.compare import curves
from comrec.apps.compare.chart import OWN_LABEL, Point
from comrec.apps.evaluate import peers, quality
from comrec.apps.evaluate.interface import Files, Peer, Setting, run
from comrec.encoder.options import Options
from comrec.encoder.report import Compressed
from comrec.errors import ComrecError
from comrec.image.picture import Picture
from comrec.image.window import Window, grid
from comrec.jpeg import coding

MAX_CROPS, CROP_SIDE_PX = 4, 160
BISECTIONS = 7  # of the interval between two settings of a grid
SCANNED_MAX_PX = 2**14  # in small pictures bytes need not rise with the setting
JPEG_LABEL = "plain JPEG"


@dataclass(frozen=True)
class Result:
    """Holds the original, or the picture that one codec restored.

    Attributes:
      label: name of the codec, for people.
      detail: setting of the codec.
      rate_bytes: of all files; 0 for the original.
      pixels: uint8 (H, W, 1|3).
      psnr_db: over all channels.
      ms_ssim: None if a side is shorter than 161 pixels.
      ssimulacra2: None if the package is not installed, or a side is shorter than 8
        pixels.
    """

    label: str
    detail: str
    rate_bytes: int
    pixels: np.ndarray = field(repr=False)
    psnr_db: float = math.inf
    ms_ssim: float | None = None
    ssimulacra2: float | None = None


@dataclass(frozen=True)
class Comparison:
    """Holds all that a page shows of one picture.

    Attributes:
      name: of the picture.
      results: the original, plain JPEG, comrec, then the others.
      crops: windows in which plain JPEG and comrec differ most, at most MAX_CROPS;
        empty if no plain JPEG fits the bytes.
      curves: by label; empty if no curves were requested.
      notes: omissions and their reasons, as sentences.
    """

    name: str
    results: tuple[Result, ...]
    crops: tuple[Window, ...]
    curves: Mapping[str, Sequence[Point]]
    notes: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Returns (H, W)."""
        height, width = self.results[0].pixels.shape[:2]
        return height, width

    def rate_bpp(self, result: Result) -> float:
        """Returns bits of all files per pixel of the picture."""
        height, width = self.size
        return 8 * result.rate_bytes / (height * width)


def compare(
    picture: Picture,
    name: str,
    options: Options,
    others: Sequence[str] = (),
    points: int | None = None,
) -> Comparison:
    """Compresses a picture in comrec, and in other codecs with at most its bytes.

    Metadata and alpha are left out in all codecs.

    Args:
      picture: the picture to compress.
      name: of the picture, for the page.
      options: how comrec compresses, with its target.
      others: names of `evaluate.peers`.
      points: of each curve, 0 for none; see `curves.measure_curves`.

    Raises:
      UsageError: a codec is unknown.
      ComrecError: the target cannot be met.
    """
    pixels = picture.pixels
    compressed = compress_picture(Picture(pixels), options)
    back = decompress(
        compressed.jpeg, compressed.sidecar, exact=True, max_pixels=options.max_pixels,
        engine=options.engine, threads=options.threads,
    )  # fmt: skip
    own = _score(
        OWN_LABEL, _describe_settings(compressed), _list_files(compressed), pixels,
        np.atleast_3d(back),
    )  # fmt: skip
    notes = [*picture.notes]
    if picture.alpha is not None:
        notes.append("Transparency is left out in all codecs.")
    if compressed.report.outcome != "comrec":
        notes.append("comrec wrote a plain JPEG: its networks save no bytes here.")
    if not quality.has_ssimulacra2():
        notes.append("SSIMULACRA2 is left out: pip install comrec[eval].")
    loaded, left_out = peers.load(others)
    rivals = {JPEG_LABEL: _make_plain_jpeg()} | {peer.name: peer for peer in loaded}
    results: dict[str, Result] = {}
    notes += left_out
    for label, rival in rivals.items():
        found = _try_codec(label, rival, pixels, own.rate_bytes)
        if isinstance(found, Result):
            results[label] = found
        else:
            notes.append(found)
    drawn = curves.measure_curves(
        {label: rivals[label] for label in results}, pixels, options, points
    )
    plain = [results.pop(JPEG_LABEL)] if JPEG_LABEL in results else []
    size = f"{pixels.shape[1]} x {pixels.shape[0]} pixels"
    original = Result("original", size, 0, pixels)
    crops = find_crops(pixels, plain[0].pixels, own.pixels) if plain else ()
    every = (original, *plain, own, *results.values())
    return Comparison(name, every, crops, drawn, tuple(notes))


def _try_codec(
    label: str, rival: Peer, pixels: np.ndarray, budget_bytes: int
) -> Result | str:
    """Returns the result of a codec, or a sentence that says why there is none."""
    try:
        fitting = fit_budget(rival, pixels, budget_bytes)
        if fitting is None:
            return f"{label} does not fit {budget_bytes:,} bytes."
        setting, files = fitting
        back = run(rival, pixels, setting).restored
    except (ComrecError, OSError, ValueError, RuntimeError) as err:
        return f"{label} does not take this picture ({err})."  # as libraries report it
    return _score(label, rival.unit.format(setting), files, pixels, back)


def fit_budget(
    peer: Peer, pixels: np.ndarray, budget_bytes: int
) -> tuple[Setting, Files] | None:
    """Finds the largest files within a budget; returns their setting and the files.

    Searches the grid by bisection, then the interval between two of its settings.
    Returns None if the first setting of the grid exceeds the budget.
    """
    found: tuple[Setting, Files] | None = None

    def fits(setting: Setting) -> bool:
        nonlocal found
        files = peer.encode(pixels, setting)
        if sum(map(len, files)) > budget_bytes:
            return False
        found = setting, files
        return True

    if pixels.shape[0] * pixels.shape[1] <= SCANNED_MAX_PX:
        tried = [(setting, peer.encode(pixels, setting)) for setting in peer.grid]
        small = [pair for pair in tried if sum(map(len, pair[1])) <= budget_bytes]
        return max(small, key=lambda pair: sum(map(len, pair[1])), default=None)
    low, high = 0, len(peer.grid)  # indices below low fit, those from high on do not
    while low < high:
        middle = (low + high) // 2
        if fits(peer.grid[middle]):
            low = middle + 1
        else:
            high = middle
    if not low:
        return None
    below = peer.grid[low - 1]
    above = peer.grid[low] if low < len(peer.grid) else _end_of_range(peer)
    found = below, peer.encode(pixels, below)
    whole = all(isinstance(setting, int) for setting in peer.grid)
    for _ in range(BISECTIONS):
        between = (below + above) // 2 if whole else (below + above) / 2
        if between in (below, above):
            break
        if fits(between):
            below = between
        else:
            above = between
    return found


def find_crops(
    image: np.ndarray, theirs: np.ndarray, ours: np.ndarray
) -> tuple[Window, ...]:
    """Returns the windows in which the errors of two restored pictures differ most.

    One of the windows is the worst for comrec, if comrec is worse in any: windows that
    favour comrec alone would mislead.

    Args:
      image, theirs, ours: uint8 (H, W, 1|3) of one shape.
    """
    square = [np.square(x.astype(np.float32) - image).sum(2) for x in (theirs, ours)]
    gap = square[0] - square[1]
    height, width = gap.shape
    windows = list(grid(height, width, CROP_SIDE_PX))
    full = [w for w in windows if gap[w.slices].size == CROP_SIDE_PX**2] or windows
    sums = {window: float(gap[window.slices].sum()) for window in full}
    order = sorted(full, key=lambda window: -sums[window])
    chosen = order[: MAX_CROPS - 1]
    if order[-1] not in chosen and sums[order[-1]] < 0:
        chosen.append(order[-1])
    return tuple(chosen)


def _make_plain_jpeg() -> Peer:
    """Returns plain JPEG, which comrec must never exceed, at every quality."""

    def encode(pixels: np.ndarray, setting: Setting) -> Files:
        return (coding.encode(pixels, int(setting)),)

    return Peer(
        "jpeg-smaller", "", tuple(range(1, 101)), encode,
        lambda files: coding.decode(files[0]),
    )  # fmt: skip


def _end_of_range(peer: Peer) -> Setting:
    """Returns the last setting to try; the grid ends at about 2 bits per pixel."""
    first, last = peer.grid[0], peer.grid[-1]
    if not all(isinstance(setting, int) for setting in peer.grid):
        return 0.1 if last < first else 4 * last
    return 100


def _describe_settings(compressed: Compressed) -> str:
    report = compressed.report
    coded = f"quality {report.jpeg_quality}"
    if report.steps:
        coded = f"steps of {report.steps[0]:.1f} levels"
    if report.outcome != "comrec":
        return f"a plain JPEG, {coded}"
    return f"{report.preset}, scale {report.scale:g}, {coded}"


def _list_files(compressed: Compressed) -> Files:
    if compressed.sidecar is None:
        return (compressed.jpeg,)
    return compressed.jpeg, compressed.sidecar


def _score(
    label: str, detail: str, files: Files, image: np.ndarray, restored: np.ndarray
) -> Result:
    reached_db = quality.scores(image, restored).rgb_psnr_db
    side = min(image.shape[:2])
    large = side >= quality.MS_SSIM_SIDE_PX
    ms_ssim = quality.ms_ssim(image, restored) if large else None
    ssimulacra2 = None
    if quality.has_ssimulacra2() and side >= quality.SSIMULACRA2_SIDE_PX:
        ssimulacra2 = quality.ssimulacra2(image, restored)
    size = sum(map(len, files))
    return Result(label, detail, size, restored, reached_db, ms_ssim, ssimulacra2)
