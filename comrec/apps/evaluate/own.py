"""comrec itself as a codec among others: as people run it, or at one scale."""

from __future__ import annotations

from importlib import metadata

import numpy as np

import comrec
from comrec.api.compress import compress
from comrec.api.decompress import decompress
from comrec.apps.evaluate import Files, Peer, Setting, rivals
from comrec.errors import UsageError
from comrec.format import container
from comrec.format.sidecar import Sidecar
from comrec.image.metadata import Metadata
from comrec.networks import engine, presets
from comrec.networks.codec import Codec
from comrec.networks.presets import Preset

# As asked of `compress`: as close as plain JPEG of these qualities.
QUALITY_GRID = (5, 10, 18, 30, 45, 60, 75, 85, 91)
# Of the compact JPEG, where the scale is given.
SCALE_GRID = (3, 5, 8, 12, 18, 26, 36, 48, 60, 72, 82, 90, 95)


def command(
    preset_name: str, tune: str = "psnr", embed: bool = False, threads: int = 0
) -> Peer:
    """`comrec compress -q N` at the default effort, and `comrec decompress --exact`.

    So every picture is as close as plain JPEG of quality N, at the scale that pays
    most; where no networks pay it is a plain JPEG.

    Args:
      preset_name: which pair.
      tune: "psnr" or "visual"; see `comrec.compress`.
      embed: the sidecar goes into the .jpg.
      threads: cores for the networks; 0 takes them all.

    Raises:
      UsageError: there is no such preset, or it is not tuned so.
    """
    preset = _found(preset_name, tune)

    def encode(pixels: np.ndarray, quality: Setting) -> Files:
        made = compress(
            pixels, preset=preset.name, quality=int(quality), tune=tune, embed=embed,
            metadata="none", threads=threads,
        )  # fmt: skip
        return (made.jpeg,) if made.sidecar is None else (made.jpeg, made.sidecar)

    def decode(files: Files) -> np.ndarray:
        beside = files[1] if len(files) > 1 else None
        pixels = decompress(files[0], beside, exact=True, threads=threads)
        return np.atleast_3d(pixels)

    name = f"comrec:{preset.name}{_ending(tune, embed)}"
    return Peer(name, _version(preset), QUALITY_GRID, encode, decode)


def at_scale(
    preset_name: str,
    scale: float,
    tune: str = "psnr",
    embed: bool = False,
    threads: int = 0,
) -> Peer:
    """One preset at one scale; its settings are the compact JPEG's own quality.

    The files are those that `comrec compress` writes, and decoding begins at them.

    Args:
      preset_name: which pair.
      scale: one of the preset's.
      tune, embed, threads: as for `command`.

    Raises:
      UsageError: there is no such preset, or it has no such scale or tune.
    """
    preset = _found(preset_name, tune)
    if scale not in preset.scales:
        raise UsageError(
            f"preset {preset_name} has scale {' or '.join(map(str, preset.scales))}. "
            f"Received: {scale:g}"
        )
    scale = preset.scales[preset.scales.index(scale)]  # whole ones as whole numbers
    codec = Codec(preset, scale, threads=threads, exact=True, tune=tune)

    def encode(pixels: np.ndarray, quality: Setting) -> Files:
        coded = codec.encode(codec.compact(pixels), int(quality))
        record = Sidecar(preset.name, pixels.shape[1], pixels.shape[0], scale)
        packed, sidecar = container.pack(coded, Metadata(), record, embed)
        return (packed,) if sidecar is None else (packed, sidecar)

    def decode(files: Files) -> np.ndarray:
        sidecar = files[1] if len(files) > 1 else None
        found = container.unpack(files[0], "the .jpg", sidecar, "its sidecar")
        assert found.sidecar is not None  # encode has put it there
        size = found.sidecar.height_px, found.sidecar.width_px
        return codec.restore(found.jpeg, size)

    name = f"comrec:{preset.name}@{scale:g}{_ending(tune, embed)}"
    return Peer(name, _version(preset), SCALE_GRID, encode, decode)


def _found(name: str, tune: str) -> Preset:
    preset = presets.find(name)
    if not preset.has_networks:
        raise UsageError(f"preset {name} has no networks. Name another")
    if tune == "visual" and not preset.jpeg_visual:
        raise UsageError(f"preset {name} is not tuned for eyes: no :visual")
    return preset


def _ending(tune: str, embed: bool) -> str:
    return (f":{tune}" if tune != "psnr" else "") + ("+embed" if embed else "")


def _version(preset: Preset) -> str:
    """Of all that bytes and pixels depend on."""
    chosen = engine.choose()
    libraries = f"{chosen} {metadata.version(chosen)} libvips {rivals.libvips()}"
    return f"{comrec.__version__} {preset.hash} {libraries}"
