"""`comrec evaluate`: a sweep over a folder, its rows, summary and figures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
# Passes the results of so many settings through, and shows how far they are.
Watch = Callable[[Iterable[list[Row]], int], Iterator[list[Row]]]


@dataclass(frozen=True)
class EvaluateRequest:
    """What to measure, and where its rows go.

    Attributes:
      folder: of pictures.
      out: the rows, .tsv; summary and figures go beside it.
      codecs: names of `evaluate.peers`, the anchor among them.
      is_grey: BT.601 luma of the pictures.
      every: every n-th picture.
      points: at most so many settings a codec; None for all.
      metrics: see `quality.scores`.
      jobs: processes.
      retry: settings whose rows are marked as failed are tried again.
      draws: whether figures are wanted.
      published: a set of `evaluate.published`, whose curves are shown as well.

    Raises:
      UsageError: a codec is unknown, or a value makes no sense.
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
                f"{self.out}: rows go to a .tsv that is no summary. Give --out another "
                f"name"
            )

    @property
    def summary(self) -> Path:
        return self.out.with_name(f"{self.out.stem}-summary.tsv")

    @property
    def figures(self) -> dict[str, Path]:
        """By kind."""
        kinds = FIGURES if self.draws else ()
        return {kind: self.out.with_suffix(f".{kind}") for kind in kinds}


@dataclass(frozen=True)
class Evaluated:
    """What came of it.

    Attributes:
      lines: of the summary, the anchor first.
      notes: what was left out, and why.
      written: all files.
      failed: the rows that this run marked.
    """

    lines: list[Line]
    notes: list[str]
    written: list[Path]
    failed: list[Row]


def evaluate(
    asked: EvaluateRequest, watch: Watch = lambda results, _: iter(results)
) -> Evaluated:
    """Measures what there are no rows of yet; then everything that follows from rows.

    Stopped at any moment, it goes on from there: rows are written as they come.

    Raises:
      UsageError: nothing to measure, or nothing to compare it with.
      ImageError: a picture cannot be read.
      ComrecError: something that was asked for is not installed.
    """
    _require(asked)
    codecs, notes = peers.load(asked.codecs)
    subjects, left_out = sweep.subjects(
        asked.folder, asked.every, asked.is_grey, list(asked.figures.values())
    )
    if left_out:
        notes.append(f"Left out: {left_out} of the files, which are comrec's own.")
    known = [(subject, subject.identity()) for subject in subjects]
    pictures = [identity for _, identity in known]
    summary.check_alike(pictures)
    if asked.published:
        published.check(asked.published, pictures)
    found = {row.key: row for row in rows.read(asked.out)}
    named = {codec.name for codec in codecs} | {row.codec for row in found.values()}
    if rivals.ANCHOR not in named:
        raise UsageError(f"all is compared with {rivals.ANCHOR}. Add it to --codecs")
    tasks = sweep.missing(
        codecs, known, list(found.values()), asked.metrics, asked.points, asked.retry
    )
    failed = []
    results = sweep.measured(tasks, asked.jobs)
    for some in watch(results, sum(len(task.settings) for task in tasks)):
        failed += [row for row in some if row.error]
        # A score that fails leaves the row that was there before.
        found |= {row.key: row for row in some if not row.error or _is_new(row, found)}
        rows.write(asked.out, list(found.values()))
    # Read back, so that a summary does not depend on when its rows were measured.
    lines, more = summary.lines(rows.read(asked.out), pictures)
    if asked.published:
        lines += published.lines(asked.published, lines)
    files.write(asked.summary, report.as_tsv(lines))
    for path, drawn in zip(
        asked.figures.values(), figure.draw(lines, tuple(asked.figures)), strict=True
    ):
        files.write(path, drawn)
    written = [asked.out, asked.summary, *asked.figures.values()]
    return Evaluated(lines, notes + more, written, failed)


def _require(asked: EvaluateRequest) -> None:
    """Raises ComrecError for what can be known before anything is measured."""
    bd.require()
    quality.require(asked.metrics)
    if asked.draws:
        figure.require()
    _refuse_foreign(asked)


def _is_new(row: Row, found: Mapping[tuple[object, ...], Row]) -> bool:
    return row.key not in found or bool(found[row.key].error)


def _refuse_foreign(asked: EvaluateRequest) -> None:
    """Raises OutputError where a file that is not ours would be written over."""
    for path in (asked.summary, *asked.figures.values()):
        if os.path.lexists(path) and not provenance.is_ours(path, OWN):
            raise OutputError(
                f"{path}: exists, and nothing in it shows that comrec made it. Move it "
                f"away, or give --out another name"
            )
