"""Makes Pillow open and save comrec's pictures: `comrec.register_opener`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, ClassVar

from PIL import Image, ImageFile, JpegImagePlugin

from comrec.api.compress import compress_picture
from comrec.api.decompress import find_sidecar
from comrec.encoder.options import Options
from comrec.errors import ComrecError, ImageError, PillowError, SidecarError
from comrec.format import container, names
from comrec.format.container import UnpackedPair
from comrec.format.restoring import restore
from comrec.format.sidecar import MAGIC
from comrec.image import exchange
from comrec.image.picture import MAX_PIXELS
from comrec.image.source import load
from comrec.networks import presets as table
from comrec.networks.codec import MEMORY_MB
from comrec.networks.presets import Folders
from comrec.system.checks import whole

FORMAT = "COMREC"
# Keywords of `Image.save` that stand for metadata of the image, as in Pillow's JPEG.
_METADATA = ("exif", "icc_profile", "xmp", "comment", "dpi")


def register_opener(
    *,
    engine: str = "auto",
    threads: int = 0,
    memory_mb: int = MEMORY_MB,
    max_pixels: int = MAX_PIXELS,
    exact: bool = False,
    presets: Folders | None = None,
) -> None:
    """Makes `PIL.Image.open` restore pictures that comrec compressed.

    Size, mode and metadata are known at once; networks restore the pixels when they are
    first used. The sidecar is inside the .jpg, or beside it where the .jpg has a name.
    Other JPEGs are opened by Pillow as before; `formats=["JPEG"]` opens the compact
    image of a pair.

    `Image.save("photo.comrec.jpg", format="COMREC", quality=25)` writes one file with
    its sidecar inside. It takes the options of `comrec.compress` but `embed`, and
    `exif`, `icc_profile`, `xmp`, `comment` and `dpi` in place of the image's own.

    Errors are ComrecError and, as Pillow's callers expect, OSError.

    Args:
      engine: as of `comrec.decompress`, and so are all others.

    Raises:
      UsageError: an option is illegal, or a folder has no preset.
    """
    table.add_folders(presets)
    ComrecImageFile.options = {
        "engine": engine,
        "threads": whole("threads", threads, 0),
        "memory_mb": whole("memory_mb", memory_mb, 1),
        "max_pixels": whole("max_pixels", max_pixels, 1),
        "exact": exact,
    }
    Image.register_open(FORMAT, ComrecImageFile, _accept)
    Image.register_save(FORMAT, _save)
    Image.register_mime(FORMAT, "image/jpeg")
    # Pillow asks in this order, and its own JPEG plugin takes every JPEG.
    Image.ID.remove(FORMAT)
    Image.ID.insert(0, FORMAT)


class ComrecImageFile(ImageFile.ImageFile):
    """Opens a .jpg of comrec as the picture that it restores to."""

    format = FORMAT
    format_description = "JPEG that comrec's networks restore"
    options: ClassVar[dict[str, Any]] = {}
    _pair: UnpackedPair | None = None

    def _open(self) -> None:
        assert self.fp is not None  # of ImageFile
        plain = JpegImagePlugin.JpegImageFile(self.fp)  # reads the header alone
        path = _path(self.fp, self.filename)
        try:
            pair = _unpack(self.fp, path, _is_marked(plain), self.options["max_pixels"])
        except ComrecError as err:
            raise PillowError(str(err)) from err
        if pair is None or pair.sidecar is None:
            raise SyntaxError("not a .jpg that comrec restores")
        record = pair.sidecar
        mode = "L" if plain.mode == "L" else "RGB"
        self._mode = mode + ("A" if record.alpha is not None else "")
        self._size = record.width_px, record.height_px
        self.info |= exchange.info_of(pair.metadata)
        self._pair = pair

    def load(self) -> Any:
        """Restores the pixels on the first call.

        Raises:
          PillowError: the networks cannot be run, or the .jpg is damaged.
        """
        if self._pair is not None:
            try:
                restored = restore(self._pair, **self.options)
            except ComrecError as err:
                raise PillowError(str(err)) from err
            self.im = Image.fromarray(restored.to_array()).im
            self._pair = None
            if self._exclusive_fp and self.fp:
                self.fp.close()
            self.fp = None
        return super().load()


def _accept(prefix: bytes) -> bool:
    return prefix.startswith(b"\xff\xd8\xff")


def _path(file: IO[bytes], filename: str | bytes) -> str:
    """Returns the path of an open file; "" for one without a name."""
    name = filename or getattr(file, "name", "")
    return os.fsdecode(name) if isinstance(name, str | bytes) else ""


def _is_marked(plain: JpegImagePlugin.JpegImageFile) -> bool:
    return any(kind == "APP11" and data[:7] == MAGIC for kind, data in plain.applist)


def _unpack(
    file: IO[bytes], path: str, is_marked: bool, max_pixels: int
) -> UnpackedPair | None:
    """Reads the pair of a .jpg; None for one that is no comrec picture.

    A .jpg may have lost its marker. The sidecar beside it then counts where it fits:
    that of photo.comrec.jpg has the name of one of photo.jpg.
    """
    has_sidecar = bool(path) and os.path.lexists(names.sidecar_of(Path(path)))
    if not (is_marked or has_sidecar):
        return None
    file.seek(0)
    try:
        data, _ = load(file, max_pixels)
        limit = container.max_sidecar_bytes(data, max_pixels)
        beside, name = find_sidecar(path or None, None, limit)
        return container.unpack(data, path or "picture", beside, name, max_pixels)
    except (ImageError, SidecarError):
        if is_marked:
            raise
        return None


def _save(image: Image.Image, file: IO[bytes], filename: str | bytes) -> None:
    """Compresses an image into one file, for `Image.save`."""
    given = dict(image.encoderinfo)
    blocks = {name: given.pop(name) for name in _METADATA if name in given}
    try:
        options = Options(**given, embed=True)
        picture = exchange.from_image(image, options.max_pixels, blocks)
        result = compress_picture(picture, options)
    except ComrecError as err:
        raise PillowError(str(err)) from err
    file.write(result.jpeg)
