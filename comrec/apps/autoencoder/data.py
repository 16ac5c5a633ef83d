"""Reads pictures for training: MNIST, CIFAR-100, an .npz, or a folder of images."""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from comrec.api.compress import read_input
from comrec.apps.autoencoder import cifar, npz
from comrec.errors import UsageError, naming_errors
from comrec.format import sorting
from comrec.image.picture import MAX_PIXELS
from comrec.image.source import read

VALIDATION_EVERY = 10  # one in ten training pictures is held back
IDX_IMAGES = 0x00000803  # magic of unsigned bytes in three dimensions
VALUES_MAX = 2**30  # in one file; MNIST has 47 million, CIFAR-100 184 million
CHUNK_BYTES = 2**20
LEGAL = (
    "Legal: a folder of MNIST's IDX files, the CIFAR-100 python archive (.tar.gz), an "
    ".npz with x_train and x_test, a folder of pictures"
)
IDX_NAMES = ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte")
NAMED = ("mnist", "cifar100")


class Images(NamedTuple):
    """Holds pictures, uint8 (N, H, W, C) each; no choice may depend on `test`."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def load(
    source: Path | str, channels: int, size_px: tuple[int, int] = (32, 32)
) -> Images:
    """Reads a data set, and holds back every tenth training picture for validation.

    Args:
      source: a path, see `LEGAL`; or "mnist" or "cifar100", which Keras downloads.
      channels: 1 or 3; pictures of a folder become grey or RGB.
      size_px: (H, W) to which pictures of a folder are reduced and cropped.

    Raises:
      UsageError: the source is missing, cut off, damaged or no data set.
      ImageError: a picture of a folder cannot be read.
    """
    if str(source) in NAMED and not Path(source).exists():
        train, test = _download(str(source))
    else:
        train, test = _read(Path(source), channels, size_px)
    last = min(VALIDATION_EVERY, len(train)) - 1  # of few pictures, the last one
    held = np.arange(len(train)) % VALIDATION_EVERY == last
    return Images(train[~held], train[held], test)


def _read(
    path: Path, channels: int, size_px: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    if path.is_dir():
        if all(_find_idx(path, name) for name in IDX_NAMES):
            train, test = (read_idx(_find_idx(path, name)) for name in IDX_NAMES)  # type: ignore[arg-type]
            return train, test
        if any(_find_idx(path, name) for name in IDX_NAMES):
            raise UsageError(
                f"{path}: one of {' and '.join(IDX_NAMES)} (or .gz) is missing. Both "
                f"are needed"
            )
        return _read_folder(path, channels, size_px)
    if not path.exists():
        raise UsageError(
            f"{path}: no such file or folder. {LEGAL}; or {' or '.join(NAMED)}, to "
            f"download"
        )
    if path.suffix == ".npz":
        return read_npz(path)
    if path.name.endswith((".tar.gz", ".tgz", ".tar")):
        return cifar.read_archive(path)
    raise UsageError(f"{path}: not a data set that comrec reads. {LEGAL}")


def _find_idx(folder: Path, name: str) -> Path | None:
    found = (folder / name, folder / f"{name}.gz")
    return next((path for path in found if path.is_file()), None)


def read_idx(path: Path) -> np.ndarray:
    """Reads the pictures of an IDX file, plain or .gz: uint8 (N, H, W, 1).

    Raises:
      UsageError: the file cannot be read, is cut off, damaged, or has no pictures.
    """
    reads: Callable[..., gzip.GzipFile] = gzip.open if path.suffix == ".gz" else open  # type: ignore[assignment]
    try:
        with reads(path, "rb") as file:
            start = file.read(16)
            head = np.frombuffer(start[: len(start) // 4 * 4], ">u4")
            if len(head) < 4 or head[0] != IDX_IMAGES:
                raise UsageError(
                    f"{path}: not an IDX file of pictures (magic 0x{IDX_IMAGES:08x}). "
                    f"Use the images file of MNIST, not the labels"
                )
            count, height, width = (int(n) for n in head[1:])
            expected = count * height * width
            if not 0 < expected <= VALUES_MAX:
                raise UsageError(
                    f"{path}: states {count} pictures of {height}x{width}. Between 1 "
                    f"and {VALUES_MAX} pixels are legal; use another copy"
                )
            pixels = _read_at_most(file, expected + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as err:
        raise UsageError(
            f"{path}: cut off or damaged ({err}). Use another copy"
        ) from err
    except OSError as err:
        raise UsageError(f"{path}: cannot be read ({err.strerror}). {LEGAL}") from err
    if len(pixels) != expected:
        raise UsageError(
            f"{path}: cut off, or too long. {expected} bytes of pixels are expected. "
            f"Received: {len(pixels)}{'+' * (len(pixels) > expected)}. Use another copy"
        )
    return np.frombuffer(pixels, np.uint8).reshape(count, height, width, 1)


def _read_at_most(file: cifar.File, size: int) -> bytearray:
    """Reads at most `size` bytes, in chunks: a wrong size allocates no memory."""
    found = bytearray()
    while part := file.read(min(size - len(found), CHUNK_BYTES)):
        found += part
    return found


def read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Reads x_train and x_test of an .npz: uint8 (N, H, W) or (N, H, W, 1 or 3).

    Returns:
      Training and test pictures, uint8 (N, H, W, C) each.

    Raises:
      UsageError: the file cannot be read, is damaged, or lacks these arrays.
    """
    try:
        arrays = npz.read(path, VALUES_MAX, ("x_train", "x_test"))
    except ValueError as err:
        raise UsageError(
            f"{path}: not an .npz with x_train and x_test ({err}). {LEGAL}"
        ) from err
    train, test = (x[..., None] if x.ndim == 3 else x for x in arrays.values())
    for x in (train, test):
        legal = x.ndim == 4 and x.shape[3] in (1, 3) and x.dtype == np.uint8 and x.size
        if not legal or x.shape[1:] != train.shape[1:]:
            raise UsageError(
                f"{path}: x_train and x_test must be uint8 (N, H, W) or (N, H, W, 1 or "
                f"3) of one size. Received: {train.dtype}{train.shape} and "
                f"{test.dtype}{test.shape}"
            )
    return train, test


def _read_folder(
    path: Path, channels: int, size_px: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Reads a folder of pictures, of which every tenth by name is for the test."""
    found = []
    for file in sorting.list_pictures(path):
        content = read(file)
        with naming_errors(str(file)):
            picture = read_input(content, MAX_PIXELS)
        found.append(fit(picture.pixels, channels, size_px))
    if len(found) < 3:
        raise UsageError(
            f"{path}: {len(found)} pictures in it. At least 3 are needed. {LEGAL}"
        )
    pixels = np.stack(found)
    is_test = np.arange(len(pixels)) % VALIDATION_EVERY == 0
    return pixels[~is_test], pixels[is_test]


def fit(pixels: np.ndarray, channels: int, size_px: tuple[int, int]) -> np.ndarray:
    """Resizes a picture to cover a size, and crops the middle.

    Args:
      pixels: uint8 (H, W, 1 or 3).
      channels: 1 or 3, of the result.
      size_px: (H, W) of the result.
    """
    if pixels.shape[2] != channels:
        code = cv2.COLOR_RGB2GRAY if channels == 1 else cv2.COLOR_GRAY2RGB
        pixels = cv2.cvtColor(pixels, code)
    height, width = pixels.shape[:2]
    scale = max(size_px[0] / height, size_px[1] / width)
    wide = max(math.ceil(width * scale), size_px[1])
    high = max(math.ceil(height * scale), size_px[0])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    pixels = cv2.resize(pixels, (wide, high), interpolation=method)
    y, x = (high - size_px[0]) // 2, (wide - size_px[1]) // 2
    cut = pixels[y : y + size_px[0], x : x + size_px[1]]
    return cut.reshape(*size_px, channels)


def _download(name: str) -> tuple[np.ndarray, np.ndarray]:
    try:
        from comrec.apps.autoencoder import run

        train, test = run.download(name)
    except ImportError as err:
        raise UsageError(
            f"{name}: downloading needs keras, which is not installed: pip install "
            f"comrec[autoencoder]"
        ) from err
    except Exception as err:  # Keras documents no errors of a download
        reason = " ".join(str(err).split())[:200]
        raise UsageError(
            f"{name}: cannot be downloaded ({reason}). Give the path of a copy. {LEGAL}"
        ) from err
    train, test = (x[..., None] if x.ndim == 3 else x for x in (train, test))
    return train, test


def draw_digits(digits: str) -> np.ndarray:
    """Draws digits in OpenCV's font, as test pictures: uint8 (N, 28, 28, 1)."""
    pictures = np.zeros((len(digits), 28, 28, 1), np.uint8)
    font = cv2.FONT_HERSHEY_SIMPLEX
    for picture, digit in zip(pictures, digits, strict=True):
        cv2.putText(picture, digit, (6, 23), font, 0.8, (255,), 2, cv2.LINE_AA)
        picture[..., 0] = cv2.GaussianBlur(picture[..., 0], (3, 3), 0.6)
    return pictures


def draw_strokes(count: int, channels: int, size_px: tuple[int, int]) -> Images:
    """Draws strokes at random, as a data set for trials.

    Args:
      count: number of pictures.
      channels: 1 or 3.
      size_px: (H, W) of a picture.
    """
    rng = np.random.default_rng(0)
    height, width = size_px
    pictures = np.zeros((count, height, width, channels), np.uint8)
    for picture in pictures:
        points = rng.integers(0, (width, height), (3, 2)).astype(np.int32)
        shade = tuple(int(n) for n in rng.integers(100, 256, channels))
        cv2.polylines(picture, [points], False, shade, 2, cv2.LINE_AA)
    test = np.arange(count) % 4
    return Images(pictures[test > 1], pictures[test == 1], pictures[test == 0])
