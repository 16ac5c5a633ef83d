"""Shares the frame of the training scripts: options, errors in one line, rows."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from comrec.cli.console import spell
from comrec.errors import ComrecError
from comrec.system import files

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # hides the banner of TensorFlow
EXAMPLES = Path(__file__).parents[2] / "examples"


def parser(text: str | None) -> argparse.ArgumentParser:
    """Returns a parser whose help is the docstring of a script."""
    return argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )


def folder(text: str) -> Path:
    """Returns the path of a folder; for use as the type of an option.

    Raises:
      ArgumentTypeError: the text is empty, as from an unset variable of the shell.
    """
    if not text:
        raise argparse.ArgumentTypeError("must name a folder")
    return Path(text)


def add_run_options(made: argparse.ArgumentParser) -> None:
    """Adds the options that every script with a resumable run has."""
    add = made.add_argument
    add("--run", type=Path, help="folder of the run (default: runs/CONFIG)")
    add("--resume", action="store_true", help="continue the run in that folder")
    add(
        "--minutes", type=float, default=float("inf"), metavar="N",
        help="stop after N minutes",
    )  # fmt: skip
    add("--quick", action="store_true", help="tiny networks, seconds, bundled picture")
    add("--dry-run", action="store_true", help="print the resolved config and stop")


def call(
    work: Callable[[argparse.Namespace], None],
    args: argparse.Namespace,
    continued_by: str = "--resume",
) -> None:
    """Calls the work of a script that trains; errors and Ctrl-C end it in one line.

    Args:
      work: gets `args`.
      args: of the script.
      continued_by: what continues the work after Ctrl-C.
    """
    try:
        work(args)
    except ComrecError as err:
        raise SystemExit(spell(err)) from None
    except KeyboardInterrupt:
        raise SystemExit(
            f"stopped. Continue from the last epoch by {continued_by}"
        ) from None


def warn_if_new(args: argparse.Namespace) -> None:
    """Says so on stderr where --resume finds no run to continue."""
    if args.resume and not (args.run / "checkpoint.npz").exists():
        print(f"{args.run}: no run to resume. Starting a new one", file=sys.stderr)


def write_rows(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Writes a TSV file: a line of column names, and a line for each row."""
    lines = ["\t".join(map(str, line)) + "\n" for line in (columns, *rows)]
    files.write(path, "".join(lines).encode())
