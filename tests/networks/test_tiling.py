"""Tiles whose borders do not show."""

import math

import numpy as np
import pairs
import pytest

from comrec.image.window import Window, grid, pad_to_multiple
from comrec.networks import engine, tiling
from comrec.networks.families import FAMILIES
from comrec.networks.presets import Preset

RNG = np.random.default_rng(8)


def noise(height: int, width: int, channels: int = 1) -> np.ndarray:
    return RNG.random((height, width, channels), np.float32)


def to_uint8(image: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def blur(x: np.ndarray) -> np.ndarray:
    """A network in miniature: mean of 5x5 with zero padding; it looks 2 pixels far."""
    wide = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    return np.lib.stride_tricks.sliding_window_view(wide, (5, 5), (1, 2)).mean((-1, -2))


def halve(x: np.ndarray) -> np.ndarray:
    return blur(x)[:, ::2, ::2]


def in_tiles(network, image, side, reach_px, scale=1, multiple_px=1) -> np.ndarray:
    """The network over the whole image, tile by tile."""
    size, step = image.shape[:2], math.lcm(scale, multiple_px)
    made = {}
    for window in tiling.tiles(size, (side, side), step):
        made[window] = tiling.run(
            network, lambda part: image[part.slices], size, window, reach_px,
            scale, multiple_px,
        )  # fmt: skip
    rows = sorted({window.y0 for window in made})
    bands = [[part for window, part in made.items() if window.y0 == y] for y in rows]
    return np.concatenate([np.concatenate(band, axis=1) for band in bands], axis=0)


# The grid


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (64, 64), (131, 97), (65, 200)])
@pytest.mark.parametrize("side", [1, 16, 48, 64, 500])
def test_the_grid_covers_every_pixel_once(size, side):
    if size[0] * size[1] > 300 and side == 1:
        side = 7
    count = np.zeros(size, int)
    for window in grid(*size, side):
        part = count[window.slices]
        assert min(part.shape) >= 1
        assert max(part.shape) <= side
        part += 1
    assert (count == 1).all()


def test_windows_come_row_by_row():
    assert list(grid(3, 5, 2)) == [
        Window(0, 2, 0, 2), Window(0, 2, 2, 4), Window(0, 2, 4, 5),
        Window(2, 3, 0, 2), Window(2, 3, 2, 4), Window(2, 3, 4, 5),
    ]  # fmt: skip


def test_a_window_grows_no_further_than_the_picture():
    assert Window(0, 8, 10, 18).grown(4, 10, 30) == Window(0, 10, 6, 22)


@pytest.mark.parametrize("length", [1, 15, 16, 17, 511, 512, 513, 1025, 2000])
@pytest.mark.parametrize("side", [16, 64, 500, 512])
def test_tiles_are_about_as_large_as_each_other(length, side):
    windows = list(tiling.tiles((length, 16), (side, 16)))
    sides = [window.size[0] for window in windows]
    assert sum(sides) == length
    assert max(sides) <= side
    assert all(window.y0 % 16 == 0 for window in windows)
    assert max(sides) - min(sides) < 16 * len(sides)


# Sides


def seen_px(size, sides, reach_px):
    """What goes through a network, tile by tile, halos and all."""
    wide = [window.grown(reach_px, *size).size for window in tiling.tiles(size, sides)]
    return [height * width for height, width in wide]


@pytest.mark.parametrize(
    ("memory_mb", "most"),
    # At 1000 bytes a pixel; whatever there is, tiles have a least and a largest size.
    [(0, 104**2), (5, 104**2), (80, 80_000), (10**6, tiling.TILE_AREA_PX)],
)
@pytest.mark.parametrize("size", [(3000, 4000), (4000, 3000), (500, 9000), (1, 1)])
def test_the_sides_follow_the_memory_within_bounds(memory_mb, most, size):
    sides = tiling.tile_sides(size, memory_mb, 20, bytes_per_pixel=1000)
    assert all(side % 16 == 0 and side >= tiling.TILE_MIN_PX for side in sides)
    assert sides[1] <= tiling.TILE_WIDE_PX
    assert max(seen_px(size, sides, 20)) <= most
    if size == (3000, 4000) and memory_mb > 5:
        assert max(seen_px(size, sides, 20)) > most / 2, "nor are they small for it"


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
@pytest.mark.parametrize("size", [(3000, 4000), (816, 1224)])
def test_tiles_stay_within_their_memory(family, size):
    for memory_mb in range(20, 1500, 37):
        sides = tiling.tile_sides(size, memory_mb, 20, family.bytes_per_pixel)
        most = max(seen_px(size, sides, 20))
        assert most * family.bytes_per_pixel <= memory_mb * 10**6


def test_tiles_see_less_halo_than_squares_or_rows_of_that_size():
    size, reach = (3000, 4000), 34
    sides = tiling.tile_sides(size, 1024, reach, 400)
    chosen = seen_px(size, sides, reach)
    square = int(math.sqrt(max(chosen))) - 2 * reach
    row = max(chosen) // (size[1] + 2 * reach) - 2 * reach
    for others in ((square, square), (row, size[1])):
        assert sum(chosen) < sum(seen_px(size, others, reach))


def test_tiles_of_a_picture_that_fills_the_memory_are_half_as_large():
    sides = tiling.tile_sides((8660, 11547), 1024, 34, 400)
    most = max(seen_px((8660, 11547), sides, 34))
    assert tiling.TILE_AREA_PX / 3 < most <= tiling.TILE_AREA_PX / 2


def test_a_picture_of_a_megapixel_is_one_tile():
    sides = tiling.tile_sides((816, 1224), 1024, 34, 400)
    assert len(list(tiling.tiles((816, 1224), sides))) == 1


# Running


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 100), (64, 64), (33, 48)])
@pytest.mark.parametrize("side", [5, 16, 64])
def test_tiles_give_what_the_whole_picture_gives(size, side):
    image = noise(*size)
    whole = in_tiles(blur, image, side, reach_px=2)
    np.testing.assert_array_equal(whole, blur(image[None])[0])


@pytest.mark.parametrize("size", [(1, 1), (1, 17), (29, 100), (64, 64), (33, 48)])
@pytest.mark.parametrize("side", [5, 16, 64])
def test_tiles_of_a_network_that_halves_fit_together(size, side):
    image = noise(*size)
    whole = in_tiles(halve, image, side, reach_px=3, scale=2)
    grown = pad_to_multiple(image, 2)  # to sides that halve
    np.testing.assert_array_equal(whole, halve(grown[None])[0])


def test_too_short_a_reach_shows():  # else the two tests above could not fail
    image = noise(33, 48)
    whole = in_tiles(blur, image, 16, reach_px=1)
    assert not np.array_equal(whole, blur(image[None])[0])


def test_one_window_is_that_part_of_the_whole():
    image = noise(50, 60)
    window = Window(10, 30, 20, 51)
    part = tiling.run(
        blur, lambda cut: image[cut.slices], image.shape[:2], window, reach_px=2
    )
    np.testing.assert_array_equal(part, blur(image[None])[0][window.slices])


def test_windows_of_one_size_go_through_a_network_together():
    image, calls = noise(50, 60), []

    def spy(x: np.ndarray) -> np.ndarray:
        calls.append(x.shape)
        return blur(x)

    windows = list(grid(48, 60, 16))
    cut = lambda part: image[part.slices]  # noqa: E731
    found = dict(tiling.run_all(spy, cut, (50, 60), windows, 2, together=True))
    assert found.keys() == set(windows)
    for window, part in found.items():
        np.testing.assert_array_equal(part, blur(image[None])[0][window.slices])
    assert sum(shape[0] for shape in calls) == len(windows)
    assert max(shape[0] for shape in calls) > 1


def test_no_call_is_larger_than_tile_and_reach():
    seen = []

    def spy(x: np.ndarray) -> np.ndarray:
        seen.append(max(x.shape[1:3]))
        return x

    in_tiles(spy, noise(320, 192), 64, reach_px=20)
    assert max(seen) == 64 + 40


def reduction(preset: Preset, network: str) -> int:
    """By how much a network itself reduces what goes in."""
    return 2 if preset.family == "jiang2017" and network == "comcnn" else 1


@pairs.EACH_PAIR
@pytest.mark.parametrize("network", ["comcnn", "reccnn"])
def test_tiles_of_the_networks_do_not_show(preset, network):
    scale = reduction(preset, network)
    size = (100, 84) if max(scale, preset.multiple_px) > 1 else (99, 83)
    image = noise(*size, preset.channels)
    load = engine.load(preset, network, "onnxruntime")

    def run(tile: np.ndarray) -> np.ndarray:
        return load(*pairs.inputs(preset, network, tile))

    untiled = run(image[None])[0]
    tiled = in_tiles(
        run, image, 48, preset.reach_px[network], scale, preset.multiple_px
    )
    assert tiled.shape == untiled.shape
    # A residual is judged on the picture it is added to.
    base = image if scale == 1 else 0
    np.testing.assert_array_equal(to_uint8(base + tiled), to_uint8(base + untiled))


@pairs.EACH_PAIR
@pytest.mark.parametrize("network", ["comcnn", "reccnn"])
def test_the_reach_of_a_preset_is_how_far_its_networks_look(preset, network):
    load = engine.load(preset, network, "onnxruntime")
    scale, side = reduction(preset, network), 64
    image = noise(128, 128, preset.channels)[None]
    changed = image.copy()
    changed[0, side, side] = 1 - changed[0, side, side].round()
    before, after = (
        load(*pairs.inputs(preset, network, x))[0] for x in (image, changed)
    )
    rows, columns, _ = np.nonzero(before != after)
    far = max(abs(scale * axis - side).max() for axis in (rows, columns))
    assert 0 < far <= preset.reach_px[network]
