"""Summarises the rows of a set of pictures: mean curves against the anchor."""

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
ANCHOR_QUALITY = 5  # lowest quality of the anchor's curve
ANCHOR_BPP = 2.0  # highest rate of the anchor's curve
MEGAPIXEL = 1e6
PUBLISHED = "published"  # as a version: measured by others, see `published`


def _get_ms_ssim_db(row: Row) -> float | None:
    return None if row.ms_ssim is None else quality.ms_ssim_db(row.ms_ssim)


METRICS: dict[str, Callable[[Row], float | None]] = {
    "rgb_psnr_db": lambda row: row.rgb_psnr_db,
    "luma_psnr_db": lambda row: row.luma_psnr_db,
    "ssim": lambda row: row.ssim,
    "ms_ssim_db": _get_ms_ssim_db,
    "ssimulacra2": lambda row: row.ssimulacra2,
}
PSNR = {1: "luma_psnr_db", 3: "rgb_psnr_db"}  # the main metric, by channels
Identity = tuple[str, int, str]  # a picture's name, channels and checksum
Version = tuple[str, str]  # of a codec: name, version


@dataclass(frozen=True)
class Line:
    """Summarises one codec by one metric.

    Attributes:
      codec, version: of the codec.
      channels: of the pictures, 1 or 3.
      pictures: number of pictures.
      metric: one of METRICS.
      curve: mean over the pictures.
      bd_rate, bd_akima: against the anchor, in percent, by PCHIP and by Akima's
        spline; None if the curves have no common range of quality.
      bd_quality: against the anchor, in the unit of the metric.
      won, lost: pictures with a negative, or positive, BD-rate of their own; None if
        only means are known.
      encode_s, decode_s: median seconds per megapixel; nan if unknown.
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
        """Returns the metric at each of RATES_BPP; None outside the curve."""
        return [bd.at_rate(self.curve, bpp) for bpp in RATES_BPP]


def check_same_channels(pictures: Sequence[Identity]) -> None:
    """Raises UsageError if grey and colour pictures are mixed."""
    if len({channels for _, channels, _ in pictures}) != 1:
        raise UsageError(
            "grey and colour pictures have no common mean. Sort them into two "
            "folders, or measure all with --grey"
        )


def summarise(
    rows: Sequence[Row], pictures: Sequence[Identity]
) -> tuple[list[Line], list[str]]:
    """Summarises rows by metric, codec and version.

    Args:
      rows: of any pictures.
      pictures: the pictures that count.

    Returns:
      Lines with the anchor's first, and a note for each setting that a picture lacks,
      and for each codec without a BD-rate.

    Raises:
      UsageError: the anchor is missing, or pictures have different channels.
    """
    check_same_channels(pictures)
    whole, notes = _select_complete(rows, pictures)
    anchor_rows = whole[_find_anchor(whole, notes)]
    anchor_rows[:] = [row for row in anchor_rows if row.setting >= ANCHOR_QUALITY]
    _refuse_flat(anchor_rows)
    made = []
    for metric in METRICS:
        if metric == "rgb_psnr_db" and pictures[0][1] == 1:
            continue  # the same as luma
        for version in sorted(whole, key=_sort_key):
            line = _make_line(whole[version], anchor_rows, metric)
            if line:
                made.append(line)
    for line in made:
        if line.metric == PSNR[pictures[0][1]] and line.bd_rate is None:
            notes.append(
                f"No BD-rate: {line.codec} ({line.version}) has no common range of "
                f"quality with {rivals.ANCHOR}."
            )
    return made, notes


def _find_anchor(whole: Mapping[Version, object], notes: Sequence[str]) -> Version:
    anchors = [version for version in whole if version[0] == rivals.ANCHOR]
    if len(anchors) > 1:
        raise UsageError(
            f"the rows have {len(anchors)} versions of {rivals.ANCHOR}, the anchor; a "
            f"summary needs one. Start another file"
        )
    if not anchors:
        why = next((note for note in notes if f": {rivals.ANCHOR} (" in note), "")
        raise UsageError(
            f"the rows lack {rivals.ANCHOR}, the anchor. "
            + (why or f"Add {rivals.ANCHOR} to --codecs")
        )
    return anchors[0]


def _refuse_flat(anchor_rows: Sequence[Row]) -> None:
    """Raises UsageError for a picture that the anchor always restores exactly."""
    flat = {row.image for row in anchor_rows if math.isinf(row.rgb_psnr_db)}
    exact = [
        image for image in sorted(flat)
        if all(math.isinf(r.rgb_psnr_db) for r in anchor_rows if r.image == image)
    ]  # fmt: skip
    if exact:
        raise UsageError(
            f"{exact[0]}: is restored without any error at every quality, and a mean "
            f"in dB over it is infinite. Remove it from the folder"
        )


def display_name(line: Line, lines: Sequence[Line]) -> str:
    """Returns the name of the codec, with its version if there are several."""
    several = sum(other.codec == line.codec for other in lines) > 1
    return f"{line.codec} ({line.version})" if several else line.codec


def _make_line(
    rows: Sequence[Row], anchor_rows: Sequence[Row], metric: str
) -> Line | None:
    """Returns the line of a codec; None if a row lacks the metric."""
    curve, anchor = _make_curve(rows, metric), _make_curve(anchor_rows, metric)
    if curve is None or anchor is None or not curve.bpp:
        return None
    gaps = _compare_pictures(rows, anchor_rows, metric)
    first = rows[0]
    return Line(
        first.codec, first.version, first.channels, len(gaps), metric, curve,
        bd.bd_rate(anchor, curve, ANCHOR_BPP),
        bd.bd_rate(anchor, curve, ANCHOR_BPP, "akima"),
        bd.bd_psnr(anchor, curve, ANCHOR_BPP),
        sum(gap is not None and gap.value < 0 for gap in gaps),
        sum(gap is not None and gap.value > 0 for gap in gaps),
        statistics.median(row.encode_s / row.pixels for row in rows) * MEGAPIXEL,
        statistics.median(row.decode_s / row.pixels for row in rows) * MEGAPIXEL,
    )  # fmt: skip


def _compare_pictures(
    rows: Sequence[Row], anchor_rows: Sequence[Row], metric: str
) -> list[Difference | None]:
    """Returns the BD-rate of each picture; None without a common range."""
    ours, theirs = _group_by_picture(rows), _group_by_picture(anchor_rows)
    gaps: list[Difference | None] = []
    for picture, found in ours.items():
        curve, anchor = _make_curve(found, metric), _make_curve(theirs[picture], metric)
        if curve is None or anchor is None:
            gaps.append(None)
        else:
            gaps.append(bd.bd_rate(anchor, curve, ANCHOR_BPP))
    return gaps


def _group_by_picture(rows: Sequence[Row]) -> Mapping[Identity, list[Row]]:
    found: dict[Identity, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.image, row.channels, row.pixels_crc32].append(row)
    return found


def _select_complete(
    rows: Sequence[Row], pictures: Sequence[Identity]
) -> tuple[dict[Version, list[Row]], list[str]]:
    """Returns rows of settings that every picture has, and notes on the others."""
    by_setting: dict[tuple[str, str, float], list[Row]] = defaultdict(list)
    for row in rows:
        if (row.image, row.channels, row.pixels_crc32) in pictures:
            by_setting[row.codec, row.version, row.setting].append(row)
    whole: dict[Version, list[Row]] = defaultdict(list)
    notes = []
    for (codec, version, setting), group in by_setting.items():
        good = [row for row in group if not row.error]
        if len(good) == len(pictures):
            whole[codec, version] += good
        else:
            notes.append(
                f"Left out: {codec} ({version}) at {setting:g}, which only {len(good)} "
                f"of {len(pictures)} pictures have{_describe_failure(group)}."
            )
    return whole, notes


def _describe_failure(rows: Sequence[Row]) -> str:
    failed = [row for row in rows if row.error]
    return f"; {failed[0].image} failed ({failed[0].error})" if failed else ""


def _sort_key(version: Version) -> tuple[int, str, str]:
    """Orders the anchor first, then its rivals as in NAMES, then comrec."""
    codec, number = version
    names = peers.NAMES
    return names.index(codec) if codec in names else len(names), codec, number


def _make_curve(rows: Sequence[Row], metric: str) -> Curve | None:
    """Returns the mean curve; None if a row lacks the metric."""
    scores = []
    for row in rows:
        found = METRICS[metric](row)
        if found is None:
            return None
        scores.append(Score(row.image, row.setting, row.rate_bpp, found))
    return bd.mean_curve(scores)
