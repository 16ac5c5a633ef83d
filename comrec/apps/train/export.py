"""Makes the folder of a run a preset: `comrec compress -p RUN` takes it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from comrec.errors import ComrecError
from comrec.networks.presets import Preset


def export(folder: Path, name: str = "", number: int | None = None) -> Preset:
    """Makes a preset of the best networks that a run has trained so far.

    Args:
      folder: of the run.
      name: of the preset; the folder's by default.
      number: of a round of an alternating run; None for the best one.

    Raises:
      ComrecError: as of `comrec.train.release.folder.write_run`.
      ImportError: a library that the export needs is not installed.
    """
    from comrec.train.release.folder import write_run  # loads Keras

    return write_run(folder, name, number)


def export_finished(folder: Path, say: Callable[[str], None]) -> None:
    """Makes a finished run a preset, and prints how the preset is used.

    A run whose networks cannot be exported here is finished all the same.

    Args:
      folder: of the run.
      say: gets a note where the networks cannot be exported.
    """
    try:
        preset = export(folder)
    except (ComrecError, ImportError) as err:
        say(
            f"{folder}: finished, and no preset yet ({err}). comrec train export "
            f"{folder} makes it one"
        )
        return
    print(f"preset {preset.name}: comrec compress PICTURE -p {folder}")
