"""Releases the model of a finished autoencoder run: file, card and table row.

    python experiments/autoencoder/release.py runs/mnist-dense --data MNIST \\
        --number 1 --summary "what it is for" --licence "its terms" \\
        --data-note "what it learned from"

The name is the preset of the run's config; a name or a number is never used for other
weights. A run that is not finished is refused, and so are weights whose validation PSNR
is not the one in the run's log. `experiments/autoencoder/evaluate.py` measures the
model on the test set.
"""

from __future__ import annotations

import argparse
import json
import textwrap
from dataclasses import asdict
from pathlib import Path

import numpy as np

from comrec.apps.autoencoder import data, measure, model
from comrec.apps.autoencoder.codec import Codec
from comrec.apps.autoencoder.config import AutoencoderConfig
from comrec.cli.console import spell
from comrec.errors import ComrecError, UsageError
from comrec.networks import weights
from comrec.networks.presets import WeightFile
from comrec.system import files
from comrec.train.run import checkpoint
from comrec.train.run.log import RunLog
from comrec.train.run.run import CHECKPOINT, fingerprint

# Between log and file: weights in half precision, training in bfloat16.
LOST_MAX_DB = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("run", type=Path, help="folder of a finished run")
    add("--data", required=True, help="training data of the run, to check the weights")
    add("--number", type=int, required=True, help="number in .crae files, 1 to 255")
    for name in ("summary", "licence", "data-note"):
        add(f"--{name}", required=True)
    try:
        release(parser.parse_args())
    except ComrecError as err:
        raise SystemExit(f"release: {spell(err)}") from err


def release(args: argparse.Namespace) -> None:
    """Writes the model file, its card and its row.

    Raises:
      ComrecError: the run is not finished, or the name or number is not free.
    """
    config = AutoencoderConfig.load(args.run / "config.json")
    source = args.run / "model.npz"
    check(args.run, config, model.load(str(source)), args.data)
    taken = [r for r in model.RELEASED.values() if r.number == args.number]
    if taken or config.preset in model.RELEASED or not 1 <= args.number <= 255:
        raise UsageError(
            f"{config.preset}, number {args.number}: a released name or number is "
            f"never used again, and numbers are 1 to 255. Choose others"
        )
    content = source.read_bytes()
    digest = weights.digest(content)
    name = f"{config.preset}.{digest[:8]}.npz"
    files.write(weights.folder() / name, content)
    row = model.Released(
        config.preset, args.number, args.summary, WeightFile(name, digest),
        args.licence, f"experiments/configs/autoencoder-{config.preset}.json",
    )  # fmt: skip
    text = card(row, config, args.data_note, args.run)
    files.write(weights.folder() / f"{config.preset}.md", text.encode())
    every = sorted((*model.RELEASED.values(), row), key=lambda r: r.number)
    table = [asdict(r) for r in every]
    files.write(model.TABLE, (json.dumps(table, indent=2) + "\n").encode())
    print(f"released: {name}")


def check(run: Path, config: AutoencoderConfig, made: model.Model, given: str) -> None:
    """Raises UsageError if a model is not the final one of its run."""
    phases = len(list(config.phases()))
    done = checkpoint.load(run / CHECKPOINT).get("progress", np.zeros(2, int))
    if done[0] < phases:
        raise UsageError(
            f"{run}: not finished, {done[0]} of {phases} phases are trained. Continue "
            f"by comrec train `resume`"
        )
    a = config.architecture
    if (made.name, made.architecture) != (config.preset, a):
        raise UsageError(
            f"{run}: model.npz is {made.name}, and the config names {config.preset}. "
            f"Write it again by comrec train `resume`"
        )
    images = data.load(given, a.channels, a.size_px or (32, 32)).validation
    log = RunLog(run / "metrics.jsonl")
    started, last = log.rows("start")[-1], log.rows("validation")[-1]
    if not fingerprint("validation", images).items() <= started.items():
        raise UsageError(f"{given}: not the pictures of {run}. Name its training data")
    psnr_db = measure.score_float(Codec(made), images).psnr_db
    if abs(psnr_db - last["psnr_db"]) > LOST_MAX_DB:
        raise UsageError(
            f"{run}: model.npz has a validation PSNR of {psnr_db:.2f} dB, and the log "
            f"{last['psnr_db']:.2f}. Write it again by comrec train `resume`"
        )
    print(f"validation: {psnr_db:.4f} dB, in the log {last['psnr_db']:.4f}")


def card(
    row: model.Released, config: AutoencoderConfig, data_note: str, run: Path
) -> str:
    """Returns the model card as Markdown."""
    log = RunLog(run / "metrics.jsonl")
    last = log.rows("validation")[-1]
    made = {
        name: value
        for name, value in log.rows("start")[-1].items()
        if isinstance(value, str) and name not in ("event", "source")
    }
    return f"""\
# Model card: {row.name}

{row.summary}

**What it is.** An autoencoder codec (`comrec/apps/autoencoder/networks.py`, kind
`{config.architecture.kind}`) for .crae files: weights in half precision, the range of
each latent value, and the counts of its levels, which the entropy coder needs.

**Terms.** {row.licence}

{textwrap.fill(f"**Trained on.** {data_note}", 88)}

**Validation.** {last["psnr_db"]:.2f} dB, mean PSNR on 8-bit pixels of the validation
pictures, latent unquantised; `experiments/results/autoencoder/` has the test set.

## Config

```json
{config.dump().strip()}
```

## Made with

{", ".join(f"{name} {value}" for name, value in made.items())}

## Files

| file | SHA-256 |
| --- | --- |
| `{row.file.name}` | `{row.file.sha256}` |

Every load checks the SHA-256.
"""


if __name__ == "__main__":
    main()
