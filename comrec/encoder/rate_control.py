"""From what was asked to a goal, the ways to reach it, and the best file found."""

from __future__ import annotations

import copy
import functools
import importlib
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from comrec.encoder import pruning
from comrec.encoder.mode import Candidate, CodingMode, tidy
from comrec.encoder.options import QUALITY, Options
from comrec.encoder.search import EFFORTS, NEAR_BYTES, Effort, Goal, find
from comrec.errors import ComrecError, JpegError
from comrec.jpeg import quantisation
from comrec.jpeg.settings import PLAIN, JpegSettings
from comrec.networks.codec import Codec

# What comes closest of all plain JPEGs, for targets that others miss.
FINEST = JpegSettings("mozjpeg", "flat", "4:4:4")
MOZJPEG = {"psnr": "flat", "visual": "standard"}  # tables of plain JPEGs, by tune
# Codec, image, compact image, quality, price of a bit: to a compact image that is
# restored better.
Refine = Callable[[Codec, np.ndarray, np.ndarray, int, float], np.ndarray]
PRICES = (1, 2, 4)  # tried in turn while the refined one takes too many bytes
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
    best = find(plain[:1], goal, effort, anchor)
    if networks and not effort.thorough:
        best = _best_likely(plain, networks, goal, effort, best)
    else:
        best = find(networks, goal, effort, _best_plain(plain, goal, effort, best))
    if best is None:
        raise JpegError(_refusal([*plain, *networks], goal))
    if refine:
        best = _refined(refine, networks, goal, effort, best)
    if options.target_psnr is not None:
        anchor = goal.best(list(plain[0].verified.values()))
    return Choice(best, anchor)


def _best_likely(
    plain: list[CodingMode],
    networks: Sequence[CodingMode],
    goal: Goal,
    effort: Effort,
    best: Candidate | None,
) -> Candidate | None:
    """The best, by the networks of the likeliest ways.

    What other plain JPEGs come to is looked up only where it may be better.

    Args:
      best: of the first of `plain`; None where none of its files keeps to the goal.
    """
    unsearched = plain[1:] if best else []
    best = best or _best_plain(plain, goal, effort, best)
    estimates = pruning.estimates(
        [*unsearched, *networks], goal, best, plain[0].threads
    )
    rivals, estimates = estimates[: len(unsearched)], estimates[len(unsearched) :]
    ways = [each.way for each in pruning.likeliest(estimates)]
    known = [best] if best else []
    # What networks have to beat, about: nothing of it needs to have been coded.
    find(ways, goal, effort, goal.best([*known, *(r.candidate(-1) for r in rivals)]))
    verified = [candidate for way in ways for candidate in way.verified.values()]
    best = goal.best([*known, *verified])
    if not unsearched or (best and _is_sure(best, rivals, goal)):
        return best
    best = _best_plain(plain, goal, effort, best)
    # Where no decode was made, what was to be beaten may have been too good.
    return best if verified else find(ways, goal, effort, best)


def _is_sure(best: Candidate, rivals: Sequence[pruning.Estimate], goal: Goal) -> bool:
    """Whether networks came out ahead of all that plain JPEGs may come to."""
    if not best.codec or _has_room(goal, best):
        return False
    return all(
        rival.is_sure and goal.best([best, rival.candidate(1)]) is best
        for rival in rivals
    )


def _best_plain(
    plain: list[CodingMode], goal: Goal, effort: Effort, best: Candidate | None
) -> Candidate | None:
    """`best` or what is better without networks, beyond the first of `plain`.

    What is tried besides is added to them.
    """
    best = find(plain[1:], goal, effort, best)
    if best is None or _has_room(goal, best):
        plain.append(CodingMode(plain[0].pixels, FINEST, plain[0].extra_bytes))
        best = find(plain[-1:], goal, effort, best)
    return best


def _has_room(goal: Goal, best: Candidate) -> bool:
    """Whether finer files than `best` may come closer for bytes that are left."""
    if not goal.closest or best.total_bytes >= goal.most_bytes * (1 - NEAR_BYTES):
        return False
    finest = quantisation.qualities(best.settings.tables)[-1]
    return best.codec is None or best.quality == finest


def _goal(options: Options, plain: CodingMode) -> tuple[Goal, Candidate | None]:
    """What to keep to; and the anchor, where one is to be kept up with."""
    budget_bytes = options.budget_bytes(plain.pixels.shape[0], plain.pixels.shape[1])
    if budget_bytes is not None:
        return Goal(most_bytes=budget_bytes, closest=True), None
    if options.target_psnr is not None:
        return Goal(least_db=options.target_psnr), None
    anchor = plain.verify(options.quality or QUALITY)
    return Goal(most_bytes=anchor.total_bytes, least_db=anchor.psnr_db), anchor


def _plain_ways(
    pixels: np.ndarray, options: Options, extra_bytes: int
) -> list[CodingMode]:
    """Without networks; the first is the anchor that comrec is held to."""
    settings = [PLAIN, JpegSettings("mozjpeg", MOZJPEG[options.tune])]
    if options.effort >= EFFORT_SETTINGS:
        settings += _others(settings[1], options.tune, pixels.shape[2])
    threads = options.threads_for(pixels)
    return [CodingMode(pixels, each, extra_bytes, threads=threads) for each in settings]


def _network_ways(
    pixels: np.ndarray,
    options: Options,
    extra_bytes: Callable[[Codec | None], int],
) -> list[CodingMode]:
    ways, threads, alone = [], options.threads_for(pixels), threading.Lock()
    for codec in options.codecs():
        compact = functools.cache(partial(_compact, codec, pixels, alone))
        variants = [codec]
        if options.effort >= EFFORT_SETTINGS and options.jpeg_quality is None:
            for settings in _others(codec.settings, options.tune, pixels.shape[2]):
                variants.append(copy.copy(codec))
                variants[-1].settings = settings
        extra = extra_bytes(codec)
        ways += [
            CodingMode(pixels, None, extra, each, compact, threads, alone)
            for each in variants
        ]
    return ways


def _compact(codec: Codec, pixels: np.ndarray, alone: threading.Lock) -> np.ndarray:
    with alone:
        compact = codec.compact(pixels)
        tidy(pixels)
        return compact


def _others(own: JpegSettings, tune: str, channels: int) -> list[JpegSettings]:
    """What else may be tried in place of an encoder's settings."""
    bases = [own, JpegSettings("mozjpeg", MOZJPEG[tune])]
    if tune == "psnr":
        bases.append(JpegSettings("mozjpeg", "standard"))
    subsamplings = ("4:2:0",) if channels == 1 else ("4:2:0", "4:4:4")
    found = [replace(base, subsampling=s) for base in bases for s in subsamplings]
    same = replace(own, subsampling="4:2:0") if channels == 1 else own
    return [each for each in dict.fromkeys(found) if each != same]


def _refusal(ways: Sequence[CodingMode], goal: Goal) -> str:
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
        module: Any = importlib.import_module("comrec.encoder.refine")
    except ImportError as err:
        raise ComrecError(
            f"effort {EFFORT_REFINED} needs what is not installed ({err}): "
            f"pip install comrec[train]"
        ) from err
    return module.refine


def _refined(
    refine: Refine,
    networks: Sequence[CodingMode],
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
        refined = CodingMode(
            way.pixels, None, way.extra_bytes, way.codec, partial(np.asarray, compact),
            way.threads,
        )  # fmt: skip
        best = find([refined], goal, effort, best) or best
        if refined.total_bytes(coded.quality) <= goal.most_bytes:
            break
    return best
