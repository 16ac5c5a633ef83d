"""Runs `comrec web`: makes pages that restore pictures in the browser."""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import chain
from pathlib import Path

from comrec.cli import arguments, console, values
from comrec.cli.commands import batch as batch_command
from comrec.errors import ComrecError, UsageError
from comrec.system.checks import MAX_PIXELS

EXAMPLES = (
    "comrec web photos site",
    "comrec web --drop site",
    "comrec web photos site --drop",
)
NO_FOLDER = "name SRC and DIR, or DIR alone with --drop"


def add(parser: argparse.ArgumentParser) -> None:
    """Adds the folders, the title of the page and the encode options."""
    add = parser.add_argument
    add(
        "source",
        type=Path,
        metavar="SRC",
        nargs="?",
        help="folder of pictures, and pairs that comrec wrote",
    )
    add("folder", type=Path, metavar="DIR", nargs="?",
        help="folder of the gallery; with --drop, DIR may stand alone")  # fmt: skip
    add("--drop", action="store_true",
        help="a page on which visitors restore JPEGs and pairs of their own: DIR "
        "alone, or one more page of the gallery")  # fmt: skip
    add("--title", metavar="TEXT", help="title of the page (the name of SRC)")
    add("-r", "--recursive", action="store_true", help="read the folders in SRC too")
    add("-f", "--force", action="store_true",
        help="make all files again, and replace changed files in DIR")  # fmt: skip
    add("-j", "--jobs", type=values.number(1, 256), default=1, metavar="N",
        help="pictures at a time (1)")  # fmt: skip
    # A page is public: by default it does not say where a photo was taken.
    add("--metadata", default="icc", metavar="KINDS",
        help="metadata to keep: all, none, web, or some of exif,icc,xmp,iptc,comment,"
        "density,text (icc)")  # fmt: skip
    add("--embed", action=argparse.BooleanOptionalAction, default=True,
        help="put sidecars inside the .jpg files, or beside them (inside)")  # fmt: skip
    batch_command.add_left_out(parser)
    arguments.add_encoder_choices(parser)
    arguments.add_limits(parser)


def run(args: argparse.Namespace) -> int:
    """Makes the pages; returns 1 if a picture failed, else 0.

    Raises:
      UsageError: a folder is missing.
    """
    if args.source is None:
        raise UsageError(NO_FOLDER)
    if args.folder is None:
        return _write_drop_page(args)
    from comrec.apps.web import gallery
    from comrec.networks import presets
    from comrec.system import batch
    from comrec.system.batch import Job

    vars(args).setdefault("preset", gallery.PRESET)
    options = arguments.options(args)
    out = console.Output(quiet=args.quiet)
    if options.embed and presets.find(options.preset).number == presets.NO_NUMBER:
        options = replace(options, embed=False)
        out.warn("sidecars of your own preset go beside the pictures, for browsers")
    title = args.title or args.source.resolve().name or "Pictures"
    made = gallery.Gallery(
        gallery.GalleryRequest(
            args.source, args.folder, options, title, args.recursive, args.force,
            args.jobs, args.drop,
        )
    )  # fmt: skip
    batch_command.report_left_out(made.left_out, out, args)
    unlisted = [(Job(path, None), err) for path, err in made.unlisted]
    failed: list[Job] = []
    results = chain(unlisted, made.results())
    count = len(unlisted) + len(made.jobs)
    for job, result in out.show_progress(results, count, args.command):
        if isinstance(result, ComrecError):
            failed.append(job)
            out.fail(result)
            if args.json:
                out.print_row(batch.describe_failure(job, result), str, as_json=True)
            continue
        for note in batch.read_notes(result):
            out.warn(f"{job.name}: {note}")
        out.print_row(result, _format_picture, args.json)
    row = made.finish(failed)
    for note in row.pop("notes"):
        out.warn(note)
    out.print_row(row, _format_gallery, args.json)
    return int(bool(failed))


def _write_drop_page(args: argparse.Namespace) -> int:
    """Makes a site of the page to drop pictures on alone; returns 0."""
    from comrec.apps.web import drop

    if not args.drop:
        raise UsageError(NO_FOLDER)
    given = vars(args)
    of_galleries = ("recursive", *arguments.TARGETS, *arguments.CHOICES)
    for name in of_galleries:
        if given.get(name):
            raise UsageError(f"`{name}` goes with pictures. Name SRC and DIR")
    limit = drop.MAX_PIXELS if args.max_pixels == MAX_PIXELS else args.max_pixels
    request = drop.DropRequest(
        args.source, given.get("preset", drop.PRESET), args.title or drop.TITLE, limit,
        args.force,
    )  # fmt: skip
    out = console.Output(quiet=args.quiet)
    row = drop.write(request)
    for note in row.pop("notes"):
        out.warn(note)
    out.print_row(row, _format_drop_page, args.json)
    return 0


def _format_drop_page(row: dict[str, object]) -> str:
    """Returns the line of a page to drop pictures on."""
    names = ", ".join(map(str, row["networks"]))  # type: ignore[call-overload]
    return f"{row['page']}: {row['total_bytes']:,} bytes, with the networks {names}"


def _format_picture(row: dict[str, object]) -> str:
    """Returns the line of one picture."""
    said = {
        "skipped": ", up to date",
        "taken": ", a pair of SRC",
        "plain": ", plain JPEG: the networks give no gain",
        "unchanged": ", unchanged: cannot be made 5 % smaller",
    }
    of = f"{row['input_bytes']:,} → " if row.get("input_bytes") else ""
    end = said.get(str(row["outcome"]), "")
    return f"{row['input']} → {row['output']}: {of}{row['bytes']:,} bytes{end}"


def _format_gallery(row: dict[str, object]) -> str:
    """Returns the lines of the whole gallery."""
    number = {name: value for name, value in row.items() if isinstance(value, int)}
    plural = "s" if number["pictures"] > 1 else ""
    lines = [
        f"{row['gallery']}: {number['pictures']} picture{plural}, "
        f"{number['total_bytes']:,} bytes, {number['total_gzip_bytes']:,} with gzip",
        f"  pictures with sidecars {number['pictures_bytes']:,}, script and runtime "
        f"{number['script_bytes']:,} (gzip {number['script_gzip_bytes']:,}), network "
        f"{number['network_bytes']:,}, page {number['page_bytes']:,}",
    ]
    for ours, theirs, what in (
        ("compared_bytes", "input_bytes", "the input files"),
        ("judged_bytes", "plain_bytes", "plain JPEG at the same PSNR or less"),
    ):
        if number[theirs]:
            change = _compare(number[ours], number[theirs])
            lines.append(f"  pictures: {change} {what}")
    return "\n".join(lines)


def _compare(ours: int, theirs: int) -> str:
    """Returns the change from `theirs` to `ours`, both in bytes, in words."""
    share = round(100 * (1 - ours / theirs))
    if share == 0:
        return "about as many bytes as"
    if share > 0:
        return f"{share} % fewer bytes than"
    if ours < 2 * theirs:
        return f"{-share} % more bytes than"
    return f"{ours / theirs:.1f} times the bytes of"
