"""Parses command lines, and helps with words that are mistyped."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from comrec.cli.console import printable


class Parser(argparse.ArgumentParser):
    """Takes options between inputs, and names what was probably meant.

    An error is printed below the usage of the command that was typed, not of comrec.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **options)

    def parse_known_args(  # type: ignore[override]
        self,
        args: Sequence[str] | None = None,
        namespace: argparse.Namespace | None = None,
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parses all words: none remains.

        argparse takes the first run of inputs alone; those after an option are added.
        """
        found, rest = super().parse_known_args(args, namespace)
        inputs = self._inputs()
        unknown = [word for word in rest if not inputs or _is_option(word)]
        if unknown:
            self.error("; ".join(map(self._describe, unknown)))
        if inputs and rest:
            words = [self._get_value(inputs, word) for word in rest]
            setattr(found, inputs.dest, [*getattr(found, inputs.dest), *words])
        return found, []

    def _inputs(self) -> argparse.Action | None:
        """Returns the argument that takes any number of words, if there is one."""
        lists = [a for a in self._actions if not a.option_strings and a.nargs == "+"]
        return lists[0] if lists else None

    def _describe(self, word: str) -> str:
        if not _is_option(word):
            return f"unexpected {word!r}"
        name = word.partition("=")[0]
        return f"no option {name!r}{suggest(name, self._option_string_actions)}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuses a command or a value that is none of the legal ones."""
        if action.choices is None or value in action.choices:
            return
        legal = list(map(str, action.choices))
        raise argparse.ArgumentError(
            action,
            f"must be {' or '.join(legal)}. Received: {value!r}"
            f"{suggest(str(value), legal)}",
        )

    def error(self, message: str) -> NoReturn:
        """Prints usage and message, and exits with status 2."""
        super().error(printable(message))


def suggest(word: str, legal: Iterable[str]) -> str:
    """Returns a question that names the legal word nearest to a mistyped one, or ""."""
    near = difflib.get_close_matches(word, list(legal), 1)
    return f". Did you mean {near[0]}?" if near else ""


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def group(parser: argparse.ArgumentParser, title: str) -> argparse._ArgumentGroup:
    """Returns the group of options with that title, new or already there."""
    for each in parser._action_groups:
        if each.title == title:
            return each
    return parser.add_argument_group(title)
