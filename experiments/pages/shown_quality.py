"""Writes what is said about quality: Kodak, the demo, the paper's tables."""

from __future__ import annotations

import math

from shown_rows import LITE, Row, listed, mean, table, tsv

from comrec.networks import presets

DEFAULT = presets.DEFAULT
OURS = f"comrec:{DEFAULT}"
CODECS = {
    "jpeg": "JPEG (libjpeg-turbo, optimised)", "mozjpeg": "mozjpeg",
    "jpegli": "jpegli", "jxl": "JPEG XL", "webp": "WebP",
    f"comrec:{LITE}": f"**{LITE}**", OURS: f"**{DEFAULT}**",
    "jpeg2000": "JPEG 2000", "avif": "AVIF",
    "bmshj2018-hyperprior": "bmshj2018-hyperprior (published)",
    "cheng2020-attn": "cheng2020-attn (published)",
}  # fmt: skip
MEASURED = [name for name, label in CODECS.items() if "published" not in label]
VISUAL = {"mozjpeg": "mozjpeg", "jpegli": "jpegli", "webp": "WebP", "avif": "AVIF",
          f"{OURS}:visual": f"**{DEFAULT} `--tune visual`**"}  # fmt: skip
RATES = "0.15", "0.25", "0.50", "1.00"
PICTURES = 24


def find(name: str, metric: str, codec: str) -> Row:
    """Returns the line of a summary."""
    (row,) = [
        row
        for row in tsv(f"{name}-summary")
        if (row["metric"], row["codec"]) == (metric, codec)
    ]
    return row


def saved(name: str, metric: str, codec: str) -> float:
    return float(find(name, metric, codec)["bd_rate_percent"])


def percent(value: float) -> str:
    return f"{value:+.1f} %"


def kodak_sentence() -> str:
    default = saved("kodak", "rgb_psnr_db", OURS)
    ahead = [
        CODECS[codec]
        for codec in MEASURED
        if codec in ("avif", "jpeg2000", "jxl", "webp")
        and saved("kodak", "rgb_psnr_db", codec) < default
    ]
    return (
        f"On the 24 Kodak photos comrec needs {math.floor(-default)} % fewer bits than "
        "plain JPEG (libjpeg-turbo,\noptimised) for the same PSNR, sidecars included. "
        f"{listed(ahead)} need fewer still:"
    )


def kodak_short() -> str:
    codecs = [name for name in MEASURED if name != "jpeg"]
    codecs.sort(key=lambda name: -saved("kodak", "rgb_psnr_db", name))
    lines = [
        (title, *(percent(saved(name, metric, codec)) for codec in codecs))
        for title, name, metric in (
            ("colour, RGB PSNR", "kodak", "rgb_psnr_db"),
            ("grey, PSNR", "kodak-grey", "luma_psnr_db"),
        )
    ]
    return (
        kodak_sentence()
        + "\n\n"
        + table(["BD-rate", *map(CODECS.__getitem__, codecs)], *lines)
    )


def kodak() -> str:
    head = ["codec", "BD-rate", "0.15 bpp", "0.25 bpp", "0.5 bpp", "1 bpp",
            "pictures won", "BD-rate, grey"]  # fmt: skip
    lines = []
    for codec, label in CODECS.items():
        row = find("kodak", "rgb_psnr_db", codec)
        rates = [row[f"at_{bpp}_bpp"] for bpp in RATES]
        is_anchor, is_measured = codec == "jpeg", codec in MEASURED
        lines.append((
            label,
            "" if is_anchor else percent(float(row["bd_rate_percent"])),
            *(f"{float(value):.2f}" if value else "" for value in rates),
            f"{row['won']} of {PICTURES}" if row["won"] and not is_anchor else "",
            percent(saved("kodak-grey", "luma_psnr_db", codec))
            if is_measured and not is_anchor else "",
        ))  # fmt: skip
    embedded = saved("kodak-grey", "luma_psnr_db", f"{OURS}+embed")
    return (
        table(head, *lines)
        + "\n\nWith the sidecar inside the .jpg (`--embed`) the files are smaller by "
        f"about 69 bytes. In grey,\n{DEFAULT} then has {percent(embedded)}."
    )


def by_quality() -> str:
    rows = tsv("never_worse")
    values = 10, 25, 50, 75, 90
    saved_bytes, restored = [], []
    for value in values:
        some = [
            r for r in rows if r["request"] == "quality" and float(r["value"]) == value
        ]
        shares = [1 - int(r["total_bytes"]) / int(r["plain_bytes"]) for r in some]
        saved_bytes.append(f"{100 * sum(shares) / len(some):.0f} %")
        count = sum(row["outcome"] == "comrec" for row in some)
        restored.append(f"{count} of {len(some)}")
    bad = sum((row["kept"], row["worse"]) != ("True", "False") for row in rows)
    lines = (
        ("bytes saved", *saved_bytes),
        ("pictures restored by networks", *restored),
    )
    return (
        table(["", *(f"`-q {value}`" for value in values)], *lines)
        + f"\n\nOf {len(rows)} files by these and other requests, {bad or 'none'} "
        "missed the request or lost to a plain JPEG\nin both bytes and PSNR."
    )


def visual() -> str:
    metrics = {"ms_ssim_db": "MS-SSIM", "ssimulacra2": "SSIMULACRA2", "ssim": "SSIM"}
    return table(
        ["codec", *metrics.values()],
        *(
            (label, *(percent(saved("kodak-visual", m, codec)) for m in metrics))
            for codec, label in VISUAL.items()
        ),
    )


def demo() -> str:
    rows = tsv("demo/demo")
    codecs = list(dict.fromkeys(row["codec"] for row in rows))
    lines = []
    for rate in dict.fromkeys(row["rate_bpp"] for row in rows):
        some = {row["codec"]: row for row in rows if row["rate_bpp"] == rate}
        lines.append([f"{rate} bits per pixel"])
        for codec in codecs:
            row = some[codec]
            cell = f"{float(row['psnr_db']):.2f} dB in {int(row['bytes']):,} bytes"
            lines[-1].append(cell)
    return table(["the photo above", *codecs], *lines)


PAPER_DB = {"5": 28.83, "10": 30.59}  # as printed in Tables I and II


def paper() -> str:
    rows = tsv("tables")
    methods = [m for m in dict.fromkeys(row["method"] for row in rows) if m != "comrec"]
    lines = []
    for quality in PAPER_DB:
        for protocol in ("byte-fair", "paper", "mozjpeg"):
            by_method: dict[str, list[Row]] = {}
            for row in rows:
                if (row["budget"], row["protocol"]) == (f"qf{quality}", protocol):
                    by_method.setdefault(row["method"], []).append(row)
            ours = by_method["comrec"]
            lines.append((
                f"QF {quality}", protocol, f"{mean(ours, 'rate_bpp'):.3f}",
                *(f"{mean(by_method[m], 'psnr_db'):.2f}" for m in methods),
                f"**{mean(ours, 'psnr_db'):.2f}**", f"{mean(ours, 'gain_db'):+.2f}",
                f"{PAPER_DB[quality]:.2f}" if protocol == "paper" else "",
            ))  # fmt: skip
    head = ["within", "protocol", "bits per pixel", "JPEG", "half size", "ComCNN only",
            "RecCNN only", "comrec", "gain", "paper"]  # fmt: skip
    return table(head, *lines)


BLOCKS = {
    "demo": demo, "kodak-short": kodak_short, "kodak": kodak, "by-quality": by_quality,
    "visual": visual, "paper": paper,
}  # fmt: skip
