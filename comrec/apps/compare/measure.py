"""One picture in comrec's bytes, and in as many of plain JPEG and other codecs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from comrec.api.compress import compress_picture
from comrec.api.decompress import decompress
from comrec.apps.compare import curves
from comrec.apps.compare.chart import OWN_LABEL, Point
from comrec.apps.evaluate import Files, Peer, Setting, peers, quality, run
from comrec.encoder.options import Options
from comrec.encoder.report import Compressed
from comrec.errors import ComrecError
from comrec.image.picture import Picture
from comrec.image.window import Window, grid
from comrec.jpeg import coding

CROPS, CROP_SIDE_PX = 4, 160
HALVINGS = 7  # of the interval between two settings of a grid
SCANNED_MAX_PX = 2**14  # so small that bytes do not quite rise with the setting
JPEG_LABEL = "plain JPEG"


@dataclass(frozen=True)
class Shown:
    """What one codec made of the picture.

    Attributes:
      label: its name, for people.
      detail: its setting, or what became of it.
      rate_bytes: of all files; 0 for the original, whose file says nothing.
      pixels: uint8 (H, W, 1|3).
      psnr_db: over all channels.
      ms_ssim: None where a side is too short for it, under 161 pixels.
      ssimulacra2: None where the package is not installed, or a side under 8 pixels.
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
    """Everything that a page shows of one picture.

    Attributes:
      name: of the picture.
      shown: the original, plain JPEG, comrec, then the others.
      crops: where plain JPEG and comrec differ most, at most CROPS; none where no
        plain JPEG is so small.
      curves: of each label; empty where none was asked for.
      notes: what was left out, and why.
    """

    name: str
    shown: tuple[Shown, ...]
    crops: tuple[Window, ...]
    curves: Mapping[str, Sequence[Point]]
    notes: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        height, width = self.shown[0].pixels.shape[:2]
        return height, width

    def rate_bpp(self, shown: Shown) -> float:
        height, width = self.size
        return 8 * shown.rate_bytes / (height * width)


def compare(
    picture: Picture,
    name: str,
    options: Options,
    others: Sequence[str] = (),
    points: int | None = None,
) -> Comparison:
    """Compresses a picture, and lets the others have as many bytes.

    Metadata and alpha are left out on all sides.

    Args:
      picture: what to compress.
      name: what to call it.
      options: of comrec; how close or how small.
      others: names of `evaluate.peers`.
      points: of each curve, 0 for none; see `curves.measured`.

    Raises:
      UsageError: a codec is unknown.
      ComrecError: the target cannot be met.
    """
    pixels = picture.pixels
    made = compress_picture(Picture(pixels), options)
    back = decompress(
        made.jpeg, made.sidecar, exact=True, max_pixels=options.max_pixels,
        engine=options.engine, threads=options.threads,
    )  # fmt: skip
    own = _scored(OWN_LABEL, _detail(made), _files(made), pixels, np.atleast_3d(back))
    notes = [*picture.notes]
    if picture.alpha is not None:
        notes.append("Transparency is left out on all sides.")
    if made.report.outcome != "comrec":
        notes.append("comrec wrote a plain JPEG: its networks do not pay here.")
    if not quality.has_ssimulacra2():
        notes.append("SSIMULACRA2 is left out: pip install comrec[eval].")
    loaded, left_out = peers.load(others)
    rivals = {JPEG_LABEL: _plain_jpeg()} | {peer.name: peer for peer in loaded}
    shown: dict[str, Shown] = {}
    notes += left_out
    for label, rival in rivals.items():
        found = _tried(label, rival, pixels, own.rate_bytes)
        if isinstance(found, Shown):
            shown[label] = found
        else:
            notes.append(found)
    drawn = curves.measured(
        {label: rivals[label] for label in shown}, pixels, options, points
    )
    plain = [shown.pop(JPEG_LABEL)] if JPEG_LABEL in shown else []
    size = f"{pixels.shape[1]} x {pixels.shape[0]} pixels"
    original = Shown("original", size, 0, pixels)
    crops = worst(pixels, plain[0].pixels, own.pixels) if plain else ()
    every = (original, *plain, own, *shown.values())
    return Comparison(name, every, crops, drawn, tuple(notes))


def _tried(
    label: str, rival: Peer, pixels: np.ndarray, budget_bytes: int
) -> Shown | str:
    """What a codec makes of a picture, or why it makes nothing."""
    try:
        fitting = within(rival, pixels, budget_bytes)
        if fitting is None:
            return f"{label} does not fit {budget_bytes:,} bytes."
        setting, files = fitting
        back = run(rival, pixels, setting).restored
    except (ComrecError, OSError, ValueError, RuntimeError) as err:
        return f"{label} does not take this picture ({err})."  # libraries' own words
    return _scored(label, f"setting {setting:g}", files, pixels, back)


def within(
    peer: Peer, pixels: np.ndarray, budget_bytes: int
) -> tuple[Setting, Files] | None:
    """The setting of the most bytes, of at most so many, and its files.

    Looks at the grid first, then between two of its settings; None if the first of
    the grid takes more already.
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
        small = [it for it in tried if sum(map(len, it[1])) <= budget_bytes]
        return max(small, key=lambda it: sum(map(len, it[1])), default=None)
    low, high = 0, len(peer.grid)  # all below low fit, none from high on
    while low < high:
        middle = (low + high) // 2
        if fits(peer.grid[middle]):
            low = middle + 1
        else:
            high = middle
    if not low:
        return None
    below = peer.grid[low - 1]
    above = peer.grid[low] if low < len(peer.grid) else _end(peer)
    found = below, peer.encode(pixels, below)
    whole = all(isinstance(setting, int) for setting in peer.grid)
    for _ in range(HALVINGS):
        between = (below + above) // 2 if whole else (below + above) / 2
        if between in (below, above):
            break
        if fits(between):
            below = between
        else:
            above = between
    return found


def worst(
    image: np.ndarray, theirs: np.ndarray, ours: np.ndarray
) -> tuple[Window, ...]:
    """Where one of two restored pictures is closer than the other by most.

    Both ways: a page that shows only where comrec wins would not be honest.
    """
    square = [np.square(x.astype(np.float32) - image).sum(2) for x in (theirs, ours)]
    gap = square[0] - square[1]
    height, width = gap.shape
    windows = list(grid(height, width, CROP_SIDE_PX))
    full = [w for w in windows if gap[w.slices].size == CROP_SIDE_PX**2] or windows
    sums = {window: float(gap[window.slices].sum()) for window in full}
    order = sorted(full, key=lambda window: -sums[window])
    chosen = order[: CROPS - 1]
    if order[-1] not in chosen and sums[order[-1]] < 0:
        chosen.append(order[-1])
    return tuple(chosen)


def _plain_jpeg() -> Peer:
    """What comrec is held to."""

    def encode(pixels: np.ndarray, setting: Setting) -> Files:
        return (coding.encode(pixels, int(setting)),)

    return Peer(
        "jpeg-smaller", "", tuple(range(1, 101)), encode,
        lambda files: coding.decode(files[0]),
    )  # fmt: skip


def _end(peer: Peer) -> Setting:
    """What settings go to beyond the grid, which ends at some 2 bits per pixel."""
    first, last = peer.grid[0], peer.grid[-1]
    if not all(isinstance(setting, int) for setting in peer.grid):
        return 0.1 if last < first else 4 * last
    return 100


def _detail(made: Compressed) -> str:
    report = made.report
    if report.outcome != "comrec":
        return f"a plain JPEG, quality {report.jpeg_quality}"
    scale = f"scale {report.scale:g}, quality {report.jpeg_quality}"
    return f"{report.preset}, {scale}"


def _files(made: Compressed) -> Files:
    return (made.jpeg,) if made.sidecar is None else (made.jpeg, made.sidecar)


def _scored(
    label: str, detail: str, files: Files, image: np.ndarray, restored: np.ndarray
) -> Shown:
    reached_db = quality.scores(image, restored).rgb_psnr_db
    side = min(image.shape[:2])
    large = side >= quality.MS_SSIM_SIDE_PX
    ms_ssim = quality.ms_ssim(image, restored) if large else None
    ssimulacra2 = None
    if quality.has_ssimulacra2() and side >= quality.SSIMULACRA2_SIDE_PX:
        ssimulacra2 = quality.ssimulacra2(image, restored)
    size = sum(map(len, files))
    return Shown(label, detail, size, restored, reached_db, ms_ssim, ssimulacra2)
