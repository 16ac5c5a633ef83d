"""Writes sample pairs of the bundled photo, with a page to compare them.

Claim: at each of three requests, three crops of the bundled photo have a higher PSNR
than the best plain JPEG of at most the same bytes. The numbers are of the files in the
folder. Cost: half a minute for comrec-base.

    python experiments/quality/samples.py --out experiments/results/samples

Writes into that folder, and replaces files of an earlier run: each crop as lossless
WebP, the .jpg and its sidecar, the restored picture as lossless WebP, the plain JPEG,
samples.tsv, and a README.md made of its rows. SSIMULACRA2 needs `comrec[eval]`.
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
from comrec.cli.console import spell
from comrec.encoder.plain import encode_plain_within
from comrec.errors import ComrecError, OutputError
from comrec.format import names, pair
from comrec.image.metrics import psnr_db
from comrec.image.source import load
from comrec.jpeg import coding
from comrec.networks import engine, presets
from comrec.system import files

PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.png"


class Excerpt(NamedTuple):
    """Describes a crop of the photo, and its content."""

    name: str
    window: tuple[int, int, int, int]  # left, top, right, bottom
    shows: str


class Request(NamedTuple):
    """Describes a request: its name in files, its keyword and its option."""

    name: str
    keyword: str
    value: float
    option: str


EXCERPTS = (
    Excerpt("face", (112, 0, 368, 256), "skin, hair, and a smooth background"),
    Excerpt("suit", (80, 256, 336, 512), "cloth, strong colour, and lettering"),
    Excerpt("shuttle", (320, 0, 512, 288), "straight edges on a smooth background"),
)
REQUESTS = (
    Request("q10", "quality", 10, "-q 10"),
    Request("0.25bpp", "target_bpp", 0.25, "--target-bpp 0.25"),
    Request("q50", "quality", 50, "-q 50"),
)


class Row(NamedTuple):
    sample: str  # the beginning of the names of its files
    part: str
    request: str
    value: float
    preset: str
    hash: str
    version: str
    outcome: str
    scale: float
    jpeg_quality: int | None  # None where coefficients were chosen, at `luma_step`
    luma_step: float | None  # of its quantiser, in grey levels
    width_px: int
    height_px: int
    jpeg_bytes: int
    sidecar_bytes: int
    rate_bpp: float  # of both files
    psnr_db: float
    ms_ssim: float
    ssimulacra2: float | None
    plain_bytes: int | None  # None where every plain JPEG is larger
    plain_psnr_db: float | None
    plain_ms_ssim: float | None
    plain_ssimulacra2: float | None


class Scores(NamedTuple):
    """Holds three metrics, rounded as in a row."""

    psnr_db: float
    ms_ssim: float
    ssimulacra2: float | None


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--preset", default=presets.DEFAULT)
    add("--quick", action="store_true", help="the first crop at the first request only")
    add("--out", type=Path, required=True, metavar="FOLDER")
    args = parser.parse_args(argv)
    excerpts, requests = EXCERPTS, REQUESTS
    if args.quick:
        excerpts, requests = EXCERPTS[:1], REQUESTS[:1]
    try:
        presets.find(args.preset)
        refuse_other(args.out)
        rows = list(write_samples(args.out, args.preset, excerpts, requests))
        files.write(args.out / "samples.tsv", as_tsv(rows))
        files.write(args.out / "README.md", readme(rows).encode())
    except ComrecError as err:
        raise SystemExit(f"samples: {spell(err)}") from None
    total_bytes = sum(size(path) for path in args.out.iterdir())
    print(f"{args.out}: {len(rows)} samples, {total_bytes:,} bytes")


def refuse_other(folder: Path) -> None:
    """Raises OutputError if the folder has files but no samples.tsv."""
    has_files = any(folder.iterdir()) if folder.is_dir() else False
    if has_files and not (folder / "samples.tsv").exists():
        raise OutputError(
            f"{folder}: has files that are not samples. Give --out another folder"
        )


def write_samples(
    folder: Path, preset: str, excerpts: Sequence[Excerpt], requests: Sequence[Request]
) -> Iterator[Row]:
    """Writes all pictures, and yields a row for each sample."""
    photo = read_input(load(PHOTO)[0]).pixels
    for excerpt in excerpts:
        left, top, right, bottom = excerpt.window
        image = np.ascontiguousarray(photo[top:bottom, left:right])
        files.write(folder / f"{excerpt.name}.webp", webp(image))
        for request in requests:
            row = write_sample(folder, preset, excerpt, request, image)
            print(f"{row.sample}: {byte_counts(row)}, {row.psnr_db:.2f} dB", flush=True)
            yield row


def write_sample(
    folder: Path, preset: str, excerpt: Excerpt, request: Request, image: np.ndarray
) -> Row:
    """Compresses one image, restores it from the files, and returns its row."""
    name = f"{excerpt.name}-{request.name}"
    path = folder / f"{name}.comrec.jpg"
    options: dict[str, Any] = {request.keyword: request.value}
    made = comrec.compress(image, preset=preset, threads=1, **options)
    pair.write_pair(path, made.jpeg, made.sidecar)
    restored = comrec.decompress(path, exact=True, threads=1)
    files.write(folder / f"{name}.restored.webp", webp(restored))
    sizes = [size(path), size(names.sidecar_of(path))]
    plain_bytes, plain = write_plain(folder / f"{name}.plain.jpg", image, sum(sizes))
    report, (height_px, width_px) = made.report, image.shape[:2]
    return Row(
        name, excerpt.name, request.keyword, request.value, preset,
        presets.find(preset).hash, version(), report.outcome, report.scale,
        report.jpeg_quality, round(report.steps[0], 1) if report.steps else None,
        width_px, height_px, *sizes,
        round(8 * sum(sizes) / (height_px * width_px), 4), *scores(image, restored),
        plain_bytes, *(plain or (None, None, None)),
    )  # fmt: skip


def write_plain(
    path: Path, image: np.ndarray, max_bytes: int
) -> tuple[int | None, Scores | None]:
    """Writes the best plain JPEG of at most `max_bytes`; returns its bytes and scores.

    Removes the file, and returns None twice, where no plain JPEG is so small.
    """
    plain = encode_plain_within(image, max_bytes)
    if plain is None:
        path.unlink(missing_ok=True)
        return None, None
    files.write(path, plain.jpeg)
    return size(path), scores(image, coding.decode(load(path)[0]))


def scores(image: np.ndarray, restored: np.ndarray) -> Scores:
    """Returns the metrics of a restored image; SSIMULACRA2 where it is installed."""
    ssimulacra2 = None
    if quality.has_ssimulacra2():
        ssimulacra2 = round(quality.ssimulacra2(image, restored), 2)
    ms_ssim = quality.ms_ssim(image, restored)
    return Scores(round(psnr_db(image, restored), 3), round(ms_ssim, 5), ssimulacra2)


def webp(pixels: np.ndarray) -> bytes:
    """Returns uint8 (H, W, 3) as lossless WebP."""
    out = io.BytesIO()
    # Without loss, `quality` is the effort of the encoder.
    Image.fromarray(pixels).save(out, "WEBP", lossless=True, quality=90, method=6)
    return out.getvalue()


def size(path: Path) -> int:
    """Returns the bytes of a file, 0 where it does not exist."""
    return path.stat().st_size if path.exists() else 0


def version() -> str:
    """Returns the versions of comrec, its engine, libvips and libjpeg-turbo."""
    vips = ".".join(str(pyvips.version(i)) for i in range(3))
    libjpeg = features.version("libjpeg_turbo")
    return f"{comrec.__version__} {engine.choose()} libvips {vips} libjpeg {libjpeg}"


def as_tsv(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    csv.writer(out, "excel-tab", lineterminator="\n").writerows([Row._fields, *rows])
    return out.getvalue().encode()


README = """\
# Samples

Crops of the bundled photo ([origin and terms](../../../examples/README.md)) as
`comrec compress` writes them with preset `{preset}`. A viewer shows the .jpg as in the
second column; with its sidecar, comrec restores the picture in the last column. The
third column is the best plain JPEG (libjpeg-turbo, optimised) of at most the same
bytes, .jpg and sidecar together. At low rates both lose fine detail: plain JPEG shows
blocks, comrec is smooth.

```
comrec decompress {first}.comrec.jpg        # {first}.restored.png
comrec info {first}.comrec.jpg
comrec verify {first}.comrec.jpg --original {part}.webp
```

`python experiments/quality/samples.py --out experiments/results/samples` writes this
folder, and makes this page of [samples.tsv](samples.tsv). PSNR is over all channels of
8-bit pixels. The crops are small, so headers and sidecar are a larger share of the
bytes than in a whole photo; [kodak-summary.tsv](../kodak-summary.tsv) has whole photos.
"""


def readme(rows: Sequence[Row]) -> str:
    """Returns a Markdown page with all pictures and all numbers."""
    first = next((row for row in rows if row.outcome == "comrec"), rows[0])
    head = README.format(preset=first.preset, first=first.sample, part=first.part)
    shown = {excerpt.name: excerpt.shows for excerpt in EXCERPTS}
    views = [
        view(name, shown[name], [row for row in rows if row.part == name])
        for name in dict.fromkeys(row.part for row in rows)
    ]
    return "\n".join([head, *views, numbers(rows)])


def view(name: str, shows: str, rows: Sequence[Row]) -> str:
    """Returns a table of pictures of one crop, a line for each request."""
    lines = [
        f"## {name}: {shows}\n\n![the original]({name}.webp)\n",
        "| option | the .jpg in a viewer | plain JPEG, same bytes | restored |",
        "|---|---|---|---|",
    ]
    options = {(each.keyword, each.value): each.option for each in REQUESTS}
    for row in rows:
        sample, option = row.sample, options[row.request, row.value]
        compact = f"![the .jpg]({sample}.comrec.jpg)<br>{byte_counts(row)}"
        plain = "all are larger"
        if row.plain_bytes is not None:
            figures = f"{row.plain_bytes:,} bytes, {row.plain_psnr_db:.2f} dB"
            plain = f"![plain JPEG]({sample}.plain.jpg)<br>{figures}"
        restored = f"![restored]({sample}.restored.webp)<br>{row.psnr_db:.2f} dB"
        if row.outcome != "comrec":
            restored += ": a plain JPEG, which is smaller here"
        lines.append(f"| `{option}` | {compact} | {plain} | {restored} |")
    return "\n".join([*lines, ""])


def byte_counts(row: Row) -> str:
    """Returns the bytes of the .jpg and of the sidecar, in words."""
    sidecar = f" + {row.sidecar_bytes}" if row.sidecar_bytes else ""
    return f"{row.jpeg_bytes:,}{sidecar} bytes"


def numbers(rows: Sequence[Row]) -> str:
    """Returns a table of numbers, a line for each sample, plain JPEG in brackets."""
    lines = [
        "## Numbers\n\nStep: of the quantiser of luma, in grey levels. "
        "Size: .jpg + sidecar.\nIn brackets: plain JPEG within these bytes.\n",
        "| sample | scale | step | size | bits per pixel | PSNR, dB | MS-SSIM "
        "| SSIMULACRA2 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        cells = [
            row.sample, f"{row.scale:g}", step(row),
            byte_counts(row),
            f"{row.rate_bpp:.3f}",
            both(row.psnr_db, row.plain_psnr_db, ".2f"),
            both(row.ms_ssim, row.plain_ms_ssim, ".3f"),
            both(row.ssimulacra2, row.plain_ssimulacra2, ".1f"),
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def step(row: Row) -> str:
    """Returns the step of luma in grey levels, or the quality of standard tables."""
    if row.luma_step is None:
        return f"quality {row.jpeg_quality}"
    return str(row.luma_step)


def both(ours: float | None, plain: float | None, form: str) -> str:
    """Returns two figures as text, without those that were not measured."""
    if ours is None:
        return ""
    return format(ours, form) + ("" if plain is None else f" ({plain:{form}})")


if __name__ == "__main__":
    main()
