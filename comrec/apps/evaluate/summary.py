"""What all rows of some pictures come to: mean curves, against the anchor."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from comrec.apps.evaluate import bd, peers, quality, rivals
from comrec.apps.evaluate.bd import Curve, Difference, Score
from comrec.apps.evaluate.rows import Row
from comrec.errors import UsageError

RATES_BPP = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
ANCHOR_QUALITY = 5  # where its curve begins
ANCHOR_BPP = 2.0  # and where it ends
MEGAPIXEL = 1e6
PUBLISHED = "published"  # in place of a version: by others, see `published`


def _ms_ssim_db(row: Row) -> float | None:
    return None if row.ms_ssim is None else quality.ms_ssim_db(row.ms_ssim)


METRICS: dict[str, Callable[[Row], float | None]] = {
    "rgb_psnr_db": lambda row: row.rgb_psnr_db,
    "luma_psnr_db": lambda row: row.luma_psnr_db,
    "ssim": lambda row: row.ssim,
    "ms_ssim_db": _ms_ssim_db,
    "ssimulacra2": lambda row: row.ssimulacra2,
}
PSNR = {1: "luma_psnr_db", 3: "rgb_psnr_db"}  # by channels: what is looked at first
Identity = tuple[str, int, str]  # a picture's name, channels and checksum
Version = tuple[str, str]  # of a codec: name, version


@dataclass(frozen=True)
class Line:
    """One codec by one metric.

    Attributes:
      curve: the mean over the pictures.
      bd_rate, bd_akima: against the anchor, in percent; None where the curves have
        no range of quality in common.
      bd_quality: against the anchor, in the unit of the metric.
      won, lost: pictures that take fewer, or more, bits than the anchor's by their
        own BD-rate; None where there are no pictures, only means.
      encode_s, decode_s: median seconds per megapixel; nan where they are not known.
    """

    codec: str
    version: str
    channels: int
    pictures: int
    metric: str
    curve: Curve
    bd_rate: Difference | None
    bd_akima: Difference | None
    bd_quality: Difference | None
    won: int | None
    lost: int | None
    encode_s: float
    decode_s: float

    @property
    def at(self) -> list[float | None]:
        """The metric at each of RATES_BPP."""
        return [bd.at_rate(self.curve, bpp) for bpp in RATES_BPP]


def check_alike(pictures: Sequence[Identity]) -> None:
    """Raises UsageError if some pictures are grey and others not."""
    if len({channels for _, channels, _ in pictures}) != 1:
        raise UsageError(
            "grey and colour pictures have no mean in common. Sort them into two "
            "folders, or measure all with --grey"
        )


def lines(
    rows: Sequence[Row], pictures: Sequence[Identity]
) -> tuple[list[Line], list[str]]:
    """What all rows of these pictures come to, by codec and version.

    Args:
      rows: of any pictures.
      pictures: those that count.

    Returns:
      Lines with the anchor's first, and a note for each setting left out because
      some picture lacks it, or codec that cannot be compared.

    Raises:
      UsageError: the anchor is not there, or pictures have different channels.
    """
    check_alike(pictures)
    whole, notes = _whole(rows, pictures)
    anchor_rows = whole[_anchor(whole, notes)]
    anchor_rows[:] = [row for row in anchor_rows if row.setting >= ANCHOR_QUALITY]
    _refuse_flat(anchor_rows)
    made = []
    for metric in METRICS:
        if metric == "rgb_psnr_db" and pictures[0][1] == 1:
            continue  # the same as luma
        for version in sorted(whole, key=_place):
            line = _line(whole[version], anchor_rows, metric)
            if line:
                made.append(line)
    for line in made:
        if line.metric == PSNR[pictures[0][1]] and line.bd_rate is None:
            notes.append(
                f"No BD-rate: {line.codec} ({line.version}) has no range of quality in "
                f"common with {rivals.ANCHOR}."
            )
    return made, notes


def _anchor(whole: Mapping[Version, object], notes: Sequence[str]) -> Version:
    anchors = [version for version in whole if version[0] == rivals.ANCHOR]
    if len(anchors) > 1:
        raise UsageError(
            f"the rows have {len(anchors)} versions of {rivals.ANCHOR}, to which all "
            f"is compared; a summary needs one. Begin another file"
        )
    if not anchors:
        why = next((note for note in notes if f": {rivals.ANCHOR} (" in note), "")
        raise UsageError(
            f"the rows lack {rivals.ANCHOR}, to which all is compared. "
            + (why or f"Add {rivals.ANCHOR} to --codecs")
        )
    return anchors[0]


def _refuse_flat(anchor_rows: Sequence[Row]) -> None:
    """Raises UsageError for pictures that always come back exactly: inf has no mean."""
    flat = {row.image for row in anchor_rows if math.isinf(row.rgb_psnr_db)}
    exact = [
        image for image in sorted(flat)
        if all(math.isinf(r.rgb_psnr_db) for r in anchor_rows if r.image == image)
    ]  # fmt: skip
    if exact:
        raise UsageError(
            f"{exact[0]}: comes back without any error at every quality, and means of "
            f"dB with it are infinite. Take it out of the folder"
        )


def name(line: Line, lines: Sequence[Line]) -> str:
    """The codec; with its version where there are several."""
    several = sum(other.codec == line.codec for other in lines) > 1
    return f"{line.codec} ({line.version})" if several else line.codec


def _line(some: Sequence[Row], anchor_rows: Sequence[Row], metric: str) -> Line | None:
    """None where a row lacks the metric."""
    curve, anchor = _curve(some, metric), _curve(anchor_rows, metric)
    if curve is None or anchor is None or not curve.bpp:
        return None
    gaps = _gaps(some, anchor_rows, metric)
    first = some[0]
    return Line(
        first.codec, first.version, first.channels, len(gaps), metric, curve,
        bd.bd_rate(anchor, curve, ANCHOR_BPP),
        bd.bd_rate(anchor, curve, ANCHOR_BPP, "akima"),
        bd.bd_psnr(anchor, curve, ANCHOR_BPP),
        sum(gap is not None and gap.value < 0 for gap in gaps),
        sum(gap is not None and gap.value > 0 for gap in gaps),
        statistics.median(row.encode_s / row.pixels for row in some) * MEGAPIXEL,
        statistics.median(row.decode_s / row.pixels for row in some) * MEGAPIXEL,
    )  # fmt: skip


def _gaps(
    some: Sequence[Row], anchor_rows: Sequence[Row], metric: str
) -> list[Difference | None]:
    """BD-rate of each picture by itself."""
    ours, theirs = _by_picture(some), _by_picture(anchor_rows)
    gaps: list[Difference | None] = []
    for picture, rows in ours.items():
        curve, anchor = _curve(rows, metric), _curve(theirs[picture], metric)
        if curve is None or anchor is None:
            gaps.append(None)
        else:
            gaps.append(bd.bd_rate(anchor, curve, ANCHOR_BPP))
    return gaps


def _by_picture(some: Sequence[Row]) -> Mapping[Identity, list[Row]]:
    found: dict[Identity, list[Row]] = defaultdict(list)
    for row in some:
        found[row.image, row.channels, row.pixels_crc32].append(row)
    return found


def _whole(
    rows: Sequence[Row], pictures: Sequence[Identity]
) -> tuple[dict[Version, list[Row]], list[str]]:
    """Rows by codec and version, of settings that every picture has."""
    by_setting: dict[tuple[str, str, float], list[Row]] = defaultdict(list)
    for row in rows:
        if (row.image, row.channels, row.pixels_crc32) in pictures:
            by_setting[row.codec, row.version, row.setting].append(row)
    whole: dict[Version, list[Row]] = defaultdict(list)
    notes = []
    for (codec, version, setting), some in by_setting.items():
        good = [row for row in some if not row.error]
        if len(good) == len(pictures):
            whole[codec, version] += good
        else:
            notes.append(
                f"Left out: {codec} ({version}) at {setting:g}, which only {len(good)} "
                f"of {len(pictures)} pictures have{_why(some)}."
            )
    return whole, notes


def _why(some: Sequence[Row]) -> str:
    failed = [row for row in some if row.error]
    return f"; {failed[0].image} failed ({failed[0].error})" if failed else ""


def _place(version: Version) -> tuple[int, str, str]:
    """The anchor, its rivals in the order of their names, then comrec."""
    codec, told = version
    names = peers.NAMES
    return names.index(codec) if codec in names else len(names), codec, told


def _curve(rows: Sequence[Row], metric: str) -> Curve | None:
    """The mean curve; None where a row lacks the metric."""
    scores = []
    for row in rows:
        found = METRICS[metric](row)
        if found is None:
            return None
        scores.append(Score(row.image, row.setting, row.rate_bpp, found))
    return bd.mean_curve(scores)
