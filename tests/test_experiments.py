"""The scripts run as their first lines say, on data made here."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
data = pytest.importorskip("skimage.data", reason="needs the dev extra")


def run(script: str, *args: object) -> str:
    result = subprocess.run(
        [sys.executable, ROOT / script, *map(str, args)],
        capture_output=True, text=True, timeout=300, cwd=ROOT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture
def pictures(tmp_path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i in range(3):
        Image.fromarray(data.camera()[i * 90 : i * 90 + 128, 100:228]).save(
            folder / f"{i}.png"
        )
    return folder


def test_score_pair_writes_a_row_for_each_protocol(pictures, tmp_path):
    out = tmp_path / "rows.tsv"
    run("experiments/score_pair.py", pictures, "--quick", "--out", out)
    head, *rows = [line.split("\t") for line in out.read_text().splitlines()]
    rows = [dict(zip(head, row, strict=True)) for row in rows]
    assert [row["protocol"] for row in rows] == ["byte-fair", "paper"]
    fair = rows[0]
    total = int(fair["jpeg_bytes"]) + int(fair["sidecar_bytes"])
    assert total <= int(fair["plain_bytes"])
    assert float(fair["rate_bpp"]) == pytest.approx(8 * total / 128**2, abs=1e-5)
    gain = float(fair["psnr_db"]) - float(fair["plain_psnr_db"])
    assert float(fair["gain_db"]) == pytest.approx(gain, abs=1e-3)


@pytest.mark.slow
def test_tiles_writes_rows(tmp_path):
    run("experiments/tiles.py", "--quick", "--out", tmp_path / "rows.tsv")
    assert len((tmp_path / "rows.tsv").read_text().splitlines()) == 3


@pytest.mark.slow
def test_a_run_is_trained_resumed_and_released(pictures, tmp_path):
    pytest.importorskip("keras", reason="needs the train extra")
    pytest.importorskip("tf2onnx", reason="needs the train extra")
    from comrec.train.config import Phase, TrainConfig

    phases = (Phase("reccnn", 1, 1e-3, 1e-4), Phase("comcnn", 1, 1e-4, 1e-5))
    config = replace(
        TrainConfig(), phases=phases, width=4, depth=3, crop_px=64, batch=4,
        warmup_epochs=1,
    )  # fmt: skip
    (tmp_path / "config.json").write_text(config.dump())
    script = "experiments/train_alternating.py"
    common = [
        tmp_path / "config.json", "--data", pictures, "--validation", pictures,
        "--run", tmp_path / "run",
    ]  # fmt: skip
    assert '"depth": 3' in run(script, *common, "--dry-run")
    assert not (tmp_path / "run").exists()
    run(script, *common, "--minutes", "0")
    run(script, *common)
    rows = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert sum('"validation"' in row for row in rows) == 2
    (tmp_path / "out").mkdir()
    text = run(
        "experiments/release_pair.py", tmp_path / "run", "--name", "tiny",
        "--out", tmp_path / "out",
    )  # fmt: skip
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert len(names) == 4
    assert all(name in text for name in names)


def test_the_demo_writes_both_files_and_a_picture_to_look_at(tmp_path):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, ROOT / "examples" / "demo.py"],
        cwd=tmp_path, env=env, check=True, capture_output=True, timeout=300,
    )  # fmt: skip
    demo = tmp_path / "demo"
    assert (demo / "astronaut.comrec.jpg").stat().st_size < 10_000
    with Image.open(demo / "astronaut.restored.png") as restored:
        assert (restored.mode, restored.size) == ("RGB", (512, 512))
    with Image.open(demo / "side-by-side.png") as sheet:
        assert sheet.width > 1500
