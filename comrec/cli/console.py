"""Prints results on stdout, and notes, errors and progress on stderr."""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO, TypeVar

from comrec.cli import streams
from comrec.errors import OutputError

if TYPE_CHECKING:
    from rich.progress import Progress

Row = dict[str, object]
T = TypeVar("T")
BAR_AFTER_S = 1.0


class Output:
    """Prints the results of one command.

    Args:
      quiet: print errors and JSON only.
      binary: stdout carries a picture; results go to stderr.
    """

    def __init__(self, quiet: bool = False, binary: bool = False) -> None:
        self.quiet = quiet
        self._results = sys.stderr if binary else sys.stdout
        self._bar: Progress | None = None

    def print_row(
        self, row: Row, describe: Callable[[Row], str], as_json: bool
    ) -> None:
        """Prints one result.

        Args:
          row: the result as JSON values; options in its error are spelled as typed.
          describe: returns the text of a row, for people.
          as_json: print JSON in place of text, even where `quiet` is set.
        """
        if "error" in row:
            row = row | {"error": spell(row["error"])}
        if as_json:  # ASCII: a stream may lack the characters of a name
            self._above_bar(json.dumps(row), self._results)
        elif not self.quiet:
            clean = {
                k: printable(v) if isinstance(v, str) else v for k, v in row.items()
            }
            self._above_bar(describe(clean), self._results)

    def say(self, text: str) -> None:
        """Prints lines of results that hold no names of files."""
        if not self.quiet:
            self._above_bar(text, self._results)

    def warn(self, text: object) -> None:
        """Prints a note on stderr, unless `quiet` is set."""
        if not self.quiet:
            self.fail(text)

    def fail(self, message: object) -> None:
        """Prints an error on stderr."""
        self._above_bar(_complaint(message), sys.stderr)

    def show_progress(
        self,
        results: Iterable[T],
        total: int,
        verb: str,
        counts: Callable[[T], int] = lambda _: 1,
    ) -> Iterator[T]:
        """Passes results through; shows a progress bar on a terminal after a second.

        Args:
          results: any items.
          total: value at which the bar is full.
          verb: label of the bar.
          counts: returns the value that one result adds.

        Yields:
          The results.
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

    def watch(
        self, results: Iterable[T], says: Callable[[], str], timed: bool = False
    ) -> Iterator[T]:
        """Passes results through, beside a status line for an unknown total.

        The line appears on a terminal after a second, and is removed at the end.

        Args:
          results: any items.
          says: returns the text of the line; called again and again.
          timed: whether the line ends with the time since its start.

        Yields:
          The results.
        """
        if self.quiet or not sys.stderr.isatty():
            yield from results
            return
        bar = _line(says, timed)
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
        """Removes the bar while a text is printed, or both would share a line."""
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


def _line(says: Callable[[], str], timed: bool) -> Progress:
    from rich import progress
    from rich.console import Console
    from rich.text import Text

    class Says(progress.ProgressColumn):
        def render(self, task: progress.Task) -> Text:
            return Text(says())

    columns = [progress.SpinnerColumn(), Says()]
    columns += [progress.TimeElapsedColumn()] if timed else []
    return progress.Progress(*columns, console=Console(stderr=True), transient=True)


def complain(message: object) -> None:
    """Prints one error on stderr."""
    _print(_complaint(message), sys.stderr)


def _complaint(message: object) -> str:
    return f"comrec: {printable(spell(message))}"


# Options that are not typed as their Python name with hyphens.
SPELLED = {"output": "-o", "force": "-f", "memory_mb": "--memory"}
_OPTION = re.compile(r"`([a-z]+(?:_[a-z]+)*)`")


def spell(message: object) -> str:
    """Returns a message with its options spelled as they are typed.

    Args:
      message: names options by their Python names in backquotes, such as `max_pixels`.
    """

    def flag(found: re.Match[str]) -> str:
        name = found[1]
        return SPELLED.get(name, f"--{name.replace('_', '-')}")

    return _OPTION.sub(flag, str(message))


def printable(text: str) -> str:
    """Returns one line with "?" for every control character.

    Names of files may hold escape sequences, which a terminal would obey.
    """
    return "".join(c if c.isprintable() else "?" for c in text)


def _print(text: str, stream: TextIO | None) -> None:
    if stream is None:  # closed by the program that calls comrec
        return
    encoding = stream.encoding or "utf-8"  # a terminal may lack arrows
    text = text.encode(encoding, "replace").decode(encoding)
    if stream is sys.stderr:  # nobody can be told that notes are lost
        try:
            print(text, file=stream, flush=True)
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                _close(stream)
        return
    with _sending():
        print(text, file=stream, flush=True)


def send(data: bytes) -> None:
    """Writes the bytes of a picture to stdout.

    Raises:
      BrokenPipeError: the reader of stdout has gone.
      OutputError: stdout cannot be written.
    """
    if sys.stdout is None or streams.is_stdout_closed():
        raise OutputError("stdout: closed. Send it elsewhere, or name a file")
    with _sending():
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


@contextmanager
def _sending() -> Iterator[None]:
    """Redirects stdout to nowhere after its first error.

    Raises:
      BrokenPipeError: the reader of stdout has gone; not reported as a failure.
      OutputError: any other error.
    """
    try:
        yield
    except OSError as err:
        _close(sys.stdout)
        if isinstance(err, BrokenPipeError):
            raise
        raise OutputError(
            f"stdout: cannot be written ({err.strerror}). Send it elsewhere"
        ) from err


def _close(stream: TextIO) -> None:
    """Redirects a stream to nowhere, since Python flushes it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
