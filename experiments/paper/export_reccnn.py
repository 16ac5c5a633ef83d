"""Exports the RecCNN of a run to ONNX, for the "RecCNN only" lines of the tables.

Claim: the ONNX file agrees with the Keras network to 1e-4 of the pixel range.
Cost: seconds. Needs the TensorFlow backend. The runs are those of
`experiments/configs/reccnn-only-*.json`, with bicubic reduction in place of ComCNN.

    python experiments/paper/export_reccnn.py runs/reccnn-only-qf10-cpu \\
        experiments/paper/jiang2017/reccnn-only-qf10.onnx
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

from comrec.cli.console import spell
from comrec.errors import ComrecError, UsageError
from comrec.system import files


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("out", type=Path, help=".onnx to write")
    args = parser.parse_args()
    try:
        export(args.run, args.out)
    except ComrecError as err:
        raise SystemExit(f"export_reccnn: {spell(err)}") from None


def export(run: Path, out: Path) -> None:
    from comrec.train.alternating.finished import FinishedRound
    from comrec.train.release.export import save

    source = FinishedRound.find(run)
    if source.config.reduction != "bicubic":
        raise UsageError(
            f"{run}: not a run of RecCNN alone (reduction is "
            f"{source.config.reduction!r}, not 'bicubic'). Export a pair by "
            f"experiments/training/release_pair.py"
        )
    _, reccnn = source.load_models()
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / out.name
        save(reccnn, draft.with_suffix(".weights.h5"), draft)
        files.write(out, draft.read_bytes())


if __name__ == "__main__":
    main()
