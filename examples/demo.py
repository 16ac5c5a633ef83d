"""Codes the bundled photo by JPEG, WebP, AVIF and comrec in the same bytes.

    make demo        or        python examples/demo.py [FOLDER]

Needs the base install only. Writes into FOLDER (`demo/`): the files of each codec at
two rates, demo.tsv with their bytes and PSNR, and demo.webp with a detail of each.

AVIF has the fewest settings, so its largest file within the rate is the limit for the
others. Each takes the best setting that needs no more bytes.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import comrec
from comrec.image.metrics import psnr_db

PHOTO = Path(__file__).with_name("astronaut.png")
RATES_BPP = 0.25, 0.16
ORDER = "plain JPEG", "WebP", "AVIF", "comrec"  # of rows and columns
DETAIL = (150, 20, 310, 180)  # left, top, right, bottom
ZOOM, MARGIN, HEAD, TEXT = 2, 12, 76, 19


class Row(NamedTuple):
    """Holds one file, or pair of files, of one codec; the columns of demo.tsv."""

    rate_bpp: float  # that was asked for
    codec: str
    setting: str
    bytes: int  # of all files
    psnr_db: float


class Coded(NamedTuple):
    """Holds what one codec made of the photo."""

    codec: str
    setting: str
    bytes: int
    picture: Image.Image


Encode = Callable[[Image.Image, float], bytes]


def main() -> None:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    out.mkdir(parents=True, exist_ok=True)
    image = Image.open(PHOTO)
    rows, pictures = [], []
    for rate_bpp in RATES_BPP:
        print(f"{rate_bpp} bits per pixel{'bytes':>9}{'PSNR':>13}")
        for coded in code_all(image, rate_bpp, out):
            restored = np.asarray(coded.picture)
            row = Row(
                rate_bpp, coded.codec, coded.setting, coded.bytes,
                round(psnr_db(np.asarray(image), restored), 3),
            )  # fmt: skip
            print(f"  {row.codec:<18}{row.bytes:>9,}{row.psnr_db:>10.2f} dB")
            rows.append(row)
            pictures.append(coded.picture)
    with (out / "demo.tsv").open("w", newline="") as file:
        table = csv.writer(file, delimiter="\t", lineterminator="\n")
        table.writerows([Row._fields, *rows])
    draw(image, rows, pictures).save(out / "demo.webp", lossless=True, method=6)
    print(f"Look at {out / 'demo.webp'}. Any viewer opens the .comrec.jpg files.")


def code_all(image: Image.Image, rate_bpp: float, out: Path) -> list[Coded]:
    """Returns what each codec makes of the image, and writes their files."""
    max_bytes = int(rate_bpp * image.width * image.height / 8)
    coded = []
    for codec, suffix, encode, settings in OTHERS:
        setting, data = best_within(max_bytes, image, encode, settings)
        if codec == "AVIF":
            max_bytes = len(data)
        (out / f"{suffix}-{rate_bpp}.{suffix}").write_bytes(data)
        picture = Image.open(io.BytesIO(data)).convert("RGB")
        coded.append(Coded(codec, f"quality {setting:g}", len(data), picture))
    path = out / f"comrec-{rate_bpp}.comrec.jpg"
    made = comrec.compress(PHOTO, target_size=max_bytes)
    made.save(path, force=True)
    report = made.report
    setting = f"{report.jpeg_bytes:,} + {report.sidecar_bytes} bytes"
    coded.append(Coded("comrec", setting, report.total_bytes, comrec.open(path)))
    return sorted(coded, key=lambda each: ORDER.index(each.codec))


def best_within(
    max_bytes: int, image: Image.Image, encode: Encode, settings: Sequence[float]
) -> tuple[float, bytes]:
    """Returns the highest setting whose file has at most so many bytes, and the file.

    Expects ascending settings. If every file is larger, the first setting counts.
    """
    low, high = 0, len(settings) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if len(encode(image, settings[middle])) <= max_bytes:
            low = middle
        else:
            high = middle - 1
    return settings[low], encode(image, settings[low])


def jpeg(image: Image.Image, quality: float) -> bytes:
    """Writes a JPEG by libjpeg-turbo: 4:2:0, optimised, qualities between the whole."""
    standard = Image.open(io.BytesIO(save(image, "JPEG", quality=50))).quantization
    percent = 5000 / quality if quality < 50 else 200 - 2 * quality
    tables = [
        np.clip(np.floor(np.array(table) * percent / 100 + 0.5), 1, 255).astype(int)
        for table in standard.values()
    ]
    return save(
        image, "JPEG", qtables=[t.tolist() for t in tables], optimize=True,
        subsampling="4:2:0",
    )  # fmt: skip


def webp(image: Image.Image, quality: float) -> bytes:
    return save(image, "WEBP", quality=quality, method=6)


def avif(image: Image.Image, quality: float) -> bytes:
    return save(image, "AVIF", quality=int(quality), speed=6, subsampling="4:2:0")


def save(image: Image.Image, format_name: str, **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, format_name, **options)
    return file.getvalue()


HUNDREDTHS = [step / 100 for step in range(10_001)]
OTHERS: tuple[tuple[str, str, Encode, Sequence[float]], ...] = (
    ("AVIF", "avif", avif, range(101)),
    ("WebP", "webp", webp, HUNDREDTHS),
    ("plain JPEG", "jpg", jpeg, HUNDREDTHS[100:]),
)


def draw(
    image: Image.Image, rows: Sequence[Row], pictures: Sequence[Image.Image]
) -> Image.Image:
    """Draws a line of details for each rate, with the original's before them."""
    per_rate = len(rows) // len(RATES_BPP)
    side = ZOOM * (DETAIL[2] - DETAIL[0])
    step_x, step_y = side + MARGIN, side + HEAD
    size = (MARGIN + (per_rate + 1) * step_x, len(RATES_BPP) * step_y + MARGIN)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)

    def panel(
        column: int, line: int, title: str, text: str, shown: Image.Image
    ) -> None:
        x, y = MARGIN + column * step_x, MARGIN + line * step_y
        pen.text((x, y), title, "black", ImageFont.load_default(TEXT + 5))
        pen.text((x, y + TEXT + 12), text, "#444444", ImageFont.load_default(TEXT))
        y += HEAD - MARGIN
        sheet.paste(shown.resize((side, side), Image.Resampling.NEAREST), (x, y))

    panel(0, 0, "Original", "a detail of the photo", image.crop(DETAIL))
    whole = image.copy()
    ImageDraw.Draw(whole).rectangle(DETAIL, outline="yellow", width=3)
    panel(0, 1, "The whole photo", f"{image.width}x{image.height} pixels",
          whole.resize((side, side), Image.Resampling.LANCZOS))  # fmt: skip
    for i, (row, picture) in enumerate(zip(rows, pictures, strict=True)):
        line, column = divmod(i, per_rate)
        text = f"{row.bytes:,} bytes, {row.psnr_db:.2f} dB"
        title = f"{row.codec}, {row.rate_bpp} bpp"
        panel(column + 1, line, title, text, picture.crop(DETAIL))
    return sheet


if __name__ == "__main__":
    main()
