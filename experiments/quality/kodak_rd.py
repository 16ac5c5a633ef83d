"""Measures rate and distortion of comrec and other codecs on the Kodak pictures.

Claim: from 0.1 to 2 bits per pixel comrec's files need fewer bits than plain JPEG,
mozjpeg, jpegli, WebP and JPEG XL at the same PSNR, in colour and in grey; JPEG 2000
and AVIF need fewer still. By MS-SSIM and SSIMULACRA2 comrec with `--tune visual` needs
fewer than all measured codecs but AVIF. Cost: about two hours on two cores, most of it
for comrec-base; settings that have rows already are not measured again.

    python experiments/quality/kodak_rd.py PICTURES --out experiments/results

Runs `comrec evaluate` three times, each with its own rows and summary; the first run
adds figures and published curves. The pictures are the 24 of 768x512 pixels; with
another folder the published curves are left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from comrec.apps.evaluate import peers, published, report, sweep
from comrec.apps.evaluate.evaluate import EvaluateRequest, evaluate
from comrec.cli import values
from comrec.cli.console import spell
from comrec.errors import ComrecError
from comrec.networks import presets
from comrec.system import cores

COUNT = values.number(1, 10**6)
PRESETS = (presets.DEFAULT, "comrec-lite-2")
VISUAL_CODECS = ("jpeg", "mozjpeg", "jpegli", "webp", "avif")
VISUAL_POINTS = 4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("pictures", type=Path, help="folder of pictures")
    add("--out", type=Path, required=True, help="folder of the rows")
    add(
        "--jobs",
        type=COUNT,
        default=cores.available(),
        help="processes (default: one for each core)",
    )
    add(
        "--quick",
        action="store_true",
        help="one picture, three codecs, two settings each",
    )
    args = parser.parse_args()
    try:
        for request in requests(args):
            found = evaluate(request)
            print(report.text(found.lines))
            print(*found.notes, f"written: {request.out}", sep="\n")
    except ComrecError as err:
        raise SystemExit(f"kodak_rd: {spell(err)}") from err


def requests(args: argparse.Namespace) -> list[EvaluateRequest]:
    """Returns the runs: colour and grey by PSNR, and colour by all metrics."""
    own = tuple(f"comrec:{name}" for name in PRESETS)
    codecs: dict[str, tuple[str, ...]] = {
        "kodak": (peers.ALL, *own),
        "kodak-grey": (peers.ALL, *own, f"{own[0]}+embed"),
        "kodak-visual": (*VISUAL_CODECS, f"{own[0]}:visual"),
    }
    pictures = [subject.identity() for subject in sweep.subjects(args.pictures)[0]]
    is_kodak = published.checksum(pictures) == published.SETS["kodak"]
    every, points = 1, None
    if args.quick:
        codecs = dict.fromkeys(codecs, ("jpeg", "webp", own[1]))
        every, points = len(pictures), 2
    found = []
    for name, chosen in codecs.items():
        is_visual = name == "kodak-visual" and not args.quick
        found.append(
            EvaluateRequest(
                args.pictures, args.out / f"{name}.tsv", chosen,
                is_grey=name == "kodak-grey", every=every,
                points=VISUAL_POINTS if is_visual else points,
                metrics="all" if is_visual else "psnr", jobs=args.jobs,
                draws=name == "kodak",
                published="kodak" if is_kodak and name == "kodak" else None,
            )
        )  # fmt: skip
    return found


if __name__ == "__main__":
    main()
