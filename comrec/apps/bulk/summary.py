"""Counts the results of a run, and describes them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from comrec.format import sorting

MEGA = 1e6


@dataclass
class Tally:
    """Holds counts over the rows of a run.

    Attributes:
      done, failed: pictures of this run.
      skipped: pictures that an earlier run has done.
      left_out: files that are no input, by reason.
      input_bytes, output_bytes, pixels: of the pictures that are done.
      psnr_db_sum, measured: sum and number of the finite PSNR values.
      retried: pictures that were started again because their worker ended.
      started_s: start of the run, on the clock of `time.monotonic`.
    """

    done: int = 0
    failed: int = 0
    skipped: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    input_bytes: int = 0
    output_bytes: int = 0
    pixels: int = 0
    psnr_db_sum: float = 0
    measured: int = 0
    retried: int = 0
    started_s: float = field(default_factory=time.monotonic)

    def add(self, row: dict[str, Any]) -> None:
        """Counts one row."""
        if row["state"] == "failed":
            self.failed += 1
        if row["state"] == "left_out":
            self.left_out[str(row.get("reason"))] += 1
        if row["state"] != "done":  # a folder may be "listed", after it had failed
            return
        self.done += 1
        self.input_bytes += int(row.get("input_bytes", 0))
        self.output_bytes += sum(row["outputs"].values())
        self.pixels += int(row.get("width_px", 0)) * int(row.get("height_px", 0))
        if row.get("psnr_db") is not None:
            self.psnr_db_sum += float(row["psnr_db"])
            self.measured += 1

    def add_all(self, rows: Iterable[dict[str, Any]]) -> Tally:
        """Counts rows; returns the tally itself."""
        for row in rows:
            self.add(row)
        return self

    @property
    def seconds(self) -> float:
        """Returns the seconds since the start."""
        return time.monotonic() - self.started_s

    @property
    def listed(self) -> int:
        """Returns the number of files, and of folders that could not be listed."""
        return self.finished + self.left_out.total()

    @property
    def finished(self) -> int:
        """Returns the number of done, failed and skipped pictures."""
        return self.done + self.failed + self.skipped

    def row(self) -> dict[str, object]:
        """Returns the counts as one JSON object."""
        mean = self.psnr_db_sum / self.measured if self.measured else None
        return {
            "listed": self.listed, "done": self.done, "failed": self.failed,
            "skipped": self.skipped, "left_out": self.left_out.total(),
            "left_out_by_reason": dict(self.left_out), "retried": self.retried,
            "input_bytes": self.input_bytes, "output_bytes": self.output_bytes,
            "megapixels": round(self.pixels / MEGA, 3),
            "psnr_db": None if mean is None else round(mean, 3),
            "seconds": round(self.seconds, 1),
        }  # fmt: skip

    def progress(self, total: int | None) -> str:
        """Returns a line for a terminal.

        Args:
          total: number of pictures; None while it is unknown.
        """
        speed = self.pixels / MEGA / max(self.seconds, 1e-9)
        parts = [f"{self.done:,} done", f"{self.failed:,} failed"]
        if self.skipped:
            parts.append(f"{self.skipped:,} were done already")
        parts += [f"{speed:.2f} MP/s", self._describe_saving()]
        worked = self.done + self.failed
        if total is not None and worked:
            left_s = (total - self.finished) * self.seconds / worked
            parts.append(f"{timedelta(seconds=max(round(left_s), 0))} left")
        return ", ".join(parts)

    def text(self, is_run: bool = True) -> str:
        """Returns the counts as lines of text.

        Args:
          is_run: whether the counts are of one run; else they are of a manifest.
        """
        lines = [f"{self.done:,} done, {self.failed:,} failed"]
        if is_run:
            lines[0] += f", {self.skipped:,} were done already"
        if self.left_out:
            lines.append(sorting.count(self.left_out))
        if self.retried:
            lines.append(f"{self.retried:,} started again, as their worker had ended")
        if self.done:
            sizes = f"{self.input_bytes:,} → {self.output_bytes:,} bytes"
            lines.append(f"{sizes}: {self._describe_saving()}")
        if self.measured:
            lines.append(f"mean PSNR {self.psnr_db_sum / self.measured:.2f} dB")
        if self.done and is_run:
            megapixels = self.pixels / MEGA
            speed = f"{megapixels / max(self.seconds, 1e-9):.2f} MP/s"
            lines.append(f"{megapixels:,.1f} MP in {self.seconds:,.1f} s, {speed}")
        return "\n".join(lines)

    def _describe_saving(self) -> str:
        if self.output_bytes > self.input_bytes:
            return f"{_bytes(self.output_bytes - self.input_bytes)} more"
        share = 1 - self.output_bytes / self.input_bytes if self.input_bytes else 0
        saved = _bytes(self.input_bytes - self.output_bytes)
        return f"{saved} saved ({100 * share:.0f} %)"


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"
