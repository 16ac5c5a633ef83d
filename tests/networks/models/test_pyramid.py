"""The comrec family: what its networks promise, and the codec around them."""

import dataclasses
import functools
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

keras = pytest.importorskip("keras", reason="needs the train extra")

from comrec.errors import JpegError
from comrec.image import resample
from comrec.image.window import grid
from comrec.jpeg import coding, quantisation
from comrec.jpeg.settings import JpegSettings
from comrec.networks import conditioning, tiling
from comrec.networks.codec import Codec
from comrec.networks.models import build_exact, pyramid
from comrec.networks.presets import Preset

CONFIGS = Path(__file__).parents[3] / "experiments" / "configs"
BUDGETS = {"comrec-base-3": 150_000, "comrec-lite-2": 25_000}  # multiply-adds per pixel
SHAPES = [((8,), (2,)), ((4, 8), (1, 2, 1)), ((4, 6, 8), (1, 1, 1, 1, 1))]
PYRAMIDS = pytest.mark.parametrize(("widths", "blocks"), SHAPES)
SCALES = (1, 1.5, 2)
RNG = np.random.default_rng(4)


def noise(*shape: int) -> np.ndarray:
    return RNG.random(shape, np.float32)


def reccnn(widths=(8,), blocks=(2,)) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_exact("comrec", "reccnn", widths=widths, blocks=blocks)


def open_all(model: keras.Model) -> keras.Model:
    """No path is closed by a ReLU, a sign, or a zero."""
    for layer in model.layers:
        if layer.name != "gain":
            layer.set_weights([np.abs(w) + 1e-3 for w in layer.get_weights()])
    return model


def run(model: keras.Model, *inputs: np.ndarray) -> np.ndarray:
    given = list(inputs) if len(inputs) > 1 else inputs[0]
    # Not `predict`, which compiles for each network and each size.
    return np.array(keras.ops.convert_to_numpy(model(given)))


def multiply_adds(name: str, config: dict) -> float:
    """Per pixel of the image, of a network of a config."""
    size = {"width": config["compact_width"], "blocks": config["compact_blocks"]}
    if name == "reccnn":
        size = {"widths": config["widths"], "blocks": config["blocks"]}
    model = build_exact("comrec", name, **size)
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    outputs = keras.Model(model.inputs, [layer.output for layer in convolutions])
    told = np.zeros((1, conditioning.SIZE if name == "reccnn" else 1))
    maps = outputs([np.zeros((1, 64, 64, 3)), told])
    return (
        sum(
            np.prod(found.shape[:3]) * np.prod(layer.kernel.shape)
            for found, layer in zip(maps, convolutions, strict=True)
        )
        / 64**2
    )


# The networks


@PYRAMIDS
def test_the_residual_has_the_size_of_the_picture_and_starts_small(widths, blocks):
    model, m = reccnn(widths, blocks), pyramid.multiple(widths)
    for height, width in ((m, m), (4 * m, 7 * m), (m, 5 * m)):
        residual = run(model, noise(1, height, width, 3), noise(1, 5))
        assert residual.shape == (1, height, width, 3)
        assert np.abs(residual).mean() < 12 / 255


@PYRAMIDS
def test_reccnn_looks_no_farther_than_its_reach(widths, blocks):
    model = open_all(reccnn(widths, blocks))
    side, at = 160, 80
    image, told = np.full((1, side, side, 3), 0.5, np.float32), np.zeros((1, 5))
    changed = image.copy()
    changed[0, at, at] = 1e6
    differs = (run(model, image, told) != run(model, changed, told))[0, ..., 0]
    far = max(np.abs(axis - at).max() for axis in np.nonzero(differs))
    reach = pyramid.reach_px(blocks)
    assert reach - 2 ** (len(widths) + 2) <= far <= reach


def comcnn(width=4, blocks=1) -> keras.Model:
    keras.utils.set_random_seed(1)
    return build_exact("comrec", "comcnn", width=width, blocks=blocks)


def test_comcnn_changes_nothing_before_training():
    change = run(comcnn(), noise(2, 24, 36, 3), np.ones((2, 1), np.float32))
    assert change.shape == (2, 24, 36, 3)
    assert not change.any()


def test_comcnn_looks_no_farther_than_its_reach():
    model, told = open_all(comcnn(blocks=2)), np.zeros((1, 1), np.float32)
    image = np.full((1, 64, 64, 3), 0.5, np.float32)
    changed = image.copy()
    changed[0, 32, 32] = 1e6
    differs = (run(model, image, told) != run(model, changed, told))[0, ..., 0]
    far = max(np.abs(axis - 32).max() for axis in np.nonzero(differs))
    assert 8 <= far <= pyramid.reach_px((2,))


def test_what_is_told_changes_what_comes_out():
    model = reccnn()
    image = noise(1, 16, 16, 3)
    coarse, fine = (
        run(model, image, np.full((1, 5), level, np.float32)) for level in (0.8, -0.8)
    )
    assert np.abs(coarse).mean() > 2 * np.abs(fine).mean()


def test_pixels_go_in_and_come_out_in_float32_under_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = pyramid.build_reccnn((8,), (1,))
    finally:
        keras.config.set_dtype_policy(before)
    assert model.get_layer("head").compute_dtype == "float32"
    assert model.get_layer("down0_0a").compute_dtype == "bfloat16"
    assert model.output.dtype == "float32"


@pytest.mark.parametrize(
    ("widths", "blocks"), [((), ()), ((8,), (1, 1)), ((8, 9), (1,))]
)
def test_blocks_that_do_not_fit_the_widths_are_refused(widths, blocks):
    with pytest.raises(ValueError, match="2n - 1 counts for n widths"):
        pyramid.build_reccnn(widths, blocks)


@pytest.mark.parametrize("name", BUDGETS)
def test_the_family_keeps_its_budget_of_multiply_adds(name):
    config = json.loads((CONFIGS / f"{name}.json").read_text())
    decoder = multiply_adds("reccnn", config)
    assert 0.8 * BUDGETS[name] < decoder <= BUDGETS[name]
    assert 0 < multiply_adds("comcnn", config) <= BUDGETS[name] / 4
    page = (CONFIGS.parents[1] / "docs" / "presets.md").read_text()
    (line,) = [text for text in page.splitlines() if text.startswith(f"| `{name}`")]
    said = int(line.split("|")[2].replace(",", ""))
    assert said == pytest.approx(decoder, rel=0.005)


# What RecCNN is told


@pytest.mark.parametrize("tables", ["flat", "imagemagick"])
@pytest.mark.parametrize("channels", [1, 3])
def test_tables_are_read_from_the_jpeg_in_natural_order(tables, channels):
    pixels = np.full((16, 16, channels), 90, np.uint8)
    data = coding.encode(pixels, 40, JpegSettings("mozjpeg", tables))
    found = quantisation.read_tables(data)
    with Image.open(io.BytesIO(data)) as picture:
        luma = np.reshape(picture.quantization[0], (8, 8))
    np.testing.assert_array_equal(found[0], luma)
    assert found.shape == (2, 8, 8)
    if tables == "flat":
        np.testing.assert_array_equal(found, 20)


def test_the_condition_is_the_logarithm_of_the_steps_and_the_scale():
    tables = np.full((2, 8, 8), 16.0)
    np.testing.assert_array_equal(conditioning.condition(tables, 1), 0)
    tables[1] = 64
    told = conditioning.condition(tables, 2)
    assert told.dtype == np.float32
    np.testing.assert_allclose(told, [0, 0, 0.5, 0.5, 1])


def test_what_is_no_jpeg_has_no_tables():
    with pytest.raises(JpegError, match="no quantisation tables"):
        quantisation.read_tables(b"\xff\xd8 and no more")


# The codec around them


WIDTHS, BLOCKS = (4, 6), (1, 1, 1)
SIZES = {
    "comcnn": {"width": 4, "blocks": 1}, "reccnn": {"widths": WIDTHS, "blocks": BLOCKS},
}  # fmt: skip


@functools.cache
def networks() -> dict[str, Callable[..., np.ndarray]]:
    """Builds networks with random weights, by name."""
    made = {}
    for name, size in SIZES.items():
        keras.utils.set_random_seed(2)
        model = build_exact("comrec", name, **size)
        weights = [w + 0.02 * RNG.standard_normal(w.shape) for w in model.get_weights()]
        model.set_weights(weights)
        made[name] = lambda *x, model=model: run(model, *x)
    return made


def codec(scale: float) -> Codec:
    preset = Preset(
        name="tiny", number=250, summary="", channels=3, scales=SCALES,
        compact_quality=None, jpeg=JpegSettings("mozjpeg", "flat"), weights={}, onnx={},
        licence="", training="", sizes=SIZES,
        reach_px={"comcnn": pyramid.reach_px((1,)), "reccnn": pyramid.reach_px(BLOCKS)},
        family="comrec", compact_scales=SCALES[1:],
        multiple_px=pyramid.multiple(WIDTHS),
        jpeg_visual=JpegSettings("mozjpeg", "imagemagick"),
    )  # fmt: skip
    return Codec(preset, scale, networks=networks())


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    data = pytest.importorskip("skimage.data", reason="needs the dev extra")
    return np.ascontiguousarray(data.astronaut()[40:115, 160:221])  # odd both ways


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("channels", [1, 3])
def test_any_size_comes_back_at_its_own(picture, scale, channels):
    pair = codec(scale)
    for height, width in ((75, 61), (1, 1), (2, 33), (16, 5)):
        pixels = picture[:height, :width, :channels]
        compact = pair.compact(pixels)
        size = resample.compact_size(height, width, scale)
        assert compact.shape == (*size, channels)
        restored = pair.restore(pair.encode(compact, 60), (height, width))
        assert restored.shape == pixels.shape


@pytest.mark.parametrize("scale", SCALES)
def test_tiles_do_not_show(picture, scale, monkeypatch):
    pair = codec(scale)
    data = pair.encode(pair.compact(picture), 30)
    whole = pair.restore(data, picture.shape[:2])
    tiled = np.zeros_like(picture)
    windows = list(grid(*picture.shape[:2], 32))
    for window, part in pair.restore_windows(data, picture.shape[:2], windows):
        tiled[window.slices] = part
    np.testing.assert_array_equal(tiled, whole)
    compact = pair.compact(picture)
    monkeypatch.setattr(tiling, "tile_sides", lambda *_: (32, 48))
    np.testing.assert_array_equal(pair.compact(picture), compact)


def test_full_size_without_a_comcnn_stores_the_picture_itself(picture):
    assert codec(1).compact(picture) is picture


def test_comcnn_changes_what_is_reduced(picture):
    pair = codec(2)
    plain = Codec(dataclasses.replace(pair.preset, compact_scales=()), 2)
    reduced, changed = plain.compact(picture).astype(int), pair.compact(picture)
    assert changed.shape == reduced.shape
    assert 0 < np.abs(changed - reduced).mean() < 60


def test_the_visual_tune_writes_other_tables_and_is_read_alike(picture):
    pair = codec(1)
    visual = Codec(
        pair.preset, 1, networks=pair._networks, settings=pair.preset.jpeg_visual
    )
    data = visual.encode(picture, 50)
    assert quantisation.read_tables(data)[0].std() > 1
    assert quantisation.read_tables(pair.encode(picture, 50)).std() == 0
    size = picture.shape[:2]
    np.testing.assert_array_equal(pair.restore(data, size), visual.restore(data, size))
