"""Pillow without its process-wide limit, and its pixels as arrays."""

from __future__ import annotations

import logging
import sys

import numpy as np
import pictures
import pytest
from PIL import Image

from comrec.system.pillow import STRIP_ROWS, from_pillow, open_picture, to_pillow


def two_files() -> tuple[bytes, bytes]:
    return pictures.file_of(pictures.photo(), "PNG"), pictures.photo_file(".webp")


@pytest.mark.parametrize("first_out", [0, 1])
def test_the_limit_stays_lifted_until_the_last_picture_is_closed(
    monkeypatch, first_out
):
    inside = [open_picture(data, ("PNG", "WEBP")) for data in two_files()]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    for picture in inside:
        picture.__enter__()
    inside[first_out].__exit__(None, None, None)
    assert Image.MAX_IMAGE_PIXELS is None
    inside[1 - first_out].__exit__(None, None, None)
    assert Image.MAX_IMAGE_PIXELS == 10


def test_a_closed_file_is_let_go_while_another_is_still_open():
    first, second = two_files()
    before = sys.getrefcount(first)
    outer, inner = open_picture(first, ("PNG",)), open_picture(second, ("WEBP",))
    outer.__enter__()
    with inner:
        outer.__exit__(None, None, None)
        del outer
        assert sys.getrefcount(first) == before


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 17), (STRIP_ROWS, 3), (STRIP_ROWS + 1, 5)]
)
@pytest.mark.parametrize(("mode", "channels"), [("L", 1), ("LA", 2), ("RGB", 3)])
def test_pixels_come_back_from_pillow_as_they_went_in(size, mode, channels):
    pixels = np.random.default_rng(1).integers(0, 256, (*size, channels), np.uint8)
    picture = to_pillow(pixels, mode)
    assert (picture.mode, picture.size) == (mode, size[::-1])
    np.testing.assert_array_equal(from_pillow(picture), pixels)


def test_pixels_beyond_pillows_limit_are_copied_without_a_warning(monkeypatch):
    pixels = np.zeros((STRIP_ROWS + 1, 8, 1), np.uint8)  # more than one strip
    picture = to_pillow(pixels, "L")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    np.testing.assert_array_equal(from_pillow(picture), pixels)


def test_what_pillow_logs_does_not_reach_the_terminal(monkeypatch, capsys):
    monkeypatch.setattr(logging.root, "handlers", [])
    logging.getLogger("PIL.TiffImagePlugin").error("More samples than can be decoded")
    assert capsys.readouterr().err == ""
