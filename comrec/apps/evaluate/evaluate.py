"""Implements `comrec evaluate`: rows of a folder, their summary and figures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from comrec.apps.evaluate import (
    bd,
    figure,
    peers,
    published,
    quality,
    report,
    rivals,
    rows,
    summary,
    sweep,
)
from comrec.apps.evaluate.rows import Row
from comrec.apps.evaluate.summary import Line
from comrec.errors import OutputError, UsageError
from comrec.format import provenance
from comrec.system import files

FIGURES = ("png", "svg")
OWN = (report.is_tsv, figure.is_figure)  # files that may be written over
# Passes results through, given their number of settings, and shows the progress.
ProgressListener = Callable[[Iterable[list[Row]], int], Iterator[list[Row]]]


@dataclass(frozen=True)
class EvaluateRequest:
    """Describes a measurement, and the place of its rows.

    Attributes:
      folder: of pictures.
      out: file of the rows, .tsv; summary and figures go beside it.
      codecs: names of `evaluate.peers`, with the anchor.
      is_grey: whether to measure BT.601 luma of the pictures.
      every: n, to take every n-th picture.
      points: at most this number of settings of a codec, from 2; None for all.
      metrics: see `quality.scores`.
      jobs: number of processes.
      retry: whether to measure failed settings again.
      draws: whether to draw figures.
      published: a set of `evaluate.published` to add to the summary.

    Raises:
      UsageError: a number is too small.
      OutputError: `out` has another ending, or the name of a summary.
    """

    folder: Path
    out: Path
    codecs: Sequence[str] = (peers.ALL,)
    is_grey: bool = False
    every: int = 1
    points: int | None = None
    metrics: str = "psnr"
    jobs: int = 1
    retry: bool = False
    draws: bool = True
    published: str | None = None

    def __post_init__(self) -> None:
        if self.points is not None and self.points < 2:
            raise UsageError(
                f"a curve has 2 points or more. Received: {self.points}. Raise --points"
            )
        if self.jobs < 1:
            raise UsageError(f"jobs must be 1 or more. Received: {self.jobs}")
        if self.out.suffix != ".tsv" or self.out.stem.endswith("-summary"):
            raise OutputError(
                f"{self.out}: rows go to a .tsv file that is no summary. Give --out "
                f"another name"
            )

    @property
    def summary(self) -> Path:
        """Returns the file of the summary."""
        return self.out.with_name(f"{self.out.stem}-summary.tsv")

    @property
    def figures(self) -> dict[str, Path]:
        """Returns the files of the figures, by format."""
        kinds = FIGURES if self.draws else ()
        return {kind: self.out.with_suffix(f".{kind}") for kind in kinds}


@dataclass(frozen=True)
class Evaluated:
    """Holds the result of a measurement.

    Attributes:
      lines: of the summary, the anchor first.
      notes: omissions and their reasons, as sentences.
      written: all files that were written.
      failed: rows of the settings that failed in this run.
      left_out: reasons by path, of entries of the folder that were not measured.
    """

    lines: list[Line]
    notes: list[str]
    written: list[Path]
    failed: list[Row]
    left_out: dict[Path, str] = field(default_factory=dict)


def evaluate(
    request: EvaluateRequest, watch: ProgressListener = lambda results, _: iter(results)
) -> Evaluated:
    """Measures missing rows, then makes summary and figures of all rows.

    Rows are written as they come, so that a stopped run can be continued.

    Args:
      request: what to measure.
      watch: shows the progress.

    Raises:
      UsageError: no pictures, or no anchor to compare with.
      ImageError: a picture cannot be read.
      OutputError: a file exists that comrec did not make.
      ComrecError: a package for the request is not installed.
    """
    _check_request(request)
    codecs, notes = peers.load(request.codecs)
    figures = [request.out.with_suffix(f".{kind}") for kind in FIGURES]  # drawn or not
    subjects, left_out = sweep.subjects(
        request.folder, request.every, request.is_grey, figures
    )
    known = [(subject, subject.identity()) for subject in subjects]
    pictures = [identity for _, identity in known]
    summary.check_same_channels(pictures)
    if request.published:
        published.check(request.published, pictures)
    found = {row.key: row for row in rows.read(request.out)}
    named = {codec.name for codec in codecs} | {row.codec for row in found.values()}
    if rivals.ANCHOR not in named:
        raise UsageError(
            f"all codecs are compared with {rivals.ANCHOR}. Add it to --codecs"
        )
    tasks = sweep.plan_tasks(
        codecs,
        known,
        list(found.values()),
        request.metrics,
        request.points,
        request.retry,
    )
    failed = []
    is_new = not os.path.lexists(request.out)
    results = sweep.measure_all(tasks, request.jobs)
    total = sum(len(task.settings) for task in tasks)
    for batch in watch(results, total):
        failed += [row for row in batch if row.error]
        # A metric that fails must not replace a row without that metric.
        found |= {row.key: row for row in batch if not row.error or _is_new(row, found)}
        # A file that was there was read above, so it is comrec's.
        rows.write(request.out, list(found.values()), replace=not is_new)
        is_new = False
    # Read back, so that a summary does not depend on when its rows were measured.
    lines, more = summary.summarise(rows.read(request.out), pictures)
    if request.published:
        lines += published.make_lines(request.published, lines)
    drawn = figure.draw(lines, tuple(request.figures))
    _refuse_foreign(request)  # a measurement takes hours
    files.write(request.summary, report.as_tsv(lines))
    for path, data in zip(request.figures.values(), drawn, strict=True):
        files.write(path, data)
    written = [request.out, request.summary, *request.figures.values()]
    return Evaluated(lines, notes + more, written, failed, left_out)


def _check_request(request: EvaluateRequest) -> None:
    """Raises ComrecError if a package is missing, or a file of others would be lost."""
    bd.require()
    quality.require(request.metrics)
    if request.draws:
        figure.require()
    _refuse_foreign(request)


def _is_new(row: Row, found: Mapping[tuple[object, ...], Row]) -> bool:
    """Tells whether there is no row with the same key, or only a failed one."""
    return row.key not in found or bool(found[row.key].error)


def _refuse_foreign(request: EvaluateRequest) -> None:
    """Raises OutputError if a file exists that comrec did not make."""
    for path in (request.summary, *request.figures.values()):
        if os.path.lexists(path) and not provenance.is_ours(path, OWN):
            raise OutputError(
                f"{path}: exists, and nothing in it shows that comrec made it. Move it "
                f"away, or give --out another name"
            )
