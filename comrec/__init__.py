"""Compresses pictures to a JPEG and a small sidecar; a network restores them.

`comrec.compress` and `comrec.decompress` are the two directions, and `comrec.open`
restores to an image of Pillow; `comrec.compress_many` takes many pictures.
`comrec.restore` brings ordinary JPEGs closer to their originals.
`comrec.register_opener` makes Pillow open and save the files. `comrec.presets` lists
the trained pairs of networks, and `comrec.jpeg.encode` writes a plain JPEG. Importing
comrec loads no machine-learning framework.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comrec import jpeg
    from comrec.api.compress import compress
    from comrec.api.decompress import decompress, open
    from comrec.api.many import compress_many
    from comrec.api.opener import register_opener
    from comrec.api.restore import Restored, restore
    from comrec.encoder.report import Compressed, Report
    from comrec.errors import ComrecError
    from comrec.networks import presets

__version__ = "0.1.0"
__all__ = [
    "Compressed", "ComrecError", "Report", "Restored", "compress", "compress_many",
    "decompress", "jpeg", "open", "presets", "register_opener", "restore",
]  # fmt: skip

_HOMES = {
    "compress": "comrec.api.compress",
    "compress_many": "comrec.api.many",
    "decompress": "comrec.api.decompress",
    "open": "comrec.api.decompress",
    "register_opener": "comrec.api.opener",
    "restore": "comrec.api.restore",
    "Restored": "comrec.api.restore",
    "Compressed": "comrec.encoder.report",
    "Report": "comrec.encoder.report",
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
    hidden = [name for name in globals() if name.startswith("__")]
    return sorted([*hidden, *__all__])
