"""Shares the frame of the training scripts: options, errors in one line, rows."""

from __future__ import annotations

import argparse
import os
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


def write_rows(
    path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Writes a TSV file: a line of column names, and a line for each row."""
    lines = ["\t".join(map(str, line)) + "\n" for line in (columns, *rows)]
    files.write(path, "".join(lines).encode())
