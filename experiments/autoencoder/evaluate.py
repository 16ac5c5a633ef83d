"""Measures rate and distortion of the autoencoder codecs on test pictures.

Claims for the models in `pretrained/`: on MNIST's test digits, mean PSNR with the
unquantised latent, mnist-dense (196 values for 784 pixels) is above 29.5 dB where PCA
of the same size reaches 28.0, and mnist-cnn (32 values) above 22 dB where PCA reaches
18.6; latent values of 8 bits lose less than 0.2 dB. On photos cifar100-conv is worse
than comrec and JPEG. Cost: about five minutes on a CPU core.

    python experiments/autoencoder/evaluate.py --mnist MNIST --cifar100 CIFAR100 \\
        --out experiments/results/autoencoder

--models runs/mine/model.npz measures a model of your own. Bytes are those of whole
files. Full precision is measured on the whole test set, files on every n-th picture of
it (column `pictures`). Writes rows, curves and grids of samples; --sweep adds the rows
of models of other latent sizes, trained by `comrec train autoencoder --latent N`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import comrec
from comrec.api.compress import read_input
from comrec.apps.autoencoder import data, figures, measure, model
from comrec.apps.autoencoder.architecture import POOLED_PX
from comrec.apps.autoencoder.codec import Codec
from comrec.apps.autoencoder.measure import Row
from comrec.cli.console import spell
from comrec.errors import ComrecError, UsageError, naming_errors
from comrec.image.metrics import psnr_db
from comrec.image.source import load
from comrec.networks import presets

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # hides the banner of TensorFlow
PHOTO = Path(__file__).parents[2] / "examples" / "astronaut.png"
DIGITS, PATCHES = ("mnist-dense", "mnist-cnn"), ("cifar100-conv",)
SIZES = (8, 16, 32, 64, 128, 196)  # of PCA
FILES = 500  # pictures to code to files, about
SAMPLES = 12
PHOTO_QUALITIES = (10, 30, 75)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--mnist", help="folder of the IDX files, or the word mnist to download them")
    add("--cifar100", help="archive or .npz, or the word cifar100 to download it")
    add("--models", nargs="+", default=[*DIGITS, *PATCHES], metavar="MODEL",
        help="names, or model.npz of runs (default: the released ones)")  # fmt: skip
    add("--sweep", nargs="+", default=[], help="MNIST models of other latent sizes")
    add("--quantised", nargs="+", default=[], help="mnist-dense with a quantised phase")
    add("--photo", type=Path, default=PHOTO, help="photo to code, with --cifar100")
    add("--preset", default="comrec-lite", help="preset of comrec for the photo")
    add("--out", type=Path, required=True, help="folder to write into")
    add(
        "--quick", action="store_true", help="synthetic pictures, few settings, seconds"
    )
    args = parser.parse_args()
    try:
        evaluate(args)
    except ComrecError as err:
        raise SystemExit(f"evaluate: {spell(err)}") from err


def evaluate(args: argparse.Namespace) -> None:
    """Measures the models, and writes rows, curves and samples.

    Raises:
      ComrecError: an argument, a model or a data set is not usable.
    """
    if not (args.mnist or args.cifar100 or args.quick):
        raise UsageError("no pictures to evaluate on. Name `mnist` or `cifar100`")
    if (args.sweep or args.quantised) and not (args.mnist or args.quick):
        raise UsageError("`sweep` and `quantised` need `mnist`. Name it")
    models = [Codec(model.load(each)) for each in args.models]
    for name, given, channels, size_px in (
        ("mnist", args.mnist, 1, (28, 28)), ("cifar100", args.cifar100, 3, (32, 32)),
    ):  # fmt: skip
        codecs = [one for one in models if one.model.architecture.channels == channels]
        if not codecs or not (given or args.quick):
            continue
        if given:
            images = data.load(given, channels, size_px)
        else:
            images = data.draw_strokes(48, channels, size_px)
        with naming_errors(given or "synthetic pictures"):
            for codec in codecs:
                codec.check(images.test[0])
        sizes = SIZES if name == "mnist" and not args.quick else ()
        every = max(len(images.test) // FILES, 1)
        found = rows(codecs, images, sizes, every, args.quick)
        measure.write(args.out / f"{name}.tsv", found)
        figures.draw_curves(found).savefig(args.out / f"{name}.png")
        drawn = samples(codecs, images.test[:SAMPLES])
        drawn.savefig(args.out / f"{name}-samples.png", bbox_inches="tight")
        if args.sweep and name == "mnist":
            swept = [Codec(model.load(each)) for each in args.sweep]
            more = [measure.score_float(codec, images.test) for codec in swept]
            more += [row for row in found if row.setting == "float"]
            measure.write(args.out / "sweep.tsv", more)
            figures.draw_sweep(more).savefig(args.out / "sweep.png")
        if args.quantised and name == "mnist":
            quantised = [Codec(model.load(each)) for each in args.quantised]
            some = images.test[:: max(len(images.test) // FILES, 1)]
            more = []
            for codec in (codecs[0], *quantised):
                more += measure.score_bits(codec, some, measure.BITS)
            measure.write(args.out / "quantised.tsv", more)
    convolutional = [one for one in models if not one.model.architecture.size_px]
    if convolutional and (args.cifar100 or args.quick):
        found = photo_rows(args, convolutional[0])
        measure.write(args.out / "photo.tsv", found)
        figures.draw_curves(found).savefig(args.out / "photo.png")
    print(f"written: {args.out}")


def rows(
    codecs: Sequence[Codec], images: data.Images, sizes: Sequence[int], every: int,
    quick: bool,
) -> list[Row]:  # fmt: skip
    """Returns the rows of codecs of one data set, with PCA, JPEG and PNG."""
    some = images.test[::every]
    bits = (8, 4) if quick else measure.BITS
    found = [measure.score_float(codec, images.test) for codec in codecs]
    found += measure.score_pca(images.train, images.test, sizes)
    for codec in codecs:
        found += measure.score_bits(codec, some, bits)
    found += jpegs(some, found, quick)
    return [*found, measure.score_png(some)]


def jpegs(images: np.ndarray, models: Sequence[Row], quick: bool) -> list[Row]:
    """Returns the rows of JPEG, some nearest in size to the models at 8 bits."""
    near = [row.file_bytes for row in models if row.setting == "8" and row.file_bytes]
    qualities = (10, 90) if quick else measure.JPEG_QUALITIES
    return list(measure.score_jpegs(images, qualities, near))


def photo_rows(args: argparse.Namespace, codec: Codec) -> list[Row]:
    """Returns the rows of a convolutional model, JPEG and comrec on one photo."""
    read, name = load(args.photo)
    with naming_errors(name):
        pixels = read_input(read).pixels
        codec.check(pixels)
    # Rows need sides that are multiples of the grid of the model.
    height, width = (side // POOLED_PX * POOLED_PX for side in pixels.shape[:2])
    photo = pixels[None, :height, :width]
    found = list(
        measure.score_bits(codec, photo, (8, 4) if args.quick else measure.BITS)
    )
    found += jpegs(photo, found, args.quick)
    preset = args.preset
    for quality in PHOTO_QUALITIES[: 1 if args.quick else None]:
        made = comrec.compress(photo[0], preset=preset, quality=quality)
        restored = comrec.decompress(made.jpeg, made.sidecar)
        size = len(made.jpeg) + len(made.sidecar or b"")
        found.append(
            Row(
                preset, str(quality), 1, None, None, size,
                8 * size / photo[0, ..., 0].size, photo.size / size,
                psnr_db(photo[0], restored), None, presets.find(preset).hash,
            )
        )  # fmt: skip
    return [*found, measure.score_png(photo)]


def samples(codecs: Sequence[Codec], images: np.ndarray) -> Figure:
    """Draws pictures, and below them the restored ones of each model, 8 and 4 bits."""
    lines = {"original": images}
    for codec in codecs:
        for bits in (8, 4):
            _, restored = codec.code_many(
                codec.compute_latents(images), bits, images.shape[1:]
            )
            lines[f"{codec.model.name}\n{bits} bits"] = restored
    return figures.draw_samples(lines)


if __name__ == "__main__":
    main()
