"""Writes what is said about efforts, packed files and restored JPEGs."""

from __future__ import annotations

from shown_rows import LITE, mean, table, tsv

from comrec.networks import presets

REST = " at rest"


def at_rest() -> str:
    rows = {row["codec"]: row for row in tsv("at_rest-summary")}
    lines = []
    for preset in (LITE, presets.DEFAULT):
        plain, packed = rows[f"comrec:{preset}"], rows[f"comrec:{preset}{REST}"]
        lines.append((
            preset, *(f"{float(r['bd_rate_percent']):+.1f} %" for r in (plain, packed)),
            f"{float(packed['saved_percent']):.1f} %",
            *(f"{float(packed[f'{way}_s_per_mp']):.2f}" for way in ("pack", "unpack")),
        ))  # fmt: skip
    head = ["", "BD-rate", "packed", "bytes saved", "pack, s/MP", "unpack, s/MP"]
    avif = float(rows["avif"]["bd_rate_percent"])
    return (
        table(head, *lines)
        + f"\n\nIn the same run AVIF at speed 6 has {avif:+.1f} %, against plain JPEG "
        f"as the others."
    )


def efforts() -> str:
    lines: dict[str, list[str]] = {}
    head = ["`--effort`"]
    for row in tsv("efforts-summary"):
        head += (
            [f"{row['preset']}: bytes", "dB", "time"] if row["effort"] == "0" else []
        )
        lines.setdefault(row["effort"], [row["effort"]]).extend((
            f"{float(row['bytes_percent']):+.1f} %", f"{float(row['gain_db']):+.2f}",
            f"{float(row['times']):.1f}",
        ))  # fmt: skip
    return table(head, *lines.values())


def restored() -> str:
    head = ["set", "quality", "JPEG, dB", "restored, dB", "gain", "least gain"]
    return table(head, *_gains(tsv("restore"), "set", "quality"))


def restored_again() -> str:
    head = [
        "saved first at", "then at", "JPEG, dB", "restored, dB", "gain", "least gain",
    ]  # fmt: skip
    return table(head, *_gains(tsv("restore_again"), "earlier", "quality"))


def _gains(rows: list[dict[str, str]], *by: str) -> list[tuple[str, ...]]:
    """Returns a line for each group of rows: mean PSNR and gain, and the least gain."""
    lines = []
    for key in dict.fromkeys(tuple(row[name] for name in by) for row in rows):
        some = [row for row in rows if tuple(row[name] for name in by) == key]
        least = min(float(row["gain_db"]) for row in some)
        lines.append((
            *key, f"{mean(some, 'decoded_db'):.2f}", f"{mean(some, 'restored_db'):.2f}",
            f"{mean(some, 'gain_db'):+.2f}", f"{least:+.2f}",
        ))  # fmt: skip
    return lines


BLOCKS = {
    "at-rest": at_rest,
    "efforts": efforts,
    "restore": restored,
    "restore_again": restored_again,
}
