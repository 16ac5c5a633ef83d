"""Implements `comrec web`: a gallery that restores its pictures in the browser."""

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
from comrec.apps.web import drop, page, served, sources
from comrec.apps.web.outputs import Outputs
from comrec.encoder.options import Options
from comrec.errors import ComrecError, OutputError, UsageError, naming_errors
from comrec.format import container, provenance
from comrec.format import names as naming
from comrec.image import reader
from comrec.image.source import load
from comrec.jpeg import segments as seg
from comrec.networks import presets
from comrec.system import batch
from comrec.system.batch import Job

PRESET = "comrec-lite-2"  # the newest lite pair: browsers are slow and load it
PICTURES = "pictures"  # folder in the gallery
Row = dict[str, Any]


@dataclass(frozen=True)
class GalleryRequest:
    """Describes a gallery: its source, folder and options.

    Attributes:
      source: folder of the pictures.
      folder: of the gallery.
      options: how to compress pictures.
      title: of the page.
      recursive: whether to include folders below the source.
      force: whether to make all files again, and to replace changed ones.
      at_once: number of pictures to compress in parallel.
      has_drop_page: whether to add a page on which visitors restore pictures.
    """

    source: Path
    folder: Path
    options: Options
    title: str
    recursive: bool = False
    force: bool = False
    at_once: int = 1
    has_drop_page: bool = False


class Gallery:
    """Makes or updates one gallery.

    Attributes:
      request: the request.
      jobs: a job for each picture.
      left_out: reasons by path, of files without a job.
      unlisted: errors of folders that cannot be listed.

    Raises:
      UsageError, OutputError: a folder cannot be used; nothing was written.
    """

    def __init__(self, request: GalleryRequest) -> None:
        self.request = request
        _check_folders(request)
        found = sources.find(request.source, request.folder, request.recursive)
        self.jobs = [
            Job(path, request.folder / PICTURES / name)
            for path, name in found.outputs.items()
        ]
        self.left_out, self.unlisted = found.left_out, found.unlisted
        self._outputs = Outputs(request.folder, request.force)
        self._dist = served.read_script()
        for name in ("index.html", "page.css", "page.js", *self._dist):
            self._outputs.check(name)

    def results(self) -> Iterator[tuple[Job, batch.Row | ComrecError]]:
        """Yields the row or error of each picture; call `finish` after the last."""
        try:
            yield from batch.run_all(self.jobs, self._add_picture, self.request.at_once)
        finally:
            if self._outputs.pictures:
                self._outputs.save()

    def finish(self, failed: Iterable[Job] = ()) -> Row:
        """Writes the page and its script, and removes files of removed pictures.

        Args:
          failed: jobs whose pictures the gallery omits.

        Returns:
          A row of totals, with `notes`.

        Raises:
          UsageError: no picture is left.
          OutputError: a file cannot be written.
        """
        failed = set(failed)
        kept = [self._source_of(job) for job in self.jobs if job not in failed]
        # Of a folder that cannot be listed, nothing says that a picture has gone.
        shut = tuple(
            f"{path.relative_to(self.request.source).as_posix()}/"
            for path, _ in self.unlisted
        )
        kept += sorted(s for s in self._outputs.pictures if s.startswith(shut))
        rows = [self._outputs.pictures[source] for source in kept]
        if not rows:
            raise UsageError(
                f"{self.request.source}: no picture for a gallery. Name a folder "
                f"with pictures, or add -r"
            )
        networks, notes = served.make_networks({row["preset"] for row in rows})
        sent = self._dist | networks
        totals = served.count_bytes(rows, sent)
        link = drop.PAGE if self.request.has_drop_page else ""
        own = page.make_files(self.request.title, rows, totals, link)
        for data in own.values():
            totals["page_bytes"] += len(data)
            totals["page_gzip_bytes"] += served.count_gzip_bytes(data)
        if self.request.has_drop_page:
            sent |= self._make_drop_page({row["preset"] for row in rows})
        for name, data in (sent | own).items():
            self._outputs.put(name, data)
        removed = self._outputs.finish(set(kept))
        if removed:
            notes.append(f"removed with their pictures: {', '.join(removed)}")
        for kind in ("", "gzip_"):
            parts = ("script", "network", "page")
            more = sum(totals[f"{part}_{kind}bytes"] for part in parts)
            totals[f"total_{kind}bytes"] = totals["pictures_bytes"] + more
        return {"gallery": str(self.request.folder)} | totals | {"notes": notes}

    def _make_drop_page(self, names: set[str]) -> dict[str, bytes]:
        """Returns the files of a page to drop pictures on, by name."""
        request = drop.DropRequest(self.request.folder, self.request.options.preset)
        all_names = names | drop.choose_networks(request.preset)
        files = self._dist | served.make_networks(all_names)[0]
        return files | drop.make_files(request, files)

    def _source_of(self, job: Job) -> str:
        assert job.source is not None  # a gallery does not read stdin
        return job.source.relative_to(self.request.source).as_posix()

    def _add_picture(self, job: Job) -> batch.Row:
        """Writes the files of one picture, if they are missing or outdated."""
        assert job.source is not None
        assert job.target is not None
        source, request = self._source_of(job), self.request
        data, name = load(job.source, request.options.max_pixels)
        target = job.target.relative_to(request.folder).as_posix()
        with naming_errors(name):
            sidecar = _read_sidecar(job.source, data, request.options.max_pixels)
            is_pair = sidecar is not None or provenance.is_output(job.source)
            made_of = _digest_inputs(
                data, sidecar, None if is_pair else request.options, target
            )
            if not request.force and self._outputs.is_done(source, made_of):
                row = self._outputs.pictures[source]
                return _public_row(row, job) | {"outcome": "skipped"}
            contents, row = (
                _copy(data, sidecar, job.source, request.options)
                if is_pair
                else _compress(data, request.options)
            )
        names = [target, naming.sidecar_of(Path(target)).as_posix()]
        for output, content in zip(names, contents, strict=False):
            self._outputs.put(output, content)
        row |= {
            "made_of": made_of, "title": job.source.stem.removesuffix(".comrec"),
            "files": names[: len(contents)], "bytes": sum(map(len, contents)),
            # A plain JPEG may have an alpha channel in its sidecar.
            "restores": len(contents) > 1 or container.is_comrec(contents[0]),
        }  # fmt: skip
        self._outputs.keep(source, row)
        return _public_row(row, job)


def _check_folders(request: GalleryRequest) -> None:
    """Checks the two folders of a gallery.

    Raises:
      UsageError: the source is no folder, or is the folder of the gallery.
      OutputError: the folder of the gallery is a file.
    """
    source, folder = request.source, request.folder
    if not os.path.isdir(source):
        raise UsageError(f"{source}: not a folder. Name one with pictures")
    if folder.resolve() == source.resolve():
        raise UsageError(f"{folder}: is the folder of the pictures. Name another one")
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise OutputError(f"{folder}: not a folder. Name another")


def _read_sidecar(path: Path, data: bytes, max_pixels: int) -> bytes | None:
    """Reads the sidecar file of a .jpg; None if the .jpg needs none or has none."""
    sidecar = naming.sidecar_of(path)
    if path.suffix.lower() not in naming.JPEGS or not os.path.lexists(sidecar):
        return None
    own = naming.packed_name(path.name)  # needs the sidecar as well
    rivals = [rival for rival in naming.rivals_of(path) if rival.name != own]
    if not container.needs_sidecar(data) and rivals:
        return None
    limit = container.max_sidecar_bytes(data, max_pixels)
    return container.read_sidecar(sidecar, limit, pipes=False)


def _digest_inputs(
    data: bytes, sidecar: bytes | None, options: Options | None, target: str
) -> str:
    """Returns a SHA-256 digest of all on which the files of a picture depend."""
    settings = asdict(options) if options else {}
    for name in ("threads", "engine", "max_pixels"):
        settings.pop(name, None)
    version = comrec.__version__ if settings else ""
    text = json.dumps([version, settings, target])
    digest = hashlib.sha256(text.encode())
    for part in (data, sidecar or b""):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _compress(data: bytes, options: Options) -> tuple[list[bytes], Row]:
    picture = read_input(data, options.max_pixels)
    compressed = compress_picture(picture, options, data)
    sidecar = compressed.sidecar
    contents = [compressed.jpeg] + ([sidecar] if sidecar else [])
    report = compressed.report
    return contents, {
        "outcome": report.outcome, "preset": report.preset,
        "width_px": report.width_px, "height_px": report.height_px,
        "input_bytes": len(data), "psnr_db": report.row()["psnr_db"],
        "plain_bytes": report.plain_total_bytes,
        "plain_quality": report.plain.quality if report.plain else None,
        "notes": list(report.notes), "left_out": list(report.left_out),
    }  # fmt: skip


def _copy(
    data: bytes, sidecar: bytes | None, path: Path, options: Options
) -> tuple[list[bytes], Row]:
    """Returns the files of an existing pair unchanged, and their row.

    Raises:
      ComrecError: the pair is incomplete or damaged.
    """
    beside = str(naming.sidecar_of(path))
    unpacked = container.unpack(data, str(path), sidecar, beside, options.max_pixels)
    record = unpacked.sidecar
    if record:
        size = record.height_px, record.width_px
    else:
        height, width, _ = seg.frame_size(seg.parse(data))
        size = (height, width) if reader.orientation(data) < 5 else (width, height)
    contents = [data] + ([sidecar] if sidecar and record else [])
    return contents, {
        "outcome": "taken", "preset": record.preset if record else presets.PLAIN,
        "width_px": size[1], "height_px": size[0], "notes": [],
    }  # fmt: skip


def _public_row(row: Row, job: Job) -> batch.Row:
    """Returns the row of a picture for JSON and for people."""
    public = {name: value for name, value in row.items() if name != "made_of"}
    return {"input": job.name, "output": str(job.target)} | public
