"""Formats the row of one result for people."""

from __future__ import annotations

import math
import textwrap

from comrec.cli.console import Row

COLUMNS = 80


def format_compressed(row: Row, has_networks: bool = True) -> str:
    """Returns the lines of `compress` for one picture.

    Args:
      row: of the result.
      has_networks: whether the preset that was asked for has some.
    """
    head = ("would write: " if row.get("dry_run") else "") + _arrow(row)
    if row["outcome"] == "skipped":
        return f"{head}: exists, skipped"
    total_bytes = _int(row["jpeg_bytes"]) + _int(row["sidecar_bytes"])
    became = f"{_int(row['input_bytes']):,} → {total_bytes:,} bytes"
    if row["outcome"] == "unchanged":
        within = row["target"] in ("target_size", "target_bpp")
        why = "already within the target" if within else "cannot be made 5 % smaller"
        return f"{head}: {became}\n  unchanged: {why}"
    lines = [
        head,
        f"  {row['width_px']}x{row['height_px']} pixels, {became} "
        f"({row['rate_bpp']:.3f} bpp), PSNR {_decibel(row['psnr_db'])}",
        *([_describe_plain(row, has_networks)] if row["outcome"] == "plain" else []),
        *_compare_psnr(row, total_bytes),
        *_compare_bytes(row),
    ]
    if total_bytes > _int(row["input_bytes"]):
        lines.append("  larger than the input file: keep the input file")
    return "\n".join(lines)


def _compare_bytes(row: Row) -> list[str]:
    """Returns the line on the plain JPEG in the same bytes."""
    if row["outcome"] == "plain":
        return []
    if "same_bytes_psnr_db" not in row:
        return ["  no plain JPEG is as small"]
    ours, plain = (
        math.inf if row[name] is None else float(str(row[name]))
        for name in ("psnr_db", "same_bytes_psnr_db")
    )
    line = f"  plain JPEG in as many bytes: PSNR {_decibel(plain)}"
    if math.isfinite(ours - plain):
        verb = "gains" if ours >= plain else "loses"
        line += f"; comrec {verb} {abs(ours - plain):.2f} dB"
    elif ours != plain:
        line += "; comrec is exact" if ours > plain else "; better than comrec"
    return [line]


def _describe_plain(row: Row, has_networks: bool) -> str:
    line = f"  plain JPEG, quality {row['jpeg_quality']}"
    steps = row.get("steps")
    if isinstance(steps, list):
        line = "  plain JPEG, steps {:.1f} and {:.1f}".format(*steps)
    if not has_networks:
        return line
    line += ": the networks give no gain"
    return line + ("; try a lower -q" if row["target"] == "quality" else "")


def _compare_psnr(row: Row, total_bytes: int) -> list[str]:
    """Returns the line on the plain JPEG that sets the PSNR, where comrec saves."""
    if "plain_total_bytes" not in row:
        return []
    plain_bytes = _int(row["plain_total_bytes"])
    if total_bytes >= plain_bytes:
        return []
    is_plain = row["outcome"] == "plain"  # by comrec, or the JPEG compared with
    which = "libjpeg-turbo" if is_plain else "plain JPEG with this PSNR"
    saved = 1 - total_bytes / plain_bytes
    return [
        f"  {which} (quality {row['plain_quality']}): {plain_bytes:,} bytes; "
        f"comrec saves {100 * saved:.0f} %"
    ]


def format_restored(row: Row) -> str:
    """Returns the line of `decompress` for one picture."""
    head = _arrow(row)
    if row["outcome"] == "skipped":
        return f"{head}: exists, skipped"
    size = f"{row['width_px']}x{row['height_px']} pixels"
    if row["outcome"] == "plain":
        return f"{head}: {size}, plain JPEG, decoded without networks"
    return f"{head}: {size}"


def format_lifted(row: Row) -> str:
    """Returns the lines of `restore` for one picture."""
    if row["outcome"] == "skipped":
        return f"{_arrow(row)}: exists, skipped"
    said = f"quality {row['quality']}, {row['sampling']}"
    if row["earlier_quality"] is not None:
        said += f"; it was a JPEG of about quality {row['earlier_quality']} before"
    size = f"{row['width_px']}x{row['height_px']} pixels"
    if row["outcome"] == "left alone":
        return f"{row['input']}: {size}, {said}\n  left alone: no gain to expect"
    gain = "  expected: not known, as the gain of this preset was not measured"
    if row["expected_db"] is not None:
        gain = f"  expected: {row['expected_db']:+.2f} dB on average"
    return f"{_arrow(row)}: {size}, {said}\n{gain}"


def format_verified(row: Row) -> str:
    """Returns the line of `verify` for one picture."""
    size = f"{row['width_px']}x{row['height_px']} pixels"
    if "original" in row:
        said = f"restores to {size}, PSNR {_decibel(row['psnr_db'])}"
        return f"{row['input']}: {said}; {row['original']} may be deleted"
    if row["outcome"] == "plain":
        said = "plain JPEG, or a compact image that lost marker and sidecar"
        return f"{row['input']}: {size}; {said}"
    return f"{row['input']}: intact, restores to {size}; add --original to compare"


def format_packed(row: Row) -> str:
    """Returns the line of `pack` or `unpack` for one file."""
    head = _arrow(row)
    if row["outcome"] == "skipped":
        head += ": exists, skipped"
    else:
        before, after = _int(row["input_bytes"]), _int(row["output_bytes"])
        head += f": {before:,} → {after:,} bytes"
        if row["outcome"] == "packed":
            change = 100 * abs(1 - after / before)
            head += f", {change:.1f} % {'saved' if after <= before else 'more'}"
    return f"{head}; the input is removed" if row.get("removed") else head


def format_compared(row: Row) -> str:
    """Returns the lines of `compare` for one picture: a table, a row for each codec."""
    codecs: list[Row] = row["codecs"]  # type: ignore[assignment]
    columns = [
        ["codec", *(str(codec["codec"]) for codec in codecs)],
        ["bytes", *(f"{codec['bytes']:,}" for codec in codecs)],
        ["PSNR", *(_decibel(codec["psnr_db"]).split(" (")[0] for codec in codecs)],
    ]
    scores = [codec["ssimulacra2"] for codec in codecs]
    if any(score is not None for score in scores):
        columns.append(
            ["SSIMULACRA2", *("-" if s is None else f"{s:.2f}" for s in scores)]
        )
    lines = [f"{row['input']}: {row['width_px']}x{row['height_px']} pixels"]
    settings = ["setting", *(str(codec["detail"]) for codec in codecs)]
    widths = [max(map(len, column)) for column in columns]
    for label, *numbers, setting in zip(*columns, settings, strict=True):
        cells = [label.ljust(widths[0])]
        cells += [n.rjust(width) for n, width in zip(numbers, widths[1:], strict=True)]
        lines += _wrap(f"  {'  '.join(cells)}  ", setting)
    for note in row["notes"]:  # type: ignore[attr-defined]
        lines += _wrap("  ", note)
    return "\n".join(lines)


def _wrap(head: str, text: str) -> list[str]:
    """Returns a text behind a head in lines of at most COLUMNS; words stay whole."""
    return textwrap.wrap(
        text, COLUMNS, initial_indent=head, subsequent_indent=" " * len(head),
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def format_details(row: Row) -> str:
    """Returns one line for each name and value, or for each item of a nested record."""
    width = max(map(len, row))
    lines = []
    for name, value in row.items():
        if isinstance(value, dict):
            value = "\n".join(
                f"{'' if i == 0 else ' ' * (width + 2)}{key}: {item}"
                for i, (key, item) in enumerate(value.items())
            )
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        lines.append(f"{name:<{width}}  {'-' if value in (None, '') else value}")
    return "\n".join(lines)


def _arrow(row: Row) -> str:
    outputs = [str(row["output"])] + (
        [str(row["sidecar"])] if row.get("sidecar") else []
    )
    return f"{row['input']} → {' + '.join(outputs)}"


def _int(value: object) -> int:
    return int(value)  # type: ignore[call-overload]


def _decibel(value: object) -> str:
    return "infinite (identical)" if value in (None, math.inf) else f"{value:.2f} dB"
