"""Checks the promises of `comrec compress` on a folder, and measures what it saves.

Claim: for every picture and request, no plain JPEG is both smaller and closer to the
picture than the result, and the result meets the request. Every file is decoded by
`comrec.decompress`; the plain JPEGs, of all qualities, are written by Pillow.
Cost: about 2 seconds for each row of comrec-base at 0.4 megapixels.

    python experiments/quality/never_worse.py PICTURES --preset NAME \\
        --out experiments/results/never_worse.tsv
"""

from __future__ import annotations

import argparse
import io
import math
import time
from collections.abc import Iterator, Sequence
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageFile

import comrec
from comrec.apps.evaluate import sweep
from comrec.cli import values
from comrec.cli.console import spell
from comrec.encoder import options
from comrec.errors import ComrecError
from comrec.image.metrics import psnr_db
from comrec.networks import presets
from comrec.system import files

COUNT = values.number(1, 10**6)
# BYTES_OF requests the bytes of plain JPEG at a quality; the others are options.
BYTES_OF = "bytes_of_quality"
REQUESTS: tuple[tuple[str, float], ...] = (
    *[("quality", n) for n in (10, 25, 50, 75, 90)],
    *[(BYTES_OF, n) for n in (5, 10)],
    ("target_bpp", 0.5),
    ("target_psnr", 32.0),
)
ImageFile.MAXBLOCK = 2**24  # Pillow's buffer: noise at quality 100 needs so much


class Row(NamedTuple):
    preset: str
    hash: str
    effort: int
    embed: bool
    picture: str
    channels: int
    request: str
    value: float
    outcome: str
    scale: float
    jpeg_quality: int | None
    total_bytes: int
    psnr_db: float
    plain_quality: int | None  # None where no plain JPEG meets the request
    plain_bytes: int | None
    plain_psnr_db: float | None
    kept: bool  # whether the result meets the request
    worse: bool  # whether a plain JPEG is at least as small and as close
    compress_s: float
    decompress_s: float


class Plain(NamedTuple):
    """Describes a JPEG of Pillow, 4:2:0, optimised, baseline or progressive."""

    quality: int
    bytes: int
    psnr_db: float


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, help="folder of pictures")
    add("--preset", default=presets.DEFAULT)
    add("--effort", type=values.number(0, 9), default=options.EFFORT)
    add("--embed", action="store_true", help="put the sidecar into the .jpg")
    add("--requests", nargs="+", choices=sorted({name for name, _ in REQUESTS}),
        help="measure these requests only")  # fmt: skip
    add("--grey", action="store_true", help="take the BT.601 luma of the pictures")
    add(
        "--every",
        type=COUNT,
        default=1,
        metavar="N",
        help="take every N-th picture",
    )
    add("--jobs", type=COUNT, default=1, help="processes, one core each")
    add("--out", type=Path, help="TSV file to write")
    args = parser.parse_args()
    try:
        found = measure(args)
    except ComrecError as err:
        raise SystemExit(f"never_worse: {spell(err)}") from None
    for line in summary(found):
        print(line)
    if args.out:
        lines = ["\t".join(Row._fields), *("\t".join(map(str, row)) for row in found)]
        files.write(args.out, ("\n".join(lines) + "\n").encode())


def measure(args: argparse.Namespace) -> list[Row]:
    pictures, _ = sweep.subjects(args.pictures, args.every, args.grey)
    wanted = [it for it in REQUESTS if not args.requests or it[0] in args.requests]
    settings = {"preset": args.preset, "effort": args.effort, "embed": args.embed}
    each = partial(rows_of, settings=settings, requests=wanted)
    if args.jobs == 1:
        return [row for picture in pictures for row in each(picture)]
    with get_context("spawn").Pool(args.jobs) as pool:
        return [row for some in pool.imap(each, pictures) for row in some]


def rows_of(
    picture: sweep.Subject,
    settings: dict[str, Any],
    requests: Sequence[tuple[str, float]],
) -> list[Row]:
    """Returns a row for each request that the picture can meet."""
    pixels = picture.pixels()
    plain = list(plain_jpegs(pixels))
    rows = []
    for request in requests:
        try:
            rows.append(row_of(pixels, plain, picture.path.stem, settings, *request))
        except ComrecError as err:  # the picture cannot meet the target
            print(
                f"{picture.path}, {request[0]} {request[1]:g}: {spell(err)}", flush=True
            )
    return rows


def row_of(
    pixels: np.ndarray, plain: Sequence[Plain], name: str, settings: dict[str, Any],
    request: str, value: float,
) -> Row:  # fmt: skip
    """Compresses and restores a picture; `settings` go to `comrec.compress`."""
    options_: dict[str, Any] = {request: value}
    if request == BYTES_OF:
        options_ = {"target_size": plain[int(value) - 1].bytes}
    options_ |= settings
    start = time.perf_counter()
    made = comrec.compress(pixels, threads=1, **options_)
    between = time.perf_counter()
    restored = comrec.decompress(made.jpeg, made.sidecar, exact=True, threads=1)
    end = time.perf_counter()
    size = len(made.jpeg) + len(made.sidecar or b"")
    reached_db = psnr_db(pixels, np.atleast_3d(restored))
    rival = find_rival(plain, request, value, size)
    min_psnr_db, max_bytes = -math.inf, math.inf
    if request == "quality":
        _, max_bytes, min_psnr_db = plain[int(value) - 1]
    elif request == "target_psnr":
        min_psnr_db = value
    elif request == BYTES_OF:
        max_bytes = options_["target_size"]
    else:
        max_bytes = value * pixels.shape[0] * pixels.shape[1] / 8
    dominated = any(
        one.bytes <= size and one.psnr_db >= reached_db
        and (one.bytes, one.psnr_db) != (size, reached_db)
        for one in plain
    )  # fmt: skip
    report = made.report
    return Row(
        settings["preset"], presets.find(settings["preset"]).hash,
        settings["effort"], settings["embed"],
        name, pixels.shape[2],
        request, value, report.outcome, report.scale, report.jpeg_quality,
        size, round(reached_db, 3), rival and rival.quality, rival and rival.bytes,
        rival and round(rival.psnr_db, 3),
        reached_db >= min_psnr_db and size <= max_bytes, dominated,
        round(between - start, 2), round(end - between, 2),
    )  # fmt: skip


def plain_jpegs(pixels: np.ndarray) -> Iterator[Plain]:
    """Yields the plain JPEGs of qualities 1 to 100."""
    picture = Image.fromarray(pixels.squeeze())
    options: dict[str, Any] = {"optimize": True}
    if pixels.shape[2] == 3:
        options["subsampling"] = "4:2:0"
    for quality in range(1, 101):
        coded = []
        for progressive in (False, True):
            out = io.BytesIO()
            picture.save(
                out, "JPEG", quality=quality, progressive=progressive, **options
            )
            coded.append(out.getvalue())
        with Image.open(io.BytesIO(coded[0])) as decoded:
            reached_db = psnr_db(pixels, np.atleast_3d(np.asarray(decoded)))
        yield Plain(quality, min(map(len, coded)), reached_db)


def find_rival(
    plain: Sequence[Plain], request: str, value: float, size: int
) -> Plain | None:
    """Returns the plain JPEG for the same request, or None.

    For a request of bytes, the closest one that is no larger than comrec's files.
    """
    if request == "quality":
        return plain[int(value) - 1]
    if request == "target_psnr":
        close = [one for one in plain if one.psnr_db >= value]
        return min(close, key=lambda one: one.bytes, default=None)
    small = [one for one in plain if one.bytes <= size]
    return max(small, key=lambda one: one.psnr_db, default=None)


def summary(found: Sequence[Row]) -> Iterator[str]:
    """Yields a line for each request, and one for the promises and the times."""
    for request, value in REQUESTS:
        some = [r for r in found if (r.request, r.value) == (request, value)]
        if not some:
            continue
        pairs = [r for r in some if r.plain_bytes is not None]
        bytes_ = [r.total_bytes / (r.plain_bytes or 1) - 1 for r in pairs]
        gains = [r.psnr_db - (r.plain_psnr_db or 0) for r in pairs]
        restored = sum(r.outcome == "comrec" for r in some)
        yield (
            f"{request} {value:g}: {np.mean([r.psnr_db for r in some]):.2f} dB; "
            f"{np.mean(bytes_):+.1%} bytes, {np.mean(gains):+.2f} dB against plain "
            f"JPEG ({len(pairs)} pictures); {restored} of {len(some)} use the networks"
        )
    times = [r.compress_s / max(r.decompress_s, 0.01) for r in found
             if r.outcome == "comrec"]  # fmt: skip
    yield (
        f"{sum(not r.kept for r in found)} of {len(found)} files do not meet the "
        f"request, {sum(r.worse for r in found)} are worse than a plain JPEG"
    )
    if times:
        yield f"compressing takes {np.median(times):.1f} times as long as decompressing"


if __name__ == "__main__":
    main()
