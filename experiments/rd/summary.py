"""Mean curves of the rows, and what they come to against the anchor."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console
from rich.table import Table

from comrec.errors import UsageError
from comrec.evaluate import bd, peers, quality
from comrec.evaluate.bd import Curve, Difference, Score
from rd.rows import Row

RATES_BPP = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0)
ANCHOR_QUALITY = 5  # where its curve begins
ANCHOR_BPP = 2.0  # and where it ends
PSNR = {1: "luma_psnr_db", 3: "rgb_psnr_db"}  # by channels: what is looked at first
TITLES = {
    "rgb_psnr_db": "RGB PSNR",
    "luma_psnr_db": "luma PSNR",
    "ms_ssim_db": "MS-SSIM",
    "ssimulacra2": "SSIMULACRA2",
}
WIDTH = 120  # where there is no terminal to ask


def _ms_ssim_db(row: Row) -> float | None:
    return None if row.ms_ssim is None else quality.ms_ssim_db(row.ms_ssim)


METRICS: dict[str, Callable[[Row], float | None]] = {
    "rgb_psnr_db": lambda row: row.rgb_psnr_db,
    "luma_psnr_db": lambda row: row.luma_psnr_db,
    "ms_ssim_db": _ms_ssim_db,
    "ssimulacra2": lambda row: row.ssimulacra2,
}


@dataclass(frozen=True)
class Line:
    """One codec by one metric."""

    codec: str
    version: str
    channels: int
    pictures: int
    metric: str
    curve: Curve
    bd_rate: Difference | None  # against the anchor, in percent
    bd_quality: Difference | None  # in the unit of the metric

    @property
    def at(self) -> list[float | None]:
        """The metric at each of RATES_BPP."""
        return [bd.at_rate(self.curve, bpp) for bpp in RATES_BPP]


def lines(
    rows: Sequence[Row], pictures: Sequence[tuple[str, int, str]]
) -> tuple[list[Line], list[str]]:
    """What all rows of these pictures come to, by codec and version.

    Args:
      rows: of any pictures.
      pictures: name, channels and checksum of each that counts.

    Returns:
      Lines with the anchor's first, and a note for each setting left out because
      some picture lacks it.

    Raises:
      UsageError: the anchor is not there, or pictures have different channels.
    """
    if len({channels for _, channels, _ in pictures}) != 1:
        raise UsageError(
            "grey and colour pictures have no mean in common. Sort them into two "
            "folders, or measure all with --grey"
        )
    whole, notes = _whole(rows, pictures)
    anchors = [key for key in whole if key[0] == peers.ANCHOR]
    if len(anchors) != 1:
        raise UsageError(
            f"the rows have {len(anchors)} versions of the anchor on these pictures; a "
            f"summary needs one. Add {peers.ANCHOR} to --codecs, or begin another file"
        )
    whole = dict(sorted((whole | _envelopes(whole)).items(), key=_place))
    anchor_rows = whole[anchors[0]]
    anchor_rows[:] = [row for row in anchor_rows if row.setting >= ANCHOR_QUALITY]
    made = []
    for metric, value in METRICS.items():
        if metric == "rgb_psnr_db" and pictures[0][1] == 1:
            continue  # the same as luma
        anchor = _curve(anchor_rows, value)
        for (codec, version), some in whole.items():
            curve = _curve(some, value)
            if curve is None or anchor is None:
                continue
            made.append(
                Line(
                    codec, version, pictures[0][1], len(pictures), metric, curve,
                    bd.bd_rate(anchor, curve, ANCHOR_BPP),
                    bd.bd_psnr(anchor, curve, ANCHOR_BPP),
                )
            )  # fmt: skip
    return made, notes


def name(line: Line, lines: Sequence[Line]) -> str:
    """The codec; with its version where there are several."""
    several = sum(other.codec == line.codec for other in lines) > 1
    return f"{line.codec} ({line.version})" if several else line.codec


def as_tsv(found: Sequence[Line]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(
        (
            "codec", "version", "channels", "pictures", "settings", "metric",
            "bd_rate_percent", "bd_rate_from", "bd_rate_to",
            "bd_quality", "bd_quality_from_bpp", "bd_quality_to_bpp",
            *(f"at_{bpp:.2f}_bpp" for bpp in RATES_BPP),
        )
    )  # fmt: skip
    for line in found:
        numbers = (
            *(line.bd_rate or (None,) * 3), *(line.bd_quality or (None,) * 3), *line.at
        )  # fmt: skip
        writer.writerow(
            (
                line.codec, line.version, line.channels, line.pictures,
                len(line.curve.bpp), line.metric,
                *("" if number is None else f"{number:.3f}" for number in numbers),
            )
        )  # fmt: skip
    return out.getvalue().encode()


def show(found: Sequence[Line], out: Console) -> None:
    """Prints a table for each metric."""
    for metric in dict.fromkeys(line.metric for line in found):
        chosen = [line for line in found if line.metric == metric]
        table = Table(
            "codec", "BD-rate", "over",
            *(f"{bpp:g}" for bpp in RATES_BPP), box=box.SIMPLE, padding=(0, 1, 0, 0),
            title=f"{TITLES[metric]}, mean of {chosen[0].pictures}, at bits per pixel",
        )  # fmt: skip
        for column in table.columns:
            column.justify, column.no_wrap = "right", True
        table.columns[0].justify = "left"
        for line in chosen:
            gap = line.bd_rate
            table.add_row(
                name(line, chosen).removeprefix("comrec:"),
                f"{gap.value:+.1f} %" if gap else "–",
                f"{gap.low:.1f}–{gap.high:.1f}" if gap else "–",
                *("–" if value is None else f"{value:.2f}" for value in line.at),
            )
        out.print(table)


def console() -> Console:
    """Wide enough for the tables where the output goes to a file or a pipe."""
    found = Console(markup=False, highlight=False)
    if not found.is_terminal:
        found = Console(markup=False, highlight=False, width=WIDTH)
    return found


def _whole(
    rows: Sequence[Row], pictures: Sequence[tuple[str, int, str]]
) -> tuple[dict[tuple[str, str], list[Row]], list[str]]:
    """Rows by codec and version, of settings that every picture has."""
    by_setting: dict[tuple[str, str, float], list[Row]] = defaultdict(list)
    for row in rows:
        if (row.image, row.channels, row.pixels_crc32) in pictures:
            by_setting[row.codec, row.version, row.setting].append(row)
    whole: dict[tuple[str, str], list[Row]] = defaultdict(list)
    notes = []
    for (codec, version, setting), some in by_setting.items():
        if len(some) == len(pictures):
            whole[codec, version] += some
        else:
            notes.append(
                f"Left out: {codec} ({version}) at {setting:g}, which only {len(some)} "
                f"of {len(pictures)} pictures have."
            )
    return whole, notes


def _envelopes(
    whole: dict[tuple[str, str], list[Row]],
) -> dict[tuple[str, str], list[Row]]:
    """For presets with rows at several scales, the best scale for each picture."""
    scales: dict[tuple[str, str], list[list[Row]]] = defaultdict(list)
    for (codec, version), some in whole.items():
        own = peers.COMREC.fullmatch(codec)
        if own:
            name = codec.replace(f"@{own['scale']}", "@auto")
            scales[name, version].append(some)
    found = {}
    for (name, version), several in scales.items():
        if len(several) > 1:
            rows = [row for some in several for row in some]
            scores = [
                Score(r.image, r.setting, r.rate_bpp, r.rgb_psnr_db) for r in rows
            ]
            found[name, version] = [
                rows[index]._replace(codec=name, setting=slope)
                for slope, index in bd.envelope(scores)
            ]
    return found


def _place(item: tuple[tuple[str, str], list[Row]]) -> tuple[int, str, str]:
    """The anchor, its rivals in the order of their names, then comrec."""
    codec, version = item[0]
    names = peers.NAMES
    return names.index(codec) if codec in names else len(names), codec, version


def _curve(rows: Sequence[Row], value: Callable[[Row], float | None]) -> Curve | None:
    """The mean curve; None where a row lacks the metric."""
    scores = []
    for row in rows:
        found = value(row)
        if found is None:
            return None
        scores.append(Score(row.image, row.setting, row.rate_bpp, found))
    return bd.mean_curve(scores)
