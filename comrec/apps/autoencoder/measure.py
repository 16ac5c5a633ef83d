"""Measures a model on many small pictures, beside PCA and ordinary codecs."""

from __future__ import annotations

import bisect
import io
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from comrec import __version__
from comrec.apps.autoencoder.codec import Codec
from comrec.errors import UsageError
from comrec.image.metrics import SSIM_SIDE_PX, ssim
from comrec.jpeg import coding
from comrec.jpeg.colour import luma
from comrec.jpeg.settings import JpegSettings
from comrec.system import files

BITS = (8, 6, 5, 4, 3, 2)
JPEG_QUALITIES = (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
JPEGS = {
    "jpeg": JpegSettings(scans="baseline"),
    "jpeg-444": JpegSettings(scans="baseline", subsampling="4:4:4"),
}
# A picture without error would make a mean of decibels infinite.
PSNR_MAX_DB = 100.0


class Row(NamedTuple):
    """Holds means over the pictures of one set, of one codec and setting.

    Attributes:
      codec: a model, "pca", "png", "jpeg" (4:2:0) or "jpeg-444" (4:4:4).
      setting: bits of a latent value, or "float" for the latent in float ("float, same
        pictures": of the pictures that files are made of); the quality of a JPEG.
      pictures: how many.
      latent_values: of each picture.
      share: latent values for each value of a picture.
      file_bytes: of the whole file, None where no file is made.
      bpp: bits per pixel of the file.
      bytes_ratio: bytes of the raw pixels over those of the file.
      psnr_db: on 8-bit pixels, mean over pictures.
      ssim: of luma, mean over pictures; None where not measured.
      version: the hash of a model.
    """

    codec: str
    setting: str
    pictures: int
    latent_values: int | None
    share: float | None
    file_bytes: float | None
    bpp: float | None
    bytes_ratio: float | None
    psnr_db: float
    ssim: float | None = None
    version: str = ""


def write(path: Path, rows: Iterable[Row]) -> None:
    """Writes rows as a TSV with the version of comrec, whole or not at all."""
    lines = ["\t".join((*Row._fields, "comrec"))]
    for row in rows:
        cells = ["" if v is None else f"{v:.6g}" if isinstance(v, float) else str(v)
                 for v in row]  # fmt: skip
        lines.append("\t".join((*cells, __version__)))
    files.write(path, ("\n".join(lines) + "\n").encode())


def read(path: Path) -> list[Row]:
    """Reads the rows of a TSV that `write` wrote.

    Raises:
      UsageError: the file is missing, or holds no such rows.
    """
    kinds = (str, str, int, int, *[float] * 6, str)
    try:
        return [
            Row(
                *[
                    _parse_cell(kind, cell)
                    for kind, cell in zip(kinds, cells, strict=True)
                ]
            )
            for line in path.read_text().splitlines()[1:]
            for cells in [line.split("\t")[: len(kinds)]]
        ]
    except (OSError, ValueError) as err:
        raise UsageError(
            f"{path}: not rows of autoencoder_evaluate.py ({err})"
        ) from err


def _parse_cell(kind: type, cell: str) -> Any:
    return kind(cell) if cell or kind is str else None


def psnr_db(images: np.ndarray, restored: np.ndarray) -> float:
    """Returns the mean PSNR of pictures, each at most `PSNR_MAX_DB`.

    Args:
      images, restored: uint8 (N, H, W, C).
    """
    error = np.subtract(images, restored, dtype=np.int16).astype(np.float32)
    mean_square = np.square(error).mean(axis=(1, 2, 3), dtype=np.float64)
    error_min = 255**2 / 10 ** (PSNR_MAX_DB / 10)
    return float(np.mean(10 * np.log10(255**2 / np.maximum(mean_square, error_min))))


def score_float(codec: Codec, images: np.ndarray) -> Row:
    """Scores the latent in full precision, without a file: the network's own loss."""
    latents = codec.compute_latents(images)
    values = int(np.prod(latents.shape[1:]))
    return Row(
        codec.model.name, "float", len(images), values,
        values / images[0].size, None, None, None,
        psnr_db(images, codec.restore(latents)), None, codec.model.hash.hex(),
    )  # fmt: skip


def score_bits(codec: Codec, images: np.ndarray, bits: Iterable[int]) -> Iterator[Row]:
    """Yields a row for full precision and for each number of bits, from .crae files."""
    latents = codec.compute_latents(images)
    values = int(np.prod(latents.shape[1:]))
    yield score_float(codec, images)._replace(setting="float, same pictures")
    for each in bits:
        made, restored = codec.code_many(latents, each, images.shape[1:])
        size = sum(map(len, made)) / len(made)
        yield _build_row(
            codec.model.name, str(each), images, restored, size, values,
            codec.model.hash.hex(),
        )  # fmt: skip


def score_jpegs(
    images: np.ndarray, qualities: Iterable[int], near_bytes: Iterable[float] = ()
) -> Iterator[Row]:
    """Yields rows of libjpeg-turbo with optimised Huffman tables.

    RGB is coded with 4:2:0 and with 4:4:4.

    Args:
      images: uint8 (N, H, W, C).
      qualities: 1 to 100, a row for each.
      near_bytes: file sizes; a further row for each, of the quality whose mean size is
        nearest.
    """
    for name in JPEGS if images.shape[3] == 3 else ("jpeg",):
        sizes = cache(partial(_measure_jpeg_bytes, images, name))
        near = {_find_quality(sizes, size) for size in near_bytes}
        for quality in sorted({*qualities, *near}):
            made = [coding.encode(image, quality, JPEGS[name]) for image in images]
            restored = np.stack([coding.decode(data) for data in made])
            yield _build_row(name, str(quality), images, restored, sizes(quality))


def _measure_jpeg_bytes(images: np.ndarray, name: str, quality: int) -> float:
    made = (coding.encode(image, quality, JPEGS[name]) for image in images)
    return sum(map(len, made)) / len(images)


def _find_quality(sizes: Callable[[int], float], size: float) -> int:
    """Returns the quality, 1 to 100, with the nearest size; sizes grow with quality."""
    at = bisect.bisect_left(range(1, 101), size, key=sizes) + 1
    around = (n for n in (at - 1, at) if 1 <= n <= 100)
    return min(around, key=lambda quality: abs(sizes(quality) - size))


def score_png(images: np.ndarray) -> Row:
    """Scores lossless PNG, optimised by Pillow."""
    size = sum(map(_measure_png_bytes, images)) / len(images)
    return _build_row("png", "", images, images, size)


def score_pca(
    train: np.ndarray, images: np.ndarray, sizes: Iterable[int]
) -> Iterator[Row]:
    """Yields rows of the principal components, in full precision.

    Args:
      train: uint8 (N, H, W, C), from which the components come.
      images: uint8 (N, H, W, C), which are scored.
      sizes: numbers of components, a row for each.
    """
    flat = train.reshape(len(train), -1).astype(np.float32)
    mean = flat.mean(axis=0)
    flat -= mean
    _, vectors = np.linalg.eigh((flat.T @ flat).astype(np.float64))
    given = images.reshape(len(images), -1).astype(np.float32) - mean
    for values in sizes:
        basis = vectors[:, ::-1][:, :values].astype(np.float32)
        restored = np.rint(np.clip(given @ basis @ basis.T + mean, 0, 255))
        yield Row(
            "pca", "float", len(images), values, values / images[0].size, None, None,
            None, psnr_db(images, restored.astype(np.uint8).reshape(images.shape)),
        )  # fmt: skip


def find_nearest(rows: Iterable[Row], codec: str, file_bytes: float) -> Row:
    """Returns the row of a codec whose files are nearest in size."""
    found = [row for row in rows if row.codec == codec and row.file_bytes]
    return min(found, key=lambda row: abs((row.file_bytes or 0) - file_bytes))


def find_nearest_jpeg(rows: Iterable[Row], file_bytes: float) -> Row:
    """Returns the JPEG row nearest in size, of the subsampling with the higher PSNR."""
    rows = list(rows)
    names = [name for name in JPEGS if any(row.codec == name for row in rows)]
    found = [find_nearest(rows, name, file_bytes) for name in names]
    return max(found, key=lambda row: row.psnr_db)


def _build_row(
    codec: str, setting: str, images: np.ndarray, restored: np.ndarray, size: float,
    values: int | None = None, version: str = "",
) -> Row:  # fmt: skip
    raw = images[0].size
    pixels = images.shape[1] * images.shape[2]
    return Row(
        codec, setting, len(images), values, values and values / raw, size,
        8 * size / pixels, raw / size, psnr_db(images, restored),
        _ssim(images, restored), version,
    )  # fmt: skip


def _ssim(images: np.ndarray, restored: np.ndarray) -> float | None:
    if min(images.shape[1:3]) < SSIM_SIDE_PX:
        return None
    pairs = zip(images, restored, strict=True)
    return float(np.mean([ssim(luma(a), luma(b)) for a, b in pairs]))


def _measure_png_bytes(image: np.ndarray) -> int:
    out = io.BytesIO()
    pixels = image[..., 0] if image.shape[2] == 1 else image
    Image.fromarray(pixels).save(out, "PNG", optimize=True)
    return len(out.getvalue())
