"""Codecs are compared at equal bytes, and omissions are reported."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pictures
import pytest

from comrec.apps.compare import measure
from comrec.apps.evaluate import Peer, PeerError, peers, rivals
from comrec.encoder.options import Options
from comrec.image.metrics import psnr_db
from comrec.image.picture import Picture
from comrec.jpeg import coding

PLAIN = Options(preset="plain", quality=10)  # the notes are not about networks


def test_nothing_has_more_bytes_than_comrec(made):
    labels = [result.label for result in made.results]
    assert labels == ["original", "plain JPEG", "comrec", "webp"]
    budget_bytes = made.results[2].rate_bytes
    for result in made.results[1:]:
        assert 0.7 * budget_bytes < result.rate_bytes <= budget_bytes
        assert result.psnr_db == psnr_db(made.results[0].pixels, result.pixels)


def test_plain_jpeg_is_the_best_that_fits(made):
    image = made.results[0].pixels
    sizes = [len(coding.encode(image, q)) for q in range(1, 101)]
    fitting = [n for n in sizes if n <= made.results[2].rate_bytes]
    assert made.results[1].rate_bytes == max(fitting)


def stub(grid: tuple[float, ...]) -> Peer:
    """Makes a codec of 10 bytes a setting."""
    return Peer(
        "stub", "", grid, lambda _, s: (bytes(round(10 * s)),), lambda f: np.zeros(1)
    )


@pytest.mark.parametrize("budget_bytes", [30, 37, 95, 300, 305, 999, 1000, 2000])
def test_settings_between_those_of_the_grid_are_found(budget_bytes):
    image = np.zeros((160, 160, 3), np.uint8)
    setting, files = measure.fit_budget(stub((3, 10, 30)), image, budget_bytes)
    assert setting == min(budget_bytes // 10, 99)
    assert len(files[0]) == 10 * setting
    setting, files = measure.fit_budget(stub((3.0, 10.0, 30.0)), image, budget_bytes)
    assert 0.95 * min(budget_bytes, 1100) <= len(files[0]) <= budget_bytes


def test_a_codec_that_does_not_fit_is_none():
    assert measure.fit_budget(stub((3, 9)), np.zeros((4, 4, 3), np.uint8), 29) is None


def test_crops_are_where_the_two_differ_most():
    image = np.zeros((480, 640, 3), np.uint8)
    theirs, ours = image.copy(), image.copy()
    theirs[160:200, 320:360] = 90  # comrec wins by most
    ours[330:340, 10:30] = 50  # and loses here
    crops = measure.find_crops(image, theirs, ours)
    assert (crops[0].y0, crops[0].x0) == (160, 320)
    assert (crops[-1].y0, crops[-1].x0) == (320, 0)
    assert len(crops) == measure.MAX_CROPS


def test_a_codec_that_fails_is_a_note_and_not_the_end(monkeypatch):
    def failing(name: str) -> Peer:
        def encode(pixels: np.ndarray, setting: float) -> tuple[bytes, ...]:
            raise ValueError("Image size exceeds the limit")

        return Peer(name, "", (1, 2), encode, lambda files: np.zeros(1))

    monkeypatch.setitem(rivals.MAKERS, "jxl", failing)
    made = measure.compare(Picture(pictures.photo()), "x", PLAIN, ["jxl"], points=0)
    assert any("jxl does not take this picture" in note for note in made.notes)


def test_what_is_not_shown_is_said():
    array = pictures.with_alpha(pictures.photo())
    picture = Picture(array[..., :3].copy(), array[..., 3].copy(), notes=("16 bits",))
    made = measure.compare(picture, "x", PLAIN, points=0)
    assert "16 bits" in made.notes
    assert any("Transparency" in note for note in made.notes)


def test_a_codec_that_is_not_installed_is_left_out_by_name(monkeypatch):
    def absent(name: str) -> Peer:
        raise PeerError(f"{name} (no such library)")

    monkeypatch.setitem(rivals.MAKERS, "jxl", absent)
    made = measure.compare(Picture(pictures.photo()), "x", PLAIN, ["jxl"], points=0)
    assert any("Left out: jxl (no such library)" in note for note in made.notes)


def test_a_comparison_cannot_be_changed(made):
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.name = "other"


@pytest.mark.parametrize(
    ("name", "setting", "words"),
    [
        ("webp", 40, "quality 40"),
        ("jpeg2000", 0.252344, "a rate of 0.252 bits per pixel"),
        ("jxl", 2.65625, "Butteraugli distance 2.66"),
    ],
)
def test_a_setting_is_said_in_words(name, setting, words):
    (peer,), missing = peers.load([name])
    assert not missing
    assert peer.unit.format(setting) == words


def test_the_row_of_a_codec_has_its_setting_in_words(made):
    details = {result.label: result.detail for result in made.results}
    assert re.fullmatch(r"quality \d+", details["webp"])
    assert re.fullmatch(r"quality \d+", details["plain JPEG"])
