"""The model card of a preset, and its line in the index of cards."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from comrec.networks.presets import Preset
from comrec.train.run.finished import TrainedPair

WIDTH = 90  # of lines of text, as in the other documents


def card(
    preset: Preset, data: str, source: TrainedPair, parameters: Mapping[str, int]
) -> str:
    """The Markdown of a card.

    Args:
      preset: the row as released.
      data: what the pair was trained on, in a person's words.
      source: the round it comes from.
      parameters: trainable ones of each network.

    Raises:
      KeyError, TypeError, ValueError: the log has other rows than training writes.
    """
    return f"""\
# Model card: {preset.name}

{preset.summary}

{_paragraph("What it is", source.what(parameters))}

{_paragraph("Terms", preset.licence)}

{_paragraph("Trained on", data)}

**Which weights.** {source.which}

## Validation

Means over the validation pictures, PSNR on 8-bit pixels, networks in the precision of
training. {source.bold}

{_table(*source.validation())}

## Config

```json
{source.config.dump().strip()}
```

## Made with

{_versions(source)}

## Files

{_table(("file", "SHA-256"), _files(preset))}

Each `.weights.h5` is a master (Keras 3, float32), the `.onnx` of the same name its
export. Every load checks the SHA-256.
"""


def indexed(index: str, preset: Preset) -> str:
    """The index of cards with a line for a preset at the end of its table."""
    licence = preset.licence.replace("|", "\\|")
    line = _line((f"`{preset.name}`", f"[{preset.name}.md]({preset.name}.md)", licence))
    lines = index.splitlines()
    table = [i for i, old in enumerate(lines) if old.startswith("|")]
    last = max(table, default=len(lines) - 1)
    return "\n".join([*lines[: last + 1], line, *lines[last + 1 :]]) + "\n"


def _paragraph(head: str, text: str) -> str:
    return textwrap.fill(
        f"**{head}.** {text}", WIDTH, break_long_words=False, break_on_hyphens=False
    )


def _versions(source: TrainedPair) -> str:
    """A line for each set of versions that the run was started or taken up with."""
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


def _files(preset: Preset) -> list[Iterable[str]]:
    files = (*preset.weights.values(), *preset.onnx.values())
    return [(f"`{file.name}`", f"`{file.sha256}`") for file in files]


def _table(head: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    return "\n".join(map(_line, (head, ("---",) * len(head), *lines)))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
