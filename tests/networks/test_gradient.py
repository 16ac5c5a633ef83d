"""The gradient of the restored error: that of Keras, and that of differences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pictures
import pytest

from comrec.errors import WeightsError
from comrec.image import resample
from comrec.jpeg import coding, quantisation
from comrec.networks import families, presets, weights
from comrec.networks.codec import Codec
from comrec.networks.gradient import InputGradient
from comrec.networks.graph import Graph
from comrec.networks.presets import Preset, WeightFile

pytest.importorskip("onnxruntime")

STEPS = np.full((2, 8, 8), 16, np.float32)
EACH_SPACE = pytest.mark.parametrize("channels", [1, 3])
EACH_FAMILY = pytest.mark.parametrize("name", ["comrec-lite-2", "jiang2017-gray-q50-2"])


def make(name: str) -> InputGradient:
    preset = presets.find(name)
    return InputGradient(preset, preset.scales[0], threads=1)


def draw(
    height: int, width: int, channels: int, low: int = -20, high: int = 280
) -> tuple[np.ndarray, np.ndarray]:
    """A tile, by default one that goes beyond the range, and its original."""
    rng = np.random.default_rng(0)
    enlarged = rng.uniform(low, high, (height, width, channels)).astype(np.float32)
    return enlarged, rng.integers(0, 256, enlarged.shape).astype(np.uint8)


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_gives_a_gradient_of_the_shape_of_the_tile(name):
    enlarged, target = draw(13, 10, 3)
    restored, found = make(name)(enlarged, STEPS, target)
    assert restored.shape == found.shape == enlarged.shape
    assert restored.dtype == found.dtype == np.float32
    assert restored.min() >= 0
    assert restored.max() <= 255
    assert np.isfinite(found).all()
    assert np.abs(found).max() > 1


@pytest.mark.parametrize("part", [np.s_[:], np.s_[-1:], np.s_[:, -1:]])
@EACH_SPACE
@EACH_FAMILY
def test_the_gradient_is_that_of_differences(name, channels, part):
    # At odd sides, the last row and the last column are repeated.
    enlarged, target = draw(9, 11, channels, 60, 190)
    run = make(name)
    found = run(enlarged, STEPS, target)[1]
    change = np.zeros_like(found)
    change[part] = found[part] / np.abs(found[part]).max() / 4  # of a grey level

    def error(tile: np.ndarray) -> float:
        return float(((run(tile, STEPS, target)[0].astype(float) - target) ** 2).sum())

    expected = (error(enlarged + change) - error(enlarged - change)) / 2
    assert (found * change).sum() == pytest.approx(expected, rel=1e-2)


@EACH_SPACE
@EACH_FAMILY
def test_the_restored_tile_is_that_of_the_codec(name, channels):
    image = pictures.photo(31, 45)[..., :channels]
    codec = Codec(presets.find(name), threads=1)
    jpeg = codec.encode(codec.compact(image), 30)
    coded = coding.decode(jpeg, codec.space(3))
    enlarged = resample.enlarge(coded, codec.scale, image.shape[:2]) * np.float32(255)
    steps = quantisation.read_tables(jpeg)
    restored, _ = make(name)(enlarged, steps, image)
    ours = codec.restore(jpeg, image.shape[:2])
    assert np.abs(restored - ours).max() < 0.501


def test_a_tile_with_its_halo_has_the_gradient_of_the_whole_image():
    run = make("comrec-lite-2")
    assert run.halo_px % run.multiple_px == 0
    enlarged, target = draw(8, run.halo_px + 40, 3)
    whole = run(enlarged, STEPS, target)[1]
    left, right = np.s_[:, : run.halo_px + 20], np.s_[:, :20]
    tile = run(enlarged[left], STEPS, target[left])[1]
    np.testing.assert_allclose(tile[right], whole[right], atol=1e-3)
    assert np.abs(tile - whole[left]).max() > 1e-3  # the halo is not in vain


def test_tiles_with_their_halo_keep_to_the_memory():
    run = make("jiang2017-gray-q50-2")
    high, wide = run.tile_sides((3000, 4000), 500)
    area = (high + 2 * run.halo_px) * (wide + 2 * run.halo_px)
    assert 300e6 < 6000 * area <= 500e6


@EACH_FAMILY
def test_one_thread_computes_the_same_bytes_each_time(name):
    enlarged, target = draw(40, 30, 3)
    first, second = (make(name)(enlarged, STEPS, target) for _ in range(2))
    assert [x.tobytes() for x in first] == [x.tobytes() for x in second]


def test_pixels_that_are_clipped_have_no_part_in_the_gradient():
    enlarged = np.array([[[-9], [0], [100], [255], [300]]], np.float32)
    found = make("plain")(enlarged, STEPS, np.full(enlarged.shape, 90, np.uint8))[1]
    assert found.ravel() == pytest.approx([0, -180, 20, 330, 0])


def test_an_unknown_node_is_refused_with_the_name_of_the_file(tmp_path):
    preset = presets.find("comrec-lite-2")
    graph = Graph(weights.read(preset.onnx["reccnn"]))
    next(node for node in graph.nodes if node.op_type == "Relu").op_type = "Softsign"
    (tmp_path / "own.onnx").write_bytes(graph.to_bytes())
    own = WeightFile("own.onnx", weights.digest(graph.to_bytes()), tmp_path)
    enlarged, target = draw(2, 2, 3)
    run = InputGradient(replace(preset, onnx={"reccnn": own}), 2)
    with pytest.raises(WeightsError, match=r"^own\.onnx: .*Relu' \(Softsign\)"):
        run(enlarged, STEPS, target)


# Against Keras


def differentiate(
    model, preset: Preset, enlarged: np.ndarray, target: np.ndarray
) -> np.ndarray:
    """The gradient of the squared error by TensorFlow, for the model's own channels."""
    import tensorflow as tf

    condition = families.find(preset.family).condition(STEPS, preset.scales[0])
    with tf.GradientTape() as tape:
        levels = tf.constant(enlarged[None])
        tape.watch(levels)
        image = levels / 255
        inputs = [image, *map(tf.constant, condition)]
        residual = model(inputs if condition else image, training=False)
        restored = tf.clip_by_value((image + residual) * 255, 0, 255)
        error = tf.reduce_sum(tf.square(restored - target[None]))
    return tape.gradient(error, levels).numpy()[0]


def check_keras(model, preset: Preset, run: InputGradient) -> None:
    side = 4 * preset.multiple_px
    enlarged, target = draw(side, side + preset.multiple_px, preset.channels)
    found = run(enlarged, STEPS, target)[1]
    expected = differentiate(model, preset, enlarged, target)
    worst = np.abs(found - expected).max()
    assert worst <= 1e-4 * np.abs(expected).max()
    assert np.abs(expected - 2 * (np.clip(enlarged, 0, 255) - target)).max() > 1


def need_tensorflow() -> None:
    keras = pytest.importorskip("keras", reason="needs the train extra")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("TensorFlow differentiates here")


@pytest.mark.parametrize(
    "name",
    [
        "comrec-lite-2",
        pytest.param("comrec-base-3", marks=pytest.mark.slow),
        pytest.param("jiang2017-gray-q50-2", marks=pytest.mark.slow),
    ],
)
def test_the_gradient_of_a_released_network_is_that_of_keras(name):
    need_tensorflow()
    from comrec.networks import models

    preset = presets.find(name)
    check_keras(models.load(preset, "reccnn"), preset, make(name))


ARCHITECTURES = {
    "three levels": ("comrec-lite-2", {"widths": (8, 6, 4), "blocks": (1, 1, 1, 0, 1)}),
    "of the paper, in colour": (
        "jiang2017-gray-q50-2", {"channels": 3, "width": 8, "depth": 4},
    ),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_gradient_of_any_architecture_is_that_of_keras(name, tmp_path: Path):
    need_tensorflow()
    pytest.importorskip("tf2onnx", reason="needs the train extra")
    import keras

    from comrec.networks import models
    from comrec.train.release import export

    like, sizes = ARCHITECTURES[name]
    preset = presets.find(like)
    keras.utils.set_random_seed(1)
    model = models.build_exact(preset.family, "reccnn", **sizes)
    for weight in model.weights:  # biases and statistics begin at zero or one
        weight.assign(weight + 0.01 * keras.random.uniform(weight.shape))
    path = tmp_path / "own.onnx"
    row = replace(preset, sizes={"reccnn": sizes}, channels=model.output.shape[-1])
    multiple = families.find(row.family).multiple_px(row.sizes)
    export.save(model, tmp_path / "own.weights.h5", path, multiple)
    file = WeightFile(path.name, weights.digest(path.read_bytes()), tmp_path)
    row = replace(row, onnx={"reccnn": file}, multiple_px=multiple)
    check_keras(model, row, InputGradient(row, row.scales[0], threads=1))
