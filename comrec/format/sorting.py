"""Decides about every entry of a folder: an input, a part of one, or left out."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from pathlib import Path

from comrec.format import names, provenance
from comrec.format.names import (
    COMPRESS,
    DECOMPRESS,
    PACK,
    RESTORE,
    UNPACK,
    OutputNames,
)
from comrec.system import files, listing
from comrec.system.listing import Listing

MACOS, TEMPORARY = "files of macOS (._*)", "temporary files of comrec"
SIDECARS, OUTPUTS = "sidecars of comrec", "outputs of comrec"
NO_PAIRS, NO_PICTURES = "pictures that are no pairs", "no pictures"
NO_JPEGS, NO_PACKED = "pictures that are no JPEGs", "pictures that are not packed"
COPIES = "packed files beside their .jpg"
FOLDERS = "folders"
_RAW = (
    ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .iiq .kdc .mef .mos .mrw .nef .nrw .orf "
    ".pef .raf .raw .rw2 .rwl .sr2 .srf .srw .x3f"
)
# Kinds of files that people take for pictures, and that may not be read.
KINDS = {
    suffix: f"{kind} files"
    for kind, suffixes in {
        "AVIF": ".avifs", "HEIC": ".heic .heif .hif .heics",
        "JPEG 2000": ".jpf .jpx .jpm .j2c .jpc", "JPEG XL": ".jxl",
        "camera raw": _RAW, "SVG": ".svg .svgz", "EPS and PDF": ".eps .ps .pdf .ai",
        "other picture": ".psd .psb .xcf .tga .exr .hdr .pcx .ico .icns .dds .pfm "
        ".pam .qoi .wdp .jxr .sgi .fits", "packed picture": names.PACKED_SUFFIX,
        "video": ".mp4 .mov .avi .mkv .webm .m4v .mpg .mpeg .mts .3gp .wmv",
    }.items()
    for suffix in suffixes.split()
}  # fmt: skip


@dataclass(frozen=True)
class Sorted:
    """Holds the decision about each entry of a folder.

    Attributes:
      inputs: names of the pictures to process, sorted.
      left_out: reasons by name, of entries that are not read.
      parts: names of sidecars that are read with a .jpg of `inputs`.
      outputs: names the outputs of the folder's files.
    """

    inputs: list[str]
    left_out: dict[str, str]
    parts: set[str]
    outputs: OutputNames


def sort(
    found: Listing,
    direction: str,
    is_made: Callable[[str], bool] | None = None,
    is_wanted: Callable[[str], bool] = lambda _: True,
) -> Sorted:
    """Sorts the entries of a folder that are no folders.

    Every wanted entry is in `inputs`, `left_out` or `parts`.

    Args:
      found: the whole listing of the folder.
      direction: COMPRESS, DECOMPRESS, RESTORE, PACK or UNPACK.
      is_made: returns whether comrec wrote a file, from its content; None tells from
        the name alone.
      is_wanted: returns whether a glob stands for a name.
    """
    made = is_made or (lambda name: names.is_output(Path(name)))
    decide = _DECIDE[direction]
    reasons: dict[str, str] = {}
    for name, entry in sorted(found.files.items()):
        if not is_wanted(name):
            continue
        reasons[name] = entry.kind or _refuse_name(name) or decide(name, found, made)
    inputs = [name for name, reason in reasons.items() if not reason]
    parts = set()
    if direction not in (COMPRESS, RESTORE):
        used = {names.sidecar_of(Path(name)).name for name in inputs}
        parts = used & reasons.keys()
    left_out = {n: why for n, why in reasons.items() if why and n not in parts}
    outputs = names.name_outputs(found.files, direction)
    return Sorted(inputs, left_out, parts, outputs)


def list_pictures(folder: Path) -> list[Path]:
    """Lists the pictures directly in a folder, by name.

    Pictures that comrec wrote are listed too, figures that comrec drew are not.

    Raises:
      OSError: the folder cannot be listed.
    """
    found = sort(
        listing.scan(folder), COMPRESS, lambda name: provenance.is_figure(folder / name)
    )
    return [folder / name for name in found.inputs]


def count(left_out: Mapping[str, int]) -> str:
    """Returns the line on entries that were left out, by the number of each reason."""
    total = sum(left_out.values())
    ordered = sorted(left_out.items(), key=lambda item: (-item[1], item[0]))
    listed = ", ".join(f"{reason} ({number:,})" for reason, number in ordered)
    return f"{total:,} left out: {listed}"


def _refuse_name(name: str) -> str:
    """Returns why an entry is no input in any direction, from its name; else ""."""
    if name.startswith("._"):
        return MACOS
    return TEMPORARY if files.is_temporary(name) else ""


def _refuse_input(name: str, _: Listing, made: Callable[[str], bool]) -> str:
    """Returns why a file is not compressed; else ""."""
    if names.is_picture(name):
        return OUTPUTS if made(name) else ""
    return _name_kind(name)


def _refuse_jpeg(name: str, found: Listing, made: Callable[[str], bool]) -> str:
    """Returns why a file is not restored as an ordinary JPEG; else ""."""
    if names.is_picture(name) and Path(name).suffix.lower() not in names.PACKABLE:
        return NO_JPEGS
    return _refuse_input(name, found, made)


def _refuse_pair(name: str, found: Listing, made: Callable[[str], bool]) -> str:
    """Returns why a file is not decompressed; else "", also for a damaged pair."""
    if names.is_packed_copy(name, found.files):
        return COPIES
    path = Path(names.unpacked_name(name))
    stem = path.stem.lower()
    if not names.is_picture(path.name):
        return _name_kind(name)
    if stem.endswith(".restored"):
        return OUTPUTS
    if path.suffix.lower() not in names.JPEGS:
        return NO_PAIRS
    if stem.endswith(".comrec") or made(name):
        return ""
    sidecar = names.sidecar_of(path).name
    alone = not _share_sidecar(name, found.files)
    return "" if sidecar in found.files and alone else NO_PAIRS


def _refuse_packing(name: str, _: Listing, made: Callable[[str], bool]) -> str:
    """Returns why a file is not packed; else ""."""
    if Path(name).suffix.lower() in names.PACKABLE:
        return ""
    return NO_JPEGS if names.is_picture(name) else _name_kind(name)


def _refuse_unpacking(name: str, _: Listing, made: Callable[[str], bool]) -> str:
    """Returns why a file is not unpacked; else ""."""
    if names.is_packed(name):
        return ""
    return NO_PACKED if names.is_picture(name) else _name_kind(name)


_DECIDE = {
    COMPRESS: _refuse_input, DECOMPRESS: _refuse_pair, RESTORE: _refuse_jpeg,
    PACK: _refuse_packing, UNPACK: _refuse_unpacking,
}  # fmt: skip


def _share_sidecar(name: str, listed: Container[str]) -> bool:
    """Tells whether another file of the folder has a sidecar of the same name."""
    stem = names.sidecar_of(Path(name)).name.removesuffix(".comrec.json")
    near = [f"{stem}{middle}{end}" for middle in ("", ".comrec") for end in names.JPEGS]
    own = {name, names.packed_name(name)}
    others = {*near, *map(names.packed_name, near)} - own
    return any(other in listed for other in others)


def _name_kind(name: str) -> str:
    """Returns the reason why a file that is no picture for comrec is left out."""
    if name.lower().endswith(names.SIDECAR_SUFFIX):
        return SIDECARS
    return KINDS.get(Path(name).suffix.lower(), NO_PICTURES)
