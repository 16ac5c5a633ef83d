"""The ONNX export computes what Keras computes, in the shape of the network."""

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras", reason="needs the train extra")
onnx = pytest.importorskip("onnx", reason="needs the train extra")
pytest.importorskip("tf2onnx", reason="needs the train extra")
if keras.backend.backend() != "tensorflow":
    pytest.skip("the export needs TensorFlow", allow_module_level=True)

from alternating_releases import SIZES

from comrec.errors import WeightsError
from comrec.networks.models import build_exact
from comrec.train.release import export


def test_an_export_that_computes_something_else_is_refused(released):
    preset, place, _ = released
    path = place / preset.onnx["comcnn"].name
    other = build_exact("jiang2017", "comcnn", **SIZES["comcnn"])
    with pytest.raises(WeightsError, match=r"comcnn at 64x48: .* by \d[\d.]*, shape"):
        export.check(other, path)
    other.load_weights(place / preset.weights["comcnn"].name)
    export.check(other, path)


@pytest.mark.parametrize("value", [1.1e-4, -1.1e-4, np.nan, np.inf])
def test_any_pixel_that_differs_is_found_and_measured(value):
    ours = np.zeros((1, 4, 5, 1), np.float32)
    theirs = ours.copy()
    theirs[0, 3, 4, 0] = value
    with pytest.raises(WeightsError) as err:
        export._compare("a.onnx: comcnn at 5x4", ours, theirs)
    assert f"by {abs(value):.2g}, shape (1, 4, 5, 1); at most 0.0001" in str(err.value)


def test_another_shape_is_found_though_the_pixels_agree():
    ours = np.zeros((1, 4, 5, 1), np.float32)
    with pytest.raises(
        WeightsError, match=r"shape \(1, 1, 4, 5, 1\) where Keras gives"
    ):
        export._compare("a.onnx: comcnn at 5x4", ours, ours[np.newaxis])


def reshaped(path: Path, target: list[int], axes: list[object]) -> Path:
    """A network that does nothing but reshape (B, 1, H, W) as `target` says."""
    helper = onnx.helper
    shape = onnx.numpy_helper.from_array(np.array(target, np.int64), "target")
    graph = helper.make_graph(
        [helper.make_node("Reshape", ["x", "target"], ["y"])],
        "reshaped",
        [
            helper.make_tensor_value_info(
                "x", onnx.TensorProto.FLOAT, ["B", 1, "h", "w"]
            )
        ],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, axes)],
        [shape],
    )
    opset = [helper.make_opsetid("", 15)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    onnx.save(model, path)
    return path


def output_of(path: Path, x: np.ndarray) -> np.ndarray:
    import onnxruntime

    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(path, providers=providers)
    assert len(session.get_outputs()[0].shape) == 4
    return session.run(["y"], {"x": x})[0]


def test_an_axis_too_many_at_the_output_is_taken_away(tmp_path):
    x = np.arange(60, dtype=np.float32).reshape(3, 1, 4, 5)
    axes = [1, "B", "H", "W", 1]
    path = reshaped(tmp_path / "a.onnx", [1, -1, 4, 5, 1], axes)
    export.restore_squeeze(path, rank=4)
    np.testing.assert_array_equal(output_of(path, x), x.reshape(3, 4, 5, 1))
    once = path.read_bytes()
    export.restore_squeeze(path, rank=4)
    assert path.read_bytes() == once


@pytest.mark.parametrize("axes", [["B", "H", "W", 1], ["A", "B", "H", "W", 1]])
def test_no_other_output_is_touched(tmp_path, axes):
    path = reshaped(tmp_path / "a.onnx", [1, -1, 4, 5, 1], axes)
    before = path.read_bytes()
    export.restore_squeeze(path, rank=4)
    assert path.read_bytes() == before


def test_where_nothing_is_told_blocks_of_channels_need_no_help(released, tmp_path):
    for file in released[0].onnx.values():
        path = tmp_path / "again.onnx"
        path.write_bytes((released[1] / file.name).read_bytes())
        before = path.read_bytes()
        export.keep_blocks(path)
        assert path.read_bytes() == before


def skipped_at_the_output(node: object) -> int:
    """Puts the transpose at the output right behind the one at the input."""
    if node.type != "Transpose":
        return 2
    return {"Placeholder": 0, "Conv": 1}.get(node.inputs[0].type, 2)


def test_an_export_does_not_depend_on_the_order_of_nodes(tmp_path, monkeypatch):
    from tf2onnx.optimizer.transpose_optimizer import TransposeOptimizer

    replaces = TransposeOptimizer.post_optimize_action
    restores = export.restore_squeeze
    ranks = []

    def in_bad_order(optimizer: TransposeOptimizer) -> None:
        optimizer._g.get_nodes().sort(key=skipped_at_the_output)
        replaces(optimizer)

    def watched(path: Path, rank: int) -> None:
        output = onnx.load(path).graph.output[0]
        ranks.append(len(output.type.tensor_type.shape.dim))
        restores(path, rank)

    monkeypatch.setattr(TransposeOptimizer, "post_optimize_action", in_bad_order)
    monkeypatch.setattr(export, "restore_squeeze", watched)
    files = (tmp_path / "a.weights.h5", tmp_path / "a.onnx")
    export.save(build_exact("jiang2017", "comcnn", **SIZES["comcnn"]), *files)
    assert ranks == [5], "this tf2onnx loses no Squeeze: restore_squeeze can go"
    graph = onnx.load(tmp_path / "a.onnx").graph
    assert [node.op_type for node in graph.node][-2:] == ["Reshape", "Squeeze"]
