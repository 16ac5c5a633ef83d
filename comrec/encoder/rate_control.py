"""Turns the caller's options into a goal and coding modes, and finds the best file."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from comrec.encoder import pruning
from comrec.encoder.efforts import Effort, effort_of, find_guide
from comrec.encoder.excerpt import take_excerpt
from comrec.encoder.goal import Goal
from comrec.encoder.guided_modes import encode_guided
from comrec.encoder.mode import Candidate, CodingMode
from comrec.encoder.mode_list import (
    EFFORT_SETTINGS,
    list_network_modes,
    list_plain_modes,
    replace_settings,
)
from comrec.encoder.options import QUALITY, Options
from comrec.encoder.plain import Coded, encode_plain_within, predict_plain_quality
from comrec.encoder.search import TOLERANCE_BYTES, find_best
from comrec.errors import JpegError
from comrec.jpeg import coding
from comrec.jpeg.halving import halving_error
from comrec.jpeg.settings import JpegSettings
from comrec.networks.codec import Codec
from comrec.networks.presets import Preset
from comrec.system import stages

# Plain JPEG of the highest PSNR, for goals that other settings miss.
FINEST = JpegSettings("comrec", "flat", "4:4:4")
# Of the error of a file: a share from which the loss by halved chroma costs more than
# it saves. By the rows of plain_jpeg.tsv, as is the gain of comrec's JPEG over the
# anchor in as many bytes.
HALVING_SHARE, GAIN_DB = 0.28, 1.3


@dataclass(frozen=True)
class Choice:
    """Holds the chosen file and the plain JPEG to compare with.

    Attributes:
      best: the file to write.
      plain: by libjpeg-turbo, at the requested quality or of at least the requested
        PSNR; None where bytes were requested or no plain JPEG has this PSNR.
    """

    best: Candidate
    plain: Candidate | None


def choose(
    pixels: np.ndarray, options: Options, extra_bytes: Callable[[Codec | None], int]
) -> Choice:
    """Chooses the best file of an image by the options, decoded in full.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      options: of `compress`.
      extra_bytes: returns the bytes of all files of a picture except the JPEG, with a
        codec or without.

    Raises:
      JpegError: no file meets the target; the message names the nearest possible one.
    """
    plain = list_plain_modes(pixels, options, extra_bytes(None))
    networks = list_network_modes(pixels, options, extra_bytes)
    if options.jpeg_quality is not None:
        mode = (networks or plain)[0]
        return Choice(mode.decode_in_full(options.jpeg_quality), None)
    stages.begin("plain JPEG")
    goal, anchor = _set_goal(options, plain[0])
    effort = effort_of(options, pixels)
    best = find_best(plain[:1], goal, effort, anchor)
    if best and options.effort < EFFORT_SETTINGS:  # from there on both are tried
        plain[1] = _fit_chroma(plain[1], goal, best)
    if networks and not effort.thorough:
        guide = find_guide(options, pixels)
        best = _find_best_pruned(plain, networks, goal, effort, best, guide)
    else:
        best = _find_best_plain(plain, goal, effort, best)
        best = find_best(networks, goal, effort, best)
    if best is None:
        raise JpegError(_describe_refusal([*plain, *networks], goal))
    if options.target_psnr is not None:
        anchor = goal.select_best(list(plain[0].decoded.values()))
    return Choice(best, anchor)


def _fit_chroma(mode: CodingMode, goal: Goal, anchor: Candidate) -> CodingMode:
    """Returns a mode with chroma at full size where halving would cost too much.

    Args:
      mode: without networks, with halved chroma.
      goal: to meet.
      anchor: a plain JPEG that meets the goal.
    """
    if not mode.is_continuous or math.isinf(anchor.psnr_db):
        return mode
    expected_db = anchor.psnr_db + GAIN_DB * goal.maximises_psnr
    error = 255**2 / 10 ** (expected_db / 10)
    if halving_error(mode.pixels) < HALVING_SHARE * error:
        return mode
    return replace_settings(mode, replace(mode.settings, subsampling="4:4:4"))


def find_same_bytes(
    pixels: np.ndarray, options: Options, budget_bytes: int, known: Coded | None
) -> Coded | None:
    """Finds the best plain JPEG by libjpeg-turbo within the bytes of another result.

    Args:
      pixels: uint8 (H, W, 1|3), the image.
      options: of `compress`.
      budget_bytes: the most that the JPEG may take, without metadata.
      known: another plain JPEG of the image, which predicts the quality.

    Returns:
      The JPEG; None where none fits.
    """
    stages.begin("plain JPEG in as many bytes")
    threads = options.threads_for(pixels)
    start = predict_plain_quality(budget_bytes, known) if known else None
    excerpt = take_excerpt(pixels, known)
    if excerpt.pixels is not pixels:
        excerpt_bytes = round(budget_bytes * excerpt.byte_share)
        found = encode_plain_within(excerpt.pixels, excerpt_bytes, start, threads)
        start = int(found.quality) if found else start
    return encode_plain_within(pixels, budget_bytes, start, threads)


def _find_best_pruned(
    plain: list[CodingMode],
    networks: Sequence[CodingMode],
    goal: Goal,
    effort: Effort,
    best: Candidate | None,
    guide: Preset | None,
) -> Candidate | None:
    """Finds the best candidate of the modes that estimates do not exclude.

    Plain JPEGs with a trellis are written only where they may be better than the
    networks' files.

    Args:
      plain: modes without networks; extended as by `_find_best_plain`.
      networks: modes with networks.
      goal: to meet.
      effort: bounds the work of the networks.
      best: of the first of `plain`; None where none of its files meets the goal.
      guide: the preset to choose coefficients through; None for no rounds.
    """
    unsearched = plain[1:] if best else []
    best = best or _find_best_plain(plain, goal, effort, best)
    stages.begin("choosing a scale")
    estimates = pruning.estimate_all(
        [*unsearched, *networks], goal, best, plain[0].threads
    )
    rivals, estimates = estimates[: len(unsearched)], estimates[len(unsearched) :]
    modes = [each.mode for each in pruning.select_likely(estimates)]
    known = [best] if best else []
    # The networks have to beat the rivals' estimates: no rival was coded yet.
    bounds = [rival.lower_bound() for rival in rivals]
    bound = goal.select_best([*known, *bounds])
    decoded = encode_guided(modes, goal, effort, bound, guide) if guide else []
    if not goal.select_best(decoded):
        find_best(modes, goal, effort, bound)
        decoded += [each for mode in modes for each in mode.decoded.values()]
    best = goal.select_best([*known, *decoded])
    if not unsearched or (best and _is_certainly_best(best, rivals, goal)):
        return best
    best = _find_best_plain(plain, goal, effort, best)
    # Without a decode, the rivals' estimates may have excluded the networks wrongly.
    return best if decoded else find_best(modes, goal, effort, best)


def _is_certainly_best(
    best: Candidate, rivals: Sequence[pruning.Estimate], goal: Goal
) -> bool:
    """Checks whether a network's file is better than every rival's upper bound."""
    if not best.codec or _has_bytes_left(goal, best):
        return False
    return all(
        rival.is_sure and goal.select_best([best, rival.upper_bound()]) is best
        for rival in rivals
    )


def _find_best_plain(
    plain: list[CodingMode], goal: Goal, effort: Effort, best: Candidate | None
) -> Candidate | None:
    """Finds the best of `best` and all modes of `plain` but the first.

    Where the result leaves bytes of the goal, or none meets the goal, appends the
    mode of the settings FINEST to `plain` and searches this mode as well.
    """
    stages.begin("plain JPEG")
    best = find_best(plain[1:], goal, effort, best)
    if best is None or _has_bytes_left(goal, best):
        plain.append(replace_settings(plain[0], FINEST))
        best = find_best(plain[-1:], goal, effort, best)
    return best


def _has_bytes_left(goal: Goal, best: Candidate) -> bool:
    """Checks whether finer settings than those of `best` may raise the PSNR."""
    min_bytes = goal.max_bytes * (1 - TOLERANCE_BYTES)
    if not goal.maximises_psnr or best.total_bytes >= min_bytes:
        return False
    finest = coding.qualities(best.settings)[-1]
    return best.codec is None or best.quality == finest


def _set_goal(options: Options, plain: CodingMode) -> tuple[Goal, Candidate | None]:
    """Sets the goal, and decodes the anchor where the goal is a quality.

    Returns:
      The goal, and the plain JPEG of the quality; None for the other targets.
    """
    budget_bytes = options.budget_bytes(plain.pixels.shape[0], plain.pixels.shape[1])
    if budget_bytes is not None:
        return Goal(max_bytes=budget_bytes, maximises_psnr=True), None
    if options.target_psnr is not None:
        return Goal(min_psnr_db=options.target_psnr), None
    anchor = plain.decode_in_full(options.quality or QUALITY)
    return Goal(max_bytes=anchor.total_bytes, min_psnr_db=anchor.psnr_db), anchor


def _describe_refusal(modes: Sequence[CodingMode], goal: Goal) -> str:
    if goal.maximises_psnr:
        smallest_bytes = min(
            mode.measure_total_bytes(mode.qualities[0]) for mode in modes
        )
        return (
            f"does not fit {goal.max_bytes:,.0f} bytes; {smallest_bytes:,} is the "
            f"least that was found. Raise the target"
        )
    highest_db = max(c.psnr_db for mode in modes for c in mode.decoded.values())
    return (
        f"does not reach {goal.min_psnr_db:g} dB; "
        f"{math.floor(100 * highest_db) / 100:.2f} dB is the highest PSNR that was "
        f"found. Lower the target"
    )
