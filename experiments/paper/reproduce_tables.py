"""Measures Tables I and II of Jiang et al. 2017: a row per picture and method.

Claim: the mean PSNR of `comrec` on the paper's seven pictures is at least 1.0 dB above
plain JPEG QF 10 of the same bytes, sidecar counted (28.17 dB), and above bicubic half
size (27.65), ComCNN alone (27.53) and RecCNN alone (29.50).
Cost: two to five minutes on two CPU cores; `--quick` seconds. Needs `comrec[train]`.

    python experiments/paper/reproduce_tables.py PICTURES \\
        --out experiments/results/tables.tsv --figure experiments/results/tables.png

Methods. All enlarge by the bicubic filter; PSNR and SSIM are of 8-bit luma (BT.601):
  jpeg    the direct JPEG at full size, QF 5 (Table I) or QF 10 (Table II)
  half    bicubic half size, JPEG, enlarged
  comcnn  "ComCNN only": the pair's compact image, JPEG, enlarged; no residual
  reccnn  "RecCNN only": bicubic half size, JPEG, enlarged, and the residual of a RecCNN
          trained for it (`experiments/configs/reccnn-only-*.json`). The paper does not
          define its own in detail.
  comrec  both networks, as `comrec compress` and `decompress` run them

Protocols. All use the standard quantisation tables, and find qualities by bisection on
the bytes:
  paper      standard Huffman tables on both sides; one quality for all pictures, the
             largest whose mean .jpg is no larger than the mean direct one
  byte-fair  optimised Huffman tables on both sides; for each picture the largest
             quality whose .jpg and sidecar, as comrec packs them, fit its direct JPEG
  mozjpeg    as byte-fair, but mozjpeg writes the .jpg that has to fit the bytes of
             libjpeg-turbo's direct JPEG; its "jpeg" is the best at full size that fits
Published figures (`experiments/published/`) are of the paper's protocol. They are
matched by the name of the picture, and left out for mozjpeg.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jiang2017 import figure, methods, terminal
from jiang2017.protocols import BUDGETS, PROTOCOLS, Picture, Protocol, Row, Trial, rows
from jiang2017.published import Published
from rich.console import Console

from comrec.cli.console import spell
from comrec.errors import ComrecError, UsageError, naming_errors
from comrec.format import names, sorting
from comrec.image import reader
from comrec.image import source as image_source
from comrec.image.metrics import SSIM_SIDE_PX
from comrec.jpeg import coding
from comrec.jpeg.colour import luma
from comrec.networks import presets
from comrec.system import files

QUICK_PX = 96
SHIPPED = Path(__file__).with_name("jiang2017")  # RecCNNs that belong to no preset


def main(argv: Sequence[str] | None = None) -> None:
    args = parser().parse_args(argv)
    try:
        reproduce(args)
    except ComrecError as err:
        raise SystemExit(f"reproduce_tables: {spell(err)}") from err


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("pictures", type=Path, help="folder of pictures, grey or colour")
    made.add_argument("--preset-qf10", default="jiang2017-gray-q50-2", metavar="PRESET")
    made.add_argument("--preset-qf5", default="jiang2017-gray-q30", metavar="PRESET")
    for budget in BUDGETS:
        made.add_argument(
            f"--reccnn-only-{budget}", type=Path, metavar="FILE",
            default=SHIPPED / f"reccnn-only-{budget}.onnx",
            help=".onnx or .weights.h5 of a RecCNN trained for bicubic reduction; "
            "'none' leaves its lines out (default: the bundled one)",
        )  # fmt: skip
    made.add_argument(
        "-o", "--out", type=Path, metavar="FILE.tsv", help="rows to write"
    )
    made.add_argument(
        "--figure", type=Path, metavar="FILE.png", help="figure of the means to write"
    )
    made.add_argument(
        "--quick", action="store_true",
        help=f"{QUICK_PX}x{QUICK_PX} of the first picture, QF 10, without mozjpeg",
    )  # fmt: skip
    return made


def reproduce(args: argparse.Namespace) -> None:
    """Measures, prints and writes the tables.

    Raises:
      ComrecError: an argument, a picture or a network is not usable.
    """
    if args.figure:
        figure.require()
    published, out, notes = Published(), terminal.console(), []
    loaded = {b: load(args, b, notes) for b in BUDGETS if b == "qf10" or not args.quick}
    pictures = read(args.pictures, published, args.quick)
    protocols = [p for p in PROTOCOLS if p.name != "mozjpeg" or not args.quick]
    protocols = [p for p in protocols if usable(p, notes)]
    found = measure(loaded, protocols, pictures, published)
    terminal.show(found, published, out)
    for note in notes:
        out.print(note)
    if args.out:
        files.write(args.out, as_tsv(found))
    if args.figure:
        files.write(args.figure, figure.draw(found, published))


def load(
    args: argparse.Namespace, budget: str, notes: list[str]
) -> list[methods.Method]:
    """Returns the methods for one budget, and notes the one that is left out."""
    name = getattr(args, f"preset_{budget}")
    reccnn_only: Path | None = getattr(args, f"reccnn_only_{budget}")
    if reccnn_only == Path("none"):
        notes.append(f"QF {BUDGETS[budget]}: RecCNN only is left out, as requested.")
        reccnn_only = None
    return methods.load(presets.find(name), reccnn_only)


def read(folder: Path, published: Published, quick: bool) -> list[Picture]:
    """Returns the luma of a folder's pictures, in the paper's order, others by name.

    Raises:
      UsageError: the folder is missing or empty, or a picture is too small.
      ImageError: a picture cannot be read.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: not a folder. Name one that holds pictures")
    paths = sorting.list_pictures(folder)
    if not paths:
        raise UsageError(
            f"{folder}: no pictures in it. Expected: {' '.join(names.PICTURES)}"
        )
    paths.sort(key=lambda path: (published.position(path.stem), path.name))
    pictures = []
    for path in paths[: 1 if quick else None]:
        data, source = image_source.load(path)
        with naming_errors(source):
            pixels = luma(reader.read(data).pixels)
        if min(pixels.shape[:2]) < SSIM_SIDE_PX:
            raise UsageError(
                f"{path}: SSIM needs {SSIM_SIDE_PX} pixels a side. "
                f"Received: {pixels.shape[1]}x{pixels.shape[0]}. Leave it out"
            )
        pictures.append(Picture(path.stem, pixels))
    if quick:
        # Another name, because published figures are of the whole picture.
        name, pixels = pictures[0]
        corner = np.ascontiguousarray(pixels[:QUICK_PX, :QUICK_PX])
        pictures = [Picture(f"{name}-{QUICK_PX}px", corner)]
    return pictures


def usable(protocol: Protocol, notes: list[str]) -> bool:
    """Returns whether the encoder of a protocol is installed; notes it if not."""
    try:
        coding.encode(np.zeros((8, 8, 1), np.uint8), 50, protocol.coded)
    except (ImportError, OSError) as err:  # OSError: pyvips without its library
        notes.append(f"Protocol {protocol.name} is left out: no encoder ({err}).")
        return False
    return True


def measure(
    loaded: dict[str, list[methods.Method]],
    protocols: list[Protocol],
    pictures: list[Picture],
    published: Published,
) -> list[Row]:
    """Returns all rows, sorted by budget, protocol, method and picture."""
    by_protocol: dict[tuple[str, str], list[Row]] = {
        (budget, protocol.name): [] for budget in loaded for protocol in protocols
    }
    with Console(stderr=True).status("") as status:
        for budget, methods_ in loaded.items():
            for method in methods_:
                trial = Trial(method, pictures)
                for protocol in protocols:
                    status.update(f"{budget}, {protocol.name}, {method.name}")
                    by_protocol[budget, protocol.name] += rows(
                        budget, protocol, trial, published
                    )
    return [row for some in by_protocol.values() for row in some]


def as_tsv(found: list[Row]) -> bytes:
    """Returns the rows as TSV."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter="\t", lineterminator="\n")
    writer.writerow(Row._fields)
    writer.writerows(found)
    return out.getvalue().encode()


if __name__ == "__main__":
    main()
