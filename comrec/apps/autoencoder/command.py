"""Compresses and decompresses one file, for `comrec autoencoder`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from comrec.api.compress import read_input
from comrec.apps.autoencoder import bitstream, codec, model
from comrec.errors import ImageError, UsageError, naming_errors
from comrec.format import pair
from comrec.image import picture, writer
from comrec.image.metrics import psnr_db
from comrec.image.source import load
from comrec.system import files

SUFFIX = ".crae"
Row = dict[str, object]


def compress(
    source: Path, output: str | None, model_name: str, bits: int, force: bool,
    max_pixels: int = picture.MAX_PIXELS,
) -> Row:  # fmt: skip
    """Compresses one file.

    Args:
      source: path of the picture.
      output: path of the .crae file or a folder; None for a file beside the source.
      model_name: of a released model, or path of the model.npz of a training run.
      bits: of each latent value, 1 to 8.
      force: whether a file of comrec may be overwritten.
      max_pixels: larger pictures are refused.

    Returns:
      A row of results, for JSON and for `describe_compressed`.

    Raises:
      ComrecError: the picture, the model or the output is refused. No file is left.
    """
    target = _choose_target(source, output, f"{source.stem}{SUFFIX}")
    if target.suffix.lower() != SUFFIX:
        raise UsageError(f"{target}: the name of an output ends in {SUFFIX}. Change -o")
    pair.refuse_existing(target, force, [bitstream.is_stream])
    files.sweep(target.parent)
    data, name = load(source, max_pixels)
    with naming_errors(name):
        picture = read_input(data, max_pixels)
        if picture.alpha is not None:
            raise ImageError(codec.NO_ALPHA)
        coder = codec.Codec(model.load(model_name))
        coded = coder.encode(picture.pixels, bits)
        restored = coder.decode(bitstream.parse(coded, max_pixels))
    pair.write_output(target, coded, force, [bitstream.is_stream])
    return _build_row(source, target, coder.model, picture.pixels, coded) | {
        "input_bytes": len(data),
        "bits": bits,
        "bpp": round(8 * len(coded) / (picture.size[0] * picture.size[1]), 4),
        "psnr_db": _to_json(psnr_db(picture.pixels, restored)),
        "notes": list(picture.notes),
    }


def decompress(
    source: Path, output: str | None, model_name: str, force: bool,
    max_pixels: int = picture.MAX_PIXELS,
) -> Row:  # fmt: skip
    """Decompresses one .crae file.

    Args:
      source: path of the .crae file.
      output: path of the picture or a folder; None for a PNG beside the source.
      model_name: path of the model.npz, if the model is not released.
      force: whether a file of comrec may be overwritten.
      max_pixels: larger pictures are refused.

    Returns:
      A row of results, for JSON and for `describe_restored`.

    Raises:
      ComrecError: the file, the model or the output is refused. No file is left.
    """
    target = _choose_target(source, output, f"{source.stem}.restored.png")
    if target.suffix.lower() not in writer.WRITES:
        raise UsageError(
            f"{target}: cannot write {target.suffix or 'a name without suffix'!r}. "
            f"Name one of {', '.join(writer.WRITES)} with -o"
        )
    pair.refuse_existing(target, force, [bitstream.is_stream])
    files.sweep(target.parent)
    data, name = load(source, max_pixels)
    with naming_errors(name):
        pixels = codec.decompress(data, model_name, max_pixels)
    with naming_errors(str(target)):
        restored = writer.write(picture.Picture(pixels), target.suffix)
    pair.write_output(target, restored, force, [bitstream.is_stream])
    return {
        "input": str(source), "output": str(target),
        "width_px": pixels.shape[1], "height_px": pixels.shape[0],
    }  # fmt: skip


def list_models() -> list[Row]:
    """Returns a row for each released model."""
    return [
        {"model": row.name, "summary": row.summary, "licence": row.licence}
        for row in model.RELEASED.values()
    ]


def _choose_target(source: Path, output: str | None, default: str) -> Path:
    if not source.name:  # "." and "/"
        raise ImageError(f"{source}: cannot be read (a folder). Name a picture in it")
    if output is None:
        return source.with_name(default)
    path = Path(output)
    return path / default if path.is_dir() else path


def _build_row(
    source: Path, target: Path, used: model.Model, pixels: np.ndarray, coded: bytes
) -> Row:
    a = used.architecture
    down, across = a.grid(*pixels.shape[:2])
    return {
        "input": str(source), "output": str(target), "model": used.name,
        "width_px": pixels.shape[1], "height_px": pixels.shape[0],
        "values": pixels.size, "latent_values": down * across * a.latent,
        "file_bytes": len(coded),
    }  # fmt: skip


def _to_json(decibel: float) -> float | None:
    return None if decibel == float("inf") else round(decibel, 3)


def describe_compressed(row: Row) -> str:
    """Returns the line on a compressed picture."""
    shares = [
        int(str(row[name])) / int(str(row["values"]))
        for name in ("latent_values", "file_bytes")
    ]
    decibel = "identical" if row["psnr_db"] is None else f"{row['psnr_db']:.2f} dB"
    return (
        f"{row['input']} → {row['output']}: {row['file_bytes']:,} bytes, "
        f"{100 * shares[1]:.0f} % of the raw pixels; {row['latent_values']:,} of "
        f"{row['values']:,} values ({100 * shares[0]:.0f} %), {row['bits']} bits "
        f"each before coding; {decibel}"
    )


def describe_restored(row: Row) -> str:
    """Returns the line on a restored picture."""
    return f"{row['input']} → {row['output']}: {row['width_px']}x{row['height_px']}"
