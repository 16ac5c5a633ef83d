"""Restores one ordinary JPEG: reads, restores, writes."""

from __future__ import annotations

from comrec.api.restore import restore_jpeg
from comrec.cli import console, files
from comrec.cli.files import OverwritePolicy
from comrec.errors import naming_errors
from comrec.format import pair
from comrec.image import writer
from comrec.image.notes import Notes
from comrec.image.picture import MAX_PIXELS
from comrec.networks import gates
from comrec.networks.codec import Codec
from comrec.system.batch import Job, Row


def restore(
    job: Job,
    codec: Codec,
    policy: OverwritePolicy,
    strength: float = 1.0,
    max_pixels: int = MAX_PIXELS,
) -> Row:
    """Restores one JPEG, and returns its row.

    A JPEG that is left alone gets no output, but stdout gets its pixels.
    """
    row = files.start_row(job)
    if found := policy.find_output(job, False, max_pixels):
        return row | {"output": str(found), "outcome": "skipped"}
    suffix = files.suffix_of(job)
    data, name = files.read_input_of(job, max_pixels)
    with naming_errors(name):
        made = restore_jpeg(data, codec, strength, max_pixels)
    picture = made.picture
    is_measured = gates.is_measured(codec.preset.name)
    notes = Notes(list(picture.notes), list(picture.left_out))
    if made.outcome == "restored" or job.target is None:
        with naming_errors(str(job.target)):
            file = writer.write(picture, suffix, codec.threads, notes)
        if job.target is None:
            console.send(file)
        else:
            pair.write_output(job.target, file, policy.force)
    else:
        row["output"] = None
    return (
        row
        | {
            "outcome": made.outcome,
            "quality": made.quality,
            "sampling": made.sampling,
            "earlier_quality": made.earlier_quality,
            "expected_db": round(made.expected_db, 2) if is_measured else None,
            "notes": notes.lines,
            "left_out": notes.left_out,
        }
        | files.size_of(picture)
    )
