"""Measures rate and distortion of codecs over a folder of pictures."""

from comrec.apps.evaluate.interface import (
    Files,
    Pass,
    Peer,
    PeerError,
    Setting,
    run,
    thin,
)

__all__ = ["Files", "Pass", "Peer", "PeerError", "Setting", "run", "thin"]
