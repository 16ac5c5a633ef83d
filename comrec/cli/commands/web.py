"""`comrec web`: pictures to a page that restores them."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from comrec.cli import arguments, console, values
from comrec.errors import ComrecError

if TYPE_CHECKING:
    from comrec.system.batch import Job


def add(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("source", type=Path, metavar="SRC", help="folder of pictures, pairs among them")
    add("folder", type=Path, metavar="DIR", help="where the gallery goes")
    add("--title", help="of the page (the name of SRC)")
    add("-r", "--recursive", action="store_true", help="folders in SRC too")
    add("-f", "--force", action="store_true",
        help="make all again, and replace what was changed in DIR")  # fmt: skip
    add("-j", "--jobs", type=values.number(1, 256), default=1, metavar="N",
        help="pictures at a time")  # fmt: skip
    # A page is for everybody: where a photo was taken stays at home.
    add("--metadata", default="icc", metavar="KINDS",
        help="all, none, or some of exif,icc,xmp (icc)")  # fmt: skip
    add("--embed", action=argparse.BooleanOptionalAction, default=True,
        help="sidecars inside the .jpg, or beside it (inside)")  # fmt: skip
    arguments.add_encoder_choices(parser)
    arguments.add_limits(parser)


def run(args: argparse.Namespace) -> int:
    from comrec.apps.web import gallery

    vars(args).setdefault("preset", gallery.PRESET)
    options = arguments.options(args)
    out = console.Output(quiet=args.quiet)
    title = args.title or args.source.resolve().name or "Pictures"
    made = gallery.Gallery(
        gallery.GalleryRequest(
            args.source, args.folder, options, title, args.recursive, args.force,
            args.jobs,
        )
    )  # fmt: skip
    if made.left_out:
        plural = "s" if made.left_out > 1 else ""
        out.warn(
            f"{made.left_out} file{plural} left out: restored by comrec, or beside a "
            f"pair of the same name"
        )
    failed: list[Job] = []
    results = made.results()
    for job, result in out.progress(results, len(made.jobs), args.command):
        if isinstance(result, ComrecError):
            failed.append(job)
            out.fail(result)
            if args.json:
                out.row(_failed(job, result), str, as_json=True)
            continue
        for note in result["notes"]:  # type: ignore[attr-defined]
            out.warn(f"{job.name}: {note}")
        out.row(result, _picture, args.json)
    row = made.finish(failed)
    for note in row.pop("notes"):
        out.warn(note)
    out.row(row, _gallery, args.json)
    return int(bool(failed))


def _failed(job: Job, err: Exception) -> dict[str, object]:
    return {"input": job.name, "outcome": "failed", "error": str(err)}


def _picture(row: dict[str, object]) -> str:
    said = {
        "skipped": ", as it was",
        "taken": ", the pair that was there",
        "plain": ", a plain JPEG, for comrec does not pay here",
        "unchanged": ", the .jpg that came, for none is 5 % smaller",
    }
    of = f"{row['input_bytes']:,} → " if row.get("input_bytes") else ""
    end = said.get(str(row["outcome"]), "")
    return f"{row['input']} → {row['output']}: {of}{row['bytes']:,} bytes{end}"


def _gallery(row: dict[str, object]) -> str:
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
        ("compared_bytes", "input_bytes", "than the files that came"),
        ("judged_bytes", "plain_bytes", "than plain JPEG that is no closer to them"),
    ):
        if number[theirs]:
            saved = 1 - number[ours] / number[theirs]
            lines.append(f"  pictures: {saved:.0%} fewer bytes {what}")
    return "\n".join(lines)
