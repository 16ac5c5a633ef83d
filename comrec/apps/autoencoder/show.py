"""Shows the progress of a run: lines, a bar, and a plot with a table of its rows."""

from __future__ import annotations

import os
from pathlib import Path

from comrec.errors import OutputError
from comrec.image.formats.png_text import FIGURE
from comrec.train.run.log import Row, RunLog
from comrec.train.run.progress import Display

COLUMNS = ("phase", "epoch", "loss", "rate", "duration_s", "psnr_db")


class AutoencoderDisplay(Display):
    """Prints the rows of a run, with the validation PSNR of each epoch."""

    def on_row(self, row: Row) -> None:
        if row["event"] == "validation":
            print(f"validation: {row['psnr_db']:.2f} dB", flush=True)
        else:
            super().on_row(row)


def draw(folder: Path) -> None:
    """Writes `epochs.tsv` and, if matplotlib is installed, `curves.png`.

    Args:
      folder: of the run.

    Raises:
      UsageError: the log is damaged.
      OutputError: the folder cannot be written.
    """
    log = RunLog(folder / "metrics.jsonl")
    psnr_db = {(r["phase"], r["epoch"]): r["psnr_db"] for r in log.rows("validation")}
    rows = [
        row | {"psnr_db": psnr_db.get((row["phase"], row["epoch"]), float("nan"))}
        for row in log.rows("epoch")
    ]
    try:
        lines = ["\t".join(str(row[column]) for column in COLUMNS) for row in rows]
        _replace(folder / "epochs.tsv", "\n".join(["\t".join(COLUMNS), *lines]) + "\n")
        if rows:
            _plot(folder / "curves.png", rows)
    except ImportError:
        return
    except OSError as err:
        raise OutputError(f"{folder}: cannot be written ({err.strerror})") from err


def _replace(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    os.replace(temporary, path)


def _plot(path: Path, rows: list[Row]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.5), layout="constrained")
    loss, psnr = figure.subplots(1, 2)
    x = range(1, len(rows) + 1)
    loss.plot(x, [row["loss"] for row in rows], ".-")
    psnr.plot(x, [row["psnr_db"] for row in rows], ".-")
    loss.set(xlabel="epoch", title="Loss")
    psnr.set(xlabel="epoch", ylabel="PSNR (dB)", title="Validation, latent in float")
    first = sum(row["phase"] == 0 for row in rows)
    for axes in (loss, psnr):
        axes.grid(alpha=0.3)
        if first < len(rows):
            axes.axvline(first + 0.5, color="0.6", linewidth=1)
    temporary = path.with_name(f"{path.stem}.tmp.png")
    figure.savefig(temporary, dpi=120, metadata={"Software": FIGURE})
    os.replace(temporary, path)
