"""What may be typed after `comrec`: the commands, their options and legal values."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import NoReturn

from comrec import __version__, values
from comrec.console import printable

ENGINES = ("auto", "onnxruntime", "openvino", "keras")


class Parser(argparse.ArgumentParser):
    """Says what is wrong with control characters made harmless."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def parser() -> Parser:
    """The whole command line; `command` says which command was chosen."""
    parser = Parser(
        prog="comrec",
        description="Smaller pictures: an ordinary JPEG and a tiny sidecar that "
        "together come back at full size.",
    )
    parser.add_argument("-V", "--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_compress(commands.add_parser("compress", help="pictures to .jpg + sidecar"))
    _add_decompress(commands.add_parser("decompress", help="and back"))
    _add_info(commands.add_parser("info", help="what a sidecar or a .jpg says"))
    _add_presets(commands.add_parser("presets", help="the trained pairs there are"))
    _add_verify(
        commands.add_parser("verify", help="decode, compare, may the original go?")
    )
    _add_compare(
        commands.add_parser("compare", help="beside plain JPEG, at equal bytes")
    )
    _add_evaluate(
        commands.add_parser("evaluate", help="rate and distortion over a folder")
    )
    _add_bulk(commands.add_parser("bulk", help="a folder or bucket into another"))
    _add_autoencoder(
        commands.add_parser("autoencoder", help="the autoencoder codecs, .crae files")
    )
    return parser


def _add_compress(parser: argparse.ArgumentParser) -> None:
    _add_batch(parser, "pictures, folders (with -r), globs, or - for stdin")
    _add_coding(parser)
    parser.add_argument(
        "--dry-run", action="store_true", help="do all the work, write nothing"
    )


def _add_coding(parser: argparse.ArgumentParser) -> None:
    _add_preset(parser)
    _add_targets(parser.add_mutually_exclusive_group())
    _add_choices(parser)
    parser.add_argument("--embed", action="store_true", help="sidecar inside the .jpg")
    parser.add_argument(
        "--metadata",
        default="all",
        metavar="KINDS",
        help="all, none, or some of exif,icc,xmp",
    )


def _add_preset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-p", "--preset", help="trained pair; see `comrec presets`")


def _add_choices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--tune",
        choices=("psnr", "visual"),
        default="psnr",
        help="tables for PSNR, or for the eye; the promises are the same (psnr)",
    )
    parser.add_argument(
        "--effort",
        type=values.number(0, 9),
        default=5,
        metavar="0..9",
        help="0 guesses once; 5 corrects the guess; 7 searches every scale; 8 tries "
        "other encoder settings; 9 refines the compact image (5)",
    )
    parser.add_argument(
        "--scale",
        type=values.scale,
        default="auto",
        metavar="auto|N",
        help="image size : compact size (auto: what is best for the picture)",
    )


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", type=Path, metavar="IMAGE")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE.html",
        help="a page to look at, in one file",
    )
    parser.add_argument(
        "--codecs",
        nargs="+",
        default=[],
        metavar="CODEC",
        help="others to compare with: webp, avif, jpeg2000, jxl, mozjpeg, "
        "mozjpeg-flat, half-jpeg, comrec:PRESET@SCALE",
    )
    parser.add_argument(
        "--points",
        type=values.number(0, 100),
        metavar="N",
        help="of each curve on the page, 0 for none (6, none above 2 megapixels)",
    )
    parser.add_argument(
        "-f", "--force", action="store_true", help="replace a page of comrec's own"
    )
    _add_preset(parser)
    _add_targets(parser.add_mutually_exclusive_group())
    _add_choices(parser)
    _add_limits(parser)
    parser.set_defaults(embed=False, metadata="none", jobs=1)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("folder", type=Path, metavar="SET", help="folder of pictures")
    add(
        "--codecs", nargs="+", metavar="CODEC",
        help="all rivals, or some of jpeg (the anchor), webp, avif, jpeg2000, jxl, "
        "jpegli, mozjpeg, mozjpeg-flat and others; comrec:PRESET for what compress -q "
        "makes, or comrec:PRESET@SCALE, which :visual and +embed may follow (all, and "
        "the default preset)",
    )  # fmt: skip
    add(
        "-o", "--out", type=Path, metavar="ROWS.tsv",
        help="the rows; summary and figures go beside it (SET.tsv)",
    )  # fmt: skip
    add("--grey", action="store_true", help="BT.601 luma of the pictures")
    add("--every", type=values.number(1, 10**6), default=1, metavar="N",
        help="every n-th picture")  # fmt: skip
    add("--points", type=values.number(2, 100), metavar="N",
        help="at most N settings a codec (all)")  # fmt: skip
    add("--metrics", choices=("psnr", "all"), default="psnr",
        help="PSNR alone, or SSIM, MS-SSIM and SSIMULACRA2 as well")  # fmt: skip
    add("--published", choices=("kodak",), metavar="kodak",
        help="learned codecs as others measured them on these pictures")  # fmt: skip
    add("-j", "--jobs", type=values.number(1, 256), metavar="N",
        help="processes (one a core)")  # fmt: skip
    add("--retry", action="store_true", help="try again what failed before")
    add("--no-figure", action="store_true", help="rows and summary alone")
    add("--json", action="store_true", help="one object per line of the summary")
    add("--quiet", action="store_true", help="errors only")


def _add_bulk(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "exit status: 0, all is done; 3, all but pictures that failed; 1, the run "
        "stopped; 2, the request makes no sense; 130, Ctrl-C"
    )
    add = parser.add_argument
    add("source", metavar="SRC",
        help="folder, URL (s3://bucket/photos), or a glob in either")  # fmt: skip
    add("destination", metavar="DST", help="folder or URL; its tree is that of SRC")
    add("--decompress", action="store_true", help="back, what compress or bulk made")
    add("-j", "--jobs", type=values.number(1, 256), metavar="N",
        help="workers (one a core)")  # fmt: skip
    add("--threads", type=values.number(1, 256), metavar="N",
        help="cores for each worker (shared out; 1 with --scheduler)")  # fmt: skip
    add("--shard", type=values.shard, default=(0, 1), metavar="I/N",
        help="the I-th of N parts alone, from 0; no run knows of another")  # fmt: skip
    add("--runner", choices=("local", "dask"), default="local",
        help="processes, or Dask, which then runs here (local)")  # fmt: skip
    add("--scheduler", metavar="tcp://HOST:PORT", help="of Dask workers that are there")
    add("--manifest", metavar="PLACE",
        help="folder or URL of the rows (DST/comrec-manifest)")  # fmt: skip
    add("--status", action="store_true",
        help="what the manifest says, of all parts; nothing is done")  # fmt: skip
    add("-f", "--force", action="store_true",
        help="into a DST that other commands, or another SRC, have filled")  # fmt: skip
    _add_coding(parser)
    _add_restoring(parser)
    _add_limits(parser)


def _add_autoencoder(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    compress = actions.add_parser("compress", help="a picture to a .crae")
    decompress = actions.add_parser("decompress", help="and back")
    models = actions.add_parser("models", help="the trained autoencoders there are")
    compress.add_argument("input", type=Path, metavar="IMAGE")
    compress.add_argument("-o", "--output", metavar="X.crae", help="where to")
    compress.add_argument(
        "-m", "--model", default="cifar100-conv",
        help="one of `comrec autoencoder models`, or the model.npz of a training run "
        "(cifar100-conv: RGB pictures of any size)",
    )  # fmt: skip
    compress.add_argument(
        "--bits", type=values.number(1, 8), default=8, metavar="1..8",
        help="of each latent value, before entropy coding (8)",
    )  # fmt: skip
    decompress.add_argument("input", type=Path, metavar="X.crae")
    decompress.add_argument("-o", "--output", metavar="X.png", help="where to")
    decompress.add_argument(
        "-m", "--model", default="", help="the model.npz, where it is one of your own"
    )
    for action in (compress, decompress):
        action.add_argument(
            "-f", "--force", action="store_true", help="replace comrec's own outputs"
        )
        _add_max_pixels(action)
    for action in (compress, decompress, models):
        action.add_argument("--json", action="store_true", help="as one JSON object")
        action.add_argument("--quiet", action="store_true", help="errors only")


def _add_targets(group: argparse._MutuallyExclusiveGroup) -> None:
    group.add_argument(
        "-q",
        "--quality",
        type=values.number(1, 100),
        metavar="1..100",
        help="at least as close to the original (PSNR) as plain JPEG of this quality "
        "(75)",
    )
    group.add_argument(
        "--target-size",
        type=values.number(1, 2**40),
        metavar="BYTES",
        help="as close as can be in so many bytes, of all files together",
    )
    group.add_argument(
        "--target-bpp",
        type=values.positive,
        metavar="BITS",
        help="the same, bits per pixel",
    )
    group.add_argument(
        "--target-psnr", type=values.positive, metavar="DB", help="at least so close"
    )
    group.add_argument(
        "--jpeg-quality",
        type=values.number(1, 100),
        metavar="1..100",
        help="quality of the compact JPEG itself; promises nothing",
    )


def _add_decompress(parser: argparse.ArgumentParser) -> None:
    _add_batch(parser, "the .jpg files that compress wrote, folders, globs, or -")
    _add_rescue(parser)
    _add_restoring(parser)


def _add_restoring(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--exact", action="store_true", help="float32 arithmetic, whatever the engine"
    )
    parser.add_argument(
        "--memory",
        type=values.number(64, 10**6),
        default=1024,
        metavar="MB",
        help="working memory of the networks (1024)",
    )


def _add_info(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=".comrec.json or .jpg")
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def _add_presets(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", metavar="NAME", help="one preset in full")
    parser.add_argument("--verify", action="store_true", help="check the weights")
    parser.add_argument("--json", action="store_true", help="one object per preset")


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("inputs", nargs="+", metavar="JPG")
    parser.add_argument(
        "--original", type=Path, metavar="FILE", help="the picture it was made from"
    )
    _add_rescue(parser)
    _add_limits(parser)
    parser.set_defaults(exact=False, memory=1024, jobs=1)


def _add_batch(parser: argparse.ArgumentParser, inputs_help: str) -> None:
    parser.add_argument("inputs", nargs="+", metavar="INPUT", help=inputs_help)
    parser.add_argument(
        "-o", "--output", metavar="FILE|DIR", help="where to; - for stdout"
    )
    parser.add_argument("-r", "--recursive", action="store_true", help="take folders")
    exclusive = parser.add_mutually_exclusive_group()
    exclusive.add_argument(
        "-f", "--force", action="store_true", help="replace comrec's own outputs"
    )
    exclusive.add_argument(
        "--skip-existing", action="store_true", help="leave what is done already"
    )
    parser.add_argument(
        "-j",
        "--jobs",
        type=values.number(1, 256),
        default=1,
        metavar="N",
        help="files at a time",
    )
    _add_limits(parser)


def _add_max_pixels(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-pixels",
        type=values.number(1, 2**40),
        metavar="N",
        default=2**28,
        help="refuse larger pictures (268435456)",
    )


def _add_limits(parser: argparse.ArgumentParser) -> None:
    _add_max_pixels(parser)
    parser.add_argument(
        "--engine",
        default="auto",
        choices=ENGINES,
        help="what runs the networks (the first there is)",
    )
    parser.add_argument(
        "--json", action="store_true", help="one object per input on stdout"
    )
    parser.add_argument("--quiet", action="store_true", help="errors only")


def _add_rescue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sidecar", type=Path, metavar="FILE", help="when it is not beside the .jpg"
    )
    parser.add_argument("--assume", metavar="PRESET", help="when the sidecar is lost")
    parser.add_argument(
        "--size", type=values.size, metavar="WxH", help="of the image, with --assume"
    )
    parser.add_argument(
        "--scale",
        type=values.positive,
        metavar="N",
        help="with --assume, where a tiny picture leaves it open",
    )
