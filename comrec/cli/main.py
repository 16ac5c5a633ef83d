"""The command line: what was typed goes to the command that it names."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol

from comrec import __version__
from comrec.cli import arguments, console
from comrec.cli.commands import (
    autoencoder,
    bulk,
    compare,
    compress,
    decompress,
    evaluate,
    export,
    info,
    presets,
    verify,
    web,
)
from comrec.errors import ComrecError


class Command(Protocol):
    """What a module of `comrec.cli.commands` has."""

    def add(self, parser: argparse.ArgumentParser) -> None:
        """Adds what may be typed after the command."""

    def run(self, args: argparse.Namespace) -> int:
        """Does it. Returns the exit status."""


COMMANDS: dict[str, tuple[Command, str]] = {  # as --help lists them
    "compress": (compress, "pictures to .jpg + sidecar"),
    "decompress": (decompress, "and back"),
    "info": (info, "what a sidecar or a .jpg says"),
    "presets": (presets, "the trained pairs there are"),
    "verify": (verify, "decode, compare, may the original go?"),
    "compare": (compare, "beside plain JPEG, at equal bytes"),
    "evaluate": (evaluate, "rate and distortion over a folder"),
    "bulk": (bulk, "a folder or bucket into another"),
    "export": (export, "networks for pages, or as ONNX"),
    "web": (web, "pictures to a page that restores them"),
    "autoencoder": (autoencoder, "the autoencoder codecs, .crae files"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command. Exit status: 0 all done, 1 some input failed, 2 usage."""
    args = parser().parse_args(argv)
    command, _ = COMMANDS[args.command]
    try:
        return command.run(args)
    except ComrecError as err:
        console.complain(err)
        return err.exit_status
    except KeyboardInterrupt:
        console.complain("interrupted; outputs already named are whole")
        return 130
    except BrokenPipeError:
        return 1


def parser() -> arguments.Parser:
    """The whole command line; `command` says which command was chosen."""
    parser = arguments.Parser(
        prog="comrec",
        description="Smaller pictures: an ordinary JPEG and a tiny sidecar that "
        "together come back at full size.",
    )
    parser.add_argument("-V", "--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (command, summary) in COMMANDS.items():
        command.add(commands.add_parser(name, help=summary))
    return parser
