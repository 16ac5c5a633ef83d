"""Writes the model card of a preset, and its line in the index of cards."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from comrec.networks.presets import Preset
from comrec.train.run.finished import TrainedPair

WIDTH = 90  # of lines of text, as in the other documents


def write_card(
    preset: Preset, data: str, source: TrainedPair, parameters: Mapping[str, int]
) -> str:
    """Returns the Markdown of a card.

    Args:
      preset: the row as released.
      data: the training data in words.
      source: the networks and their run.
      parameters: trainable parameters of each network.

    Raises:
      KeyError, TypeError, ValueError: the log has other rows than training writes.
    """
    return f"""\
# Model card: {preset.name}

{preset.summary}

{_wrap("What it is", source.describe(parameters))}

{_wrap("Terms", preset.licence)}

{_wrap("Trained on", data)}

**Which weights.** {source.weights_note}

## Validation

Means over the validation pictures, PSNR on 8-bit pixels, networks in the precision of
training. {source.table_note}

{_format_table(*source.tabulate_validation())}

## Config

```json
{source.config.dump().strip()}
```

## Made with

{_list_versions(source)}

## Files

{_format_table(("file", "SHA-256"), _list_files(preset))}

Each `.weights.h5` is a master (Keras 3, float32), the `.onnx` of the same name its
export. Every load checks the SHA-256.
"""


def add_to_index(index: str, preset: Preset) -> str:
    """Returns the index of cards with a line for a preset at the end of its table."""
    licence = preset.licence.replace("|", "\\|")
    line = _format_line(
        (f"`{preset.name}`", f"[{preset.name}.md]({preset.name}.md)", licence)
    )
    lines = index.splitlines()
    table = [i for i, old in enumerate(lines) if old.startswith("|")]
    last = max(table, default=len(lines) - 1)
    return "\n".join([*lines[: last + 1], line, *lines[last + 1 :]]) + "\n"


def _wrap(head: str, text: str) -> str:
    return textwrap.fill(
        f"**{head}.** {text}", WIDTH, break_long_words=False, break_on_hyphens=False
    )


def _list_versions(source: TrainedPair) -> str:
    """Returns a line for each set of versions that the run was started with."""
    starts = [row for row in source.rows if row["event"] == "start"]
    lines = [
        ", ".join(
            f"{name} {version}"
            for name, version in row.items()
            if isinstance(version, str) and name != "event"
        )
        for row in starts
    ]
    return "\n".join(f"- {line}" for line in dict.fromkeys(lines)) or "- not in the log"


def _list_files(preset: Preset) -> list[Iterable[str]]:
    files = (*preset.weights.values(), *preset.onnx.values())
    return [(f"`{file.name}`", f"`{file.sha256}`") for file in files]


def _format_table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    return "\n".join(map(_format_line, (head, ("---",) * len(head), *lines)))


def _format_line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
