"""Trains ComCNN and RecCNN in turn, as Jiang et al. 2017 do.

Claim: at the bytes of plain JPEG QF 10, grey pictures come back more than 1 dB
closer to the original (set7 of the paper; `score_pair.py` writes the rows).
Cost: the shipped pair took 101 minutes on two shared CPU cores; the paper's
schedule (`configs/jiang2017-gray-q50.json`) is made for a GPU.

    python experiments/train_alternating.py experiments/configs/gray-q50-cpu.json \\
        --data PICTURES --validation PICTURES --run runs/gray-q50

The same command takes up a run that was stopped.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, help="a JSON of experiments/configs")
    parser.add_argument("--data", type=Path, required=True, help="training pictures")
    parser.add_argument("--validation", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="every n-th picture of it")
    parser.add_argument("--run", type=Path, required=True, help="folder of the run")
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--threads", type=int, default=0, help="0: all cores")
    parser.add_argument("--dry-run", action="store_true", help="print the config, stop")
    args = parser.parse_args()

    from comrec.train.config import TrainConfig

    config = TrainConfig.load(args.config)
    print(config.dump(), flush=True)
    if args.dry_run:
        return

    from comrec.train.alternate import AlternatingRun, OutOfTime
    from comrec.train.data import load_crops, load_picture, picture_files
    from comrec.train.validate import codec_of, score

    pictures = picture_files(args.validation)[:: args.every]
    images = [load_picture(path, config.channels)[:256, :256] for path in pictures]

    def validate(comcnn, reccnn) -> dict[str, float]:
        networks = comcnn.predict_on_batch, reccnn.predict_on_batch
        codec = codec_of(*networks, config.channels, config.compact_quality)
        return asdict(score(codec, images, config.plain_quality))

    crops = load_crops(args.data, config.crop_px, config.channels)
    run = AlternatingRun(config, args.run, crops, validate)
    run.resume()
    try:
        run.train(args.minutes * 60)
    except OutOfTime:
        print("out of time; the same command goes on from the last epoch")


if __name__ == "__main__":
    main()
