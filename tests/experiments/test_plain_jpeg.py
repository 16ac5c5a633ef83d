from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scripts import run

pytest.importorskip("scipy", reason="needs the eval extra")


def test_rows_hold_every_encoder_and_the_summary_names_what_is_saved(tmp_path: Path):
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8))
    small.resize((64, 48), Image.Resampling.BICUBIC).save(tmp_path / "smooth.png")
    out = tmp_path / "rows.tsv"
    said = run(
        "experiments/quality/plain_jpeg.py", tmp_path, "--ratios", "0", "1",
        "--prices", "6.5", "0", "--out", out,
    )  # fmt: skip
    head, *lines = (line.split("\t") for line in out.read_text().splitlines())
    rows = [dict(zip(head, line, strict=True)) for line in lines]
    assert {row["encoder"] for row in rows} == {"libjpeg-turbo", "mozjpeg", "own"}
    assert len(rows) == 9 + 9 + (2 + 2 + 1) * 8
    for row in rows:
        bpp = 8 * int(row["bytes"]) / (64 * 48)
        assert float(row["bpp"]) == pytest.approx(bpp, abs=1e-5)
    own = [line.split("\t") for line in said.splitlines() if line.startswith("own")]
    kinds = [("4:2:0", "0.0", "6.5"), ("4:2:0", "1.0", "6.5"), ("4:4:4", "0.0", "6.5"),
             ("4:4:4", "1.0", "6.5"), ("4:2:0", "0.0", "0.0")]  # fmt: skip
    assert [tuple(line[1:4]) for line in own] == kinds
    assert all(float(line[4]) < 0 for line in own if line[1] == "4:2:0")
