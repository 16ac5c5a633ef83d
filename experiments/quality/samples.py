"""A few pictures as comrec writes them, to look at and to decompress.

Claim: the rows say what three parts of the bundled photo take, and how close they come
out, at three requests each, and what plain JPEG makes of the same bytes. The numbers
are of the files as they lie there. Cost: half a minute for comrec-base.

    python experiments/quality/samples.py --out experiments/results/samples

Writes in that folder, over what an earlier run left there: each part as lossless WebP,
the .jpg and its sidecar, the restored picture as lossless WebP, the plain JPEG,
samples.tsv, and a README.md drawn from it. SSIMULACRA2 needs `comrec[eval]`.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyvips
from PIL import Image, features

import comrec
from comrec.api.compress import read_input
from comrec.apps.evaluate import quality
from comrec.encoder.plain import encode_plain_within
from comrec.errors import ComrecError, OutputError
from comrec.format import names, pair
from comrec.image.metrics import psnr_db
from comrec.image.source import load
from comrec.jpeg import coding
from comrec.networks import engine, presets
from comrec.system import files

PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.png"


class Part(NamedTuple):
    """A window of the photo, and why it is here."""

    name: str
    window: tuple[int, int, int, int]  # left, top, right, bottom
    shows: str


class Request(NamedTuple):
    """What is asked of comrec, and how files and people call it."""

    name: str
    keyword: str
    value: float
    typed: str


PARTS = (
    Part("face", (112, 0, 368, 256), "skin, hair, and a smooth ground behind them"),
    Part("suit", (80, 256, 336, 512), "cloth, strong colour, and lettering"),
    Part("shuttle", (320, 0, 512, 288), "straight edges before a smooth ground"),
)
REQUESTS = (
    Request("q10", "quality", 10, "-q 10"),
    Request("0.25bpp", "target_bpp", 0.25, "--target-bpp 0.25"),
    Request("q50", "quality", 50, "-q 50"),
)


class Row(NamedTuple):
    sample: str  # the files are called after it
    part: str
    request: str
    value: float
    preset: str
    hash: str
    version: str
    outcome: str
    scale: float
    jpeg_quality: int | None
    width_px: int
    height_px: int
    jpeg_bytes: int
    sidecar_bytes: int
    rate_bpp: float  # of both files
    psnr_db: float
    ms_ssim: float
    ssimulacra2: float | None
    plain_bytes: int | None  # None where no plain JPEG is so small
    plain_psnr_db: float | None
    plain_ms_ssim: float | None
    plain_ssimulacra2: float | None


class Scores(NamedTuple):
    """As a row has them, rounded."""

    psnr_db: float
    ms_ssim: float
    ssimulacra2: float | None


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--preset", default=presets.DEFAULT)
    add("--quick", action="store_true", help="the first part at the first request")
    add("--out", type=Path, required=True, metavar="FOLDER")
    args = parser.parse_args(argv)
    parts, requests = (PARTS[:1], REQUESTS[:1]) if args.quick else (PARTS, REQUESTS)
    try:
        presets.find(args.preset)
        refuse_other(args.out)
        rows = list(written(args.out, args.preset, parts, requests))
        files.write(args.out / "samples.tsv", as_tsv(rows))
        files.write(args.out / "README.md", readme(rows).encode())
    except ComrecError as err:
        raise SystemExit(f"samples: {err}") from None
    in_all = sum(size(path) for path in args.out.iterdir())
    print(f"{args.out}: {len(rows)} samples, {in_all:,} bytes in all")


def refuse_other(folder: Path) -> None:
    """Raises OutputError if the folder has what no run of this script wrote."""
    there = any(folder.iterdir()) if folder.is_dir() else False
    if there and not (folder / "samples.tsv").exists():
        raise OutputError(
            f"{folder}: has files that are not samples. Give --out another folder"
        )


def written(
    folder: Path, preset: str, parts: Sequence[Part], requests: Sequence[Request]
) -> Iterator[Row]:
    """Writes all pictures, and gives a row for each sample."""
    photo = read_input(load(PHOTO)[0]).pixels
    for part in parts:
        left, top, right, bottom = part.window
        image = np.ascontiguousarray(photo[top:bottom, left:right])
        files.write(folder / f"{part.name}.webp", webp(image))
        for request in requests:
            row = sample(folder, preset, part, request, image)
            print(f"{row.sample}: {in_bytes(row)}, {row.psnr_db:.2f} dB", flush=True)
            yield row


def sample(
    folder: Path, preset: str, part: Part, request: Request, image: np.ndarray
) -> Row:
    """Compresses one image, and measures what the files on disk give back."""
    name = f"{part.name}-{request.name}"
    path = folder / f"{name}.comrec.jpg"
    asked: dict[str, Any] = {request.keyword: request.value}
    made = comrec.compress(image, preset=preset, threads=1, **asked)
    pair.write_pair(path, made.jpeg, made.sidecar)
    restored = comrec.decompress(path, exact=True, threads=1)
    files.write(folder / f"{name}.restored.webp", webp(restored))
    sizes = [size(path), size(names.sidecar_of(path))]
    plain_bytes, plain = write_plain(folder / f"{name}.plain.jpg", image, sum(sizes))
    report, (height_px, width_px) = made.report, image.shape[:2]
    return Row(
        name, part.name, request.keyword, request.value, preset,
        presets.find(preset).hash, version(), report.outcome, report.scale,
        report.jpeg_quality, width_px, height_px, *sizes,
        round(8 * sum(sizes) / (height_px * width_px), 4), *scores(image, restored),
        plain_bytes, *(plain or (None, None, None)),
    )  # fmt: skip


def write_plain(
    path: Path, image: np.ndarray, budget_bytes: int
) -> tuple[int | None, Scores | None]:
    """The best plain JPEG of so many bytes, if there is one; its size and closeness."""
    plain = encode_plain_within(image, budget_bytes)
    if plain is None:
        path.unlink(missing_ok=True)
        return None, None
    files.write(path, plain.jpeg)
    return size(path), scores(image, coding.decode(load(path)[0]))


def scores(image: np.ndarray, restored: np.ndarray) -> Scores:
    ssimulacra2 = None
    if quality.has_ssimulacra2():
        ssimulacra2 = round(quality.ssimulacra2(image, restored), 2)
    ms_ssim = quality.ms_ssim(image, restored)
    return Scores(round(psnr_db(image, restored), 3), round(ms_ssim, 5), ssimulacra2)


def webp(pixels: np.ndarray) -> bytes:
    """A lossless file of uint8 (H, W, 3); quality is the effort that goes into it."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "WEBP", lossless=True, quality=90, method=6)
    return out.getvalue()


def size(path: Path) -> int:
    """Bytes on disk; none where a plain JPEG needs no sidecar."""
    return path.stat().st_size if path.exists() else 0


def version() -> str:
    """Of comrec, and of what its numbers hang on."""
    vips = ".".join(str(pyvips.version(i)) for i in range(3))
    libjpeg = features.version("libjpeg_turbo")
    return f"{comrec.__version__} {engine.choose()} libvips {vips} libjpeg {libjpeg}"


def as_tsv(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    csv.writer(out, "excel-tab", lineterminator="\n").writerows([Row._fields, *rows])
    return out.getvalue().encode()


README = """\
# Samples

Parts of the bundled photo ([whose it is](../../../examples/README.md)) as
`comrec compress` writes them with preset `{preset}`. Any viewer opens the .jpg, and
shows what stands in the second column; with its sidecar, comrec restores the last one.
Between them is the best plain JPEG (libjpeg-turbo, optimised) of at most as many bytes,
.jpg and sidecar together. At low rates fine detail is lost either way: where plain JPEG
breaks into blocks, comrec comes out smooth.

```
comrec decompress {first}.comrec.jpg        # {first}.restored.png
comrec info {first}.comrec.jpg
comrec verify {first}.comrec.jpg --original {part}.webp
```

`python experiments/quality/samples.py --out experiments/results/samples` makes
everything here anew, and draws this page from [samples.tsv](samples.tsv). PSNR is over
all channels of 8-bit pixels. The pictures are small, so headers and sidecar weigh more
than in a photo of usual size: [kodak-summary.tsv](../kodak-summary.tsv) is about whole
photos.
"""


def readme(rows: Sequence[Row]) -> str:
    """A page with every picture beside its rivals, and every number."""
    first = next((row for row in rows if row.outcome == "comrec"), rows[0])
    head = README.format(preset=first.preset, first=first.sample, part=first.part)
    shown = {part.name: part.shows for part in PARTS}
    views = [
        view(part, shown[part], [row for row in rows if row.part == part])
        for part in dict.fromkeys(row.part for row in rows)
    ]
    return "\n".join([head, *views, numbers(rows)])


def view(part: str, shows: str, rows: Sequence[Row]) -> str:
    """One part at all requests, to look at."""
    lines = [
        f"## {part}: {shows}\n\n![the original]({part}.webp)\n",
        "| asked for | the .jpg in any viewer | plain JPEG, same bytes | restored |",
        "|---|---|---|---|",
    ]
    typed = {(asked.keyword, asked.value): asked.typed for asked in REQUESTS}
    for row in rows:
        name, asked = row.sample, typed[row.request, row.value]
        compact = f"![the .jpg]({name}.comrec.jpg)<br>{in_bytes(row)}"
        plain = "none is so small"
        if row.plain_bytes is not None:
            said = f"{row.plain_bytes:,} bytes, {row.plain_psnr_db:.2f} dB"
            plain = f"![plain JPEG]({name}.plain.jpg)<br>{said}"
        restored = f"![restored]({name}.restored.webp)<br>{row.psnr_db:.2f} dB"
        if row.outcome != "comrec":
            restored += ": a plain JPEG, as the networks do not pay here"
        lines.append(f"| `{asked}` | {compact} | {plain} | {restored} |")
    return "\n".join([*lines, ""])


def in_bytes(row: Row) -> str:
    beside = f" + {row.sidecar_bytes}" if row.sidecar_bytes else ""
    return f"{row.jpeg_bytes:,}{beside} bytes"


def numbers(rows: Sequence[Row]) -> str:
    """A line for each sample; what plain JPEG has in the same bytes in brackets."""
    lines = [
        "## Numbers\n\n.jpg + sidecar; in brackets, plain JPEG in no more bytes.\n",
        "| sample | scale | JPEG quality | size | bits per pixel | PSNR, dB | MS-SSIM "
        "| SSIMULACRA2 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [
            row.sample, f"{row.scale:g}", str(row.jpeg_quality), in_bytes(row),
            f"{row.rate_bpp:.3f}",
            both(row.psnr_db, row.plain_psnr_db, ".2f"),
            both(row.ms_ssim, row.plain_ms_ssim, ".3f"),
            both(row.ssimulacra2, row.plain_ssimulacra2, ".1f"),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def both(ours: float | None, plain: float | None, form: str) -> str:
    """Two figures; nothing for one that was not measured."""
    if ours is None:
        return ""
    return format(ours, form) + ("" if plain is None else f" ({plain:{form}})")


if __name__ == "__main__":
    main()
