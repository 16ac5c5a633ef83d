"""From a run to a preset: weights, exports, model card, and the row that names them."""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from comrec.errors import OutputError, UsageError
from comrec.networks import presets, weights
from comrec.networks.presets import Preset, WeightFile
from comrec.train.alternating.finished import FinishedRound
from comrec.train.joint.finished import FinishedJoint
from comrec.train.release import card, export
from comrec.train.run.finished import TrainedPair

INDEX = "README.md"  # of the cards, where the folder has one
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST = 64


@dataclass(frozen=True)
class Label:
    """What a person says of a pair, a line each.

    Attributes:
      name: of the preset; part of the names of its files and of every sidecar.
      summary: what it is for.
      licence: terms of the weights.
      data: what it was trained on.

    Raises:
      UsageError: a line is empty or several, or the name is not one for files.
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
        for what, text in vars(self).items():
            if not text.strip() or not text.isprintable():
                raise UsageError(f"the {what} must be one line. Received: {text!r}")


def find(folder: Path, number: int | None = None) -> TrainedPair:
    """What the run in a folder has made: its best round, or the one asked for.

    Raises:
      UsageError: not the folder of a run, the round is not finished, or the run has
        no rounds to ask for.
    """
    if FinishedJoint.is_in(folder):
        return FinishedJoint.find(folder, number)
    return FinishedRound.find(folder, number)


def release(source: TrainedPair, label: Label, folder: Path, table: Path) -> Preset:
    """Makes a preset of a round: all of its files and its row, or nothing.

    Args:
      source: which weights.
      label: what to call it.
      folder: gets the masters, the exports and the card `NAME.md`; its index of
        cards gets a line.
      table: as `presets.TABLE`; gets the row, with the next free number.

    Returns:
      The row.

    Raises:
      UsageError: the name is taken, or the run or the table is none.
      WeightsError: an export does not compute what Keras computes.
      OutputError: something cannot be written.
    """
    rows = presets.read(table)
    if not folder.is_dir():
        raise OutputError(f"{folder}: no such folder. Make it, or name another")
    draft = _draft(source, label, rows, table)
    try:
        with tempfile.TemporaryDirectory(prefix=".release-", dir=folder) as place:
            preset, parameters = _save(source, draft, Path(place))
            (Path(place) / f"{preset.name}.md").write_text(
                _card(preset, label, source, parameters), encoding="utf-8"
            )
            changed = {table: presets.dump([*rows, preset])}
            index = folder / INDEX
            if index.exists():
                text = index.read_text(encoding="utf-8")
                changed = {index: card.indexed(text, preset)} | changed
            _commit(Path(place), folder, changed)
    except OSError as err:
        raise OutputError(
            f"{err.filename2 or err.filename or folder}: cannot be written "
            f"({err.strerror or err}). Nothing was released; make room, or name "
            f"another folder"
        ) from err
    return preset


def _draft(
    source: TrainedPair, label: Label, rows: tuple[Preset, ...], table: Path
) -> Preset:
    """The row without its files."""
    made = source.row()
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
        **made,
    )


def _save(
    source: TrainedPair, draft: Preset, place: Path
) -> tuple[Preset, dict[str, int]]:
    """Writes both files of both networks; the row with them, and parameter counts."""
    masters, exports, parameters = {}, {}, {}
    for model in source.models():
        master, onnx = place / "draft.weights.h5", place / "draft.onnx"
        export.save(model, master, onnx, draft.multiple_px)
        stem = weights.stem(draft.name, model.name, weights.digest(master.read_bytes()))
        masters[model.name] = _named(master, f"{stem}.weights.h5")
        exports[model.name] = _named(onnx, f"{stem}.onnx")
        shapes = [variable.shape for variable in model.trainable_variables]
        parameters[model.name] = sum(map(math.prod, shapes))
    return replace(draft, weights=masters, onnx=exports), parameters


def _named(path: Path, name: str) -> WeightFile:
    path = path.rename(path.with_name(name))
    return WeightFile(name, weights.digest(path.read_bytes()))


def _card(
    preset: Preset, label: Label, source: TrainedPair, parameters: Mapping[str, int]
) -> str:
    try:
        return card.card(preset, label.data, source, parameters)
    except (KeyError, TypeError, ValueError) as err:
        raise UsageError(
            f"{source.folder / 'metrics.jsonl'}: not the log of a run "
            f"({type(err).__name__}: {err}). Name the folder of a run"
        ) from err


def _commit(place: Path, folder: Path, changed: Mapping[Path, str]) -> None:
    """Moves every file of a place to a folder, then changes files; or does nothing.

    Args:
      place: on the same disk as the folder.
      folder: has no file of those names.
      changed: new content of files that are there, in this order.
    """
    moved: list[Path] = []
    replaced: list[Path] = []
    try:
        for path, text in changed.items():  # all that takes room comes first
            shutil.copy2(path, _beside(path, "old"))
            _beside(path, "new").write_text(text, encoding="utf-8")
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
            _beside(path, "new").replace(path)
    except BaseException:
        for path in moved:
            path.unlink(missing_ok=True)
        for path in replaced:
            _beside(path, "old").replace(path)
        raise
    finally:
        for path in changed:
            _beside(path, "old").unlink(missing_ok=True)
            _beside(path, "new").unlink(missing_ok=True)


def _beside(path: Path, kind: str) -> Path:
    return path.with_name(f".{path.name}.{kind}")
