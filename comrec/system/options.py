"""Describes options once, as fields of a dataclass: default, help, legal values.

Checks, the signature and documentation of a function, and the command line are made
from the fields.
"""

from __future__ import annotations

import dataclasses
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from comrec.errors import UsageError
from comrec.system.checks import positive, whole

F = TypeVar("F", bound=Callable[..., Any])
_KEY = "option"
_WIDTH = 88


class Kind(Protocol):
    """Says which values of an option are legal."""

    def check(self, name: str, value: Any) -> Any:
        """Returns a legal value in its one form; raises UsageError for another."""


@dataclass(frozen=True)
class Whole:
    """Takes whole numbers in [low, high]."""

    low: int
    high: int | None = None

    def check(self, name: str, value: Any) -> int:
        return whole(name, value, self.low, self.high)


@dataclass(frozen=True)
class Positive:
    """Takes finite numbers above 0."""

    def check(self, name: str, value: Any) -> float:
        return positive(name, value)


@dataclass(frozen=True)
class Choice:
    """Takes one of the values that a function lists when it is asked."""

    values: Callable[[], tuple[str, ...]]

    def check(self, name: str, value: Any) -> str:
        legal = self.values()
        if value not in legal:
            raise UsageError(
                f"{name} must be {' or '.join(legal)}. Received: {value!r}"
            )
        return value


@dataclass(frozen=True)
class Flag:
    """Takes True and False."""

    def check(self, name: str, value: Any) -> bool:
        return bool(value)


@dataclass(frozen=True)
class Free:
    """Takes values that the dataclass checks itself."""

    def check(self, name: str, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Option:
    """Describes one option.

    Attributes:
      help: one phrase for the command line and the documentation.
      kind: the legal values.
      letter: its one-letter form on the command line, if any.
      metavar: stands for the value in the command line's help.
    """

    help: str
    kind: Kind
    letter: str = ""
    metavar: str = ""


def option(
    default: Any, help: str, kind: Kind, letter: str = "", metavar: str = ""
) -> Any:
    """Makes a field of a dataclass that is an option; see `Option`."""
    described = Option(help, kind, letter, metavar)
    return dataclasses.field(default=default, metadata={_KEY: described})


def describe(cls: Any) -> dict[str, Option]:
    """Returns the options among the fields of a dataclass, by name, in their order."""
    return {
        field.name: field.metadata[_KEY]
        for field in dataclasses.fields(cls)
        if _KEY in field.metadata
    }


def check(options: Any) -> None:
    """Checks every option of a frozen dataclass and puts values in their one form.

    A value of None stays where None is the default.

    Raises:
      UsageError: a value is illegal; the message says what is legal and what came.
    """
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if _KEY in field.metadata and not (value is None and field.default is None):
            legal = field.metadata[_KEY].kind.check(field.name, value)
            object.__setattr__(options, field.name, legal)


def takes(cls: Any) -> Callable[[F], F]:
    """Gives a function that ends in `**options` the options of a dataclass.

    The signature then names them, and a line `{options}` of the docstring becomes
    their list.
    """

    def describe_function(function: F) -> F:
        own = inspect.signature(function)
        first = [p for p in own.parameters.values() if p.kind is not p.VAR_KEYWORD]
        named = [
            inspect.Parameter(
                field.name, inspect.Parameter.KEYWORD_ONLY,
                default=field.default, annotation=field.type,
            )
            for field in dataclasses.fields(cls)
        ]  # fmt: skip
        signature = own.replace(parameters=[*first, *named])
        function.__signature__ = signature  # type: ignore[attr-defined]
        function.__doc__ = _with_options(function.__doc__ or "", describe(cls))
        return function

    return describe_function


def _with_options(text: str, described: dict[str, Option]) -> str:
    """Puts the list of options in place of the line `{options}`, as far indented."""
    lines = []
    for line in text.split("\n"):
        if line.strip() != "{options}":
            lines.append(line)
            continue
        indent = line[: -len("{options}")]
        lines += [
            textwrap.fill(
                f"{name}: {each.help}.", _WIDTH,
                initial_indent=indent, subsequent_indent=indent + "  ",
            )
            for name, each in described.items()
        ]  # fmt: skip
    return "\n".join(lines)
