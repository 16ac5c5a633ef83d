"""The networks: their shapes, their sizes, and where they look."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")

from comrec.networks.models.jiang2017 import build_comcnn, build_reccnn

BUILDERS = {"comcnn": build_comcnn, "reccnn": build_reccnn}
RNG = np.random.default_rng(10)
SIZES = [(64, 64), (29, 100), (1, 1), (1, 17), (17, 1), (2, 3)]


@pytest.fixture(autouse=True, scope="module")
def seeded():
    keras.utils.set_random_seed(1)


def noise(height: int, width: int, channels: int = 1) -> np.ndarray:
    return RNG.random((1, height, width, channels), np.float32)


def run(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(x, training=False))


def trainable(model: keras.Model) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def test_comcnn_has_the_layers_of_the_paper():
    # 3*3*1*64 + 64, 3*3*64*64 + 64, 3*3*64*1 + 1.
    assert 640 + 36_928 + 577 == 38_145
    assert trainable(build_comcnn()) == 38_145


def test_reccnn_has_the_layers_of_the_paper():
    # 3*3*1*64 + 64, 18 times (3*3*64*64 + 64 and 2*64 to normalise), 3*3*64*1 + 1.
    assert 640 + 18 * (36_928 + 128) + 577 == 668_225
    model = build_reccnn()
    assert trainable(model) == 668_225
    assert model.count_params() == 668_225 + 18 * 2 * 64  # running mean and variance


def test_colour_networks_differ_in_the_outer_layers_alone():
    # Two channels more, in and out, of 64 kernels of 3x3; two biases more.
    more = 2 * 9 * 64 + 2 * 9 * 64 + 2
    assert trainable(build_comcnn(3)) == 38_145 + more
    assert trainable(build_reccnn(3)) == 668_225 + more


@pytest.mark.parametrize("channels", [1, 3])
def test_comcnn_halves_any_size_rounding_up(channels):
    model = build_comcnn(channels)
    for height, width in SIZES:
        halves = ((height + 1) // 2, (width + 1) // 2)
        assert run(model, noise(height, width, channels)).shape == (
            1,
            *halves,
            channels,
        )


@pytest.mark.parametrize("channels", [1, 3])
def test_reccnn_keeps_any_size(channels):
    model = build_reccnn(channels, depth=4)
    for height, width in SIZES:
        assert run(model, noise(height, width, channels)).shape == (
            1, height, width, channels,
        )  # fmt: skip


@pytest.mark.parametrize("axis", [1, 2])
def test_comcnns_sampling_grid_does_not_depend_on_parity(axis):
    model = build_comcnn()
    image = noise(40, 40)
    whole = run(model, image)
    cut = run(model, image[:, :-1] if axis == 1 else image[:, :, :-1])
    # It looks four pixels far: all but the last two or three compact pixels agree.
    inside = (slice(None), slice(0, 17), slice(0, 17))
    np.testing.assert_allclose(cut[inside], whole[inside], atol=1e-6)
    assert np.abs(whole[inside]).mean() > 1e-3  # else anything would agree


@pytest.mark.parametrize(
    ("build", "scale", "reach_px"), [(build_comcnn, 2, 4), (build_reccnn, 1, 20)]
)
def test_a_network_looks_as_far_as_its_layers_add_up_to(build, scale, reach_px):
    # ComCNN: 1 + 1 + 1 at half size, so 2. RecCNN: 1 for each of 20.
    model = build()
    for layer in model.layers:  # so that no path is closed by a ReLU, sign or zero
        drawn = (np.abs(RNG.normal(0, 0.06, w.shape)) for w in layer.get_weights())
        layer.set_weights(
            [
                np.where((w == 0) & (w.ndim == 4), other, np.abs(w))
                for w, other in zip(layer.get_weights(), drawn, strict=True)
            ]
        )
    image = np.full((1, 65, 65, 1), 0.5, np.float32)
    changed = image.copy()
    changed[0, 32, 32] = 1e6
    rows, columns = np.nonzero((run(model, image) != run(model, changed))[0, ..., 0])
    far = max(np.abs(scale * axis - 32).max() for axis in (rows, columns))
    assert far == reach_px


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("width", [4, 64])
def test_an_untrained_pair_reduces_by_means_and_restores_what_it_is_given(
    channels, width
):
    image = noise(8, 10, channels)
    means = image.reshape(1, 4, 2, 5, 2, channels).mean((2, 4))
    np.testing.assert_allclose(run(build_comcnn(channels, width), image), means, 1e-5)
    residual = run(build_reccnn(channels, width, depth=4), image)
    assert np.abs(residual).max() == 0


def test_a_network_too_narrow_to_carry_the_picture_is_built_as_well():
    assert run(build_comcnn(3, width=1), noise(4, 4, 3)).shape == (1, 2, 2, 3)


def test_outputs_leave_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        models = [build() for build in BUILDERS.values()]
    finally:
        keras.config.set_dtype_policy(before)
    for model in models:
        assert model.output.dtype == "float32"
        assert model.get_layer("conv1").compute_dtype == "bfloat16"


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())
@pytest.mark.parametrize("channels", [0, 2, 4, -1, "1", None])
def test_other_channels_are_refused(build, channels):
    with pytest.raises(ValueError, match=r"must be 1 \(luma\) or 3 \(colour\)") as err:
        build(channels)
    assert f"channels={channels!r}" in str(err.value)


@pytest.mark.parametrize("build", BUILDERS.values(), ids=BUILDERS.keys())
def test_every_layer_with_weights_has_its_own_name(build):
    names = [layer.name for layer in build().layers if layer.weights]
    assert len(set(names)) == len(names)
    assert names[0] == "conv1"


# What another backend makes of the same weights.
OTHER = """
import sys
import numpy as np
from comrec.networks.models.jiang2017 import build_comcnn, build_reccnn
import keras
folder, backend = sys.argv[1:]
assert keras.backend.backend() == backend
assert "tensorflow" not in sys.modules, "TensorFlow was loaded"
for name, build in {"comcnn": build_comcnn, "reccnn": build_reccnn}.items():
    model = build()
    model.load_weights(f"{folder}/{name}.weights.h5")
    image = np.load(f"{folder}/image.npy")
    output = keras.ops.convert_to_numpy(model(image, training=False))
    np.save(f"{folder}/{name}.{backend}.npy", output)
"""


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_weights_mean_the_same_on_another_backend(backend, tmp_path):
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    if keras.backend.backend() == backend:
        pytest.skip(f"{backend} is this process's own backend")
    image = noise(29, 40)
    np.save(tmp_path / "image.npy", image)
    expected = {}
    for name, build in BUILDERS.items():
        model = build()
        for layer in model.layers:  # as after training: nothing is at its default
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.set_weights([RNG.uniform(0.8, 1.2, 64) for _ in range(4)])
            elif isinstance(layer, keras.layers.Conv2D):
                kernel, bias = layer.get_weights()
                layer.set_weights([RNG.normal(0, 0.06, kernel.shape), bias])
        model.save_weights(tmp_path / f"{name}.weights.h5")
        expected[name] = run(model, image)
    subprocess.run(
        [sys.executable, "-c", OTHER, str(tmp_path), backend],
        env=os.environ | {"KERAS_BACKEND": backend}, check=True, timeout=300,
    )  # fmt: skip
    for name, ours in expected.items():
        theirs = np.load(tmp_path / f"{name}.{backend}.npy")
        assert np.abs(ours).max() > 0.01
        np.testing.assert_allclose(theirs, ours, atol=1e-4, rtol=1e-4)
