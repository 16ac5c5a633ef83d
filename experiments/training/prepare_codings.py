"""Prepares crops of pictures with their JPEGs on disk, for training RecCNN.

Claim: crops that are coded once serve many runs, and each run gets the same ones. They
have JPEGs of several origins, in shares that are options; the share "own" is coded by
rounds through comrec-lite-2. Cost: on one core about 30 minutes for 4096 crops of 192
pixels, 450 MB, and 3 minutes without the share "own". The script can be stopped at any
moment; the same command continues it.

    python experiments/training/prepare_codings.py --out runs/codings \\
        --data cid22 clic2025_half clic2025 --all-of gb82 budgie
    python experiments/training/prepare_codings.py --out runs/held-back \\
        --data cid22 clic2025_half --held-back --count 96

Every tenth picture of the folders of --data, by name, is held back to validate on and
is not read; the folders of --all-of are used whole. Pictures that are JPEGs themselves
are reduced to between a half and four fifths, so that their artefacts are not learned.
"""

from __future__ import annotations

import argparse
import collections
import sys
from pathlib import Path

import numpy as np
import training_script

from comrec.errors import UsageError
from comrec.format import names
from comrec.train.alternating.data import list_pictures, load_picture
from comrec.train.prepared import coders, recipe
from comrec.train.prepared.recipe import Recipe
from comrec.train.prepared.shards import PreparedCrops

HELD_BACK = 10
REDUCTION_MAX = 2.0  # linear, of pictures that are JPEGs themselves


def main() -> None:
    training_script.call(make, parse(sys.argv[1:]), "the same command")


def parse(argv: list[str]) -> argparse.Namespace:
    default = Recipe()
    parser = training_script.parser(__doc__)
    add = parser.add_argument
    add(
        "--data", type=training_script.folder, nargs="+", default=[],
        help=f"folders of which every {HELD_BACK}th picture is held back",
    )  # fmt: skip
    add(
        "--all-of",
        type=training_script.folder,
        nargs="+",
        default=[],
        help="folders that are used whole",
    )
    add(
        "--held-back", action="store_true",
        help="read the pictures of --data that are held back, in place of the others",
    )  # fmt: skip
    add("--out", type=Path, required=True, help="folder to write the crops to")
    add("--count", type=int, default=default.count, help="number of crops")
    add("--side-px", type=int, default=default.side_px, help="side of a crop")
    add(
        "--share", type=read_share, action="append", default=[], metavar="KIND=SHARE",
        help="share of a kind; if one is given, kinds that are not named get none "
        "(default: " + ", ".join(f"{k}={v}" for k, v in default.shares.items()) + ")",
    )  # fmt: skip
    add("--grey-share", type=float, default=default.grey_share)
    add("--scales", type=float, nargs="+", default=default.scales)
    add("--scale-shares", type=float, nargs="+", default=default.scale_shares)
    add("--seed", type=int, default=default.seed)
    return parser.parse_args(argv)


def read_share(text: str) -> tuple[str, float]:
    """Reads KIND=SHARE."""
    kind, _, value = text.partition("=")
    return kind, float(value)


def make(args: argparse.Namespace) -> None:
    wanted = Recipe(
        count=args.count, side_px=args.side_px,
        shares=dict(args.share) or Recipe().shares,
        grey_share=args.grey_share, scales=tuple(args.scales),
        scale_shares=tuple(args.scale_shares), seed=args.seed,
    )  # fmt: skip
    paths = list_training(args.data, args.all_of, args.held_back)
    pictures = [load_picture(path, 3) for path in paths]
    reductions = [
        REDUCTION_MAX if path.suffix.lower() in names.JPEGS else 1 for path in paths
    ]
    for done in recipe.prepare(args.out, wanted, pictures, reductions):
        print(f"{done} of {wanted.count} crops", flush=True)
    del pictures
    report(args.out)


def list_training(split: list[Path], whole: list[Path], held_back: bool) -> list[Path]:
    """Returns the pictures to train on, in a fixed order, or those to validate on.

    Args:
      split: folders of which every HELD_BACK-th picture is to validate on.
      whole: folders of pictures to train on.
      held_back: whether the pictures to validate on are returned.

    Raises:
      UsageError: there is no picture, or `whole` is given with `held_back`.
    """
    if held_back and whole:
        raise UsageError("`all_of` has no pictures held back. Leave it out")
    paths: list[Path] = []
    for folder in split:
        found = list_pictures(folder)
        chosen = {*found[::HELD_BACK]}
        paths += [path for path in found if (path in chosen) == held_back]
    for folder in whole:
        paths += list_pictures(folder)
    if not paths:
        raise UsageError("no pictures to train on. Name folders by `data` or `all_of`")
    return paths


def report(folder: Path) -> None:
    """Prints the number, the median rate and the median PSNR of each kind."""
    found = PreparedCrops(folder)
    rows = collections.defaultdict(list)
    for i, kind in enumerate(found.kinds):
        coding = found.get_coding(i)
        side = coding.image.shape[0]
        psnr_db = 10 * np.log10(1 / max(coding.error, 1e-7))
        rows[kind].append((8 * coding.bytes / side**2, psnr_db))
    for kind in coders.KINDS:
        if rows[kind]:
            bpp, level = np.median(rows[kind], axis=0)
            print(
                f"{kind:>16}: {len(rows[kind])}, median {bpp:.2f} bpp, {level:.1f} dB"
            )


if __name__ == "__main__":
    main()
