"""The search: what it promises, what it costs, and what each effort adds."""

from __future__ import annotations

import functools
import sys
import types
from pathlib import Path

import fake_pair
import numpy as np
import pictures
import pytest
from PIL import Image

import comrec
from comrec.encoder import mode, rate_control, sampling, search
from comrec.encoder.options import Options
from comrec.errors import ComrecError
from comrec.image.metrics import psnr_db
from comrec.jpeg import coding, quantisation
from comrec.jpeg.settings import PLAIN
from comrec.networks.codec import Codec

EXTRA_BYTES = 90
ASTRONAUT = Path(__file__).parents[2] / "examples" / "astronaut.png"


@pytest.fixture(autouse=True, scope="module")
def looked_px():
    with fake_pair.installed() as counted:
        yield counted


@functools.cache
def photo(height: int = 240, width: int = 320) -> np.ndarray:
    return pictures.photo(height, width)


def chosen(
    looked_px: list[int], pixels: np.ndarray | None = None, **asked: object
) -> tuple[rate_control.Choice, float]:
    """The choice, and what it cost in decodes of the whole image."""
    pixels = photo() if pixels is None else pixels
    options = Options(preset=fake_pair.NAME, **asked)
    looked_px.clear()
    choice = rate_control.choose(
        pixels, options, lambda codec: EXTRA_BYTES * bool(codec)
    )
    return choice, sum(looked_px) / (pixels.shape[0] * pixels.shape[1])


REQUESTS = (
    {"quality": 4}, {"quality": 30}, {"target_size": 2500}, {"target_psnr": 24.0},
)  # fmt: skip


@pytest.mark.parametrize("effort", [0, 5, 6])
@pytest.mark.parametrize("asked", REQUESTS, ids=str)
def test_the_networks_work_no_longer_than_the_effort_allows(looked_px, asked, effort):
    most = {0: 1.25, 5: 2.5, 6: 4.5}[effort]
    choice, decodes = chosen(looked_px, effort=effort, **asked)
    assert decodes <= most
    if choice.best.codec:
        assert decodes >= 1  # it was decoded in full


def test_no_file_is_written_twice(looked_px, monkeypatch):
    written, write = [], coding.encode

    def counted(pixels, quality, settings=PLAIN, space="RGB"):
        scans = coding.scans_of(pixels, settings)
        written.extend((pixels.tobytes(), quality, settings.tables, s) for s in scans)
        return write(pixels, quality, settings, space)

    monkeypatch.setattr(coding, "encode", counted)
    chosen(looked_px, quality=4, scale=2.0)
    assert len(written) > 6
    assert len({*written}) == len(written)


def mozjpegs_of(pixels: np.ndarray, monkeypatch) -> list[int]:
    """Qualities at which mozjpeg writes a whole picture, once for either scans."""
    written, write = [], coding._encode_mozjpeg

    def counted(image, quality, settings, space, progressive):
        if image is pixels:
            written.append(quality)
        return write(image, quality, settings, space, progressive)

    monkeypatch.setattr(coding, "_encode_mozjpeg", counted)
    return written


def test_a_plain_jpeg_that_networks_beat_is_looked_at_once(looked_px, monkeypatch):
    written = mozjpegs_of(photo(), monkeypatch)
    best = chosen(looked_px, quality=4)[0].best
    assert best.codec
    assert len(written) == 1


@pytest.mark.parametrize(
    "asked", [{"quality": 75}, {"target_size": 20_000}, {"target_psnr": 33.0}], ids=str
)
def test_where_networks_do_not_pay_plain_jpeg_is_the_best_there_is(
    looked_px, monkeypatch, asked
):
    written = mozjpegs_of(photo(), monkeypatch)
    best = chosen(looked_px, **asked)[0].best
    assert best.codec is None
    assert len(written) > 1
    options = Options(preset="plain", **asked)
    alone = rate_control.choose(photo(), options, lambda codec: 0).best
    assert (best.total_bytes, best.psnr_db) == (alone.total_bytes, alone.psnr_db)


@pytest.mark.parametrize("quality", [5, 30])
def test_a_flat_picture_is_a_plain_jpeg(looked_px, quality):
    flat = np.full((140, 150, 3), (200, 30, 90), np.uint8)
    best = chosen(looked_px, flat, quality=quality)[0].best
    options = Options(preset="plain", quality=quality)
    alone = rate_control.choose(flat, options, lambda codec: 0).best
    assert best.codec is None
    assert best.total_bytes <= alone.total_bytes + 2  # they hardly rise with quality


@pytest.mark.pretrained
def test_what_plain_jpeg_was_thought_to_reach_does_not_keep_networks_out():
    with Image.open(ASTRONAUT) as picture:
        corner = np.ascontiguousarray(np.asarray(picture)[30:170, 180:330])
    made = comrec.compress(corner, preset="comrec-lite-2", target_size=18_300)
    assert made.report.outcome == "comrec"
    plain = comrec.compress(corner, preset="plain", target_size=18_300)
    assert made.report.psnr_db > plain.report.psnr_db


def test_networks_are_used_where_they_pay(looked_px):  # else the costs above are nil
    best = chosen(looked_px, quality=4)[0].best
    assert best.codec
    assert best.codec.scale == 2


@pytest.mark.parametrize("tune", ["psnr", "visual"])
@pytest.mark.parametrize("asked", REQUESTS, ids=str)
def test_what_is_chosen_was_measured(looked_px, asked, tune):
    best = chosen(looked_px, tune=tune, **asked)[0].best
    restored = (
        best.codec.restore(best.jpeg, photo().shape[:2])
        if best.codec
        else coding.decode(best.jpeg)
    )
    assert best.psnr_db == psnr_db(photo(), restored)
    assert best.total_bytes == len(best.jpeg) + EXTRA_BYTES * bool(best.codec)
    assert best.total_bytes <= asked.get("target_size", best.total_bytes)
    assert best.psnr_db >= asked.get("target_psnr", 0)
    if "quality" in asked:
        anchor = coding.encode(photo(), asked["quality"])
        assert best.psnr_db >= psnr_db(photo(), coding.decode(anchor))
        assert best.total_bytes <= len(anchor)


@pytest.mark.parametrize("target", [1600, 2500, 6000, 20_000])
def test_bytes_come_within_2_percent_where_the_steps_allow(looked_px, target):
    best = chosen(looked_px, target_size=target)[0].best
    assert best.total_bytes <= target
    if best.total_bytes < 0.98 * target:
        qualities = quantisation.qualities(best.settings.tables)
        next_quality = qualities[qualities.index(best.quality) + 1]
        if best.codec:
            compact = best.codec.compact(photo())
            finer = len(best.codec.encode(compact, next_quality)) + EXTRA_BYTES
        else:
            finer = len(coding.encode(photo(), next_quality, best.settings))
        assert finer > target


def test_auto_is_as_good_as_the_best_of_the_scales(looked_px):
    for asked in ({"target_psnr": 22.0}, {"target_size": 2500}):
        sizes = {
            scale: chosen(looked_px, photo(96, 128), effort=7, scale=scale, **asked)[
                0
            ].best
            for scale in ("auto", 1, 2)
        }
        if "target_size" in asked:
            closest = max(sizes[n].psnr_db for n in (1, 2))
            assert sizes["auto"].psnr_db == closest
        else:
            smallest = min(sizes[n].total_bytes for n in (1, 2))
            assert sizes["auto"].total_bytes == smallest


def test_a_thorough_search_ends_one_step_above_what_falls_short(looked_px):
    choice, _ = chosen(looked_px, target_psnr=22.0, effort=7, scale=2)
    best = choice.best
    assert best.codec
    compact = best.codec.compact(photo())
    coarser = best.codec.encode(compact, best.quality - 1)
    size = photo().shape[0], photo().shape[1]
    assert psnr_db(photo(), best.codec.restore(coarser, size)) < 22.0 <= best.psnr_db


@pytest.mark.parametrize("wrong_db", [-0.5, 0.5])
def test_a_sample_that_errs_is_put_right_on_the_whole_picture(
    looked_px, monkeypatch, wrong_db
):
    honest = chosen(looked_px, target_psnr=24.5)[0].best
    assert honest.codec
    sampled_db = mode.CodingMode._sampled_gain_db
    monkeypatch.setattr(
        mode.CodingMode, "_sampled_gain_db", lambda *args: sampled_db(*args) + wrong_db
    )
    choice, decodes = chosen(looked_px, target_psnr=24.5)
    assert choice.best.psnr_db >= 24.5
    assert choice.best.total_bytes <= 1.04 * honest.total_bytes
    assert 2 <= decodes <= 2.5


def test_guesses_that_fall_short_are_not_the_end_where_networks_pay(
    looked_px, monkeypatch
):
    # What the networks gain looks larger by less and less, and so each try is short.
    sampled_db = mode.CodingMode._gain_db

    def hopeful(way: mode.CodingMode, quality: int) -> float:
        return sampled_db(way, quality) + 0.8 / (1 + len(way.verified)) ** 2

    monkeypatch.setattr(mode.CodingMode, "_gain_db", hopeful)
    choice, decodes = chosen(looked_px, quality=4)
    assert choice.best.codec
    assert choice.best.psnr_db >= choice.plain.psnr_db
    assert 2 < decodes <= 4.5
    assert not chosen(looked_px, quality=4, effort=2)[0].best.codec


def test_at_effort_0_a_guess_that_falls_short_is_a_plain_jpeg(looked_px, monkeypatch):
    flattering = mode.CodingMode._sampled_gain_db
    monkeypatch.setattr(
        mode.CodingMode, "_sampled_gain_db", lambda *args: flattering(*args) + 1
    )
    choice, decodes = chosen(looked_px, quality=4, effort=0)
    assert choice.best.codec is None
    assert 1 <= decodes <= 1.25


def test_effort_8_tries_other_settings(looked_px):
    seven, eight = (
        chosen(looked_px, photo(48, 64), target_psnr=26.0, effort=n)[0].best
        for n in (7, 8)
    )
    assert eight.total_bytes <= seven.total_bytes
    options = Options(preset=fake_pair.NAME, effort=8)
    pixels = photo()[:16, :16].copy()
    tried = rate_control._network_ways(pixels, options, lambda _: 0)
    assert len({way.settings for way in tried}) == len(tried) / 2 >= 4
    grey = rate_control._network_ways(pixels[..., :1].copy(), options, lambda _: 0)
    assert {way.settings.subsampling for way in grey} == {"4:2:0"}


def test_effort_9_refines_the_compact_image(looked_px, monkeypatch):
    asked = []

    def refine(codec, pixels, compact, quality, price):
        asked.append((codec, pixels, compact, quality))
        assert price == 1
        return compact // 4 * 4  # fewer colours, fewer bytes

    module = types.ModuleType("comrec.encoder.refine")
    module.refine = refine
    monkeypatch.setitem(sys.modules, "comrec.encoder.refine", module)
    image = photo(96, 128)
    best = chosen(looked_px, image, quality=2, effort=9)[0].best
    ((codec, pixels, compact, quality),) = asked
    assert isinstance(codec, Codec)
    assert pixels is image
    assert compact.dtype == np.uint8
    assert 1 <= quality <= 100
    eight = chosen(looked_px, image, quality=2, effort=8)[0].best
    assert best.total_bytes <= eight.total_bytes


def test_a_refined_image_beyond_the_budget_pays_more_for_its_bits(
    looked_px, monkeypatch
):
    prices = []

    def refine(codec, pixels, compact, quality, price):
        prices.append(price)
        noise = np.random.default_rng(1).integers(0, 64, compact.shape)
        return np.clip(compact + noise * (price == 1), 0, 255).astype(np.uint8)

    module = types.ModuleType("comrec.encoder.refine")
    module.refine = refine
    monkeypatch.setitem(sys.modules, "comrec.encoder.refine", module)
    best = chosen(looked_px, photo(96, 128), target_size=1500, effort=9)[0].best
    assert best.total_bytes <= 1500
    assert prices == [1, 2]


def test_effort_9_without_what_it_needs_is_one_line(looked_px, monkeypatch):
    monkeypatch.setitem(sys.modules, "comrec.encoder.refine", None)
    with pytest.raises(ComrecError, match=r"pip install comrec\[train\]"):
        chosen(looked_px, quality=4, effort=9)
    pixels = photo()[:16, :16].copy()
    assert comrec.compress(pixels, effort=9, preset="plain").report.outcome == "plain"


def test_visual_tables_are_the_presets_own(looked_px):
    best = chosen(looked_px, quality=4, tune="visual")[0].best
    assert best.codec
    assert best.codec.settings == fake_pair.PAIR.jpeg_visual


def test_jpeg_quality_is_that_of_the_compact_image(looked_px):
    best = chosen(looked_px, jpeg_quality=37, scale=2)[0].best
    assert best.codec
    assert best.jpeg == best.codec.encode(best.codec.compact(photo()), 37)


def test_there_is_an_effort_for_every_number():
    assert len(search.EFFORTS) == 10
    assert search.EFFORTS[5] == search.Effort(2, 0.5, rescues=2)
    assert [e.thorough for e in search.EFFORTS] == [False] * 7 + [True] * 3


@pytest.mark.parametrize("channels", [1, 3])
def test_at_full_size_a_draft_shows_the_jpeg_as_it_is(channels):
    pixels = np.ascontiguousarray(photo()[:90, :110, :channels])
    codec = Codec(fake_pair.PAIR, 1, networks={"reccnn": lambda x, _: np.zeros_like(x)})
    data = codec.encode(pixels, 30)
    shown = mode.CodingMode(pixels, None, 0, codec)._shown(data)
    np.testing.assert_array_equal(shown, codec.restore(data, pixels.shape[:2]))


@pytest.mark.parametrize("channels", [1, 3])
def test_at_half_size_a_draft_shows_the_jpeg_enlarged_to_a_grey_level(channels):
    wide = np.tile(photo(), (3, 1, 1))
    pixels = np.ascontiguousarray(wide[:530, :111, :channels])
    codec = Codec(fake_pair.PAIR, 2, networks={"reccnn": lambda x, _: np.zeros_like(x)})
    data = codec.encode(codec.compact(pixels), 30)
    shown = mode.CodingMode(pixels, None, 0, codec)._shown(data)
    restored = codec.restore(data, pixels.shape[:2])
    off = np.abs(shown.astype(int) - restored)
    assert off.mean() < 0.3
    assert np.percentile(off, 99.9) <= 2  # Pillow clips between its two passes


def test_the_last_draft_of_a_large_picture_is_the_file(monkeypatch):
    pixels = np.ascontiguousarray(np.tile(photo(), (4, 4, 1))[:800, :1000])
    written = mozjpegs_of(pixels, monkeypatch)
    codec = Codec(fake_pair.PAIR, 1, networks={"reccnn": fake_pair.smoothing})
    way = mode.CodingMode(pixels, None, 0, codec)
    way.sample(30, 0.1)
    way.expected_db(40)
    made = way.verify(40)
    assert written == [30, 40]
    first = way.verify(30)
    assert way.shown_db(30) == psnr_db(pixels, coding.decode(first.jpeg))
    assert made.jpeg == codec.encode(pixels, 40)
    assert way.shown_db(40) == psnr_db(pixels, coding.decode(made.jpeg))


def test_samples_lie_where_the_error_is():
    image = np.zeros((300, 310, 3), np.uint8)
    other = image.copy()
    other[100:200, :100] = 1
    spread = sampling.spread(image, other, 20 * 28**2)
    assert sum(weight for _, weight in spread) == pytest.approx(1)
    assert len(spread) > 3
    for window, _ in spread:
        assert 100 - 16 < window.y0 < 200
        assert window.x0 < 100
    assert sampling.spread(image, other, 500) == []
    assert sampling.spread(image, image, 20 * 64**2) == []
