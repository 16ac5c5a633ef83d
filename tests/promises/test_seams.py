"""A family, an encoder and a metric are added from outside, with no edit of comrec."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pictures
import pytest

import comrec
from comrec.apps.evaluate import own
from comrec.apps.evaluate.interface import run
from comrec.encoder import tunes
from comrec.encoder.tunes import Metric, Tune
from comrec.jpeg import encoders
from comrec.jpeg.settings import JpegSettings
from comrec.networks import families, presets
from comrec.networks.families import Family
from comrec.networks.presets import Preset, WeightFile
from comrec.networks.weights import digest

onnx = pytest.importorskip("onnx", reason="needs the train extra")
SIZE = (61, 83)


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    """Takes back what a test adds to the tables of comrec."""
    tables = families.FAMILIES, encoders.ENCODERS, tunes.TUNES, presets._added
    before = [dict(table) for table in tables]
    yield
    for table, content in zip(tables, before, strict=True):
        table.clear()
        table.update(content)


def smoother() -> bytes:
    """A network of one layer: a quarter of the way to the mean of the neighbours."""
    helper, tensor = onnx.helper, onnx.numpy_helper.from_array
    kernel = np.full((3, 1, 3, 3), 1 / 36, np.float32)
    kernel[:, :, 1, 1] -= 1 / 4
    shape = ["n", "h", "w", 3]
    values = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)
        for name in ("enlarged", "residual")
    ]
    nodes = [
        helper.make_node("Transpose", ["enlarged"], ["x"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["x", "kernel"], ["y"], group=3, pads=[1, 1, 1, 1]),
        helper.make_node("Transpose", ["y"], ["residual"], perm=[0, 2, 3, 1]),
    ]
    graph = helper.make_graph(
        nodes, "smoother", values[:1], values[1:], [tensor(kernel, "kernel")]
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(
        graph, opset_imports=opset, ir_version=9
    ).SerializeToString()


def save(folder: Path, **fields: object) -> Path:
    """Writes a preset of one RecCNN, `smoother`, into a folder."""
    network = smoother()
    (folder / "reccnn.onnx").write_bytes(network)
    row = Preset(
        name="toy-net", number=0, summary="smooths", channels=3, scales=(1,),
        compact_quality=None, weights={}, licence="CC0", training="",
        onnx={"reccnn": WeightFile("reccnn.onnx", digest(network))},
        sizes={"reccnn": {}}, reach_px={"reccnn": 1},
        **{"jpeg": JpegSettings(), "family": "toy"} | fields,
    )  # fmt: skip
    (folder / presets.ROW).write_text(presets.dump_folder(row))
    return folder


TOY_FAMILY = Family(
    build=lambda network, sizes: None,
    compact=lambda comcnn, source, window, preset: source.reduce(window),
    condition=lambda tables, scale: (),
    reach_px=lambda sizes: {"reccnn": 1},
    multiple_px=lambda sizes: 1,
    bytes_per_pixel=100,
)


def test_a_family_of_networks(tmp_path):
    families.FAMILIES["toy"] = TOY_FAMILY
    folder = save(tmp_path)
    image = pictures.photo(*SIZE)
    made = comrec.compress(image, preset=str(folder), jpeg_quality=10)
    assert made.report.outcome == "comrec"
    assert made.report.preset == presets.find(folder).name
    assert made.report.preset.startswith("toy-net.")
    restored = comrec.decompress(made.jpeg, made.sidecar, presets=folder)
    embedded = comrec.compress(image, preset=folder, jpeg_quality=10, embed=True)
    np.testing.assert_array_equal(comrec.decompress(embedded.jpeg), restored)
    plain = comrec.compress(image, preset="plain", jpeg_quality=10)
    assert restored.shape == image.shape
    assert not np.array_equal(restored, comrec.decompress(plain.jpeg))
    passed = run(own.make_scale_peer(str(folder), 1), image, 10)
    np.testing.assert_array_equal(passed.restored, restored)


class Dithering:
    """Tries several roundings of a picture, and keeps the file that restores best."""

    both_scans_max_px = float("inf")
    is_continuous = keeps_coefficients = False
    tried = 0

    def check(self, settings: JpegSettings) -> None:
        assert settings.encoder == "toy"

    def qualities(self, settings: JpegSettings) -> tuple[int, ...]:
        return 20, 40, 60

    def encode(self, pixels, quality, settings, space, progressive, target) -> bytes:
        write = encoders.ENCODERS["libjpeg-turbo"].encode
        files = [
            write(np.clip(pixels.astype(int) + d, 0, 255).astype(np.uint8), quality,
                  JpegSettings(), space, progressive, None)
            for d in (-2, 0, 2)
        ]  # fmt: skip
        if target is None:
            return files[1]
        Dithering.tried += 1

        def error(file: bytes) -> int:
            return int(np.square(target.image.astype(int) - target.restore(file)).sum())

        return min(files, key=error)


def test_an_encoder_that_looks_through_the_network(tmp_path):
    encoders.ENCODERS["toy"] = Dithering()
    families.FAMILIES["toy"] = TOY_FAMILY
    folder = save(tmp_path, jpeg=JpegSettings("toy"))
    image = pictures.photo(*SIZE)
    made = comrec.compress(image, preset=folder, jpeg_quality=40)
    assert Dithering.tried
    restored = comrec.decompress(made.jpeg, made.sidecar)
    assert restored.shape == image.shape
    searched = comrec.compress(image, preset=folder, target_bpp=4)
    assert searched.report.jpeg_quality in (20, 40, 60) or not searched.sidecar
    passed = run(own.make_scale_peer(str(folder), 1), image, 40)
    np.testing.assert_array_equal(passed.restored, restored)


def largest_error(image: np.ndarray, restored: np.ndarray) -> float:
    return float(np.abs(image.astype(int) - restored).max())


@pytest.mark.parametrize("is_additive", [False, True])
def test_a_metric(is_additive, run_command):
    seen = []

    def window_error(image: np.ndarray, restored: np.ndarray) -> float:
        seen.append(image.shape)
        return largest_error(image, restored)

    metric = Metric(window_error, lambda error, count: -error, is_additive)
    tunes.TUNES["toy"] = Tune("flat", lambda preset: preset.jpeg, metric)
    image = pictures.photo(*SIZE)
    made = comrec.compress(
        image, preset="comrec-lite-2", tune="toy", target_bpp=3, effort=0
    )
    assert made.report.rate_bpp <= 3
    assert SIZE in {shape[:2] for shape in seen}
    restored = comrec.decompress(made.jpeg, made.sidecar)
    assert restored.shape == image.shape
    passed = run(own.make_command_peer("comrec-lite-2", tune="toy"), image, 30)
    assert passed.restored.shape == image.shape
    assert "--tune {psnr,visual,toy}" in run_command("compress", "--help")


@pytest.fixture
def run_command(run):  # the fixture of the command line, beside `evaluate.run`
    return lambda *words: run(*words).out.decode()
