"""Finds the files of `pretrained/`, and checks the SHA-256 of each on every load."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

from comrec.errors import WeightsError
from comrec.networks.presets import Preset, WeightFile


def folder() -> Path:
    """Where the weights are: in the installed package, else in the source tree."""
    try:
        return Path(str(resources.files("comrec.pretrained")))
    except ModuleNotFoundError:  # run from the source tree without an install
        return Path(__file__).parents[2] / "pretrained"


def read(file: WeightFile) -> bytes:
    """The verified content of one weight file.

    Raises:
      WeightsError: the file is missing, unreadable, or not the one released.
    """
    path = folder() / file.name
    try:
        data = path.read_bytes()
    except OSError as err:
        raise WeightsError(
            f"{path}: weights missing or unreadable ({err.strerror}). Reinstall comrec."
        ) from err
    received = digest(data)
    if received != file.sha256:
        raise WeightsError(
            f"{path}: not the released weights. SHA-256 must be {file.sha256[:12]}…, "
            f"received {received[:12]}…. Reinstall comrec."
        )
    return data


def digest(data: bytes) -> str:
    """SHA-256 of a file's content, as WeightFile has it."""
    return hashlib.sha256(data).hexdigest()


def stem(preset: str, network: str, master: str) -> str:
    """What the files of a network are called, but for their endings.

    Args:
      preset: its name.
      network: "comcnn" or "reccnn".
      master: SHA-256 of the `.weights.h5`.
    """
    return f"{preset}.{network}.{master[:8]}"


def verify(preset: Preset) -> list[str]:
    """Reads every file of a preset; their names. Raises WeightsError for a bad one."""
    files = [*preset.weights.values(), *preset.onnx.values()]
    for file in files:
        read(file)
    return [file.name for file in files]
