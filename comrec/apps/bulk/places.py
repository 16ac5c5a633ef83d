"""Where pictures come from and go to: a local folder, or a URL that fsspec knows."""

from __future__ import annotations

import functools
import os
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from comrec.errors import ComrecError, UsageError
from comrec.system import files

T = TypeVar("T")
# Stores that show an object once it is whole, and until then what was there before.
WHOLE = ("s3", "s3a", "gs", "gcs", "az", "abfs", "memory")
WAITS_S = (0.5, 1, 2, 4, 8)  # before each further try, half as much or half more
# What stores say of an object that changes when its content does; the first there is.
VERSIONS = (
    "ETag", "etag", "md5Hash", "content_md5", "generation", "mtime", "LastModified",
    "last_modified", "updated", "modified", "created",
)  # fmt: skip
# One request for a picture, not one for its size and then one for each part.
SETTINGS: dict[str, dict[str, object]] = {
    name: {"max_concurrency": 1} for name in ("s3", "s3a")
}
QUOTE = '"'
NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "RefreshError")


class PlaceError(ComrecError):
    """A place cannot be read, written or listed, whatever the picture."""


class MissingError(PlaceError):
    """There is nothing of that name."""


class Entry(NamedTuple):
    """A file in a listing; `problem` says why it cannot be read, if that is known."""

    size: int
    version: str
    problem: str = ""


class Listing(NamedTuple):
    """What is in one folder: files by name, and names of folders."""

    files: dict[str, Entry]
    folders: list[str]


class Place(ABC):
    """A tree of files under one root, whose keys are paths from there with slashes.

    All raise PlaceError, and MissingError where there is nothing.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def where(self, key: str) -> str:
        """What to call a file in messages."""
        return f"{self.url.rstrip('/')}/{key}" if key else self.url

    @abstractmethod
    def list(self, folder: str) -> Listing:
        """What is in a folder, "" for the root."""

    @abstractmethod
    def read(self, key: str) -> bytes:
        """The whole file."""

    @abstractmethod
    def write(self, key: str, data: bytes) -> None:
        """The file appears whole or not at all."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """The file is gone; it need not have been there."""

    def sweep(self, key: str) -> None:
        """Removes what a writer of this file left that was killed."""
        return

    def children(self, folder: str) -> Listing:
        """`list`, but a folder that is not there is empty."""
        try:
            return self.list(folder)
        except MissingError:
            return Listing({}, [])


class Local(Place):
    """A folder."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        super().__init__(str(root))
        self.root = Path(os.path.abspath(root))  # workers may stand elsewhere

    def path(self, key: str) -> Path:
        """Where a key is."""
        return self.root / key

    def list(self, folder: str) -> Listing:
        found = Listing({}, [])
        try:
            with os.scandir(self.path(folder)) as entries:
                for entry in entries:
                    try:
                        _add(found, entry)
                    except FileNotFoundError:
                        continue  # it has gone since
                    except OSError as err:
                        problem = f"cannot be read ({err.strerror})"
                        found.files[entry.name] = Entry(0, "", problem)
        except (FileNotFoundError, NotADirectoryError) as err:
            raise MissingError(
                f"{self.where(folder)}: no such folder. Check its name"
            ) from err
        except OSError as err:
            raise PlaceError(
                f"{self.where(folder)}: cannot be listed ({err.strerror}). Check its "
                f"permissions"
            ) from err
        return found

    def read(self, key: str) -> bytes:
        try:
            return self.path(key).read_bytes()
        except FileNotFoundError as err:
            raise MissingError(f"{self.where(key)}: no such file") from err
        except OSError as err:
            raise PlaceError(
                f"{self.where(key)}: cannot be read ({err.strerror}). Check its "
                f"permissions"
            ) from err

    def write(self, key: str, data: bytes) -> None:
        files.write(self.path(key), data)

    def remove(self, key: str) -> None:
        with suppress(OSError):
            self.path(key).unlink(missing_ok=True)

    def sweep(self, key: str) -> None:
        path = self.path(key)
        files.sweep(path.parent, files.temporary_prefix(path.name))


def _add(found: Listing, entry: os.DirEntry[str]) -> None:
    # Links to folders can lead round in a ring, or outside.
    if entry.is_dir(follow_symlinks=False):
        found.folders.append(entry.name)
    elif entry.is_file():
        about = entry.stat()
        version = f"{about.st_size}-{about.st_mtime_ns}"
        found.files[entry.name] = Entry(about.st_size, version)


class Remote(Place):
    """What is below a URL, through fsspec; a store that is busy is asked again."""

    def list(self, folder: str) -> Listing:
        path = self._path(folder)
        found = Listing({}, [])
        for info in self._try(folder, "ls", path, detail=True):
            full = info["name"].rstrip("/")
            if full.strip("/") == path.strip("/"):
                if info["type"] == "file" and info["size"] and full == info["name"]:
                    raise PlaceError(
                        f"{self.where(folder)}: an object, not a folder. Name its "
                        f"folder, or a glob"
                    )
                continue  # a marker of the folder itself
            name = full.rsplit("/", 1)[-1]
            if info["type"] == "directory":
                found.folders.append(name)
            else:
                found.files[name] = Entry(int(info["size"] or 0), _version(info))
        return found

    def read(self, key: str) -> bytes:
        return bytes(self._try(key, "cat_file", self._path(key)))

    def write(self, key: str, data: bytes) -> None:
        self._try(key, "pipe_file", self._path(key), data)

    def remove(self, key: str) -> None:
        with suppress(MissingError):
            self._try(key, "rm_file", self._path(key))

    def _path(self, key: str) -> str:
        _, root = _filesystem(self.url)
        return f"{root.rstrip('/')}/{key}" if key else root

    def _try(self, key: str, method: str, *args: Any, **options: Any) -> Any:
        system, _ = _filesystem(self.url)
        return patiently(
            lambda: getattr(system, method)(*args, **options), self.where(key)
        )


def patiently(call: Callable[[], T], name: str) -> T:
    """Calls, and calls again after ever longer waits while that may help.

    Raises:
      MissingError, PlaceError: in one line that begins with `name`.
    """
    for wait_s in (*WAITS_S, None):
        try:
            return call()
        except FileNotFoundError as err:
            raise MissingError(
                f"{name}: no such bucket, folder or object. Check its name"
            ) from err
        except Exception as err:  # every store has errors of its own
            refused = isinstance(err, PermissionError)
            if refused or type(err).__name__ in NO_CREDENTIALS:
                raise PlaceError(
                    f"{name}: access refused ({_line(err)}). Check the credentials, "
                    f"and what they are allowed"
                ) from err
            if wait_s is None:
                raise PlaceError(
                    f"{name}: does not answer as it should ({_line(err)}), "
                    f"{len(WAITS_S) + 1} times. Run the same command later: it goes on "
                    f"from here"
                ) from err
            time.sleep(wait_s * random.uniform(0.5, 1.5))
    raise AssertionError("the last try returns or raises")


def place(text: str) -> Place:
    """A folder, or what a URL stands for.

    Raises:
      UsageError: what the URL needs is not installed.
    """
    if text.startswith("file://"):
        text = text.removeprefix("file://")
    if "://" not in text:
        return Local(text)
    _filesystem(text)
    return Remote(text)


def check_writable(destination: Place) -> None:
    """Raises UsageError for a URL at which objects can be seen half-written."""
    protocol = destination.url.partition("://")[0]
    if isinstance(destination, Remote) and protocol not in WHOLE:
        raise UsageError(
            f"{destination.url}: DST must be a folder, or a URL that begins with "
            f"{', '.join(f'{name}://' for name in WHOLE)}"
        )


@functools.lru_cache(maxsize=8)
def _filesystem(url: str) -> tuple[Any, str]:
    """What fsspec runs for a URL, and the root's path there."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as err:
        raise UsageError(f"{url}: pip install comrec[bulk] for URLs") from err
    try:
        settings = SETTINGS.get(url.partition("://")[0], {})
        return url_to_fs(url, use_listings_cache=False, **settings)
    except ImportError as err:  # it names the package
        raise UsageError(f"{url}: {_line(err)}. Install it") from err
    except ValueError as err:
        raise UsageError(f"{url}: {_line(err)}. Check the URL") from err


def _version(info: dict[str, Any]) -> str:
    found = next((info[name] for name in VERSIONS if info.get(name)), "")
    text = found.isoformat() if isinstance(found, datetime) else str(found)
    return f"{info['size']}-{text.strip(QUOTE)}"


def _line(err: Exception) -> str:
    text = " ".join(str(err).split()).rstrip(".")
    return f"{type(err).__name__}: {text}" if text else type(err).__name__
