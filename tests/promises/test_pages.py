"""The tables and figures of README and docs are those of the rows."""

import re
import sys

import numpy as np
import pytest
from PIL import Image
from results import README, RESULTS, ROOT, page, tsv

from comrec.image.metrics import psnr_db
from comrec.networks import presets

sys.path.insert(0, str(ROOT / "experiments" / "pages"))
import fill

DEMO = RESULTS / "demo"
ROWS = tsv("demo/demo")
SHOWN_DB = next(row["psnr_db"] for row in ROWS if row["codec"] == "comrec")
SUFFIXES = {"plain JPEG": "jpg", "WebP": "webp", "AVIF": "avif"}


@pytest.mark.parametrize("path", fill.PAGES, ids=lambda path: path.stem)
def test_a_page_shows_the_present_rows(path):
    text = path.read_text()
    assert fill.filled(text) == text, "run experiments/pages/fill.py"


def test_every_table_that_can_be_written_stands_on_a_page():
    pages = "".join(path.read_text() for path in fill.PAGES)
    assert {*re.findall(r"<!-- rows: ([\w-]+) -->", pages)} == {*fill.BLOCKS}


def test_another_row_is_another_page(monkeypatch, tmp_path):
    for name in ("demo/demo", "kodak-summary", "kodak-grey-summary"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        text = (RESULTS / f"{name}.tsv").read_text()
        text = text.replace(SHOWN_DB, "28.140").replace("-41.1", "-39.1")
        (tmp_path / f"{name}.tsv").write_text(text)
    monkeypatch.setattr("shown_rows.RESULTS", tmp_path)
    changed = fill.filled(README)
    assert f"{float(SHOWN_DB):.2f} dB" in README
    assert "28.14 dB" in changed
    assert "needs 39 % fewer bits" in changed


@pytest.mark.parametrize("rate", sorted({row["rate_bpp"] for row in ROWS}))
def test_the_files_of_the_demo_have_the_same_bytes_within_a_percent(rate):
    sizes = {row["codec"]: int(row["bytes"]) for row in ROWS if row["rate_bpp"] == rate}
    assert {*sizes} == {*SUFFIXES, "comrec"}
    for size in sizes.values():
        assert 0.99 * sizes["AVIF"] <= size <= sizes["AVIF"]
    assert 0.9 * float(rate) < 8 * sizes["AVIF"] / 512**2 <= float(rate)


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['codec']}-{row['rate_bpp']}"
)
def test_the_rows_of_the_demo_are_its_files(row):
    if row["codec"] == "comrec":
        pair = [*DEMO.glob(f"comrec-{row['rate_bpp']}.comrec.*")]
        assert sum(path.stat().st_size for path in pair) == int(row["bytes"])
        return
    suffix = SUFFIXES[row["codec"]]
    path = DEMO / f"{suffix}-{row['rate_bpp']}.{suffix}"
    assert path.stat().st_size == int(row["bytes"])
    photo = np.asarray(Image.open(ROOT / "examples" / "astronaut.png"))
    restored = np.asarray(Image.open(path).convert("RGB"))
    assert psnr_db(photo, restored) == pytest.approx(float(row["psnr_db"]), abs=0.01)


def test_the_demo_was_made_with_the_default_preset():
    for path in DEMO.glob("*.json"):
        assert f'"preset":"{presets.DEFAULT}"' in path.read_text()


def test_a_megapixel_is_restored_in_the_time_that_the_readme_says():
    (speed,) = [
        float(row["median"])
        for row in tsv("speed")
        if (row["name"], row["measure"]) == (presets.DEFAULT, "command_mp_per_s")
        and row["engine"].startswith("onnxruntime")
    ]
    assert "Restoring a megapixel takes one to two seconds" in " ".join(README.split())
    assert 1 <= 1 / speed <= 2


def test_the_worst_of_int8_is_the_rows():
    rows = tsv("int8")
    assert all(float(row["speed_up"]) < 1 for row in rows)
    said = re.search(
        r"int8 .* moves pixels by up to (\d+) levels", page("docs/speed.md")
    )
    assert said
    assert int(said[1]) == max(int(row["worst_levels"]) for row in rows)
