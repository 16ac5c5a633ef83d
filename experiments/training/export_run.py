"""Makes the folder of a training run a preset that `comrec compress -p RUN` takes.

Claim: the ONNX files agree with the Keras networks to 1e-4 of the pixel range. Cost:
under a minute. Needs the TensorFlow backend.

    python experiments/training/export_run.py runs/mine
    comrec compress photo.png -p runs/mine
    comrec decompress photo.comrec.jpg -p runs/mine

Takes the best weights of the run, or those of --round. Writes `preset.json` and, for
each network, a `.weights.h5` and an `.onnx` into the folder of the run.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

from comrec.cli.console import spell
from comrec.errors import ComrecError


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--name", default="", help="of the preset (default: folder's)")
    parser.add_argument("--round", type=int, help="of an alternating run (best)")
    args = parser.parse_args()
    from comrec.train.release.folder import write_run

    try:
        preset = write_run(args.run, args.name, args.round)
    except ComrecError as err:
        raise SystemExit(spell(err)) from None
    print(f"{args.run}: preset {preset.name}")


if __name__ == "__main__":
    main()
