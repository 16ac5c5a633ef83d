"""Makes peers of comrec itself: as its command runs, or at one scale."""

from __future__ import annotations

from importlib import metadata

import numpy as np

import comrec
from comrec.api.compress import compress
from comrec.api.decompress import decompress
from comrec.apps.evaluate import rivals
from comrec.apps.evaluate.interface import Files, Peer, Setting
from comrec.encoder.options import EFFORT
from comrec.encoder.tunes import TUNES
from comrec.errors import UsageError
from comrec.format import container
from comrec.format.sidecar import Sidecar
from comrec.image.metadata import Metadata
from comrec.networks import engine, presets
from comrec.networks.codec import Codec
from comrec.networks.presets import Preset

# Values of `compress -q`: as close to the image as plain JPEG of these qualities.
QUALITY_GRID = (5, 10, 18, 30, 45, 60, 75, 85, 91)
# Qualities of the compact JPEG at a fixed scale.
SCALE_GRID = (3, 5, 8, 12, 18, 26, 36, 48, 60, 72, 82, 90, 95)


# Named in rows: bytes of the same version differ between encoders.
ENCODER = "rounds"


def make_command_peer(
    preset_name: str,
    tune: str = "psnr",
    embed: bool = False,
    threads: int = 0,
    effort: int = EFFORT,
) -> Peer:
    """Makes a peer of `comrec compress -q N` and `comrec decompress --exact`.

    Each picture is as close as plain JPEG of quality N, at the scale of the fewest
    bytes; a picture without a saving is a plain JPEG.

    Args:
      preset_name: of the networks; "plain" for none.
      tune: "psnr" or "visual"; see `comrec.compress`.
      embed: whether the sidecar goes into the .jpg.
      threads: cores for the networks; 0 takes all.
      effort: of `compress`, 0 to 9.

    Raises:
      UsageError: the preset is unknown, or does not have the tune.
    """
    preset = _find_preset(preset_name, tune)

    def encode(pixels: np.ndarray, quality: Setting) -> Files:
        compressed = compress(
            pixels, preset=preset.name, quality=int(quality), tune=tune, embed=embed,
            metadata="none", threads=threads, effort=effort,
        )  # fmt: skip
        if compressed.sidecar is None:
            return (compressed.jpeg,)
        return compressed.jpeg, compressed.sidecar

    def decode(files: Files) -> np.ndarray:
        sidecar = files[1] if len(files) > 1 else None
        pixels = decompress(files[0], sidecar, exact=True, threads=threads)
        return np.atleast_3d(pixels)

    name = f"comrec:{preset.name}{_make_suffix(tune, embed, effort)}"
    version = f"{ENCODER} {_describe_version(preset)}"
    return Peer(name, version, QUALITY_GRID, encode, decode)


def make_scale_peer(
    preset_name: str,
    scale: float,
    tune: str = "psnr",
    embed: bool = False,
    threads: int = 0,
) -> Peer:
    """Makes a peer of one preset at one scale; settings are qualities of the JPEG.

    Encoding makes the files of `comrec compress`, and decoding starts from them.

    Args:
      preset_name: of the networks.
      scale: one of the preset's.
      tune, embed, threads: as for `make_command_peer`.

    Raises:
      UsageError: the preset is unknown, or does not have the scale or tune.
    """
    preset = _find_preset(preset_name, tune)
    if not preset.has_networks:
        raise UsageError(
            f"preset {preset_name} has no networks, so its files have no scale. Name "
            f"comrec:{preset_name}, or another preset"
        )
    if scale not in preset.scales:
        raise UsageError(
            f"preset {preset_name} has scale {' or '.join(map(str, preset.scales))}. "
            f"Received: {scale:g}"
        )
    scale = preset.scales[preset.scales.index(scale)]  # an int stays an int
    settings = TUNES[tune].settings(preset)
    codec = Codec(preset, scale, threads=threads, exact=True, settings=settings)

    def encode(pixels: np.ndarray, quality: Setting) -> Files:
        coded = codec.encode(codec.compact(pixels), int(quality), pixels)
        record = Sidecar(preset.name, pixels.shape[1], pixels.shape[0], scale)
        packed, sidecar = container.pack(coded, Metadata(), record, embed)
        return (packed,) if sidecar is None else (packed, sidecar)

    def decode(files: Files) -> np.ndarray:
        sidecar = files[1] if len(files) > 1 else None
        found = container.unpack(files[0], "the .jpg", sidecar, "its sidecar")
        assert found.sidecar is not None  # `encode` writes one
        size = found.sidecar.height_px, found.sidecar.width_px
        return codec.restore(found.jpeg, size)

    name = f"comrec:{preset.name}@{scale:g}{_make_suffix(tune, embed)}"
    return Peer(name, _describe_version(preset), SCALE_GRID, encode, decode)


def _find_preset(name: str, tune: str) -> Preset:
    preset = presets.find(name)
    if tune not in TUNES:
        raise UsageError(f"{name}: tune must be {' or '.join(TUNES)}. Received: {tune}")
    if tune == "visual" and preset.has_networks and not preset.jpeg_visual:
        raise UsageError(f"preset {name} has no visual tune: leave :visual out")
    return preset


def _make_suffix(tune: str, embed: bool, effort: int = EFFORT) -> str:
    suffix = f":{tune}" if tune != "psnr" else ""
    suffix += f"+effort{effort}" if effort != EFFORT else ""
    return suffix + ("+embed" if embed else "")


def _describe_version(preset: Preset) -> str:
    """Returns versions of all software on which bytes and pixels depend."""
    parts = [comrec.__version__]
    if preset.has_networks:
        chosen = engine.choose()
        parts += [preset.hash, chosen, metadata.version(chosen)]
    scans = metadata.version("mozjpeg-lossless-optimization")
    return " ".join([*parts, "libvips", rivals.libvips_version(), "scans", scans])
