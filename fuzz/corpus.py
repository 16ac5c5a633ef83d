"""Tries comrec on every picture of a folder, each in a process of its own.

Claim: each file is read, with the pixels that another decoder gives, or refused in one
line. None crashes the process, hangs, raises another exception, takes more memory than
the limit, or makes a library write to the terminal.
Cost: about 20 ms for each small file; a second more with `--round-trip`.

    python fuzz/corpus.py FOLDER --source NAME --out rows.tsv

A file counts as a picture if it begins as one of the formats that comrec reads or
refuses by name, or if its name says so; others are counted and passed over. Rows are
added to `--out`, in place of those of the same source. The exit status is 1 if a row
has one of the outcomes in `FAULTS`.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import isolated
import numpy as np
import pyvips  # noqa: F401 (each process is forked from this one, and has them)
import second
from isolated import Answer, Ended, Limits
from PIL import Image

import comrec
from comrec.errors import ComrecError
from comrec.format import names, sorting
from comrec.image import metrics, reader
from comrec.image.formats import camera_raw, isobmff, table
from comrec.image.picture import Picture

DONE, REFUSED = "done", "refused"
WRONG, FOREIGN, MEMORY, LEAK = "wrong", "foreign", "memory", "leak"
FAULTS = ("crashed", "hung", FOREIGN, WRONG, MEMORY, LEAK)
MAX_PIXELS, ROUND_TRIP_PX = 2**25, 2**18
_NAMES = ("JPEG", "PNG", "TIFF", "GIF", "BMP", "JPEG 2000", "PNM")  # of table.FORMATS
_NOTE_CHARACTERS = 200


class Row(NamedTuple):
    source: str
    file: str  # below the folder
    kind: str  # by the first bytes, else the suffix
    outcome: str  # done, refused, or one of FAULTS
    left_out: str  # kinds, as `--json` names them
    second: str  # decoder that gave the same pixels; or what it says otherwise
    note: str


def kind_of(data: bytes, name: str) -> str:
    """Returns the kind of a file; "" if neither bytes nor name are a picture's."""
    try:
        camera_raw.refuse_start(data)
    except ComrecError:
        return "camera raw"
    for starts, refused, _ in table.REFUSED:
        if data.startswith(starts):
            return refused.removeprefix("an ")
    for known, each in zip(_NAMES, table.FORMATS, strict=True):
        if data.startswith(each.starts):
            return known
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if brands := isobmff.brands(data):
        return "AVIF" if brands & isobmff.AVIF_BRANDS else "HEIC and others"
    suffix = Path(name).suffix.lower()
    is_known = suffix in names.PICTURES or suffix in sorting.KINDS
    return suffix if is_known else ""


def steps(data: bytes, kind: str, round_trip: bool) -> Iterator[Answer]:
    """Reads a file by comrec, then by a second decoder; yields what each says."""
    picture = None
    try:
        picture = reader.read(data, MAX_PIXELS)
        answer: Answer = {"outcome": DONE, "left_out": ",".join(picture.left_out)}
        if round_trip and picture.pixels[..., 0].size <= ROUND_TRIP_PX:
            answer |= _round_trip(data)
    except ComrecError as err:
        text = str(err)
        outcome = FOREIGN if "\n" in text or not text else REFUSED
        if "not enough memory" in text:
            outcome = MEMORY
        answer = {"outcome": outcome, "note": text}
    except MemoryError:
        answer = {"outcome": MEMORY, "note": "MemoryError"}
    except Exception as err:  # what must never come
        place = traceback.extract_tb(err.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        answer = {"outcome": FOREIGN, "note": f"{err!r} in {where}"}
    yield answer | {"said": isolated.said_bytes()}
    yield _compare(kind, data, picture)


def _compare(kind: str, data: bytes, picture: Picture | None) -> Answer:
    """Compares with second decoders; one that has the same pixels is enough."""
    differing: list[Answer] = []
    for pixels, library in second.decode(kind, data):
        if picture is None:
            return {"second": f"read by {library}"}
        if "CMYK" in picture.left_out:  # by other profiles and formulas
            break
        difference = second.compare(picture, pixels)
        if not difference:
            return {"second": library}
        differing.append({"outcome": WRONG, "second": library, "note": difference})
    return differing[0] if differing else {"second": "" if picture is None else "none"}


def _round_trip(data: bytes) -> Answer:
    """Compresses and restores a picture; says where the report is not true."""
    made = comrec.compress(data, jpeg_quality=50, effort=0, max_pixels=MAX_PIXELS)
    restored = comrec.decompress(made.jpeg, made.sidecar)
    wanted = reader.read(data, MAX_PIXELS).to_array()
    if restored.shape != wanted.shape:
        return {"outcome": WRONG, "note": f"{wanted.shape} became {restored.shape}"}
    is_plain = wanted.ndim == 2 or wanted.shape[2] == 3
    psnr = metrics.psnr_db(wanted, restored) if is_plain else made.report.psnr_db
    if not np.isclose(psnr, made.report.psnr_db, atol=0.01):
        note = f"{psnr:.2f} dB, reported {made.report.psnr_db:.2f}"
        return {"outcome": WRONG, "note": note}
    return {}


def judge(source: str, name: str, kind: str, ended: Ended) -> Row:
    """Returns the row of a file whose process has ended."""
    found: Answer = {"outcome": "", "left_out": "", "second": "", "note": ""}
    for answer in ended.answers:
        found |= answer
    if not ended.answers:  # the second decoder had no turn yet
        found["outcome"] = ended.end.partition(" ")[0] or FOREIGN
        found["note"] = ended.end
    elif ended.end:
        found["second"] = f"the second decoder {ended.end}"
    if found.get("said") and found["outcome"] in (DONE, REFUSED):
        text = ended.said[: int(str(found["said"]))].decode("utf-8", "replace")
        found |= {"outcome": LEAK, "note": f"on the terminal: {text}"}
    if found["outcome"] == "status":
        found["outcome"] = FOREIGN
    note = " ".join(str(found["note"]).split())[:_NOTE_CHARACTERS]
    said = [str(found[n]) for n in ("outcome", "left_out", "second")]
    return Row(source, name, kind, *said, note)


def try_folder(
    folder: Path, source: str, limits: Limits, round_trip: bool = False
) -> Iterator[Row | None]:
    """Yields the row of each picture below a folder, and None for each other file."""
    Image.init()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        data = path.read_bytes()
        kind = kind_of(data, path.name)
        if not kind:
            yield None
            continue
        name = str(path.relative_to(folder))
        ended = isolated.run(lambda d=data, k=kind: steps(d, k, round_trip), limits)
        yield judge(source, name, kind, ended)


def summarise(rows: list[Row]) -> list[str]:
    """Returns a table: the number of each outcome, by kind."""
    outcomes = [DONE, REFUSED, *FAULTS]
    counts = Counter((row.kind, row.outcome) for row in rows)
    lines = ["\t".join(["kind", "files", *outcomes, "left out of"])]
    for kind in sorted({row.kind for row in rows}):
        mine = [row for row in rows if row.kind == kind]
        numbers = [len(mine), *(counts[kind, each] for each in outcomes)]
        numbers.append(sum(bool(row.left_out) for row in mine))
        lines.append("\t".join([kind, *map(str, numbers)]))
    return lines


def write(out: Path, source: str, rows: list[Row]) -> None:
    """Writes the rows of a source into a TSV file, which keeps those of others."""
    lines = out.read_text().splitlines()[1:] if out.exists() else []
    kept = [line for line in lines if line.split("\t")[0] != source]
    made = ["\t".join(row) for row in rows]
    head = "\t".join(Row._fields)
    out.write_text("\n".join([head, *sorted([*kept, *made])]) + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of pictures, and those below")
    parser.add_argument("--source", help="name for the rows (that of the folder)")
    parser.add_argument(
        "--seconds", type=int, default=Limits().seconds,
        help="of a core, for each file (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--memory", type=int, default=Limits().memory_mb, metavar="MB",
        help="for each file (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--round-trip", action="store_true",
        help="compress and restore pictures up to 0.26 megapixels as well",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, help="TSV file to add the rows to")
    args = parser.parse_args()
    if not args.folder.is_dir():
        parser.error(f"{args.folder} is no folder")
    source = args.source or args.folder.resolve().name
    rows, others = [], 0
    limits = Limits(args.seconds, args.memory)
    for row in try_folder(args.folder, source, limits, args.round_trip):
        others += row is None
        if row:
            rows.append(row)
            if row.outcome in FAULTS:
                print("\t".join(row), file=sys.stderr, flush=True)
    print("\n".join(summarise(rows)))
    print(f"{len(rows)} pictures, {others} other files passed over")
    if args.out:
        write(args.out, source, rows)
    return int(any(row.outcome in FAULTS for row in rows))


if __name__ == "__main__":
    sys.exit(main())
