"""An end-to-end run becomes a preset of the comrec family."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

keras = pytest.importorskip("keras", reason="needs the train extra")
onnx = pytest.importorskip("onnx", reason="needs the train extra")
pytest.importorskip("tf2onnx", reason="needs the train extra")
if keras.backend.backend() != "tensorflow":
    pytest.skip("the export needs TensorFlow", allow_module_level=True)

from releases import LABEL, START, write_log, write_place

from comrec.encoder.refine import refine
from comrec.errors import UsageError
from comrec.image.metrics import psnr_db
from comrec.jpeg import quantisation
from comrec.networks import engine, presets, weights
from comrec.networks.codec import Codec
from comrec.networks.models import build_exact, pyramid
from comrec.train.joint.config import JointConfig, Stage
from comrec.train.joint.finished import FinishedJoint
from comrec.train.release import export
from comrec.train.release.release import find, release
from comrec.train.run import checkpoint

PHOTO = Path(__file__).parents[3] / "examples" / "astronaut.png"
STAGES = (
    Stage(learns="reccnn", epochs=2, rate_start=1e-3, rate_end=1e-4),
    Stage(learns="comcnn", epochs=1, rate_start=1e-3, rate_end=1e-4),
)
CONFIG = JointConfig(
    "tiny", STAGES, widths=(4, 6), blocks=(1, 1, 1), compact_width=4, compact_blocks=1,
    scales=(1, 1.5, 2), scale_shares=(0.5, 0.25, 0.25), compact_scales=(1.5, 2),
    qualities=((5, 90),) * 3,
)  # fmt: skip


def models() -> list[keras.Model]:
    """Networks that do something, without training."""
    keras.utils.set_random_seed(5)
    rng, made = np.random.default_rng(5), []
    for name, size in CONFIG.sizes.items():
        model = build_exact("comrec", name, **size)
        noisy = [w + 0.02 * rng.standard_normal(w.shape) for w in model.get_weights()]
        model.set_weights(noisy)
        made.append(model)
    return made


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run of three epochs, as training leaves it."""
    folder = tmp_path_factory.mktemp("joint")
    (folder / "config.json").write_text(CONFIG.dump())
    checkpoint.save(folder / "best.npz", checkpoint.collect_weights(models()))
    rows = [START]
    for phase, epoch, gain_db in ((0, 0, 1.25), (0, 1, 1.5), (1, 0, 1.75)):
        here = {"phase": phase, "epoch": epoch}
        learns = STAGES[phase].learns
        rows += [
            here | {"event": "epoch", "learns": learns, "duration_s": 90.0},
            here
            | {"event": "validation", "gain_db": gain_db, "gain_db_1.5_0.25": gain_db},
        ]
    write_log(folder, rows)
    return folder


@pytest.fixture(scope="module")
def released(run, tmp_path_factory) -> tuple[presets.Preset, Path]:
    place = write_place(tmp_path_factory.mktemp("base") / "place")
    return release(find(run), LABEL, place, place / "presets.json"), place


def test_both_exports_keep_the_blocks_of_channels(released, tmp_path):
    preset, place = released
    for file in preset.onnx.values():
        path = tmp_path / "again.onnx"
        path.write_bytes((place / file.name).read_bytes())
        nodes = [node.name for node in onnx.load(path).graph.node]
        assert nodes.count(engine.BLOCKS) == 1
        once = path.read_bytes()
        export.keep_blocks(path)
        assert path.read_bytes() == once


def test_the_row_says_all_that_the_codec_needs(released):
    row, place = released
    *_, read = presets.read(place / "presets.json")
    assert read == row
    assert row.family == "comrec"
    assert row.scales == (1, 1.5, 2)
    assert row.compact_scales == (1.5, 2)
    assert row.multiple_px == 4
    assert row.reach_px["reccnn"] == pyramid.reach_px((1, 1, 1))
    assert row.jpeg.tables == "flat"
    assert row.jpeg_visual is not None
    assert row.jpeg_visual.encoder == row.jpeg.encoder == "mozjpeg"


@pytest.mark.parametrize("scale", [1, 1.5, 2])
@pytest.mark.parametrize("engine", ["onnxruntime", "keras", "openvino"])
def test_the_files_restore_what_the_run_did(released, scale, engine, monkeypatch):
    if engine == "openvino":
        pytest.importorskip("openvino", reason="needs the fast extra")
    row, place = released
    monkeypatch.setattr(weights, "folder", lambda: place)
    with Image.open(PHOTO) as opened:
        picture = np.asarray(opened.convert("RGB"))[60:133, 170:251]
    networks = {
        model.name: lambda *x, model=model: np.array(
            keras.ops.convert_to_numpy(model(list(x)))
        )
        for model in models()
    }
    ours = Codec(row, scale, networks=networks)
    theirs = Codec(row, scale, engine_name=engine, exact=True)
    compact = ours.compact(picture)
    assert np.abs(theirs.compact(picture).astype(int) - compact).max() <= 1
    data = ours.encode(compact, 40)
    assert quantisation.read_tables(data).std() == 0
    size = picture.shape[:2]
    restored = ours.restore(data, size).astype(int)
    assert np.abs(theirs.restore(data, size) - restored).max() <= 1


@pytest.mark.parametrize(("scale", "channels"), [(1, 3), (1.5, 1)])
def test_refining_brings_the_restored_picture_closer_at_its_bytes(
    released, scale, channels, monkeypatch
):
    row, place = released
    monkeypatch.setattr(weights, "folder", lambda: place)
    with Image.open(PHOTO) as opened:
        picture = np.asarray(opened.convert("RGB"))[60:133, 170:251, :channels]
    codec, size, quality = Codec(row, scale), picture.shape[:2], 25
    compact = codec.compact(picture)
    refined = refine(codec, picture, compact, quality)
    assert refined.shape == compact.shape
    assert refined.dtype == np.uint8
    before, after = (codec.encode(c, quality) for c in (compact, refined))
    gain_db = psnr_db(picture, codec.restore(after, size)) - psnr_db(
        picture, codec.restore(before, size)
    )
    assert gain_db > 0.03
    assert len(after) < 1.05 * len(before)


def test_the_card_tells_the_stages_and_what_they_gained(released):
    row, place = released
    card = (place / f"{row.name}.md").read_text()
    assert (
        "| stage | learned | epochs | minutes | mean dB | scale 1.5, 0.25 bpp |" in card
    )
    assert "| 0 | reccnn | 2 | 3 | 1.50 | 1.50 |" in card
    assert "| 1 | comcnn | 1 | 2 | 1.75 | 1.75 |" in card
    assert "scales 1, 1.5 and 2" in card
    assert json.dumps(CONFIG.preset) in card


def test_a_run_without_a_finished_epoch_is_refused(run, tmp_path):
    (tmp_path / "config.json").write_text(CONFIG.dump())
    with pytest.raises(UsageError, match=r"no finished epoch in it \(best.npz is miss"):
        find(tmp_path)
    with pytest.raises(UsageError, match="has no rounds to choose from"):
        find(run, 1)


def test_weights_of_another_config_are_refused(run, tmp_path):
    for name in ("config.json", "metrics.jsonl"):
        (tmp_path / name).write_text((run / name).read_text())
    other = build_exact("comrec", "reccnn", widths=(5,), blocks=(1,))
    checkpoint.save(tmp_path / "best.npz", checkpoint.collect_weights([other]))
    with pytest.raises(UsageError, match=r"best.npz: not of the config beside it"):
        FinishedJoint.find(tmp_path).load_models()
