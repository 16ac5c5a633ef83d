"""Reads, writes and lists places: local folders, and URLs that fsspec supports."""

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
from typing import Any, TypeVar

from comrec.errors import ComrecError, UsageError
from comrec.system import files, listing
from comrec.system.listing import Entry, Listing

T = TypeVar("T")
# Stores in which a write becomes visible only when it is complete.
ATOMIC_PROTOCOLS = ("s3", "s3a", "gs", "gcs", "az", "abfs", "memory")
WAITS_S = (0.5, 1, 2, 4, 8)  # before each retry, plus or minus half at random
# Attributes of an object that change with its content; the first found counts.
VERSION_ATTRIBUTES = (
    "ETag", "etag", "md5Hash", "content_md5", "generation", "mtime", "LastModified",
    "last_modified", "updated", "modified", "created",
)  # fmt: skip
# A picture is read by one request instead of one for its size and one for each part.
FILESYSTEM_OPTIONS: dict[str, dict[str, object]] = {
    name: {"max_concurrency": 1} for name in ("s3", "s3a")
}
QUOTE = '"'
OWN_BYTES_MAX = 2**32  # of a file of the manifest
NO_CREDENTIALS = ("NoCredentialsError", "PartialCredentialsError", "RefreshError")


class PlaceError(ComrecError):
    """Reports that a place cannot be read, written or listed, whatever the picture."""


class MissingError(PlaceError):
    """Reports that a bucket, folder, object or file does not exist."""


class TooLargeError(ComrecError):
    """Reports a file beyond the limit of a read: a fault of the file."""


class Place(ABC):
    """Defines access to a tree of files, by keys: paths below its root with slashes.

    Methods raise PlaceError, and MissingError for a key that does not exist.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    def where(self, key: str) -> str:
        """Returns the name of a file for messages."""
        return f"{self.url.rstrip('/')}/{key}" if key else self.url

    @abstractmethod
    def list(self, folder: str) -> Listing:
        """Lists a folder, "" for the root."""

    @abstractmethod
    def read(self, key: str, max_bytes: int = OWN_BYTES_MAX) -> bytes:
        """Reads a whole file.

        Args:
          key: of the file.
          max_bytes: legal size.

        Raises:
          TooLargeError: the file is larger.
        """

    @abstractmethod
    def size(self, key: str) -> int:
        """Returns the size of a file in bytes."""

    @abstractmethod
    def write(self, key: str, data: bytes) -> None:
        """Writes a file, which appears whole or not at all."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Removes a file, if it exists."""

    def sweep(self, key: str) -> None:
        """Removes the temporary files that a killed writer of this file left."""
        return

    def children(self, folder: str) -> Listing:
        """Lists a folder as `list` does; a missing folder is empty."""
        try:
            return self.list(folder)
        except MissingError:
            return Listing({}, [])


class Local(Place):
    """Gives access to a local folder."""

    def __init__(self, root: str | os.PathLike[str]) -> None:
        super().__init__(str(root))
        self.root = Path(os.path.abspath(root))  # workers may run elsewhere

    def path(self, key: str) -> Path:
        """Returns the path of a key."""
        return self.root / key

    def list(self, folder: str) -> Listing:
        try:
            return listing.scan(self.path(folder))
        except (FileNotFoundError, NotADirectoryError) as err:
            raise MissingError(
                f"{self.where(folder)}: no such folder. Check its name"
            ) from err
        except OSError as err:
            raise PlaceError(
                f"{self.where(folder)}: cannot be listed ({err.strerror}). Check its "
                f"permissions"
            ) from err

    def read(self, key: str, max_bytes: int = OWN_BYTES_MAX) -> bytes:
        try:
            return files.read(self.path(key), max_bytes, pipes=False)
        except FileNotFoundError as err:
            raise MissingError(f"{self.where(key)}: no such file") from err
        except files.TooLargeError as err:
            raise TooLargeError(f"{self.where(key)}: {err.strerror}") from err
        except OSError as err:
            raise PlaceError(
                f"{self.where(key)}: cannot be read ({err.strerror}). Check its "
                f"permissions"
            ) from err

    def size(self, key: str) -> int:
        try:
            return self.path(key).stat().st_size
        except OSError as err:
            raise MissingError(f"{self.where(key)}: no such file") from err

    def write(self, key: str, data: bytes) -> None:
        files.write(self.path(key), data)

    def remove(self, key: str) -> None:
        with suppress(OSError):
            self.path(key).unlink(missing_ok=True)

    def sweep(self, key: str) -> None:
        path = self.path(key)
        files.sweep(path.parent, files.temporary_prefix(path.name))


class Remote(Place):
    """Gives access to a URL through fsspec; repeats requests to a busy store."""

    def list(self, folder: str) -> Listing:
        path = self._path(folder)
        found = Listing({}, [])
        for info in self._request(folder, "ls", path, detail=True):
            full = info["name"].rstrip("/")
            if full.strip("/") != path.strip("/"):
                name = full.rsplit("/", 1)[-1]
                if info["type"] == "directory":
                    found.folders.append(name)
                else:
                    found.files[name] = _make_entry(info)
            elif info["type"] == "directory" and full != info["name"]:
                found.files.update(self._list_unnamed(folder))
            elif info["type"] == "file" and info["size"]:
                if full == info["name"]:
                    raise PlaceError(
                        f"{self.where(folder)}: an object, not a folder. Name its "
                        f"folder, or a glob"
                    )
                found.files[""] = _make_entry(info)
            # Else it is an empty object that stands for the folder.
        return found

    def _list_unnamed(self, folder: str) -> dict[str, Entry]:
        """Lists all objects below the folder in a folder whose name is empty.

        Their names begin with a slash, and are illegal as inputs. File systems of
        fsspec drop empty names, so that such a folder cannot be listed by itself.
        """
        path = self._path(folder)
        below = self._request(folder, "find", path, prefix="/", detail=True)
        start = f"{path.rstrip('/')}/"
        return {
            name.removeprefix(start): _make_entry(info)
            for name, info in below.items()
            if name.startswith(f"{start}/")
        }

    def read(self, key: str, max_bytes: int = OWN_BYTES_MAX) -> bytes:
        data = bytes(self._request(key, "cat_file", self._path(key)))
        if len(data) > max_bytes:
            raise TooLargeError(f"{self.where(key)}: larger than {max_bytes} bytes")
        return data

    def size(self, key: str) -> int:
        return int(self._request(key, "info", self._path(key))["size"] or 0)

    def write(self, key: str, data: bytes) -> None:
        self._request(key, "pipe_file", self._path(key), data)

    def remove(self, key: str) -> None:
        with suppress(MissingError):
            self._request(key, "rm_file", self._path(key))

    def _path(self, key: str) -> str:
        _, root = _open_filesystem(self.url)
        return f"{root.rstrip('/')}/{key}" if key else root

    def _request(self, key: str, method: str, *args: Any, **options: Any) -> Any:
        system, _ = _open_filesystem(self.url)
        return retry(lambda: getattr(system, method)(*args, **options), self.where(key))


def retry(call: Callable[[], T], name: str) -> T:
    """Returns the result of a call, repeated with growing waits while stores are busy.

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
        except Exception as err:  # every store has its own exceptions
            refused = isinstance(err, PermissionError)
            if refused or type(err).__name__ in NO_CREDENTIALS:
                raise PlaceError(
                    f"{name}: access refused ({_one_line(err)}). Check the "
                    f"credentials and their permissions"
                ) from err
            if wait_s is None:
                raise PlaceError(
                    f"{name}: failed {len(WAITS_S) + 1} times ({_one_line(err)}). Run "
                    f"the same command later: it continues from here"
                ) from err
            time.sleep(wait_s * random.uniform(0.5, 1.5))
    raise AssertionError("the last try returns or raises")


def open_place(text: str) -> Place:
    """Returns the place of a folder's name or a URL.

    Raises:
      UsageError: a package for the URL is not installed, or the URL is invalid.
    """
    if text.startswith("file://"):
        text = text.removeprefix("file://")
    if "://" not in text:
        return Local(text)
    _open_filesystem(text)
    return Remote(text)


def check_writable(destination: Place) -> None:
    """Raises UsageError for a URL whose incomplete writes are visible."""
    protocol = destination.url.partition("://")[0]
    if isinstance(destination, Remote) and protocol not in ATOMIC_PROTOCOLS:
        raise UsageError(
            f"{destination.url}: DST must be a folder, or a URL that begins with "
            f"{', '.join(f'{name}://' for name in ATOMIC_PROTOCOLS)}"
        )


@functools.lru_cache(maxsize=8)
def _open_filesystem(url: str) -> tuple[Any, str]:
    """Returns the file system of fsspec for a URL, and the path of the root in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError as err:
        raise UsageError(f"{url}: pip install comrec[bulk] for URLs") from err
    try:
        options = FILESYSTEM_OPTIONS.get(url.partition("://")[0], {})
        return url_to_fs(url, use_listings_cache=False, **options)
    except ImportError as err:  # it names the package
        raise UsageError(f"{url}: {_one_line(err)}. Install it") from err
    except ValueError as err:
        raise UsageError(f"{url}: {_one_line(err)}. Check the URL") from err


def _make_entry(info: dict[str, Any]) -> Entry:
    return Entry(int(info["size"] or 0), _version_of(info))


def _version_of(info: dict[str, Any]) -> str:
    """Returns the size and the version of an object, as one text."""
    found = next((info[name] for name in VERSION_ATTRIBUTES if info.get(name)), "")
    text = found.isoformat() if isinstance(found, datetime) else str(found)
    return f"{info['size']}-{text.strip(QUOTE)}"


def _one_line(err: Exception) -> str:
    text = " ".join(str(err).split()).rstrip(".")
    return f"{type(err).__name__}: {text}" if text else type(err).__name__
