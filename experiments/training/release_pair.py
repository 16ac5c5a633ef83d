"""Makes a preset of a training run: weights, ONNX files, model card and table row.

Claim: the ONNX files agree with the Keras networks to 1e-4 of the pixel range, at
even and odd sizes. Cost: under a minute. Needs the TensorFlow backend.

    python experiments/training/release_pair.py runs/gray-q50 \\
        --name jiang2017-gray-q50 \\
        --summary "the paper's networks on luma, half size; for 0.1 to 0.4 bpp" \\
        --licence "research only: trained on crops of BSDS500 photographs" \\
        --data-note "398 grey 180x180 crops of BSDS500 photographs"

Takes the weights of the round with the best validation, or those of --round. Writes
`pretrained/NAME.NETWORK.HASH.weights.h5` and `.onnx`, where HASH is the beginning of
the SHA-256 of the .weights.h5, the card `pretrained/NAME.md`, a line in
`pretrained/README.md`, and the row in `comrec/networks/presets.json`: all of these or
none. A released name is refused, because a released preset never changes.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

from comrec.cli.console import spell
from comrec.errors import ComrecError

ROOT = Path(__file__).parents[2]


def main() -> None:
    args = parse()
    try:
        release(args)
    except ComrecError as err:
        raise SystemExit(spell(err)) from None
    except KeyboardInterrupt:
        raise SystemExit("stopped; nothing was released") from None


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("run", type=Path, help="folder of the run")
    add("--name", required=True, help="name of the preset")
    add("--summary", required=True, help="purpose of the preset, in one line")
    add("--licence", required=True, help="terms of the weights, in one line")
    add("--data-note", required=True, help="training data, in one line")
    add("--round", type=int, help="of an alternating run (default: the best one)")
    add("--out", type=Path, help="folder of the files (default: pretrained)")
    add("--presets", type=Path, help="table (default: comrec/networks/presets.json)")
    args = parser.parse_args()
    if (args.out is None) != (args.presets is None):
        parser.error(
            "--out and --presets go together: the table names files of one folder"
        )
    args.out = args.out or ROOT / "pretrained"
    args.presets = args.presets or ROOT / "comrec" / "networks" / "presets.json"
    return args


def release(args: argparse.Namespace) -> None:
    from comrec.train.release.release import Label, find, release

    label = Label(args.name, args.summary, args.licence, args.data_note)
    source = find(args.run, args.round)
    preset = release(source, label, args.out, args.presets)
    print(
        f"{preset.name}: number {preset.number}, from {args.run}. {source.weights_note}"
    )
    for file in (*preset.weights.values(), *preset.onnx.values()):
        print(args.out / file.name)
    print(args.out / f"{preset.name}.md")


if __name__ == "__main__":
    main()
