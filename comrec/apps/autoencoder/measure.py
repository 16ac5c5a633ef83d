"""What a model is worth on many small pictures, beside PCA and ordinary codecs."""

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
# No error at all would make a mean of decibels infinite.
PSNR_MAX_DB = 100.0


class Row(NamedTuple):
    """Means over the pictures of one set, coded one way.

    Attributes:
      codec: a model, "pca", "png", "jpeg" (4:2:0) or "jpeg-444" (4:4:4).
      setting: bits of a latent value, or "float" for the latent as it is ("float, same
        pictures": as the files are made of); the quality of a JPEG.
      pictures: how many.
      latent_values, share: numbers kept of each, and of one in the picture.
      file_bytes: of the whole file, None where no file is made.
      bpp: bits per pixel of the file.
      bytes_ratio: bytes of the raw pixels to those of the file.
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
    """Rows as a TSV, with the version of comrec; whole or not at all."""
    lines = ["\t".join((*Row._fields, "comrec"))]
    for row in rows:
        cells = ["" if v is None else f"{v:.6g}" if isinstance(v, float) else str(v)
                 for v in row]  # fmt: skip
        lines.append("\t".join((*cells, __version__)))
    files.write(path, ("\n".join(lines) + "\n").encode())


def read(path: Path) -> list[Row]:
    """The rows that `write` wrote.

    Raises:
      UsageError: it is something else, or not there.
    """
    kinds = (str, str, int, int, *[float] * 6, str)
    try:
        return [
            Row(*[_cell(kind, cell) for kind, cell in zip(kinds, cells, strict=True)])
            for line in path.read_text().splitlines()[1:]
            for cells in [line.split("\t")[: len(kinds)]]
        ]
    except (OSError, ValueError) as err:
        raise UsageError(
            f"{path}: not rows of autoencoder_evaluate.py ({err})"
        ) from err


def _cell(kind: type, cell: str) -> Any:
    return kind(cell) if cell or kind is str else None


def psnr_db(images: np.ndarray, restored: np.ndarray) -> float:
    """Mean over uint8 (N, H, W, C) of the PSNR of each, at most `PSNR_MAX_DB`."""
    error = np.subtract(images, restored, dtype=np.int16).astype(np.float32)
    mean_square = np.square(error).mean(axis=(1, 2, 3), dtype=np.float64)
    least = 255**2 / 10 ** (PSNR_MAX_DB / 10)
    return float(np.mean(10 * np.log10(255**2 / np.maximum(mean_square, least))))


def as_it_is(codec: Codec, images: np.ndarray) -> Row:
    """The latent in full precision: what the network alone loses. No file is made."""
    latents = codec.latents(images)
    values = int(np.prod(latents.shape[1:]))
    return Row(
        codec.model.name, "float", len(images), values,
        values / images[0].size, None, None, None,
        psnr_db(images, codec.restored(latents)), None, codec.model.hash.hex(),
    )  # fmt: skip


def by_bits(codec: Codec, images: np.ndarray, bits: Iterable[int]) -> Iterator[Row]:
    """A row for full precision and each number of bits, from whole .crae files."""
    latents = codec.latents(images)
    values = int(np.prod(latents.shape[1:]))
    yield as_it_is(codec, images)._replace(setting="float, same pictures")
    for each in bits:
        made, restored = codec.coded(latents, each, images.shape[1:])
        size = sum(map(len, made)) / len(made)
        yield _row(
            codec.model.name, str(each), images, restored, size, values,
            codec.model.hash.hex(),
        )  # fmt: skip


def jpegs(
    images: np.ndarray, qualities: Iterable[int], near_bytes: Iterable[float] = ()
) -> Iterator[Row]:
    """libjpeg-turbo, optimised Huffman tables; of RGB, both ways to store the colour.

    Args:
      images: uint8 (N, H, W, C).
      qualities: a row for each.
      near_bytes: a row more for each, of the quality whose mean size is nearest.
    """
    for name in JPEGS if images.shape[3] == 3 else ("jpeg",):
        sizes = cache(partial(_jpeg_bytes, images, name))
        near = {_nearest_quality(sizes, size) for size in near_bytes}
        for quality in sorted({*qualities, *near}):
            made = [coding.encode(image, quality, JPEGS[name]) for image in images]
            restored = np.stack([coding.decode(data) for data in made])
            yield _row(name, str(quality), images, restored, sizes(quality))


def _jpeg_bytes(images: np.ndarray, name: str, quality: int) -> float:
    made = (coding.encode(image, quality, JPEGS[name]) for image in images)
    return sum(map(len, made)) / len(images)


def _nearest_quality(sizes: Callable[[int], float], size: float) -> int:
    """Of 1 to 100; a mean size grows with the quality."""
    at = bisect.bisect_left(range(1, 101), size, key=sizes) + 1
    around = (n for n in (at - 1, at) if 1 <= n <= 100)
    return min(around, key=lambda quality: abs(sizes(quality) - size))


def png(images: np.ndarray) -> Row:
    """Without loss, as small as Pillow makes it."""
    size = sum(map(_png_bytes, images)) / len(images)
    return _row("png", "", images, images, size)


def pca(train: np.ndarray, images: np.ndarray, sizes: Iterable[int]) -> Iterator[Row]:
    """Principal components of the training pictures, in full precision.

    Args:
      train, images: uint8 (N, H, W, C); components from the one, measured on the other.
      sizes: components kept, a row for each.
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


def nearest(rows: Iterable[Row], codec: str, file_bytes: float) -> Row:
    """The row of a codec whose files are nearest in size."""
    some = [row for row in rows if row.codec == codec and row.file_bytes]
    return min(some, key=lambda row: abs((row.file_bytes or 0) - file_bytes))


def nearest_jpeg(rows: Iterable[Row], file_bytes: float) -> Row:
    """That of JPEG, with its colour stored in the way that restores it better."""
    rows = list(rows)
    names = [name for name in JPEGS if any(row.codec == name for row in rows)]
    found = [nearest(rows, name, file_bytes) for name in names]
    return max(found, key=lambda row: row.psnr_db)


def _row(
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


def _png_bytes(image: np.ndarray) -> int:
    out = io.BytesIO()
    pixels = image[..., 0] if image.shape[2] == 1 else image
    Image.fromarray(pixels).save(out, "PNG", optimize=True)
    return len(out.getvalue())
