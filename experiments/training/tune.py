"""Trains a released RecCNN further, on prepared crops of files of many origins.

Claim: comrec-base-3, which has learned on mozjpeg's flat files alone, gains on files of
comrec's own encoder and on ordinary JPEGs. tune_gain.py measures by how much. Cost: on
two free cores two seconds for each step of 12 patches of 96 pixels; after 50 steps
ordinary JPEGs gain 0.2 dB.

    python experiments/training/tune.py experiments/configs/comrec-base-4.json \\
        --codings runs/codings --validation runs/held-back --run runs/comrec-base-4

Both folders of crops are made by prepare_codings.py. The log has the dB gained over the
decoded JPEGs of the held-back crops: `reference` of the start, then `validation` of
each epoch. The script can be stopped at any moment; the same command continues from
the last epoch. A config with one more stage continues a run that is finished. The
folder is that of a run of `comrec train joint`: `comrec train export RUN` makes it a
preset.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

import training_script

from comrec.train.joint.config import JointConfig
from comrec.train.prepared.shards import PreparedCrops


def main() -> None:
    training_script.call(tune, parse(sys.argv[1:]), "the same command")


def parse(argv: list[str]) -> argparse.Namespace:
    parser = training_script.parser(__doc__)
    add = parser.add_argument
    add("config", type=Path, help="JSON, as of `comrec train joint`")
    add("--codings", type=Path, required=True, help="crops to train on")
    add("--validation", type=Path, required=True, help="crops that are held back")
    add("--run", type=Path, required=True, help="folder of the run")
    add("--minutes", type=float, default=float("inf"), help="of training")
    return parser.parse_args(argv)


def tune(args: argparse.Namespace) -> None:
    """Trains, until the schedule ends or the budget is spent."""
    config = JointConfig.load(args.config)
    crops = PreparedCrops(args.codings, config.scales)

    from tune_run import CropValidation, TuneDisplay, TuneRun

    from comrec.train.run.run import OutOfTime

    validate = CropValidation(PreparedCrops(args.validation, config.scales))
    with TuneDisplay() as show:
        try:
            run = TuneRun(config, args.run, crops, validate, show)
            run.train(args.minutes * 60)
        except OutOfTime:
            print("out of time. Continue by the same command", file=sys.stderr)


if __name__ == "__main__":
    main()
