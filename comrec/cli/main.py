"""Parses the command line and runs the command that it names."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Protocol

from comrec import __version__
from comrec.cli import console, streams
from comrec.cli.commands import (
    autoencoder,
    bulk,
    compare,
    compress,
    decompress,
    evaluate,
    export,
    help,
    info,
    pack,
    presets,
    restore,
    train,
    unpack,
    verify,
    web,
)
from comrec.cli.parser import Parser
from comrec.errors import ComrecError


class Command(Protocol):
    """Describes a module of `comrec.cli.commands`.

    A tuple EXAMPLES of command lines, if the module has one, ends the help.
    """

    def add(self, parser: argparse.ArgumentParser) -> None:
        """Adds the arguments and options of the command."""

    def run(self, args: argparse.Namespace) -> int:
        """Runs the command, and returns the exit status."""


# In the order of --help: module and summary, which fits one line of help.
COMMANDS: dict[str, tuple[Command, str]] = {
    "compress": (compress, "compress pictures, each to a .jpg and a sidecar"),
    "decompress": (decompress, "restore the pictures that compress wrote"),
    "restore": (restore, "bring ordinary JPEGs closer to their originals"),
    "info": (info, "describe a sidecar or a .jpg"),
    "presets": (presets, "list the trained pairs of networks"),
    "verify": (verify, "check pairs before the originals are deleted"),
    "compare": (compare, "compare with other codecs at equal bytes"),
    "evaluate": (evaluate, "measure rate and distortion over a folder"),
    "pack": (pack, "pack .jpg files without loss for storage (.lep)"),
    "unpack": (unpack, "give back the .jpg files that pack packed"),
    "bulk": (bulk, "compress, restore or pack a folder or a bucket"),
    "export": (export, "export networks for web pages or as ONNX files"),
    "web": (web, "make a gallery that restores pictures in the browser"),
    "train": (train, "train networks of your own"),
    "autoencoder": (autoencoder, "compress to .crae files with an autoencoder"),
    "help": (help, "explain a command"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
      argv: the words after `comrec`; None takes those of the process.

    Returns:
      Exit status. 0: all is done; 1: an input failed; 2: the request is illegal; 130:
      interrupted. Status 3 of `bulk` is documented there.
    """
    if argv is None:
        streams.prepare()
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


def parser() -> Parser:
    """Returns the parser of the whole command line; `command` is the chosen command."""
    parser = Parser(
        prog="comrec",
        description="Compresses pictures to an ordinary JPEG and a small sidecar, and "
        "restores the\nfull-size picture from the two files.",
        epilog="comrec help COMMAND explains a command, with examples.",
    )
    parser.add_argument("-V", "--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (command, summary) in COMMANDS.items():
        text = f"{summary[0].upper()}{summary[1:]}."
        examples = list(getattr(command, "EXAMPLES", ()))
        epilog = "\n  ".join(["examples:", *examples]) if examples else None
        command.add(
            commands.add_parser(name, help=summary, description=text, epilog=epilog)
        )
    return parser
