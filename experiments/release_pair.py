"""Turns a training run into a preset: weights, ONNX exports, and the row to paste.

Claim: the ONNX files agree with the Keras networks to 1e-4 of the pixel range, at
even and odd sizes. Cost: under a minute. Needs the TensorFlow backend.

    python experiments/release_pair.py runs/gray-q50 --name jiang2017-gray-q50

Writes `pretrained/NAME.NETWORK.HASH.weights.h5` and `.onnx`, where HASH is the
beginning of the SHA-256 of the .weights.h5, and prints the entries for
`comrec/presets.py`. Earlier files stay: a released preset never changes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import onnxruntime

from comrec.models import BUILDERS
from comrec.train.config import TrainConfig

PRETRAINED = Path(__file__).parents[1] / "pretrained"
SIZES = ((48, 64), (37, 53), (1, 1), (1, 17))
TOLERANCE = 1e-4


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--name", required=True, help="of the preset")
    parser.add_argument("--out", type=Path, default=PRETRAINED, help="folder")
    args = parser.parse_args()
    config = TrainConfig.load(args.run / "config.json")
    with np.load(args.run / "checkpoint.npz", allow_pickle=False) as state:
        if int(state["progress"][0]) < len(config.phases):
            raise SystemExit(f"{args.run}: the run has not come to its end")
        for network, build in BUILDERS.items():
            model = build(config.channels, **sizes(config, network))
            for i, variable in enumerate(model.variables):
                variable.assign(state[f"{network}_{i}"])
            release(model, network, args.name, args.out)


def sizes(config: TrainConfig, network: str) -> dict[str, int]:
    """What the builder of a network is told besides the channels."""
    if network == "comcnn":
        return {"width": config.width}
    return {"width": config.width, "depth": config.depth}


def release(model: keras.Model, network: str, name: str, out: Path) -> None:
    """Writes both files of one network and prints their entries."""
    with tempfile.TemporaryDirectory(dir=out) as folder:
        master, export = Path(folder) / "draft.weights.h5", Path(folder) / "draft.onnx"
        model.save_weights(master)
        signature = [keras.InputSpec(shape=model.input_shape, dtype="float32")]
        model(np.zeros((1, 8, 8, model.input_shape[-1]), np.float32))
        model.export(export, format="onnx", verbose=False, input_signature=signature)
        check(model, export)
        stem = f"{name}.{network}.{sha256(master)[:8]}"
        for draft, kind in ((master, "weights.h5"), (export, "onnx")):
            path = out / f"{stem}.{kind}"
            if path.exists():
                raise SystemExit(f"{path}: released before, and that never changes")
            draft.rename(path)
            print(f'"{network}": WeightFile("{path.name}", "{sha256(path)}"),')


def check(model: keras.Model, export: Path) -> None:
    """Stops the release when the export does not compute what Keras computes."""
    session = onnxruntime.InferenceSession(export, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    rng = np.random.default_rng(0)
    for height, width in SIZES:
        x = rng.random((1, height, width, model.input_shape[-1]), np.float32)
        ours, theirs = model.predict(x, verbose=0), session.run(None, {name: x})[0]
        if ours.shape != theirs.shape or np.abs(ours - theirs).max() > TOLERANCE:
            raise SystemExit(f"{export}: differs from Keras at {width}x{height}")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
