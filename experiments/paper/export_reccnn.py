"""Exports the RecCNN of a run alone, for the "RecCNN only" lines of the tables.

Claim: the ONNX file agrees with the Keras network to 1e-4 of the pixel range.
Cost: seconds. Needs the TensorFlow backend. The runs are those of
`configs/reccnn-only-*.json`: RecCNN after bicubic reduction, in ComCNN's stead.

    python experiments/paper/export_reccnn.py runs/reccnn-only-qf10-cpu \\
        experiments/paper/jiang2017/reccnn-only-qf10.onnx
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

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
        raise SystemExit(str(err)) from None


def export(run: Path, out: Path) -> None:
    from comrec.train.alternating.finished import FinishedRound
    from comrec.train.release.export import save

    source = FinishedRound.find(run)
    if source.config.reduction != "bicubic":
        raise UsageError(
            f"{run}: not RecCNN alone (reduction is {source.config.reduction!r}, not "
            f"'bicubic'). release_pair.py exports pairs"
        )
    _, reccnn = source.load_models()
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / out.name
        save(reccnn, draft.with_suffix(".weights.h5"), draft)
        files.write(out, draft.read_bytes())


if __name__ == "__main__":
    main()
