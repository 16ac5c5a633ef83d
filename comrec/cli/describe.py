"""What a person reads of one result, which comes as a row."""

from __future__ import annotations

import math

from comrec.cli.console import Row


def compressed(row: Row) -> str:
    """What `compress` says of one picture."""
    head = ("would write: " if row.get("dry_run") else "") + _arrow(row)
    if row["outcome"] == "skipped":
        return f"{head}: exists, skipped"
    total = int(row["jpeg_bytes"]) + int(row["sidecar_bytes"])  # type: ignore[call-overload]
    sizes = f"{_thousands(row['input_bytes'])} → {_thousands(total)} bytes"
    size = f"{row['width_px']}x{row['height_px']}, {row['rate_bpp']:.3f} bpp"
    if row["outcome"] == "unchanged":
        fits = row["target"] in ("target_size", "target_bpp")
        why = "it fits already" if fits else "this .jpg cannot be made 5 % smaller"
        return f"{head}: {sizes}\n  unchanged: {why}"
    quality = f"PSNR {_decibel(row['psnr_db'])}"
    lines = [f"{head}: {sizes}", f"  {size}, {quality}"]
    if row["outcome"] == "plain":
        said = f"  comrec does not pay here: plain JPEG, quality {row['jpeg_quality']}"
        lower = "; a lower -q may pay" if row["target"] == "quality" else ""
        lines.append(said + lower)
    elif "same_bytes_psnr_db" in row:
        ours, theirs = (
            math.inf if row[name] is None else float(str(row[name]))
            for name in ("psnr_db", "same_bytes_psnr_db")
        )
        verdict = "comrec pays" if ours > theirs else "comrec does not pay"
        if math.isfinite(ours - theirs):
            verdict += f": {ours - theirs:+.2f} dB"
        lines.append(f"  plain JPEG of these bytes: {_decibel(theirs)}; {verdict}")
    else:
        lines.append("  no plain JPEG is this small")
    if "plain_total_bytes" in row:
        saved = 1 - total / int(row["plain_total_bytes"])  # type: ignore[call-overload]
        which = f"plain JPEG of this closeness (quality {row['plain_quality']})"
        if row["outcome"] == "plain":  # by mozjpeg, or it is the one compared with
            which = f"libjpeg-turbo at quality {row['plain_quality']}"
        if saved > 0:
            size = _thousands(row["plain_total_bytes"])
            lines.append(f"  {which}: {size} bytes; {saved:.0%} saved")
    if total > int(row["input_bytes"]):  # type: ignore[call-overload]
        lines.append("  larger than the file that came: keep that one")
    return "\n".join(lines)


def restored(row: Row) -> str:
    """What `decompress` says of one picture."""
    head = _arrow(row)
    if row["outcome"] == "skipped":
        return f"{head}: exists, skipped"
    if row["outcome"] == "plain":
        head += ": plain JPEG, nothing to restore"
    return f"{head}: {row['width_px']}x{row['height_px']}"


def verified(row: Row) -> str:
    """What `verify` says of one picture."""
    size = f"{row['width_px']}x{row['height_px']}"
    if row["outcome"] == "plain" and "original" not in row:
        return (
            f"{row['input']}: no comrec marker in it, so a plain JPEG, or a compact "
            f"image that lost both marker and sidecar. Decodes to {size}"
        )
    if "original" not in row:
        return f"{row['input']}: whole, restores to {size}. Name --original to compare"
    return (
        f"{row['input']}: restores to {size} at {_decibel(row['psnr_db'])} from "
        f"{row['original']}. The original may go if that is close enough"
    )


def compared(row: Row) -> str:
    """What `compare` says of one picture."""
    lines = [f"{row['input']}: {row['width_px']}x{row['height_px']}"]
    for codec in row["codecs"]:  # type: ignore[attr-defined]
        more = ""
        if codec["ssimulacra2"] is not None:
            more = f"  SSIMULACRA2 {codec['ssimulacra2']:6.2f}"
        lines.append(
            f"  {codec['codec']:<14}{_thousands(codec['bytes']):>9} bytes  "
            f"{_decibel(codec['psnr_db']):>8}{more}  {codec['detail']}"
        )
    return "\n".join([*lines, *(f"  {note}" for note in row["notes"])])  # type: ignore[attr-defined]


def details(row: Row) -> str:
    """Names and values, one a line; short records on one line."""
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


def _thousands(value: object) -> str:
    return f"{value:,}"


def _decibel(value: object) -> str:
    return "infinite (identical)" if value in (None, math.inf) else f"{value:.2f} dB"
