"""Codecs by name: the anchor, its rivals, and comrec itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from comrec.apps.evaluate import Peer, PeerError, own, rivals
from comrec.apps.evaluate.rivals import ANCHOR
from comrec.errors import UsageError

# comrec:PRESET, then @SCALE, :TUNE and +embed as wanted.
COMREC = re.compile(
    r"comrec:(?P<preset>[^@:+]+)(@(?P<scale>\d+(\.5)?))?"
    r"(:(?P<tune>[a-z]+))?(?P<embed>\+embed)?"
)
NAMES = tuple(rivals.MAKERS)
ALL = "all"  # stands for NAMES

__all__ = ["ALL", "ANCHOR", "COMREC", "NAMES", "find", "load", "spread"]


def find(name: str, threads: int = 0) -> Peer:
    """The codec of that name: one of NAMES, or one that COMREC describes.

    Args:
      name: without a scale, a preset is what `comrec compress -q` makes of it.
      threads: cores for comrec's networks; 0 takes them all. The others take one.

    Raises:
      UsageError: there is none; the message lists those there are.
      PeerError: its library is not here.
    """
    described = COMREC.fullmatch(name)
    if described:
        preset, scale = described["preset"], described["scale"]
        tune, embed = described["tune"] or "psnr", bool(described["embed"])
        if scale is None:
            return own.command(preset, tune, embed, threads)
        return own.at_scale(preset, float(scale), tune, embed, threads)
    if name not in rivals.MAKERS:
        raise UsageError(
            f"no codec is called {name!r}. Codecs: {', '.join(NAMES)}, and "
            f"comrec:PRESET or comrec:PRESET@SCALE, which :visual and +embed may follow"
        )
    return rivals.MAKERS[name](name)


def load(names: Iterable[str]) -> tuple[list[Peer], list[str]]:
    """Codecs, each once, and a line for each that is not here.

    Raises:
      UsageError: a name is unknown.
    """
    found: list[Peer] = []
    notes: list[str] = []
    for name in spread(names):
        try:
            found.append(find(name))
        except PeerError as err:
            notes.append(f"Left out: {err}.")
    return found, notes


def spread(names: Iterable[str]) -> list[str]:
    """The names, each once, with those that ALL stands for in its place."""
    several = (NAMES if name == ALL else (name,) for name in names)
    return list(dict.fromkeys(name for some in several for name in some))
