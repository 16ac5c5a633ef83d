"""Tests what is shown of a restored picture without a file of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pictures import grey, photo
from starts import begin

from comrec.encoder.receiver import GRID_PX
from comrec.encoder.rounds import write
from comrec.image.metrics import square_error
from comrec.image.window import Window
from comrec.networks import presets


@pytest.mark.parametrize("scale", [1, 1.5, 2])
@pytest.mark.parametrize("image", [photo, grey])
def test_a_look_shows_the_error_of_the_file(image, scale):
    image = image(90, 116).reshape(90, 116, -1)
    receiver, choice, codec = begin(image, scale, 20)
    shown = receiver.look(choice.blocks, choice.steps).errors.sum()
    restored = codec.restore(write(choice, receiver.layout), image.shape[:2])
    assert shown == pytest.approx(square_error(image, restored), rel=0.04)


@pytest.mark.parametrize("image", [photo, grey])
def test_a_glance_shows_the_errors_of_a_look(image):
    image = image(90, 116).reshape(90, 116, -1)
    receiver, choice, _ = begin(image, 1.5, 20)
    look = receiver.look(choice.blocks, choice.steps)
    glance = receiver.glance(choice.blocks, choice.steps)
    np.testing.assert_allclose(glance.errors, look.errors, rtol=1e-6)
    assert not glance.gradients


@pytest.mark.parametrize("name", ["jiang2017-gray-q50-2", "comrec-base-3"])
def test_a_look_shows_it_for_every_family(name):
    preset, image = presets.find(name), photo(64, 80)
    receiver, choice, codec = begin(image, preset.scales[-1], 16, preset)
    shown = receiver.look(choice.blocks, choice.steps).errors.sum()
    restored = codec.restore(write(choice, receiver.layout), image.shape[:2])
    assert shown == pytest.approx(square_error(image, restored), rel=0.04)


@pytest.mark.parametrize("scale", [1, 1.5, 2])
def test_the_gradient_foretells_the_error(scale):
    image = photo(64, 80)
    receiver, choice, _ = begin(image, scale, 1)
    choice = replace(choice, blocks=[b // 24 * 24 for b in choice.blocks])
    look = receiver.look(choice.blocks, choice.steps)
    for i, gradient in enumerate(look.gradients):
        move = -np.rint(4 * gradient / np.abs(gradient).max())
        blocks = list(choice.blocks)
        blocks[i] = blocks[i] + move
        found = receiver.look(blocks, choice.steps).errors.sum() - look.errors.sum()
        foretold = float((gradient * move).sum())
        assert found == pytest.approx(foretold, rel=0.5)
        assert found < 0


def test_tiles_show_what_the_whole_picture_shows(monkeypatch):
    image = photo(GRID_PX + 40, 2 * GRID_PX + 10)
    receiver, choice, _ = begin(image, 1.5, 20)
    whole = receiver.look(choice.blocks, choice.steps)
    monkeypatch.setattr(
        type(receiver._network), "tile_sides", lambda *given: (GRID_PX, GRID_PX)
    )
    assert len(list(receiver._tiles())) == 6
    parts = receiver.look(choice.blocks, choice.steps)
    np.testing.assert_allclose(parts.errors, whole.errors, rtol=1e-4)
    for a, b in zip(parts.gradients, whole.gradients, strict=True):
        assert np.abs(a - b).max() < 0.1 * np.abs(b).max()  # near the seams alone
        assert np.abs(a - b).mean() < 0.02 * np.abs(b).mean()


@pytest.mark.parametrize("scale", [1, 1.5])
def test_the_errors_of_tiles_add_up_whatever_their_sides(scale):
    image = photo(100, 132)
    receiver, _, _ = begin(image, scale, 24)
    restored = np.roll(image, 1, 0)
    whole, parts = receiver.no_errors(), receiver.no_errors()
    height, width = image.shape[:2]
    receiver.add_errors(whole, Window(0, height, 0, width), restored)
    for y in range(0, height, 33):
        for x in range(0, width, 50):
            tile = Window(y, min(y + 33, height), x, min(x + 50, width))
            receiver.add_errors(parts, tile, restored[tile.slices])
    np.testing.assert_array_equal(parts, whole)
    assert whole.sum() == square_error(image, restored)
