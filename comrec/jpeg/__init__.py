"""Codes JPEG files: settings, quantisation tables, colour, coding, segments.

`encode` is for everybody: a picture in memory to the bytes of a JPEG.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comrec.jpeg.trellis_encoder import encode

__all__ = ["encode"]


def __getattr__(name: str) -> Any:
    """Loads `encode` on its first use; settings alone need no NumPy."""
    if name == "encode":
        from comrec.jpeg.trellis_encoder import encode

        return encode
    raise AttributeError(f"module 'comrec.jpeg' has no attribute {name!r}")
