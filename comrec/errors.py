"""What can go wrong for a user, each with the exit status of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ComrecError(Exception):
    """The message is one line: the file, what is wrong, what is legal, what to do."""

    exit_status = 1


class UsageError(ComrecError):
    """The request itself makes no sense, whatever the files hold."""

    exit_status = 2


class ImageError(ComrecError):
    """An input picture cannot be read, or is beyond the limits."""


class JpegError(ComrecError):
    """A JPEG cannot be written or read as asked."""


class SidecarError(ComrecError):
    """The sidecar is missing, damaged, from the future, or another picture's."""


class StreamError(ComrecError):
    """A .crae is damaged, cut off, from the future, or another model's."""


class WeightsError(ComrecError):
    """Weights of a preset are missing, altered, or cannot be run here."""


class OutputError(ComrecError):
    """An output exists, is shared by two inputs, or cannot be written."""


@contextmanager
def naming_errors(source: str) -> Iterator[None]:
    """Puts the file's name before the message of any ComrecError that lacks it."""
    try:
        yield
    except ComrecError as err:
        if str(err).startswith(f"{source}: "):
            raise
        raise type(err)(f"{source}: {err}") from err
