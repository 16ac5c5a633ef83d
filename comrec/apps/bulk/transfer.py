"""Reads the files of one picture within limits, and writes its outputs."""

from __future__ import annotations

import os
from pathlib import Path

from comrec.apps.bulk.places import (
    Local,
    MissingError,
    Place,
    PlaceError,
    TooLargeError,
)
from comrec.apps.bulk.plan import Task
from comrec.errors import ComrecError, ImageError, OutputError
from comrec.format import pair, provenance
from comrec.image.picture import MAX_PIXELS
from comrec.system import files


def read_picture(source: Place, task: Task, max_pixels: int) -> bytes:
    """Reads the picture of a task.

    Raises:
      ImageError: the file is larger than any picture of `max_pixels` pixels.
    """
    limit = files.picture_bytes(max_pixels)
    try:
        return read(source, task.key, task.size, limit)
    except TooLargeError as err:
        raise ImageError(
            f"{err}, more than {max_pixels} pixels take. If the file can be trusted, "
            f"raise `max_pixels`"
        ) from err


def read(source: Place, key: str, size: int, max_bytes: int) -> bytes:
    """Reads a file.

    Args:
      size: of the listing, so that a store is not asked for a file that is too large.

    Raises:
      TooLargeError: the file is larger than `max_bytes`.
    """
    if size > max_bytes:
        raise TooLargeError(f"{source.where(key)}: larger than {max_bytes} bytes")
    try:
        return source.read(key, max_bytes)
    except MissingError as err:  # removed since the listing: no fault of the place
        raise ComrecError(f"{err}. It existed when the run began") from err


def prepare_outputs(destination: Place, task: Task, outputs: tuple[str, ...]) -> None:
    """Removes temporary files, and refuses to replace files of others.

    Raises:
      OutputError: an output exists that comrec did not make.
    """
    for key in outputs:
        if task.is_retry:
            destination.sweep(key)
        if _is_foreign(destination, key, task.replaces):
            raise OutputError(
                f"{destination.where(key)}: exists, and nothing in it shows that "
                f"comrec made it. Move it away, or name another DST"
            )


def _is_foreign(destination: Place, key: str, may_exist: bool) -> bool:
    """Tells whether a file exists that comrec did not make.

    Args:
      may_exist: whether the file was listed; others are not requested from stores.
    """
    if isinstance(destination, Local):
        path = destination.path(key)
        return os.path.lexists(path) and not provenance.is_ours(path)
    try:
        data = _read_existing(destination, key) if may_exist else None
    except TooLargeError:
        return True
    return data is not None and not provenance.shows_maker(data, Path(key).stem)


def _read_existing(place: Place, key: str) -> bytes | None:
    """Reads an output; None if there is none."""
    limit = files.picture_bytes(MAX_PIXELS)
    try:
        if place.size(key) <= limit:
            return place.read(key, limit)
    except MissingError:
        return None
    raise TooLargeError(f"{place.where(key)}: larger than {limit} bytes")


def write(destination: Place, key: str, data: bytes) -> None:
    """Writes a file; raises PlaceError if it cannot be written.

    On a disk a file that appeared since `prepare_outputs` is not replaced.
    """
    try:
        if isinstance(destination, Local):
            path = destination.path(key)
            files.write(path, data, replace=os.path.lexists(path))
        else:
            destination.write(key, data)
    except OutputError as err:
        raise _to_place_error(err) from err


def _to_place_error(err: OutputError) -> PlaceError:
    # The remedy names an option that bulk does not have.
    return PlaceError(str(err).replace("another place with `output`", "another DST"))


def write_pair(
    destination: Place, task: Task, beside: str, jpeg: bytes, sidecar: bytes | None
) -> None:
    """Writes a pair so that a kill leaves the old pair, the new one, or no .jpg.

    As in `pair.write_pair`, the sidecar describes both while the .jpg is replaced.
    """
    if isinstance(destination, Local):
        try:
            pair.write_pair(destination.path(task.output), jpeg, sidecar, True)
        except OutputError as err:
            raise _to_place_error(err) from err
        return
    old_jpeg = _read_existing(destination, task.output) if task.replaces else None
    old_file = _read_existing(destination, beside) if task.replaces else None
    old = None
    if old_jpeg is not None:
        old = old_file and provenance.fitting_record(old_jpeg, old_file)
        old = old or provenance.record_without(old_jpeg)
    if sidecar is not None or old_file is not None:
        new = sidecar or provenance.record_of_plain(jpeg)
        destination.write(beside, new + (old or b""))
    destination.write(task.output, jpeg)
    if sidecar is None and old_file is not None:
        destination.remove(beside)
    elif sidecar is not None and old:
        destination.write(beside, sidecar)
