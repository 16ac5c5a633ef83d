"""Plots rows and pictures by matplotlib, which the autoencoder extra has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from comrec.apps.autoencoder.measure import Row

DPI = 120
JPEG_LINES = {"jpeg": ("k.--", "JPEG, 4:2:0"), "jpeg-444": ("k.:", "JPEG, 4:4:4")}


def draw_curves(rows: Sequence[Row]) -> Figure:
    """Plots PSNR over bytes of each codec; lossless PNG is a line at its bytes."""
    figure = Figure(figsize=(7, 4.5), layout="constrained", dpi=DPI)
    axes = figure.subplots()
    for name in dict.fromkeys(row.codec for row in rows):
        points = [row for row in rows if row.codec == name and row.file_bytes]
        x, y = [row.file_bytes or 0 for row in points], [row.psnr_db for row in points]
        if name == "png":
            axes.axvline(x[0], color="0.5", linestyle=":", label="PNG")
        elif name in JPEG_LINES:
            line, label = JPEG_LINES[name]
            axes.plot(x, y, line, label=label)
        elif points:
            axes.plot(x, y, "o-", label=name, markersize=4)
    axes.set(xlabel="bytes of the file, mean", ylabel="PSNR (dB), mean", xscale="log")
    _format(axes)
    return figure


def draw_sweep(rows: Sequence[Row]) -> Figure:
    """Plots PSNR over the number of latent values, in full precision, beside PCA."""
    figure = Figure(figsize=(7, 4), layout="constrained", dpi=DPI)
    axes = figure.subplots()
    for kind, label in (("dense", "dense"), ("cnn", "cnn"), ("pca", "PCA")):
        points = sorted(
            (row.latent_values or 0, row.psnr_db) for row in rows if kind in row.codec
        )
        if points:
            x, y = zip(*points, strict=True)
            axes.plot(x, y, "k.--" if kind == "pca" else "o-", label=label)
    axes.set(xlabel="latent values", ylabel="PSNR (dB), mean", xscale="log")
    _format(axes)
    return figure


def _format(axes: Axes) -> None:
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(alpha=0.3, which="both")
    axes.legend()


def draw_samples(lines: Mapping[str, np.ndarray]) -> Figure:
    """Draws a line of pictures for each label, uint8 (N, H, W, 1 or 3)."""
    count = max(map(len, lines.values()))
    figure = Figure(figsize=(count * 0.8 + 1, len(lines) * 0.85), dpi=DPI)
    grid = figure.subplots(len(lines), count, gridspec_kw={"wspace": 0.05})
    for (label, pictures), cells in zip(lines.items(), grid, strict=True):
        for picture, axes in zip(pictures, cells, strict=True):
            axes.imshow(picture.squeeze(), cmap="gray", vmin=0, vmax=255)
            axes.set(xticks=[], yticks=[])
        cells[0].set_ylabel(label, rotation=0, ha="right", va="center", fontsize=8)
    return figure
