"""The rows of a run as tables, and drawn: dB and bytes over rounds, both losses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from comrec.errors import OutputError
from comrec.train.runlog import Row, RunLog

EPOCH = ("round", "network", "epoch", "steps", "loss", "rate", "duration_s")
ROUND = (
    "round", "psnr_db", "plain_psnr_db", "fixed_psnr_db", "fixed_bytes_ratio",
)  # fmt: skip


def draw(folder: Path) -> None:
    """Writes `epochs.tsv`, `rounds.tsv` and `curves.png` from `metrics.jsonl`.

    Without matplotlib (the train extra has it) the tables alone.

    Raises:
      UsageError: the log is damaged.
      OutputError: the folder cannot be written.
    """
    log = RunLog(folder / "metrics.jsonl")
    epochs, rounds = log.rows("epoch"), log.rows("validation")
    try:
        _write_tsv(folder / "epochs.tsv", EPOCH, epochs)
        _write_tsv(folder / "rounds.tsv", ROUND, rounds)
        if epochs:
            _plot(folder / "curves.png", epochs, rounds)
    except ImportError:
        return
    except OSError as err:
        raise OutputError(f"{folder}: cannot be written ({err.strerror})") from err


def _write_tsv(path: Path, columns: Sequence[str], rows: list[Row]) -> None:
    lines = ["\t".join(columns)]
    lines += ["\t".join(str(row.get(c, "nan")) for c in columns) for row in rows]
    temporary = path.with_suffix(".tmp")
    temporary.write_text("\n".join(lines) + "\n")
    os.replace(temporary, path)


def _plot(path: Path, epochs: list[Row], rounds: list[Row]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    (quality, size), (rec, com) = figure.subplots(2, 2)
    x = [row["round"] for row in rounds]
    for name, label, style in (
        ("psnr_db", "restored, at those bytes", "o-"),
        ("plain_psnr_db", "plain JPEG", "k--"),
        ("fixed_psnr_db", "restored, at its own quality", "s:"),
    ):
        quality.plot(x, [row[name] for row in rounds], style, label=label)
    quality.set(title="Validation", xlabel="round", ylabel="PSNR (dB)")
    size.plot(x, [100 * row["fixed_bytes_ratio"] for row in rounds], "s:", color="C1")
    size.axhline(100, color="k", linestyle="--")
    size.set(title="Bytes at its own quality", xlabel="round", ylabel="% of plain JPEG")
    for axes in (quality, size, rec, com):
        axes.xaxis.get_major_locator().set_params(integer=True)
    if rounds:
        quality.legend(fontsize="small")
    _losses(rec, "RecCNN", [r for r in epochs if r["network"] == "reccnn"])
    _losses(
        com,
        "ComCNN",
        [r for r in epochs if r["network"] == "comcnn" and r["round"] >= 0],
    )
    for axes in (quality, size, rec, com):
        axes.grid(alpha=0.3)
    temporary = path.with_name(f"{path.stem}.tmp.png")
    figure.savefig(temporary, dpi=120)
    os.replace(temporary, path)


def _losses(axes: Any, title: str, rows: list[Row]) -> None:
    """One point an epoch; a line where a round begins."""
    axes.plot(range(1, len(rows) + 1), [row["loss"] for row in rows], ".-")
    for i in range(1, len(rows)):
        if rows[i]["round"] != rows[i - 1]["round"]:
            axes.axvline(i + 0.5, color="0.6", linewidth=1)
    axes.set(
        title=f"Loss while {title} learns", xlabel="epoch of its own",
        ylabel="½ squared error of a patch",
    )  # fmt: skip
