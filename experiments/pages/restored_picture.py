"""Draws the bundled photo before and after `comrec restore`, for docs/restore.md.

    python experiments/pages/restored_picture.py docs/assets/restored.webp

JPEGs by libjpeg-turbo with the tables of Annex K, 4:2:0; PSNR over R, G and B.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import comrec
from comrec.image.metrics import psnr_db

PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.png"
DETAIL = (150, 20, 310, 180)  # left, top, right, bottom
QUALITIES = 10, 30
SIDE, MARGIN, HEAD, TEXT = 400, 12, 44, 20  # pixels


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="picture to write")
    out = parser.parse_args().out
    draw(Image.open(PHOTO).convert("RGB")).save(out, lossless=True, method=6)


def draw(photo: Image.Image) -> Image.Image:
    """Returns a line for each quality: the original, the JPEG, and what is restored."""
    step = SIDE + MARGIN
    size = (MARGIN + 3 * step, len(QUALITIES) * (step + HEAD) + MARGIN)
    sheet = Image.new("RGB", size, "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    for line, quality in enumerate(QUALITIES):
        file = io.BytesIO()
        photo.save(file, "JPEG", quality=quality, subsampling="4:2:0")
        jpeg, restored = Image.open(file), comrec.restore(file.getvalue()).to_array()
        panels = [("Original", photo)]
        for title, shown in (
            (f"JPEG of quality {quality}", np.asarray(jpeg)), ("Restored", restored)
        ):  # fmt: skip
            found_db = psnr_db(np.asarray(photo), shown)
            panels.append((f"{title}, {found_db:.2f} dB", Image.fromarray(shown)))
        for column, (title, image) in enumerate(panels):
            at = MARGIN + column * step, MARGIN + line * (step + HEAD)
            pen.text(at, title, "black", font)
            detail = image.crop(DETAIL).resize((SIDE, SIDE), Image.Resampling.NEAREST)
            sheet.paste(detail, (at[0], at[1] + HEAD - MARGIN))
    return sheet


if __name__ == "__main__":
    main()
