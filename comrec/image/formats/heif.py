"""Opens HEIC with pillow_heif, which comes with `comrec[heic]`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image

from comrec.errors import ImageError


@contextmanager
def open_picture(data: bytes) -> Iterator[Image.Image]:
    """Opens the first picture of a HEIC.

    Raises:
      ImageError: pillow_heif is not installed.
    """
    try:
        from pillow_heif import HeifImageFile
    except ImportError as err:
        raise ImageError(
            "HEIC needs pillow_heif. Install comrec[heic], or convert it to JPEG first"
        ) from err
    with HeifImageFile(io.BytesIO(data)) as picture:
        yield picture
