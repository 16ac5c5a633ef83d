"""`comrec web`: a folder of pictures into a page that restores them in the browser."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import comrec
from comrec.api.compress import compress_picture, read_input
from comrec.apps.web import page, served
from comrec.apps.web.outputs import Outputs
from comrec.encoder.options import Options
from comrec.errors import ComrecError, OutputError, UsageError, naming_errors
from comrec.format import container, provenance
from comrec.format import names as naming
from comrec.image import reader
from comrec.image.source import load
from comrec.jpeg import segments as seg
from comrec.networks import presets
from comrec.system import batch, files
from comrec.system.batch import Job

PRESET = "comrec-lite-2"  # of the newest lite pair: browsers are slow, networks travel
PICTURES = "pictures"  # folder of the gallery
Row = dict[str, Any]


@dataclass(frozen=True)
class GalleryRequest:
    """What the gallery is made of.

    Attributes:
      source, folder: of the pictures, and where the gallery goes.
      options: how pictures are compressed.
      title: of the page.
      recursive: pictures in folders below the source too.
      force: everything is made again, and files that were changed are replaced.
      at_once: pictures that are compressed together.
    """

    source: Path
    folder: Path
    options: Options
    title: str
    recursive: bool = False
    force: bool = False
    at_once: int = 1


class Gallery:
    """One run of `comrec web`.

    Raises:
      UsageError, OutputError: the folders will not do; nothing was written.
    """

    def __init__(self, asked: GalleryRequest) -> None:
        self.asked = asked
        self.jobs, self.left_out = _plan(asked)
        self._outputs = Outputs(asked.folder, asked.force)
        self._dist = served.script()
        for name in ("index.html", "page.css", "page.js", *self._dist):
            self._outputs.refuse(name)

    def results(self) -> Iterator[tuple[Job, batch.Row | ComrecError]]:
        """Each picture's row, or why it is left out; `finish` comes after them."""
        try:
            yield from batch.run_all(self.jobs, self._picture, self.asked.at_once)
        finally:
            if self._outputs.pictures:
                self._outputs.save()

    def finish(self, failed: Iterable[Job] = ()) -> Row:
        """Writes the page and what it needs, and takes away what it does not.

        Args:
          failed: pictures that the gallery is without.

        Returns:
          A row of totals, `notes` among them.

        Raises:
          OutputError: a file cannot be written.
        """
        failed = set(failed)
        sources = [self._source(job) for job in self.jobs if job not in failed]
        rows = [self._outputs.pictures[source] for source in sources]
        if not rows:
            raise UsageError(
                f"{self.asked.source}: no picture for a gallery. Name a folder that "
                f"has some, or add -r"
            )
        networks, notes = served.networks({row["preset"] for row in rows})
        sent = self._dist | networks
        for name, data in sent.items():
            self._outputs.put(name, data)
        totals = served.totals(rows, sent)
        for name, data in page.files(self.asked.title, rows, totals).items():
            self._outputs.put(name, data)
            totals["page_bytes"] += len(data)
            totals["page_gzip_bytes"] += served.gzipped(data)
        gone = self._outputs.finish(set(sources))
        if gone:
            notes.append(f"removed, of pictures that are gone: {', '.join(gone)}")
        for kind in ("", "gzip_"):
            parts = ("script", "network", "page")
            more = sum(totals[f"{part}_{kind}bytes"] for part in parts)
            totals[f"total_{kind}bytes"] = totals["pictures_bytes"] + more
        return {"gallery": str(self.asked.folder)} | totals | {"notes": notes}

    def _source(self, job: Job) -> str:
        assert job.source is not None  # no gallery is made of stdin
        return job.source.relative_to(self.asked.source).as_posix()

    def _picture(self, job: Job) -> batch.Row:
        assert job.source is not None
        assert job.target is not None
        source, asked = self._source(job), self.asked
        data, name = load(job.source, asked.options.max_pixels)
        target = job.target.relative_to(asked.folder).as_posix()
        with naming_errors(name):
            beside = _beside(job.source, data, asked.options.max_pixels)
            taken = beside is not None or provenance.is_output(job.source)
            made_of = _made_of(data, beside, None if taken else asked.options, target)
            if not asked.force and self._outputs.is_done(source, made_of):
                row = self._outputs.pictures[source]
                return _shown(row, job) | {"outcome": "skipped"}
            contents, row = (
                _taken(data, beside, job.source, asked.options)
                if taken
                else _compressed(data, asked.options)
            )
        names = [target, naming.sidecar_of(Path(target)).as_posix()]
        for each, content in zip(names, contents, strict=False):
            self._outputs.put(each, content)
        row |= {
            "made_of": made_of, "title": job.source.stem.removesuffix(".comrec"),
            "files": names[: len(contents)], "bytes": sum(map(len, contents)),
            # A plain JPEG may have an alpha channel in its sidecar.
            "restores": len(contents) > 1 or container.is_comrec(contents[0]),
        }  # fmt: skip
        self._outputs.keep(source, row)
        return _shown(row, job)


def _plan(asked: GalleryRequest) -> tuple[list[Job], int]:
    """A job for each picture, with its target, and how many pictures are left out."""
    source, folder = asked.source, asked.folder
    if not os.path.isdir(source):
        raise UsageError(f"{source}: not a folder. Name one that has pictures")
    inside = folder.resolve()
    if inside == source.resolve():
        raise UsageError(f"{folder}: has the pictures. Name another for the gallery")
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise OutputError(f"{folder}: not a folder. Name another")
    found = files.walk_files(source) if asked.recursive else sorted(source.iterdir())
    pictures = sorted(
        path
        for path in found
        if path.suffix.lower() in naming.PICTURES
        and not (os.path.isdir(path) or path.resolve().is_relative_to(inside))
    )
    chosen = [path for path in pictures if not _is_left_out(path)]
    names = _names([path.relative_to(source) for path in chosen])
    jobs_ = [
        Job(path, folder / PICTURES / name)
        for path, name in zip(chosen, names, strict=True)
    ]
    return jobs_, len(pictures) - len(chosen)


def _is_left_out(path: Path) -> bool:
    """Whether a picture is in the gallery by another file: its pair's, or its own."""
    if path.suffix.lower() not in naming.JPEGS and provenance.is_output(path):
        return True  # what was restored of one
    pair = path.with_name(naming.compressed_name(path))
    return pair != path and os.path.isfile(pair) and provenance.is_output(pair)


def _names(sources: list[Path]) -> list[Path]:
    """Of the .jpg of each: its name, with its ending where two differ in that alone."""
    stems = [
        _key(path.with_name(path.stem.removesuffix(".comrec"))) for path in sources
    ]
    names: list[Path] = []
    taken: set[str] = set()
    for path, stem in zip(sources, stems, strict=True):
        base = path.stem.removesuffix(".comrec")
        if stems.count(stem) > 1:
            base = path.name
        name, number = path.with_name(f"{base}.comrec.jpg"), 2
        while _key(name) in taken:
            name, number = path.with_name(f"{base}-{number}.comrec.jpg"), number + 1
        taken.add(_key(name))
        names.append(name)
    return names


def _key(path: Path) -> str:
    # Some file systems that a gallery may come to do not tell these apart.
    return path.as_posix().casefold()


def _beside(path: Path, data: bytes, max_pixels: int) -> bytes | None:
    """The sidecar file of a .jpg that comrec made, where it needs one."""
    sidecar = naming.sidecar_of(path)
    if path.suffix.lower() not in naming.JPEGS or not os.path.lexists(sidecar):
        return None
    if not container.needs_sidecar(data) and naming.rivals_of(path):
        return None
    return container.read_sidecar(sidecar, max_pixels, pipes=False)


def _made_of(
    data: bytes, beside: bytes | None, options: Options | None, target: str
) -> str:
    """A digest of all that says what the files of a picture are."""
    told = asdict(options) if options else {}
    for name in ("threads", "engine", "max_pixels"):
        told.pop(name, None)
    words = json.dumps([comrec.__version__ if told else "", told, target])
    digest = hashlib.sha256(words.encode())
    for part in (data, beside or b""):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _compressed(data: bytes, options: Options) -> tuple[list[bytes], Row]:
    picture = read_input(data, options.max_pixels)
    made = compress_picture(picture, options, data)
    contents = [made.jpeg] + ([made.sidecar] if made.sidecar else [])
    report = made.report
    return contents, {
        "outcome": report.outcome, "preset": report.preset,
        "width_px": report.width_px, "height_px": report.height_px,
        "input_bytes": len(data), "psnr_db": report.row()["psnr_db"],
        "plain_bytes": report.plain_total_bytes,
        "plain_quality": report.plain.quality if report.plain else None,
        "notes": list(report.notes),
    }  # fmt: skip


def _taken(
    data: bytes, beside: bytes | None, path: Path, options: Options
) -> tuple[list[bytes], Row]:
    """A pair that was there before, as it is, if it is whole."""
    sidecar = str(naming.sidecar_of(path))
    opened = container.unpack(data, str(path), beside, sidecar, options.max_pixels)
    record = opened.sidecar
    if record:
        size = record.height_px, record.width_px
    else:
        height, width, _ = seg.frame_size(seg.parse(data))
        size = (height, width) if reader.orientation(data) < 5 else (width, height)
    contents = [data] + ([beside] if beside and record else [])
    return contents, {
        "outcome": "taken", "preset": record.preset if record else presets.PLAIN,
        "width_px": size[1], "height_px": size[0], "notes": [],
    }  # fmt: skip


def _shown(row: Row, job: Job) -> batch.Row:
    """A row for --json and for people."""
    told = {name: value for name, value in row.items() if name not in ("made_of",)}
    return {"input": job.name, "output": str(job.target)} | told
