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

from joint_releases import CONFIG, models
from releases import LABEL, write_place
from starts import begin

from comrec.encoder.rounds import Rounds, write
from comrec.image.metrics import psnr_db
from comrec.jpeg import quantisation
from comrec.networks import engine, presets, weights
from comrec.networks.codec import Codec
from comrec.networks.models import pyramid
from comrec.train.release import export
from comrec.train.release.release import find, release

PHOTO = Path(__file__).parents[3] / "examples" / "astronaut.png"


@pytest.fixture(scope="module")
def released(finished_joint, tmp_path_factory) -> tuple[presets.Preset, Path]:
    place = write_place(tmp_path_factory.mktemp("base") / "place")
    return release(find(finished_joint), LABEL, place, place / "presets.json"), place


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


@pytest.fixture(scope="module")
def networks():
    return {
        model.name: lambda *x, model=model: np.array(
            keras.ops.convert_to_numpy(model(list(x)))
        )
        for model in models()
    }


@pytest.mark.parametrize(
    ("scale", "engine"),
    [(1, "onnxruntime"), (1.5, "onnxruntime"), (2, "onnxruntime"), (1.5, "keras"),
     (1.5, "openvino")],
)  # fmt: skip
def test_the_files_restore_what_the_run_did(
    released, networks, scale, engine, monkeypatch
):
    if engine == "openvino":
        pytest.importorskip("openvino", reason="needs the fast extra")
    row, place = released
    monkeypatch.setattr(weights, "folder", lambda: place)
    with Image.open(PHOTO) as opened:
        picture = np.asarray(opened.convert("RGB"))[60:133, 170:251]
    ours = Codec(row, scale, networks=networks)
    theirs = Codec(row, scale, engine_name=engine, exact=True)
    compact = ours.compact(picture)
    assert np.abs(theirs.compact(picture).astype(int) - compact).max() <= 1
    data = ours.encode(compact, 40)
    assert quantisation.read_tables(data).std() == 0
    size = picture.shape[:2]
    restored = ours.restore(data, size).astype(int)
    assert np.abs(theirs.restore(data, size) - restored).max() <= 1


def test_rounds_bring_a_grey_picture_closer_at_its_bytes(released, monkeypatch):
    row, place = released
    monkeypatch.setattr(weights, "folder", lambda: place)
    with Image.open(PHOTO) as opened:
        picture = np.asarray(opened.convert("RGB"))[60:133, 170:251, :1]
    receiver, choice, codec = begin(picture, 1.5, 20, row)
    rounds, size = Rounds(receiver, choice), picture.shape[:2]
    for _ in range(2):
        rounds.run()
    before, after = (write(c, receiver.layout) for c in (choice, rounds.choice))
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
