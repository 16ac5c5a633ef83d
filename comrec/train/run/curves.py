"""Writes the log of a run as tables, and plots its losses and its validation."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from comrec.errors import OutputError
from comrec.image.formats.png_text import FIGURE
from comrec.train.run.log import Row, RunLog
from comrec.train.run.progress import read_gains

EPOCH = ("round", "network", "epoch", "steps", "loss", "rate", "duration_s")
ROUND = (
    "round", "psnr_db", "plain_psnr_db", "fixed_psnr_db", "fixed_bytes_ratio",
)  # fmt: skip
JOINT_EPOCH = ("phase", "learns", "epoch", "steps", "loss", "rate", "duration_s")
LINES = ("-", "--", ":", "-.")


def draw(folder: Path) -> None:
    """Writes `epochs.tsv`, `curves.png` and a table of the validation.

    The table is `rounds.tsv` of an alternating run and `validation.tsv` of an
    end-to-end run. The plot needs matplotlib, which the train extra has; without
    matplotlib, only the tables are written.

    Args:
      folder: of the run.

    Raises:
      UsageError: the log is damaged.
      OutputError: the folder cannot be written.
    """
    log = RunLog(folder / "metrics.jsonl")
    epochs, validated = log.rows("epoch"), log.rows("validation")
    is_joint = bool(epochs) and "learns" in epochs[0]
    try:
        _write_tsv(folder / "epochs.tsv", JOINT_EPOCH if is_joint else EPOCH, epochs)
        if is_joint:
            validated = _count_epochs(log)
            names = (
                [name for name in validated[-1] if "gain_db" in name]
                if validated
                else ()
            )
            _write_tsv(folder / "validation.tsv", ("epochs", *names), validated)
        else:
            _write_tsv(folder / "rounds.tsv", ROUND, validated)
        if epochs:
            _save(
                folder / "curves.png",
                _plot_stages if is_joint else _plot_rounds,
                epochs,
                validated,
            )
    except ImportError:
        return
    except OSError as err:
        raise OutputError(f"{folder}: cannot be written ({err.strerror})") from err


def _count_epochs(log: RunLog) -> list[Row]:
    """Returns the validation rows, each with the number of `epochs` done before."""
    done, validated = 0, []
    for row in log.rows():
        done += row["event"] == "epoch"
        if row["event"] == "validation":
            validated.append(row | {"epochs": done})
    return validated


def _write_tsv(path: Path, columns: Sequence[str], rows: list[Row]) -> None:
    lines = ["\t".join(columns)]
    lines += ["\t".join(str(row.get(c, "nan")) for c in columns) for row in rows]
    temporary = path.with_suffix(".tmp")
    temporary.write_text("\n".join(lines) + "\n")
    os.replace(temporary, path)


def _save(path: Path, plot: Any, epochs: list[Row], validated: list[Row]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 6), layout="constrained")
    plot(figure, epochs, validated)
    for axes in figure.axes:
        axes.grid(alpha=0.3)
        locator: Any = axes.xaxis.get_major_locator()
        locator.set_params(integer=True)
    temporary = path.with_name(f"{path.stem}.tmp.png")
    figure.savefig(temporary, dpi=120, metadata={"Software": FIGURE})
    os.replace(temporary, path)


def _plot_rounds(figure: Any, epochs: list[Row], rounds: list[Row]) -> None:
    """Plots an alternating run: dB and bytes over rounds, and both losses."""
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
    if rounds:
        quality.legend(fontsize="small")
    for axes, network, title in ((rec, "reccnn", "RecCNN"), (com, "comcnn", "ComCNN")):
        rows = [r for r in epochs if r["network"] == network and r["round"] >= 0]
        _plot_losses(axes, f"Loss while {title} learns", rows, "round")
        axes.set(xlabel="epoch of its own", ylabel="½ squared error of a patch")


def _plot_stages(figure: Any, epochs: list[Row], validated: list[Row]) -> None:
    """Plots an end-to-end run: dB gained over epochs, and the loss of each kind."""
    kinds = (
        ("RecCNN alone", ("reccnn",), "share of the error that is left"),
        (
            "ComCNN, through the codec",
            ("comcnn", "both"),
            "bits per pixel + error / price",
        ),
    )
    present = [kind for kind in kinds if any(r["learns"] in kind[1] for r in epochs)]
    cells = [["gain"] * len(present), [title for title, _, _ in present]]
    axes = figure.subplot_mosaic(cells)
    _plot_gain(axes["gain"], epochs, validated)
    for title, learners, label in present:
        rows = [row for row in epochs if row["learns"] in learners]
        _plot_losses(axes[title], f"Loss: {title}", rows, "phase")
        axes[title].set(xlabel="epoch of its own", ylabel=label)


def _plot_gain(axes: Any, epochs: list[Row], validated: list[Row]) -> None:
    """Plots the gain of the rows with the columns of the last one.

    A vertical line marks the begin of each stage.
    """
    validated = [row for row in validated if row.keys() == validated[-1].keys()]
    x = [row["epochs"] for row in validated]
    if validated:
        axes.plot(x, [row["gain_db"] for row in validated], "k.-", lw=2.5, label="mean")
    curves = [read_gains(row) for row in validated]
    scales: list[str] = []
    for place in curves[-1] if curves else ():
        scale = place.split(",")[0]
        scales += [scale] * (scale not in scales)
        axes.plot(
            x, [curve[place] for curve in curves], marker=".", label=place,
            color=f"C{list(curves[-1]).index(place)}",
            linestyle=LINES[scales.index(scale) % len(LINES)],
        )  # fmt: skip
    for first in _mark_borders(axes, epochs, "phase"):
        axes.text(
            first + 0.6, 1.02, epochs[first]["learns"], color="0.4", fontsize="small",
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
    axes.axhline(0, color="0.6", linewidth=1)
    last = max(len(epochs), 2) + 0.5
    axes.set(xlim=(0.5, last), xlabel="epoch", ylabel="dB above plain JPEG, same bytes")
    if validated:
        axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))


def _plot_losses(axes: Any, title: str, rows: list[Row], part: str) -> None:
    """Plots a point for each epoch, and marks the begin of each round or stage."""
    axes.plot(range(1, len(rows) + 1), [row["loss"] for row in rows], ".-")
    _mark_borders(axes, rows, part)
    axes.set_title(title)


def _mark_borders(axes: Any, rows: list[Row], part: str) -> list[int]:
    """Draws a line before each part but the first; returns where the parts begin."""
    firsts = [
        i for i in range(len(rows)) if not i or rows[i][part] != rows[i - 1][part]
    ]
    for i in firsts[1:]:
        axes.axvline(i + 0.5, color="0.6", linewidth=1)
    return firsts
