"""Finds codecs by name: the anchor, its rivals, and comrec itself."""

from __future__ import annotations

import re
from collections.abc import Iterable

from comrec.apps.evaluate import own, rivals
from comrec.apps.evaluate.interface import Peer, PeerError
from comrec.apps.evaluate.rivals import ANCHOR
from comrec.encoder.options import EFFORT
from comrec.errors import UsageError

# comrec:PRESET, with optional @SCALE, :TUNE, +effortN and +embed.
COMREC = re.compile(
    r"comrec:(?P<preset>[^@:+]+)(@(?P<scale>\d+(\.5)?))?"
    r"(:(?P<tune>[a-z]+))?(\+effort(?P<effort>\d))?(?P<embed>\+embed)?"
)
NAMES = tuple(rivals.MAKERS)
ALL = "all"  # stands for NAMES

__all__ = ["ALL", "ANCHOR", "COMREC", "NAMES", "expand", "find", "load"]


def find(name: str, threads: int = 0) -> Peer:
    """Returns a codec by name.

    Args:
      name: one of NAMES, or a match of COMREC. A preset without a scale stands for
        `comrec compress -q`.
      threads: cores for comrec's networks; 0 takes all. Other codecs take one.

    Raises:
      UsageError: the name is unknown; the message lists the known ones.
      PeerError: a library is not installed.
    """
    described = COMREC.fullmatch(name)
    if described:
        preset, scale = described["preset"], described["scale"]
        tune, embed = described["tune"] or "psnr", bool(described["embed"])
        effort = int(described["effort"] or EFFORT)
        if scale is None:
            return own.make_command_peer(preset, tune, embed, threads, effort)
        if described["effort"]:
            raise UsageError(f"{name}: a fixed scale has no effort. Leave +effort out")
        return own.make_scale_peer(preset, float(scale), tune, embed, threads)
    if name not in rivals.MAKERS:
        raise UsageError(
            f"no codec is called {name!r}. Codecs: {', '.join(NAMES)}, and "
            f"comrec:PRESET or comrec:PRESET@SCALE, which :visual, +effortN and +embed "
            f"may follow"
        )
    return rivals.MAKERS[name](name)


def load(names: Iterable[str]) -> tuple[list[Peer], list[str]]:
    """Returns codecs, each once, and a sentence for each that cannot run here.

    Raises:
      UsageError: a name is unknown.
    """
    found: list[Peer] = []
    notes: list[str] = []
    for name in expand(names):
        try:
            found.append(find(name))
        except PeerError as err:
            notes.append(f"Left out: {err}.")
    return found, notes


def expand(names: Iterable[str]) -> list[str]:
    """Returns the names, each once, with NAMES in place of ALL."""
    groups = (NAMES if name == ALL else (name,) for name in names)
    return list(dict.fromkeys(name for group in groups for name in group))
