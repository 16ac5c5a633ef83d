"""The model card of a preset, and its line in the index of cards."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from comrec.presets import Preset
from comrec.train.finished import FinishedRound

WIDTH = 90  # of lines of text, as in the other documents
PAPER = (
    "[An End-to-End Compression Framework Based on Convolutional Neural Networks]"
    "(https://arxiv.org/abs/1708.00838)"
)
PICTURES = {
    1: "for grey pictures. Colour pictures use it on luma; chroma is reduced and "
    "enlarged by bicubic resampling.",
    3: "for colour pictures; grey ones go through it as three equal channels.",
}


def card(
    preset: Preset, data: str, source: FinishedRound, parameters: Mapping[str, int]
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
    what = (
        f"ComCNN ({parameters['comcnn']:,} parameters) and RecCNN "
        f"({parameters['reccnn']:,}) of Jiang et al., {PAPER}, {preset.width} maps "
        f"wide and {preset.depth} convolutions deep, for a compact image of half size "
        f"as a JPEG of quality {preset.compact_quality}, {PICTURES[preset.channels]}"
    )
    picked = "the best one on the validation pictures" if source.is_best else "as asked"
    return f"""\
# Model card: {preset.name}

{preset.summary}

{_paragraph("What it is", what)}

{_paragraph("Terms", preset.licence)}

{_paragraph("Trained on", data)}

**Which weights.** Those after round {source.number}: {picked}.

## Validation

Means over the validation pictures, PSNR on 8-bit pixels, networks in the precision of
training. The round in bold is the one released.

{_table(*_validation(source))}

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


def _validation(source: FinishedRound) -> tuple[Iterable[str], list[Iterable[str]]]:
    """Head and lines of the table of rounds, the warm-up among them."""
    config = source.config
    head = (
        "round", "epochs of ComCNN", "of RecCNN", "minutes",
        f"dB at the bytes of plain JPEG QF {config.plain_quality}", "dB of that JPEG",
        f"dB at quality {config.compact_quality}", "its bytes / plain bytes",
    )  # fmt: skip
    epochs = [row for row in source.rows if row["event"] == "epoch"]
    scores = {r["round"]: r for r in source.rows if r["event"] == "validation"}
    lines: list[Iterable[str]] = []
    for number in sorted({row["round"] for row in epochs} | scores.keys()):
        name = "warm-up" if number < 0 else f"{number}"
        mine = [row for row in epochs if row["round"] == number]
        networks = [row["network"] for row in mine]
        minutes = sum(row["duration_s"] for row in mine) / 60
        lines.append(
            (
                f"**{name}**" if number == source.number else name,
                f"{networks.count('comcnn')}", f"{networks.count('reccnn')}",
                f"{minutes:.1f}", *_figures(scores.get(number)),
            )
        )  # fmt: skip
    return head, lines


def _figures(score: Mapping[str, float] | None) -> tuple[str, ...]:
    if score is None:
        return ("",) * 4
    return (
        f"{score['psnr_db']:.2f}", f"{score['plain_psnr_db']:.2f}",
        f"{score['fixed_psnr_db']:.2f}", f"{score['fixed_bytes_ratio']:.3f}",
    )  # fmt: skip


def _versions(source: FinishedRound) -> str:
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
