"""Pillow's process-wide limit is lifted while pictures are open, and put back."""

from __future__ import annotations

import sys

import pictures
import pytest
from PIL import Image

from comrec.system.pillow import open_picture


def two_files() -> tuple[bytes, bytes]:
    return pictures.file_of(pictures.photo(), "PNG"), pictures.photo_file(".webp")


@pytest.mark.parametrize("first_out", [0, 1])
def test_the_limit_stays_lifted_until_the_last_picture_is_closed(
    monkeypatch, first_out
):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    inside = [open_picture(data, ("PNG", "WEBP")) for data in two_files()]
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
