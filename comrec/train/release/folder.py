"""Makes a folder a preset of one's own, from a finished run or from Keras models."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import keras

from comrec.errors import ComrecError, UsageError
from comrec.networks import families, presets, weights
from comrec.networks.presets import Preset, WeightFile
from comrec.system import files
from comrec.train.release.release import find, save_networks


def write_run(run: Path, name: str = "", number: int | None = None) -> Preset:
    """Makes the folder of a finished run a preset: `comrec compress -p RUN`.

    Args:
      run: folder of the run.
      name: of the preset, small letters, digits and hyphens; the folder's by default.
      number: of a round of an alternating run; None for the best networks.

    Returns:
      The preset, as `presets.find(run)` reads it.

    Raises:
      UsageError: the folder holds no finished run, or the name is not legal.
      WeightsError: an export computes other values than Keras.
      OutputError: a file cannot be written.
    """
    source = find(run, number)
    name = name or re.sub(r"[^a-z0-9]+", "-", run.resolve().name.lower()).strip("-")
    row = Preset(
        name=name, number=presets.NO_NUMBER, summary=f"trained in {run.name}",
        weights={}, onnx={}, licence="", training="config.json",
        **source.derive_preset(),
    )  # fmt: skip
    return write(source.load_models(), row, run)


def write(models: Iterable[keras.Model], row: Preset, folder: Path) -> Preset:
    """Exports Keras models into a folder and writes the `preset.json` beside them.

    Args:
      models: named "comcnn" and "reccnn", in float32, as the family builds them.
      row: the preset without its files; reach and multiples are the family's.
      folder: gets a `.weights.h5` and an `.onnx` for each model, and the row. A row
        that was there is kept as `preset.HASH.json`, with its files.

    Returns:
      The preset, as `presets.find(folder)` reads it.

    Raises:
      UsageError: the family is unknown, or the row is not legal.
      WeightsError: an export computes other values than Keras.
      OutputError: a file cannot be written.
    """
    if not presets.NAME.fullmatch(row.name):  # before an export, which takes seconds
        raise UsageError(
            f"a preset needs a name of small letters, digits and hyphens. "
            f"Received: {row.name!r}"
        )
    family = families.find(row.family)
    row = replace(
        row,
        reach_px=family.reach_px(row.sizes),
        multiple_px=family.multiple_px(row.sizes),
    )
    with tempfile.TemporaryDirectory() as place:
        row, _ = save_networks(models, row, Path(place))
        kept = _find_exports(folder, row)
        row = replace(row, onnx={**row.onnx, **kept})
        here = {file.name for file in kept.values()}
        for path in sorted(Path(place).iterdir()):
            if path.name not in here:
                files.write(folder / path.name, path.read_bytes())
    path, text = folder / presets.ROW, presets.dump_folder(row)
    if path.exists() and path.read_text() != text:
        digest = weights.digest(path.read_bytes())[:8]
        files.write(folder / f"preset.{digest}.json", path.read_bytes())
    files.write(path, text.encode())
    return presets.read_folder(folder)


def _find_exports(folder: Path, row: Preset) -> dict[str, WeightFile]:
    """Returns the ONNX files of a folder that have the networks of a row.

    Two exports of a network differ in their bytes, and pictures name those bytes.
    """
    found = {}
    for path in folder.glob(presets.ROWS):
        try:
            old = presets.read_row(path)
            for network, file in row.weights.items():
                if old.weights[network].sha256 == file.sha256:
                    weights.read(old.onnx[network])
                    found[network] = replace(old.onnx[network], folder=None)
        except (ComrecError, KeyError):  # of no use to anybody
            continue
    return found
