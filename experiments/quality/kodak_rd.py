"""Rate and distortion of comrec and its rivals on the Kodak pictures.

Claim: over 0.1 to 2 bits per pixel comrec's files take fewer bits than plain JPEG,
mozjpeg, jpegli, WebP and JPEG XL at the same PSNR, in colour and in grey; JPEG 2000 and
AVIF are ahead. For the eye they take fewer than all these but AVIF. Cost: about two
hours on two cores, of which comrec-base takes most; what has rows already is not
measured again.

    python experiments/quality/kodak_rd.py PICTURES --out experiments/results

Three runs of `comrec evaluate`, each with rows and a summary of its own, the first with
figures and published curves as well. The pictures are the 24 of 768x512 pixels; other
folders give other rows, and no published curves.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.apps.evaluate import peers, published, report, sweep
from comrec.apps.evaluate.evaluate import EvaluateRequest, evaluate
from comrec.cli import values
from comrec.errors import ComrecError
from comrec.networks import presets
from comrec.system import cores

COUNT = values.number(1, 10**6)
PRESETS = (presets.DEFAULT, "comrec-lite-2")
EYE = ("jpeg", "mozjpeg", "jpegli", "webp", "avif")
EYE_POINTS = 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, help="folder")
    add("--out", type=Path, required=True, help="folder of the rows")
    add(
        "--jobs",
        type=COUNT,
        default=cores.available(),
        help="processes (one a core)",
    )
    add("--quick", action="store_true", help="2 settings of a few codecs, 1 picture")
    args = parser.parse_args()
    try:
        for asked in plans(args):
            found = evaluate(asked)
            print(report.text(found.lines))
            print(*found.notes, f"written: {asked.out}", sep="\n")
    except ComrecError as err:
        raise SystemExit(f"kodak_rd: {err}") from err


def plans(args: argparse.Namespace) -> list[EvaluateRequest]:
    """In colour, in grey, for the eye."""
    own = tuple(f"comrec:{name}" for name in PRESETS)
    codecs: dict[str, tuple[str, ...]] = {
        "kodak": (peers.ALL, *own),
        "kodak-grey": (peers.ALL, *own, f"{own[0]}+embed"),
        "kodak-visual": (*EYE, f"{own[0]}:visual"),
    }
    pictures = [subject.identity() for subject in sweep.subjects(args.pictures)[0]]
    is_kodak = published.checksum(pictures) == published.SETS["kodak"]
    every, points = 1, None
    if args.quick:
        codecs = dict.fromkeys(codecs, ("jpeg", "webp", own[1]))
        every, points = len(pictures), 2
    found = []
    for name, chosen in codecs.items():
        is_eye = name == "kodak-visual" and not args.quick
        found.append(
            EvaluateRequest(
                args.pictures, args.out / f"{name}.tsv", chosen,
                is_grey=name == "kodak-grey", every=every,
                points=EYE_POINTS if is_eye else points,
                metrics="all" if is_eye else "psnr", jobs=args.jobs,
                draws=name == "kodak",
                published="kodak" if is_kodak and name == "kodak" else None,
            )
        )  # fmt: skip
    return found


if __name__ == "__main__":
    main()
