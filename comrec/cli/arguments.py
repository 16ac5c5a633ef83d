"""What several commands let a person type, and what it comes to."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, NoReturn

from comrec.cli import values
from comrec.cli.console import printable

if TYPE_CHECKING:
    from comrec.encoder.options import Options

ENGINES = ("auto", "onnxruntime", "openvino", "keras")


class Parser(argparse.ArgumentParser):
    """Says what is wrong with control characters made harmless."""

    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def add_coding(parser: argparse.ArgumentParser) -> None:
    """How pictures become .jpg files."""
    add_preset(parser)
    add_targets(parser.add_mutually_exclusive_group())
    add_choices(parser)
    parser.add_argument("--embed", action="store_true", help="sidecar inside the .jpg")
    parser.add_argument(
        "--metadata",
        default="all",
        metavar="KINDS",
        help="all, none, or some of exif,icc,xmp",
    )


def add_preset(parser: argparse.ArgumentParser) -> None:
    """By which networks."""
    parser.add_argument("-p", "--preset", help="trained pair; see `comrec presets`")


def add_targets(group: argparse._MutuallyExclusiveGroup) -> None:
    """How close, or how small."""
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


def add_choices(parser: argparse.ArgumentParser) -> None:
    """What else decides about closeness and size."""
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


def add_restoring(parser: argparse.ArgumentParser) -> None:
    """How the networks restore pictures."""
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


def add_limits(parser: argparse.ArgumentParser) -> None:
    """What is too large, what runs the networks, and what is said of it."""
    add_max_pixels(parser)
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


def add_max_pixels(parser: argparse.ArgumentParser) -> None:
    """What is too large."""
    parser.add_argument(
        "--max-pixels",
        type=values.number(1, 2**40),
        metavar="N",
        default=2**28,
        help="refuse larger pictures (268435456)",
    )


def options(args: argparse.Namespace) -> Options:
    """What was typed after `add_coding` and `add_limits`."""
    from comrec.encoder import options as encoder_options
    from comrec.encoder.options import Options
    from comrec.networks import presets

    return Options(
        preset=args.preset or presets.DEFAULT,
        quality=args.quality,
        jpeg_quality=args.jpeg_quality,
        target_size=args.target_size,
        target_bpp=args.target_bpp,
        target_psnr=args.target_psnr,
        tune=args.tune,
        effort=args.effort,
        scale=args.scale,
        metadata=encoder_options.parse_kinds(args.metadata),
        embed=args.embed,
        max_pixels=args.max_pixels,
        engine=args.engine,
        threads=threads(args.jobs or 1),
    )


def threads(at_once: int) -> int:
    """Cores for the networks of one file: shared out when several run together."""
    from comrec.system import cores

    return 0 if at_once == 1 else max(cores.available() // at_once, 1)
