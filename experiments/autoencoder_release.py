"""Makes a released model of a finished autoencoder run: file, card, row of the table.

    python experiments/autoencoder_release.py runs/mnist-dense --number 1 \\
        --summary "what it is for" --licence "its terms" \\
        --data-note "what it learned from"

The name is that of the run's config, and neither name nor number is ever given to
other weights. What the weights score on the test set, autoencoder_evaluate.py measures.
"""

from __future__ import annotations

import argparse
import json
import shutil
import textwrap
from dataclasses import asdict
from pathlib import Path

from comrec import files, weights
from comrec.autoencoder import model
from comrec.autoencoder.config import AutoencoderConfig
from comrec.errors import ComrecError, UsageError
from comrec.presets import WeightFile
from comrec.train.runlog import RunLog


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("run", type=Path, help="folder of a finished run")
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
    model.load(str(source))  # it is one, and whole
    taken = [r for r in model.RELEASED.values() if r.number == args.number]
    if taken or config.preset in model.RELEASED or not 1 <= args.number <= 255:
        raise UsageError(
            f"{config.preset}, number {args.number}: a released name or number is "
            f"never given again, and numbers are 1 to 255. Choose others"
        )
    digest = weights.digest(source.read_bytes())
    name = f"{config.preset}.{digest[:8]}.npz"
    shutil.copyfile(source, weights.folder() / name)
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

**What it is.** An autoencoder codec (`comrec/autoencoder/networks.py`, kind
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
