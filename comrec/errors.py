"""Defines the errors that users can cause, with their exit statuses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ComrecError(Exception):
    """Reports a failure in one line: file, fault, legal values, remedy.

    The message names options by their Python names in backquotes, such as
    `max_pixels`; `comrec.cli.console.spell` puts them as they are typed.
    """

    exit_status = 1


class UsageError(ComrecError):
    """Reports illegal options, or options that exclude each other."""

    exit_status = 2


class ImageError(ComrecError):
    """Reports an input picture that cannot be read or is beyond the limits."""


class JpegError(ComrecError):
    """Reports a JPEG that cannot be read, or cannot be written with these settings."""


class SidecarError(ComrecError):
    """Reports a sidecar that is missing, damaged, too new, or another picture's."""


class StreamError(ComrecError):
    """Reports a .crae that is damaged, cut off, too new, or another model's."""


class WeightsError(ComrecError):
    """Reports weights that are missing or altered, or that no engine here can run."""


class OutputError(ComrecError):
    """Reports an output that exists, has two inputs, or cannot be written."""


class PillowError(ComrecError, OSError):
    """Reports any of these faults through Pillow, whose callers catch OSError."""


@contextmanager
def naming_errors(source: str) -> Iterator[None]:
    """Puts a file's name before the message of any ComrecError that lacks the name."""
    try:
        yield
    except ComrecError as err:
        if str(err).startswith(f"{source}: "):
            raise
        raise type(err)(f"{source}: {err}") from err
