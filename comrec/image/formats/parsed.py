"""Holds what comrec's own parser of a format finds in a file."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import UnidentifiedImageError

from comrec.errors import ImageError
from comrec.image.metadata import Metadata


@dataclass(frozen=True)
class Parsed:
    """Holds the picture of a file without the rest, and its metadata.

    Attributes:
      format: a key of `decoders.TABLE`.
      bits: of a channel.
      height_px, width_px: as stored, before the orientation is applied.
      clean: the bytes that the decoder gets.
      metadata: EXIF with the orientation of the file.
      turn: EXIF orientation that the format itself says, 1 to 8; 0 where it says none.
      has_alpha: False where a fourth channel is no alpha.
    """

    format: str
    bits: int
    height_px: int
    width_px: int
    clean: bytes
    metadata: Metadata = Metadata()
    turn: int = 0
    has_alpha: bool = True


def damaged(reason: object) -> ImageError:
    """Returns the error for damaged data."""
    text = " ".join(str(reason).split()) or type(reason).__name__
    if isinstance(reason, UnidentifiedImageError):  # its text names an object in memory
        text = "its header makes no sense"
    return ImageError(f"damaged or cut off ({text}). Use another copy")


def unsupported(
    kind: str, remedy: str = "Convert it to PNG or TIFF first"
) -> ImageError:
    """Returns the error for a whole file of a kind that comrec does not read."""
    return ImageError(f"{kind}, which comrec does not read. {remedy}")
