"""Compresses pictures to a JPEG and a small sidecar; a network restores them.

`comrec.compress` and `comrec.decompress` are the two directions; `comrec.presets`
lists the trained pairs of networks, and `comrec.jpeg.encode` writes a plain JPEG.
Importing comrec loads no machine-learning framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comrec import jpeg
    from comrec.api.compress import compress
    from comrec.api.decompress import decompress
    from comrec.encoder.report import Compressed
    from comrec.errors import ComrecError
    from comrec.networks import presets

__version__ = "0.1.0"
__all__ = [
    "Compressed", "ComrecError", "compress", "decompress", "jpeg", "presets",
]  # fmt: skip

_HOMES = {
    "compress": "comrec.api.compress",
    "decompress": "comrec.api.decompress",
    "Compressed": "comrec.encoder.report",
    "ComrecError": "comrec.errors",
}
_MODULES = {"jpeg": "comrec.jpeg", "presets": "comrec.networks.presets"}


def __getattr__(name: str) -> Any:
    """Loads a public name on its first use."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _MODULES:
        return importlib.import_module(_MODULES[name])
    raise AttributeError(f"module 'comrec' has no attribute {name!r}")


def __dir__() -> list[str]:
    """Lists the public names, loaded or not."""
    return sorted([*globals(), *__all__])
