"""Lists the coding modes that the options allow for an image."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from comrec.encoder.efforts import effort_of, find_guide
from comrec.encoder.file_cache import trim_after, with_settings
from comrec.encoder.mode import CodingMode
from comrec.encoder.options import Options
from comrec.encoder.tunes import TUNES
from comrec.jpeg.encoders import ENCODERS
from comrec.jpeg.settings import PLAIN, JpegSettings
from comrec.networks.codec import Codec

EFFORT_SETTINGS = 8  # the lowest that tries other settings of the encoders


def list_plain_modes(
    pixels: np.ndarray, options: Options, extra_bytes: int
) -> list[CodingMode]:
    """Lists the modes without networks; the first writes the anchor.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      options: of `compress`.
      extra_bytes: bytes of all files of the picture except the JPEG.
    """
    tune, threads = TUNES[options.tune], options.threads_for(pixels)
    settings = [PLAIN, JpegSettings(tune.encoder, tune.tables)]
    if options.effort >= EFFORT_SETTINGS:
        settings += _list_other_settings(settings[1], tune.tables, pixels.shape[2])
    return [
        CodingMode(pixels, each, extra_bytes, threads=threads, metric=tune.metric)
        for each in settings
    ]


def replace_settings(mode: CodingMode, settings: JpegSettings) -> CodingMode:
    """Returns a new mode without networks that differs from another in settings."""
    return CodingMode(
        mode.pixels,
        settings,
        mode.extra_bytes,
        threads=mode.threads,
        metric=mode.metric,
    )


def list_network_modes(
    pixels: np.ndarray, options: Options, extra_bytes: Callable[[Codec | None], int]
) -> list[CodingMode]:
    """Lists the modes with networks, scale by scale.

    The modes of one scale share one compact image, which is made once.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      options: of `compress`.
      extra_bytes: returns the bytes of all files of the picture except the JPEG.
    """
    modes, threads, network_lock = [], options.threads_for(pixels), threading.Lock()
    metric, guide = TUNES[options.tune].metric, find_guide(options, pixels)
    for codec in options.codecs():
        compact = functools.cache(partial(_make_compact, codec, pixels, network_lock))
        variants = [codec]
        if effort_of(options, pixels).rounds and options.jpeg_quality is None:
            # The files are drafts, and this encoder is the fastest.
            drafted = replace(codec.settings, encoder="libjpeg-turbo")
            variants = [with_settings(codec, drafted)]
        elif options.effort >= EFFORT_SETTINGS and options.jpeg_quality is None:
            tables = TUNES[options.tune].tables
            others = _list_other_settings(codec.settings, tables, pixels.shape[2])
            variants += [with_settings(codec, settings) for settings in others]
        extra = extra_bytes(codec)
        modes += [
            CodingMode(
                pixels, None, extra, each, compact, threads, network_lock, metric, guide
            )
            for each in variants
        ]
    return modes


def _make_compact(
    codec: Codec, pixels: np.ndarray, network_lock: threading.Lock
) -> np.ndarray:
    with network_lock:
        compact = codec.compact(pixels)
        trim_after(pixels)
        return compact


def _list_other_settings(
    own: JpegSettings, tables: str, channels: int
) -> list[JpegSettings]:
    """Lists the settings to try besides an encoder's own."""
    bases = [own]
    if not ENCODERS[own.encoder].is_continuous:
        names = dict.fromkeys((tables, "standard"))
        bases += [JpegSettings("mozjpeg", each) for each in names]
    subsamplings = ("4:2:0",) if channels == 1 else ("4:2:0", "4:4:4")
    found = [replace(base, subsampling=s) for base in bases for s in subsamplings]
    same = replace(own, subsampling="4:2:0") if channels == 1 else own
    return [each for each in dict.fromkeys(found) if each != same]
