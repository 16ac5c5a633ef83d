"""Makes a preset of a run: weights, exports, model card, and the row in the table."""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import keras

from comrec.errors import OutputError, UsageError
from comrec.networks import presets, weights
from comrec.networks.presets import Preset, WeightFile
from comrec.train.alternating.finished import FinishedRound
from comrec.train.joint.finished import FinishedJoint
from comrec.train.release import card, export
from comrec.train.run.finished import TrainedPair

INDEX = "README.md"  # of the cards, if the folder has an index
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 64


@dataclass(frozen=True)
class Label:
    """Holds the words for a released pair, one line each.

    Attributes:
      name: of the preset; part of the names of its files and of every sidecar.
      summary: purpose of the preset.
      licence: terms of the weights.
      data: training data.

    Raises:
      UsageError: a text is not one line, or the name is not legal in file names.
    """

    name: str
    summary: str
    licence: str
    data: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name) > _LONGEST:
            raise UsageError(
                f"the name must be small letters, digits and single hyphens, at most "
                f"{_LONGEST}. Received: {self.name!r}"
            )
        for name, text in vars(self).items():
            if not text.strip() or not text.isprintable():
                raise UsageError(f"the {name} must be one line. Received: {text!r}")


def find(folder: Path, number: int | None = None) -> TrainedPair:
    """Finds the trained networks of the run in a folder.

    Args:
      folder: of the run.
      number: of a round of an alternating run; None for the best networks.

    Raises:
      UsageError: the folder holds no run, the round is not finished, or the run has no
        rounds.
    """
    if not (folder / presets.RUN).is_file():
        raise UsageError(
            f"{folder}: no training run ({presets.RUN} is missing). Name the folder of "
            f"one"
        )
    if FinishedJoint.is_in(folder):
        return FinishedJoint.find(folder, number)
    return FinishedRound.find(folder, number)


def release(source: TrainedPair, label: Label, folder: Path, table: Path) -> Preset:
    """Makes a preset of trained networks: all of its files and its row, or nothing.

    Args:
      source: the networks.
      label: name and words of the preset.
      folder: gets the masters, the exports and the card `NAME.md`; its index of
        cards gets a line.
      table: as `presets.TABLE`; gets the row, with the next free number.

    Returns:
      The row.

    Raises:
      UsageError: the name is taken, or the run or the table cannot be read.
      WeightsError: an export computes other values than Keras.
      OutputError: a file cannot be written.
    """
    rows = presets.read(table)
    if not folder.is_dir():
        raise OutputError(f"{folder}: no such folder. Make it, or name another")
    draft = _build_draft(source, label, rows, table)
    try:
        with tempfile.TemporaryDirectory(prefix=".release-", dir=folder) as place:
            preset, parameters = save_networks(source.load_models(), draft, Path(place))
            (Path(place) / f"{preset.name}.md").write_text(
                _write_card(preset, label, source, parameters), encoding="utf-8"
            )
            changed = {table: presets.dump([*rows, preset])}
            index = folder / INDEX
            if index.exists():
                text = index.read_text(encoding="utf-8")
                changed = {index: card.add_to_index(text, preset)} | changed
            _commit(Path(place), folder, changed)
    except OSError as err:
        raise OutputError(
            f"{err.filename2 or err.filename or folder}: cannot be written "
            f"({err.strerror or err}). Nothing was released; make room, or name "
            f"another folder"
        ) from err
    return preset


def _build_draft(
    source: TrainedPair, label: Label, rows: tuple[Preset, ...], table: Path
) -> Preset:
    """Returns the row without its files."""
    settings = source.derive_preset()
    for row in rows:
        if row.name == label.name:
            raise UsageError(
                f"{table}: {label.name!r} is released, with number {row.number}, and "
                f"that never changes. Choose another name"
            )
    number = max((row.number for row in rows), default=0) + 1
    if number > presets.LAST_NUMBER:
        raise UsageError(
            f"{table}: numbers end at {presets.LAST_NUMBER}, and all are taken"
        )
    return Preset(
        name=label.name,
        number=number,
        summary=label.summary,
        weights={},
        onnx={},
        licence=label.licence,
        training=f"pretrained/{label.name}.md",
        **settings,
    )


def save_networks(
    models: Iterable[keras.Model], draft: Preset, place: Path
) -> tuple[Preset, dict[str, int]]:
    """Writes both files of each network; returns the row and the parameter counts."""
    masters, exports, parameters = {}, {}, {}
    for model in models:
        master, onnx = place / "draft.weights.h5", place / "draft.onnx"
        export.save(model, master, onnx, draft.multiple_px)
        stem = weights.stem(draft.name, model.name, weights.digest(master.read_bytes()))
        masters[model.name] = _rename(master, f"{stem}.weights.h5")
        exports[model.name] = _rename(onnx, f"{stem}.onnx")
        shapes = [variable.shape for variable in model.trainable_variables]
        parameters[model.name] = sum(map(math.prod, shapes))
    return replace(draft, weights=masters, onnx=exports), parameters


def _rename(path: Path, name: str) -> WeightFile:
    path = path.rename(path.with_name(name))
    return WeightFile(name, weights.digest(path.read_bytes()))


def _write_card(
    preset: Preset, label: Label, source: TrainedPair, parameters: Mapping[str, int]
) -> str:
    try:
        return card.write_card(preset, label.data, source, parameters)
    except (KeyError, TypeError, ValueError) as err:
        raise UsageError(
            f"{source.folder / 'metrics.jsonl'}: not the log of a run "
            f"({type(err).__name__}: {err}). Name the folder of a run"
        ) from err


def _commit(place: Path, folder: Path, changed: Mapping[Path, str]) -> None:
    """Moves every file of a place to a folder, then changes files; or does nothing.

    Args:
      place: on the same disk as the folder.
      folder: must not have a file of the same name.
      changed: new content of existing files, in this order.

    Raises:
      OutputError: the folder has a file of the same name.
    """
    moved: list[Path] = []
    replaced: list[Path] = []
    try:
        for (
            path,
            text,
        ) in changed.items():  # before any file is moved, as the disk may be full
            shutil.copy2(path, _temporary(path, "old"))
            _temporary(path, "new").write_text(text, encoding="utf-8")
        for path in sorted(place.iterdir()):
            target = folder / path.name
            if os.path.lexists(target):
                raise OutputError(
                    f"{target}: exists, and no row of {[*changed][-1]} names it. "
                    f"Move it away, or choose another name"
                )
            moved.append(path.rename(target))
        for path in changed:
            replaced.append(path)
            _temporary(path, "new").replace(path)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        for path in replaced:
            _temporary(path, "old").replace(path)
        raise
    finally:
        for path in changed:
            _temporary(path, "old").unlink(missing_ok=True)
            _temporary(path, "new").unlink(missing_ok=True)


def _temporary(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name}.{kind}")
