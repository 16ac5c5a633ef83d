"""Compresses and restores the bundled photo, and draws it beside plain JPEG.

    make demo        or        python examples/demo.py

Needs the base install only. Writes into `demo/`.
"""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import comrec

PHOTO = Path(__file__).with_name("astronaut.png")
OUT = Path("demo")
QUALITY = 10  # at least the PSNR of plain JPEG of this quality
FACE = (150, 20, 310, 180)  # the detail to enlarge: left, top, right, bottom
MARGIN, HEAD, TEXT = 12, 64, 17


def main() -> None:
    OUT.mkdir(exist_ok=True)
    photo = OUT / PHOTO.name
    shutil.copyfile(PHOTO, photo)
    image = np.asarray(Image.open(photo))

    result = comrec.compress(photo, quality=QUALITY)
    (OUT / "astronaut.comrec.jpg").write_bytes(result.jpeg)
    (OUT / "astronaut.comrec.json").write_bytes(result.sidecar or b"")
    restored = comrec.decompress(OUT / "astronaut.comrec.jpg")
    Image.fromarray(restored).save(OUT / "astronaut.restored.png")

    report, plain = result.report, result.report.same_bytes
    rows = [
        ("photo", f"{image.shape[1]}x{image.shape[0]} RGB", photo.stat().st_size, "")
    ]
    panels = [("the photo", "", image)]
    if plain:
        label = f"plain JPEG, quality {plain.quality}"
        rows.append((label, "same bytes", len(plain.jpeg), f"{plain.psnr_db:.2f} dB"))
        text = f"{len(plain.jpeg):,} bytes, {plain.psnr_db:.2f} dB"
        panels.append(
            ("plain JPEG", text, np.asarray(Image.open(io.BytesIO(plain.jpeg))))
        )
    both = f"{report.jpeg_bytes} + {report.sidecar_bytes}"
    rows.append(("comrec", both, report.total_bytes, f"{report.psnr_db:.2f} dB"))
    text = f"{report.total_bytes:,} bytes, {report.psnr_db:.2f} dB"
    panels.append(("comrec", text, restored))

    for name, what, size, closeness in rows:
        print(f"{name:<24}{what:<16}{size:>9,} bytes  {closeness}")
    side_by_side(panels).save(OUT / "side-by-side.png")
    print(f"\nlook at {OUT / 'side-by-side.png'}; {OUT / 'astronaut.comrec.jpg'} opens "
          f"in any viewer")  # fmt: skip


def side_by_side(panels: list[tuple[str, str, np.ndarray]]) -> Image.Image:
    """Draws each picture below its name, and an enlarged detail below the picture."""
    height, width = panels[0][2].shape[:2]
    sheet = Image.new(
        "RGB",
        (len(panels) * (width + MARGIN) + MARGIN, HEAD + 2 * (height + MARGIN)),
        "white",
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(TEXT)
    for i, (name, text, pixels) in enumerate(panels):
        x = MARGIN + i * (width + MARGIN)
        draw.text((x, MARGIN), name, "black", ImageFont.load_default(TEXT + 4))
        draw.text((x, MARGIN + TEXT + 9), text, "#444444", font)
        picture = Image.fromarray(pixels)
        sheet.paste(picture, (x, HEAD))
        detail = picture.crop(FACE).resize((width, height), Image.Resampling.NEAREST)
        sheet.paste(detail, (x, HEAD + height + MARGIN))
    return sheet


if __name__ == "__main__":
    main()
