"""Finds the files of presets, and checks the SHA-256 of each on every load."""

from __future__ import annotations

import errno
import hashlib
import os
from importlib import resources
from pathlib import Path

from comrec.errors import WeightsError
from comrec.networks.presets import Preset, WeightFile


def folder() -> Path:
    """Returns the folder of the released weights: installed, or in the source tree."""
    try:
        return Path(str(resources.files("comrec.pretrained")))
    except ModuleNotFoundError:  # run from the source tree without an install
        return Path(__file__).parents[2] / "pretrained"


def path_of(file: WeightFile) -> Path:
    """Returns where a file of a preset is, or would be."""
    return (file.folder or folder()) / file.name


def read(file: WeightFile) -> bytes:
    """Reads one file of a preset, verified.

    Raises:
      WeightsError: the file is missing, unreadable, or not the one that the preset
        names.
    """
    path, which, advice = path_of(file), "released weights", "Reinstall comrec"
    if file.folder:
        which, advice = "weights that preset.json names", "Export the preset again"
    try:
        if os.path.exists(path) and not os.path.isfile(path):  # a pipe would block
            raise OSError(errno.EINVAL, "not a plain file")
        data = path.read_bytes()
    except OSError as err:
        raise WeightsError(
            f"{path}: weights missing or unreadable ({err.strerror}). {advice}."
        ) from err
    received = digest(data)
    if received != file.sha256:
        raise WeightsError(
            f"{path}: not the {which}. SHA-256 must be {file.sha256[:12]}…, "
            f"received {received[:12]}…. {advice}."
        )
    return data


def digest(data: bytes) -> str:
    """Returns the SHA-256 of a file's content, as WeightFile has it."""
    return hashlib.sha256(data).hexdigest()


def stem(preset: str, network: str, master: str) -> str:
    """Returns the names of a network's files, without their endings.

    Args:
      preset: its name.
      network: "comcnn" or "reccnn".
      master: SHA-256 of the `.weights.h5`.
    """
    return f"{preset}.{network}.{master[:8]}"


def verify(preset: Preset) -> list[str]:
    """Reads and checks every file of a preset, except masters that are not installed.

    Returns:
      Names of the files read.

    Raises:
      WeightsError: an ONNX file is missing, or a file is not the one released.
    """
    left_out = absent(preset)
    files = [*preset.weights.values(), *preset.onnx.values()]
    names = [file.name for file in files if file.name not in left_out]
    for file in files:
        if file.name in names:
            read(file)
    return names


def absent(preset: Preset) -> list[str]:
    """Returns the names of masters that are not installed.

    Only training reads masters: a wheel has none, and a checkout those of the latest
    presets.
    """
    files = preset.weights.values()
    return [file.name for file in files if not path_of(file).exists()]
