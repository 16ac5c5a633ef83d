"""Runs the networks of a preset by onnxruntime, OpenVINO or Keras."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from comrec.errors import UsageError, WeightsError
from comrec.networks import weights
from comrec.networks.presets import Preset, WeightFile
from comrec.system import cores

if TYPE_CHECKING:
    import numpy as np

Network = Callable[..., "np.ndarray"]
Graph = Callable[..., "list[np.ndarray]"]

MODULES = {"onnxruntime": "onnxruntime", "openvino": "openvino", "keras": "keras"}
ENGINES = ("auto", *MODULES)
Options = dict[str, object]
# Of onnxruntime: accelerators of builds that have them, then the CPU.
PROVIDERS = (
    "CUDAExecutionProvider", "MIGraphXExecutionProvider", "ROCMExecutionProvider",
    "DmlExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider",
)  # fmt: skip
# Options that hold a provider to float32, for the providers that can be held to it.
EXACT: dict[str, Options] = {
    "CUDAExecutionProvider": {"use_tf32": 0},
    "CPUExecutionProvider": {},
}
# Name of a convolution by one, after the addition of a condition. It lets onnxruntime
# keep its memory layout, and costs OpenVINO a tenth of its speed.
BLOCKS = "blocks"
_load_lock = threading.Lock()


def choose(engine: str = "auto") -> str:
    """Returns the engine to use: for "auto" the first of MODULES that is installed.

    Raises:
      UsageError: the name is unknown.
      WeightsError: the engine is not installed.
    """
    if engine not in ENGINES:
        raise UsageError(f"engine must be {' or '.join(ENGINES)}. Received: {engine!r}")
    for name in MODULES if engine == "auto" else (engine,):
        if importlib.util.find_spec(MODULES[name]):
            return name
    extra = {"openvino": "comrec[fast]", "keras": "comrec[train]"}
    raise WeightsError(
        f"no engine to run networks ({engine}): pip install "
        f"{extra.get(engine, 'onnxruntime')}"
    )


def load(
    preset: Preset,
    network: str,
    engine: str = "auto",
    threads: int = 0,
    exact: bool = False,
) -> Network:
    """Loads one network of a preset, verified, ready to run from any thread.

    Args:
      preset: whose network.
      network: one of `preset.sizes`.
      engine: see `choose`.
      threads: cores for one call; 0 takes them all.
      exact: float32 arithmetic. Otherwise OpenVINO uses less where the CPU has
        bfloat16, and so may the accelerators of onnxruntime.

    Returns:
      A function from float32 (B, H, W, C) in [0, 1], and the further inputs of the
      network, to float32, as the builder in `comrec.networks.models` documents.

    Raises:
      WeightsError: weights are missing or altered, or no engine is installed.
    """
    engine = choose(engine)
    exact = exact and _may_round(engine)  # else it makes no difference
    with _load_lock:  # two threads that ask at once share one network
        sizes = repr(sorted(preset.sizes[network].items()))
        key = _Key(preset.onnx[network], network, f"{preset.family} {sizes}", preset)
        return _load(engine, key, threads, exact)


@dataclass(frozen=True)
class _Key:
    """Tells networks apart by their verified files, and by how Keras builds them."""

    file: WeightFile
    network: str
    built: str
    preset: Preset = field(compare=False)


@lru_cache(maxsize=8)
def _load(engine: str, key: _Key, threads: int, exact: bool) -> Network:
    if engine == "keras":
        return _keras(key.preset, key.network)
    data = weights.read(key.file)
    if engine == "openvino":
        return _openvino(data, threads, exact)
    return _onnxruntime(data, threads, exact)


def providers(available: Collection[str], exact: bool) -> list[tuple[str, Options]]:
    """Returns the providers onnxruntime computes on, best first, with their options.

    Args:
      available: providers that this build of onnxruntime has.
      exact: float32 alone; leaves out the providers that do not promise float32.
    """
    return [
        (name, EXACT[name] if exact else {})
        for name in PROVIDERS
        if name in available and (name in EXACT or not exact)
    ]


def _may_round(engine: str) -> bool:
    """Returns whether an engine may compute in less than float32."""
    if engine != "onnxruntime":
        return engine == "openvino"
    import onnxruntime

    return len(providers(onnxruntime.get_available_providers(), False)) > 1


def _onnxruntime(data: bytes, threads: int, exact: bool) -> Network:
    run = load_graph(data, threads, exact)
    return lambda *x: run(*x)[0]


def load_graph(data: bytes, threads: int = 0, exact: bool = False) -> Graph:
    """Loads an ONNX file into onnxruntime, ready to run from any thread.

    Args:
      data: content of the file.
      threads: cores for one call; 0 takes them all.
      exact: float32 arithmetic, whatever the accelerator.

    Returns:
      A function from the inputs of the graph to the list of its outputs.

    Raises:
      WeightsError: onnxruntime does not take the file.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = (
        threads or cores.affinity_limit()
    )  # 0: its own choice
    options.log_severity_level = 3
    # The memory of the largest tile is kept for the next in any case; plans for each
    # shape of tile would save no time and be kept for good.
    options.enable_mem_pattern = False
    _share_memory()
    options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        session = onnxruntime.InferenceSession(
            data,
            sess_options=options,
            providers=providers(onnxruntime.get_available_providers(), exact),
        )
    except Exception as err:  # onnxruntime has a class for each kind of damage
        reason = str(err).split("\n", 1)[0]
        raise WeightsError(
            f"a network cannot be loaded ({reason}). Export it again"
        ) from err
    names = [value.name for value in session.get_inputs()]
    return lambda *x: session.run(None, dict(zip(names, x, strict=True)))


@cache
def _share_memory() -> None:
    """Gives all networks one memory to work in, instead of one to each.

    They hardly ever run at the same time, and each keeps what its largest tile took.
    """
    import onnxruntime as ort

    where = ort.OrtMemoryInfo(
        "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
    )
    ort.create_and_register_allocator(where, None)


def _openvino(data: bytes, threads: int, exact: bool) -> Network:
    import numpy as np
    import openvino

    core = openvino.Core()
    fast = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    settings: dict[str, object] = {
        # Never left to OpenVINO, whose default depends on the CPU.
        "INFERENCE_PRECISION_HINT": "bf16" if fast and not exact else "f32",
        "INFERENCE_NUM_THREADS": threads or cores.available(),
    }
    read = _without_blocks(core.read_model(data))
    model = core.compile_model(read, "CPU", settings)

    def call(*x: np.ndarray) -> np.ndarray:
        # A request of its own for each call: they are not to be shared by threads.
        return np.array(model.create_infer_request().infer(list(x))[0])

    return call


def _without_blocks(model: Any) -> Any:
    for node in model.get_ops():
        if node.get_friendly_name() == BLOCKS:
            node.output(0).replace(node.input_value(0))
    return model


def _keras(preset: Preset, network: str) -> Network:
    import numpy as np

    from comrec.networks import models

    model = models.load(preset, network)

    def call(*x: np.ndarray) -> np.ndarray:
        return np.asarray(model.predict_on_batch(x if len(x) > 1 else x[0]), np.float32)

    return call
