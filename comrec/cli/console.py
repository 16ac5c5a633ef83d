"""Where a person reads: results on stdout, notes and progress on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, TypeVar

from comrec.errors import OutputError

if TYPE_CHECKING:
    from rich.progress import Progress

Row = dict[str, object]
T = TypeVar("T")
BAR_AFTER_S = 1.0


class Output:
    """stdout for results, stderr for everything else.

    Args:
      quiet: errors and JSON alone.
      binary: stdout carries a picture, so results go to stderr as well.
    """

    def __init__(self, quiet: bool = False, binary: bool = False) -> None:
        self.quiet = quiet
        self._results = sys.stderr if binary else sys.stdout
        self._bar: Progress | None = None

    def row(self, row: Row, describe: Callable[[Row], str], as_json: bool) -> None:
        """One result, as JSON or in words; JSON is never quiet."""
        if "error" in row:
            row = row | {"error": spell(row["error"])}
        if as_json:  # in ASCII: a name need not be text that a stream can hold
            self._above_bar(json.dumps(row), self._results)
        elif not self.quiet:
            clean = {
                k: printable(v) if isinstance(v, str) else v for k, v in row.items()
            }
            self._above_bar(describe(clean), self._results)

    def say(self, text: str) -> None:
        """More than a line of results, that is comrec's own."""
        if not self.quiet:
            self._above_bar(text, self._results)

    def warn(self, text: object) -> None:
        if not self.quiet:
            self.fail(text)

    def fail(self, message: object) -> None:
        self._above_bar(_complaint(message), sys.stderr)

    def progress(
        self,
        results: Iterable[T],
        total: int,
        verb: str,
        counts: Callable[[T], int] = lambda _: 1,
    ) -> Iterator[T]:
        """Passes results through, with a bar on a terminal once it takes a second.

        Args:
          results: as they come.
          total: where the bar ends.
          verb: what is done.
          counts: how far a result moves the bar.
        """
        if self.quiet or not sys.stderr.isatty():
            yield from results
            return
        bar = _bar()
        task = bar.add_task(verb, total=total)

        def counted() -> Iterator[T]:
            for result in results:
                bar.advance(task, counts(result))
                yield result

        yield from self._beside(bar, counted())

    def watch(self, results: Iterable[T], says: Callable[[], str]) -> Iterator[T]:
        """The same where nobody knows the end: a line that is always up to date."""
        if self.quiet or not sys.stderr.isatty():
            yield from results
            return
        bar = _line(says)
        bar.add_task("")
        yield from self._beside(bar, results)

    def _beside(self, bar: Progress, results: Iterable[T]) -> Iterator[T]:
        timer = threading.Timer(BAR_AFTER_S, self._show, [bar])
        timer.daemon = True
        timer.start()
        try:
            yield from results
        finally:
            timer.cancel()
            self._bar = None
            bar.stop()

    def _show(self, bar: Progress) -> None:
        self._bar = bar
        bar.start()

    def _above_bar(self, text: str, stream: TextIO) -> None:
        """Takes the bar away while a line is printed, or they would share a line."""
        bar = self._bar
        if bar:
            bar.stop()
        _print(text, stream)
        if bar:
            bar.start()


def _bar() -> Progress:
    from rich import progress
    from rich.console import Console

    return progress.Progress(
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _line(says: Callable[[], str]) -> Progress:
    from rich import progress
    from rich.console import Console
    from rich.text import Text

    class Says(progress.ProgressColumn):
        def render(self, task: progress.Task) -> Text:
            return Text(says())

    console = Console(stderr=True)
    return progress.Progress(
        progress.SpinnerColumn(), Says(), console=console, transient=True
    )


def complain(message: object) -> None:
    """One line on stderr."""
    _print(_complaint(message), sys.stderr)


def _complaint(message: object) -> str:
    return f"comrec: {printable(spell(message))}"


# Options whose form on the command line is not their Python name with hyphens.
SPELLED = {"output": "-o", "force": "-f", "memory_mb": "--memory"}
_OPTION = re.compile(r"`([a-z]+(?:_[a-z]+)*)`")


def spell(message: object) -> str:
    """Returns a message with the options in it spelled as on the command line.

    Errors name an option by its Python name in backquotes, such as `max_pixels`.
    """

    def flag(found: re.Match[str]) -> str:
        name = found[1]
        return SPELLED.get(name, f"--{name.replace('_', '-')}")

    return _OPTION.sub(flag, str(message))


def printable(text: str) -> str:
    """One line, control characters made harmless: file names are other people's."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _print(text: str, stream: TextIO) -> None:
    encoding = stream.encoding or "utf-8"  # not every terminal has arrows
    with _sending():
        print(
            text.encode(encoding, "replace").decode(encoding), file=stream, flush=True
        )


def send(data: bytes) -> None:
    """A picture to stdout."""
    with _sending():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextmanager
def _sending() -> Iterator[None]:
    """Once stdout takes nothing more, nothing more is sent, not even at exit.

    Raises:
      BrokenPipeError: who read it has gone, which is no failure to speak of.
      OutputError: any other reason.
    """
    try:
        yield
    except OSError as err:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(err, BrokenPipeError):
            raise
        raise OutputError(
            f"stdout: cannot be written ({err.strerror}). Send it elsewhere"
        ) from err
