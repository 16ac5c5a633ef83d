"""What runs the networks, and that it makes no difference to the picture."""

import importlib.util
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pairs
import pytest

from comrec.errors import UsageError, WeightsError
from comrec.image import resample
from comrec.jpeg import coding
from comrec.networks import engine, presets, weights
from comrec.networks.codec import Codec
from comrec.networks.presets import Preset
from comrec.system import cores

data = pytest.importorskip("skimage.data", reason="needs the dev extra")

PRESET = presets.find("jiang2017-gray-q50-2")
NAMES = pytest.mark.parametrize("name", engine.MODULES)
QUALITY = 50


def need(name: str) -> None:
    pytest.importorskip(engine.MODULES[name], reason=f"{name} is not installed")


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    return np.ascontiguousarray(data.astronaut()[80:144, 180:260])


def codec(preset: Preset, name: str, exact: bool = True) -> Codec:
    return Codec(preset, 2, engine_name=name, exact=exact)


def restored(
    preset: Preset, name: str, crop: np.ndarray, exact: bool = True
) -> np.ndarray:
    """One JPEG for all engines, made by onnxruntime, restored by one of them."""
    first = codec(preset, "onnxruntime")
    coded = first.encode(first.compact(crop), QUALITY)
    return codec(preset, name, exact).restore(coded, crop.shape[:2])


@pairs.EACH_PAIR
@pytest.mark.parametrize("name", ["keras", "openvino"])
def test_engines_agree_within_one_level(preset, name, crop):
    need(name)
    ours = codec(preset, name).compact(crop).astype(int)
    assert np.abs(ours - codec(preset, "onnxruntime").compact(crop)).max() <= 1
    ours = restored(preset, name, crop).astype(int)
    assert np.abs(ours - restored(preset, "onnxruntime", crop)).max() <= 1


TOLD = pytest.mark.parametrize("preset", [presets.DEFAULT, "comrec-lite-2"])
BOTH = pytest.mark.parametrize("network", ["comcnn", "reccnn"])


@TOLD
@BOTH
def test_onnxruntime_turns_the_maps_of_a_network_but_once(preset, network, tmp_path):
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    onnxruntime = pytest.importorskip("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "optimised.onnx")
    options.log_severity_level = 3  # the file is for this machine alone, it would say
    file = presets.find(preset).onnx[network]
    cpu = ["CPUExecutionProvider"]
    onnxruntime.InferenceSession(weights.read(file), options, providers=cpu)
    nodes = onnx.load(options.optimized_model_filepath).graph.node
    kinds = [node.op_type for node in nodes]
    if "ReorderOutput" not in kinds:
        pytest.skip("this CPU does not compute in blocks of channels")
    # The first maps, to be told something, and the last.
    assert kinds.count("ReorderInput") <= 1
    assert kinds.count("ReorderOutput") <= 3


@TOLD
@BOTH
def test_openvino_leaves_out_what_onnxruntime_alone_needs(preset, network):
    need("openvino")
    import openvino

    file = presets.find(preset).onnx[network]

    def names() -> list[str]:
        return [node.get_friendly_name() for node in model.get_ops()]

    model = openvino.Core().read_model(weights.read(file))
    assert names().count(engine.BLOCKS) == 1
    model = engine._without_blocks(model)
    assert engine.BLOCKS not in names()


@pairs.EACH_PAIR
def test_networks_do_something(preset, crop):  # else they could agree by doing nothing
    pair = codec(preset, "onnxruntime")
    coded = pair.encode(pair.compact(crop), QUALITY)
    decoded = coding.decode(coded).astype(np.float32)
    enlarged = resample.enlarge(decoded, pair.scale, crop.shape[:2])
    assert np.abs(pair.restore(coded, crop.shape[:2]) - enlarged).mean() > 0.5


@pairs.EACH_PAIR
def test_half_precision_drifts_little(preset, crop):
    need("openvino")
    import openvino

    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("this CPU has no bfloat16")
    fast = restored(preset, "openvino", crop, exact=False).astype(int)
    drift = np.abs(fast - restored(preset, "openvino", crop, exact=True))
    assert drift.max() == 1  # and on how many pixels depends on the CPU
    assert drift.mean() <= 0.2, f"{drift.mean():.4f} levels"


@NAMES
@pairs.EACH_PAIR
@pytest.mark.parametrize("network", ["comcnn", "reccnn"])
def test_one_network_is_shared_by_threads(preset, name, network):
    need(name)
    rng = np.random.default_rng(11)
    given = [
        pairs.inputs(
            preset, network,
            rng.random((1, 24 + 2 * (i % 2), 32, preset.channels), np.float32),
        )
        for i in range(4)
    ]  # fmt: skip
    run = engine.load(preset, network, name, exact=True)
    expected = [run(*each) for each in given]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda each: run(*each), given * 2))
    for ours, theirs in zip(together, expected * 2, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_threads_that_ask_at_once_share_one_network(monkeypatch):
    made = []

    def slowly(*_: object, **__: object) -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    monkeypatch.setattr(engine, "_onnxruntime", slowly)
    engine._load.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        loaded = list(pool.map(
            lambda _: engine.load(PRESET, "comcnn", "onnxruntime"), range(4)
        ))  # fmt: skip
    engine._load.cache_clear()
    assert loaded == made * 4


@NAMES
def test_outputs_are_float32_of_the_expected_shape(name):
    need(name)
    for network, size in (("comcnn", (1, 15, 11, 1)), ("reccnn", (1, 29, 21, 1))):
        output = engine.load(PRESET, network, name)(
            np.zeros((1, 29, 21, 1), np.float32)
        )
        assert output.shape == size
        assert output.dtype == np.float32
        assert type(output) is np.ndarray


def test_an_output_is_the_callers_own():
    for name in engine.MODULES:
        if importlib.util.find_spec(engine.MODULES[name]):
            run = engine.load(PRESET, "comcnn", name)
            first = run(np.zeros((1, 16, 16, 1), np.float32))
            kept = first.copy()
            run(np.ones((1, 16, 16, 1), np.float32))
            np.testing.assert_array_equal(first, kept)


# Choosing


def only(monkeypatch, *installed: str) -> None:
    """As on a machine that has these engines and no other."""

    def find_spec(name: str, package: object = None) -> object:
        return object() if name in installed else None

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


@pytest.mark.parametrize(
    ("installed", "chosen"),
    [
        (["onnxruntime", "openvino", "keras"], "onnxruntime"),
        (["openvino", "keras"], "openvino"),
        (["keras"], "keras"),
    ],
)
def test_auto_takes_the_first_that_is_there(monkeypatch, installed, chosen):
    only(monkeypatch, *installed)
    assert engine.choose("auto") == engine.choose() == chosen


@NAMES
def test_an_engine_that_is_asked_for_is_taken(monkeypatch, name):
    only(monkeypatch, *engine.MODULES)
    assert engine.choose(name) == name


@NAMES
def test_an_engine_that_is_not_installed_is_refused(monkeypatch, name):
    only(monkeypatch, *(set(engine.MODULES) - {name}))
    remedy = {
        "onnxruntime": "onnxruntime",
        "openvino": "comrec.fast",
        "keras": "comrec.train",
    }
    with pytest.raises(WeightsError, match=rf"\({name}\): pip install {remedy[name]}"):
        engine.load(PRESET, "comcnn", name)


def test_no_engine_at_all_is_refused_with_the_remedy(monkeypatch):
    only(monkeypatch)
    with pytest.raises(WeightsError, match=r"no engine .*: pip install onnxruntime"):
        engine.load(PRESET, "comcnn")


def test_accelerators_come_before_the_cpu_and_exactly_where_they_can():
    there = ["CPUExecutionProvider", "CoreMLExecutionProvider", "CUDAExecutionProvider"]
    fast = [name for name, _ in engine.providers([*there, "Azure"], exact=False)]
    assert fast == [there[2], there[1], there[0]]
    exact = engine.providers(there, exact=True)
    assert exact == [(there[2], {"use_tf32": 0}), (there[0], {})]
    assert engine.providers(there[:1], exact=True) == [(there[0], {})]


def test_one_precision_is_loaded_once_where_there_is_no_other():
    pytest.importorskip("onnxruntime")
    if engine._may_round("onnxruntime"):
        pytest.skip("this onnxruntime has an accelerator")
    loads = [engine.load(PRESET, "comcnn", "onnxruntime", 1, e) for e in (True, False)]
    assert loads[0] is loads[1]


@pytest.mark.parametrize("name", ["", "tensorflow", "ONNXRuntime", "onnx", None])
def test_an_unknown_engine_is_refused_with_those_there_are(name):
    with pytest.raises(UsageError, match="auto or onnxruntime or openvino or keras"):
        engine.load(PRESET, "comcnn", name)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_a_process_held_to_one_core_takes_one(monkeypatch, tmp_path):
    monkeypatch.setattr(cores, "CPU_MAX", tmp_path / "none")
    held = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(held)})
        assert cores.available() == 1
    finally:
        os.sched_setaffinity(0, held)
    assert cores.available() == len(held)


@pytest.mark.parametrize(
    ("said", "taken"),
    [
        ("200000 100000\n", 2), ("150000 100000\n", 2), ("10000 100000\n", 1),
        ("900000 100000\n", 4), ("max 100000\n", 4), ("", 4), ("1 0", 4),
    ],
)  # fmt: skip
def test_a_quota_of_a_container_counts_as_its_cores(monkeypatch, tmp_path, said, taken):
    path = tmp_path / "cpu.max"
    path.write_text(said)
    monkeypatch.setattr(cores, "CPU_MAX", path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert cores.available() == taken
    assert cores.affinity_limit() == (taken if taken < 4 else 0)
