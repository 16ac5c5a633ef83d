"""From what was asked to a goal, the ways to reach it, and the best file found."""

from __future__ import annotations

import copy
import functools
import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from comrec import cores, jpeg
from comrec.codec import Codec
from comrec.errors import ComrecError, JpegError
from comrec.jpeg import JpegSettings
from comrec.options import QUALITY, Options
from comrec.search import EFFORTS, NEAR_BYTES, Effort, Goal, behind, find, likeliest
from comrec.ways import Candidate, Way

# What comes closest of all plain JPEGs, for targets that others miss.
FINEST = JpegSettings("mozjpeg", "flat", "4:4:4")
MOZJPEG = {"psnr": "flat", "visual": "standard"}  # tables of plain JPEGs, by tune
# Codec, image, compact image, quality, price of a bit: to a compact image that is
# restored better.
Refine = Callable[[Codec, np.ndarray, np.ndarray, int, float], np.ndarray]
PRICES = (1, 2, 4)  # tried in turn while the refined one takes too many bytes
# Of larger pictures one thing is done after the other: each makes copies of them.
TOGETHER_MAX_PX = 2**23
EFFORT_SETTINGS, EFFORT_REFINED = 8, 9  # from here on more is tried


@dataclass(frozen=True)
class Choice:
    """What was found.

    Attributes:
      best: the file to write.
      plain: libjpeg-turbo's for comparison: at the quality or of the closeness that
        was asked for; None where bytes were, or where none is so close.
    """

    best: Candidate
    plain: Candidate | None


def choose(
    pixels: np.ndarray, options: Options, extra_bytes: Callable[[Codec | None], int]
) -> Choice:
    """The best file for an image by what was asked, decoded in full.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      options: what was asked.
      extra_bytes: what all files of a picture take besides the JPEG, with a codec
        and without.

    Raises:
      JpegError: no file found reaches the target; the message says what can be had.
      ComrecError: the effort asks for what is not installed.
    """
    plain = _plain_ways(pixels, options, extra_bytes(None))
    networks = _network_ways(pixels, options, extra_bytes)
    if options.jpeg_quality is not None:
        way = (networks or plain)[0]
        return Choice(way.verify(options.jpeg_quality), None)
    refine = None
    if options.effort >= EFFORT_REFINED and options.is_refinable:
        refine = _refiner()  # first: it may be missing
    goal, anchor = _goal(options, plain[0])
    effort = EFFORTS[options.effort]
    # Which networks are likely does not depend on what the best plain JPEG is.
    tasks: list[Callable[[], Any]] = [
        partial(_best_plain, plain, goal, effort, anchor),
        *[partial(behind, way, goal, effort) for way in networks],
    ]
    best, *far = cores.together(tasks, _threads(pixels, options))
    best = find(networks, goal, effort, best, likeliest(networks, far))
    if best is None:
        raise JpegError(_refusal([*plain, *networks], goal))
    if refine:
        best = _refined(refine, networks, goal, effort, best)
    if options.target_psnr is not None:
        anchor = goal.best(list(plain[0].verified.values()))
    return Choice(best, anchor)


def _best_plain(
    plain: list[Way], goal: Goal, effort: Effort, anchor: Candidate | None
) -> Candidate | None:
    """The best without networks; what is tried beyond `plain` is added to it."""
    best = find(plain, goal, effort, anchor)
    if best is None or (
        goal.closest and best.total_bytes < goal.most_bytes * (1 - NEAR_BYTES)
    ):
        plain.append(Way(plain[0].pixels, FINEST, plain[0].extra_bytes))
        best = find(plain[-1:], goal, effort, best)
    return best


def _goal(options: Options, plain: Way) -> tuple[Goal, Candidate | None]:
    """What to keep to; and the anchor, where one is to be kept up with."""
    budget_bytes = options.budget_bytes(plain.pixels.shape[0], plain.pixels.shape[1])
    if budget_bytes is not None:
        return Goal(most_bytes=budget_bytes, closest=True), None
    if options.target_psnr is not None:
        return Goal(least_db=options.target_psnr), None
    anchor = plain.verify(options.quality or QUALITY)
    return Goal(most_bytes=anchor.total_bytes, least_db=anchor.psnr_db), anchor


def _plain_ways(pixels: np.ndarray, options: Options, extra_bytes: int) -> list[Way]:
    """Without networks; the first is the anchor that comrec is held to."""
    settings = [jpeg.PLAIN, JpegSettings("mozjpeg", MOZJPEG[options.tune])]
    if options.effort >= EFFORT_SETTINGS:
        settings += _others(settings[1], options.tune, pixels.shape[2])
    threads = _threads(pixels, options)
    return [Way(pixels, each, extra_bytes, threads=threads) for each in settings]


def _network_ways(
    pixels: np.ndarray,
    options: Options,
    extra_bytes: Callable[[Codec | None], int],
) -> list[Way]:
    ways, threads = [], _threads(pixels, options)
    for codec in options.codecs():
        compact = functools.cache(partial(codec.compact, pixels))
        variants = [codec]
        if options.effort >= EFFORT_SETTINGS and options.jpeg_quality is None:
            for settings in _others(codec.settings, options.tune, pixels.shape[2]):
                variants.append(copy.copy(codec))
                variants[-1].settings = settings
        extra = extra_bytes(codec)
        ways += [Way(pixels, None, extra, each, compact, threads) for each in variants]
    return ways


def _threads(pixels: np.ndarray, options: Options) -> int:
    is_large = pixels.shape[0] * pixels.shape[1] > TOGETHER_MAX_PX
    return 1 if is_large else options.threads


def _others(own: JpegSettings, tune: str, channels: int) -> list[JpegSettings]:
    """What else may be tried in place of an encoder's settings."""
    bases = [own, JpegSettings("mozjpeg", MOZJPEG[tune])]
    if tune == "psnr":
        bases.append(JpegSettings("mozjpeg", "standard"))
    subsamplings = ("4:2:0",) if channels == 1 else ("4:2:0", "4:4:4")
    found = [replace(base, subsampling=s) for base in bases for s in subsamplings]
    same = replace(own, subsampling="4:2:0") if channels == 1 else own
    return [each for each in dict.fromkeys(found) if each != same]


def _refusal(ways: Sequence[Way], goal: Goal) -> str:
    if goal.closest:
        smallest = min(way.total_bytes(1) for way in ways)
        return (
            f"does not fit {goal.most_bytes:,.0f} bytes; {smallest:,} is the least "
            f"that this picture takes. Raise the target"
        )
    closest_db = max(c.psnr_db for way in ways for c in way.verified.values())
    return (
        f"does not come as close as {goal.least_db:g} dB; "
        f"{math.floor(100 * closest_db) / 100:.2f} dB is the closest that was found. "
        f"Lower the target"
    )


def _refiner() -> Refine:
    """Loads what refines a compact image: it needs Keras."""
    try:
        module: Any = importlib.import_module("comrec.train.refine")
    except ImportError as err:
        raise ComrecError(
            f"effort {EFFORT_REFINED} needs what is not installed ({err}): "
            f"pip install comrec[train]"
        ) from err
    return module.refine


def _refined(
    refine: Refine,
    networks: Sequence[Way],
    goal: Goal,
    effort: Effort,
    best: Candidate,
) -> Candidate:
    """The best after the compact image of the likeliest way was refined."""
    tried = [(way, c) for way in networks for c in way.verified.values()]
    if not tried:
        return best
    way, coded = min(
        tried,
        key=lambda pair: (
            not goal.meets(pair[1]),
            goal.rank(pair[1].total_bytes, pair[1].psnr_db),
        ),
    )
    assert way.codec is not None
    for price in PRICES:
        compact = refine(way.codec, way.pixels, way.compact(), coded.quality, price)
        refined = Way(
            way.pixels, None, way.extra_bytes, way.codec, partial(np.asarray, compact),
            way.threads,
        )  # fmt: skip
        best = find([refined], goal, effort, best) or best
        if refined.total_bytes(coded.quality) <= goal.most_bytes:
            break
    return best
