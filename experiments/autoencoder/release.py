"""Makes a released model of a finished autoencoder run: file, card, row of the table.

    python experiments/autoencoder/release.py runs/mnist-dense --data MNIST \\
        --number 1 --summary "what it is for" --licence "its terms" \\
        --data-note "what it learned from"

The name is that of the run's config, and neither name nor number is ever given to
other weights. A run that has not come to its end is refused, and so are weights that do
not restore the pictures held back as the run's log has it. What they score on the test
set, autoencoder_evaluate.py measures.
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
from comrec.errors import ComrecError, UsageError
from comrec.networks import weights
from comrec.networks.presets import WeightFile
from comrec.system import files
from comrec.train.run import checkpoint
from comrec.train.run.log import RunLog
from comrec.train.run.run import CHECKPOINT, fingerprint

# Between the log and the file: half precision, and bfloat16 while it was trained.
LOST_MAX_DB = 0.1


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("run", type=Path, help="folder of a finished run")
    add("--data", required=True, help="what it was trained on, to check the weights")
    add("--number", type=int, required=True, help="what .crae files call it, 1 to 255")
    for name in ("summary", "licence", "data-note"):
        add(f"--{name}", required=True)
    try:
        release(parser.parse_args())
    except ComrecError as err:
        raise SystemExit(f"autoencoder_release: {err}") from err


def release(args: argparse.Namespace) -> None:
    config = AutoencoderConfig.load(args.run / "config.json")
    source = args.run / "model.npz"
    check(args.run, config, model.load(str(source)), args.data)
    taken = [r for r in model.RELEASED.values() if r.number == args.number]
    if taken or config.preset in model.RELEASED or not 1 <= args.number <= 255:
        raise UsageError(
            f"{config.preset}, number {args.number}: a released name or number is "
            f"never given again, and numbers are 1 to 255. Choose others"
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
    """Refuses a model that is not what its run came to."""
    phases = len(list(config.phases()))
    done = checkpoint.load(run / CHECKPOINT).get("progress", np.zeros(2, int))
    if done[0] < phases:
        raise UsageError(
            f"{run}: not finished, {done[0]} of {phases} phases are trained. Go on "
            f"with autoencoder_train.py --resume"
        )
    a = config.architecture
    if (made.name, made.architecture) != (config.preset, a):
        raise UsageError(
            f"{run}: model.npz is {made.name}, and the config says {config.preset}. "
            f"Finish the run again with autoencoder_train.py --resume"
        )
    images = data.load(given, a.channels, a.size_px or (32, 32)).validation
    log = RunLog(run / "metrics.jsonl")
    started, last = log.rows("start")[-1], log.rows("validation")[-1]
    if not fingerprint("validation", images).items() <= started.items():
        raise UsageError(f"{given}: not the pictures of {run}. Name its own data")
    psnr_db = measure.score_float(Codec(made), images).psnr_db
    if abs(psnr_db - last["psnr_db"]) > LOST_MAX_DB:
        raise UsageError(
            f"{run}: model.npz restores the pictures held back with {psnr_db:.2f} dB, "
            f"and the log has {last['psnr_db']:.2f}. Finish the run again with "
            f"autoencoder_train.py --resume"
        )
    print(f"pictures held back: {psnr_db:.4f} dB, in the log {last['psnr_db']:.4f}")


def card(
    row: model.Released, config: AutoencoderConfig, data_note: str, run: Path
) -> str:
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
each latent value, and how often each of its levels comes, which is what the entropy
coder goes by.

**Terms.** {row.licence}

{textwrap.fill(f"**Trained on.** {data_note}", 88)}

**Validation.** {last["psnr_db"]:.2f} dB, mean PSNR on 8-bit pixels of the pictures held
back, latent as it is; `experiments/results/autoencoder/` has the test set.

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
