"""The samples are what comrec makes of them now, and their page says what is there."""

import csv
import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import comrec
from comrec.apps.evaluate import quality
from comrec.cli import main
from comrec.image.metrics import psnr_db
from comrec.networks import presets

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "experiments" / "quality" / "samples.py"
FOLDER = ROOT / "experiments" / "results" / "samples"
PAGE = (FOLDER / "README.md").read_text()
MOST_BYTES = 1_200_000  # of the folder: it travels with every clone
spec = importlib.util.spec_from_file_location("samples", SCRIPT)
samples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(samples)


def value(cell: str) -> object:
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            pass
    return cell or None


def rows_of(folder: Path) -> list:
    with (folder / "samples.tsv").open() as file:
        head, *lines = csv.reader(file, delimiter="\t")
    assert tuple(head) == samples.Row._fields
    return [samples.Row(*map(value, line)) for line in lines]


ROWS = rows_of(FOLDER)
EACH_SAMPLE = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.sample)
# One decode by comrec-base is enough for a run of seconds.
DECODED = [
    pytest.param(row, id=row.sample, marks=[pytest.mark.slow] if i else [])
    for i, row in enumerate(ROWS)
]


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def check_scores(row, image: np.ndarray, restored: np.ndarray, prefix: str = ""):
    """Against the columns of a row; another machine may round a few pixels apart."""
    said = {name: getattr(row, f"{prefix}{name}") for name in samples.Scores._fields}
    assert said["psnr_db"] == pytest.approx(psnr_db(image, restored), abs=0.003)
    ms_ssim = quality.ms_ssim(image, restored)
    assert said["ms_ssim"] == pytest.approx(ms_ssim, abs=0.0002)
    if quality.has_ssimulacra2():
        eye = quality.ssimulacra2(image, restored)
        assert said["ssimulacra2"] == pytest.approx(eye, abs=0.05)


def test_every_part_is_there_at_every_request():
    asked = [
        (part.name, r.keyword) for part in samples.EXCERPTS for r in samples.REQUESTS
    ]
    assert [(row.part, row.request) for row in ROWS] == asked
    assert "comrec" in {row.outcome for row in ROWS}
    photo = pixels(ROOT / "examples" / "astronaut.png")
    for part in samples.EXCERPTS:
        left, top, right, bottom = part.window
        original = pixels(FOLDER / f"{part.name}.webp")
        assert np.array_equal(original, photo[top:bottom, left:right])


@EACH_SAMPLE
def test_the_bytes_of_a_row_are_those_of_the_files(row):
    jpeg = FOLDER / f"{row.sample}.comrec.jpg"
    sidecar = FOLDER / f"{row.sample}.comrec.json"
    assert jpeg.stat().st_size == row.jpeg_bytes
    assert sidecar.exists() == (row.outcome == "comrec")
    assert row.sidecar_bytes == (sidecar.stat().st_size if sidecar.exists() else 0)
    in_all = row.jpeg_bytes + row.sidecar_bytes
    n_pixels = row.width_px * row.height_px
    assert row.rate_bpp == pytest.approx(8 * in_all / n_pixels, abs=0.00005)
    if row.plain_bytes is not None:
        assert (FOLDER / f"{row.sample}.plain.jpg").stat().st_size == row.plain_bytes
        assert row.plain_bytes <= in_all
    if row.request == "target_bpp":
        assert row.rate_bpp <= row.value


def check_files(row, folder: Path) -> None:
    """A pair decodes to its restored picture, and to what its row says."""
    restored = comrec.decompress(
        folder / f"{row.sample}.comrec.jpg", exact=True, threads=1
    )
    assert restored.shape == (row.height_px, row.width_px, 3)
    stored = pixels(folder / f"{row.sample}.restored.webp")
    # One grey level: another machine's arithmetic may round the other way.
    assert np.abs(restored.astype(int) - stored).max() <= 1
    check_scores(row, pixels(folder / f"{row.part}.webp"), restored)


@pytest.mark.parametrize("row", DECODED)
def test_a_sample_decodes_to_what_its_row_says(row):
    check_files(row, FOLDER)


@EACH_SAMPLE
def test_the_plain_jpeg_beside_a_sample_is_as_close_as_its_row_says(row):
    if row.plain_bytes is None:
        pytest.skip("no plain JPEG is so small")
    image = pixels(FOLDER / f"{row.part}.webp")
    check_scores(row, image, pixels(FOLDER / f"{row.sample}.plain.jpg"), "plain_")


def test_samples_were_made_with_weights_that_are_shipped():
    (preset,) = {row.preset for row in ROWS}
    assert {row.hash for row in ROWS} == {presets.find(preset).hash}


def test_the_folder_holds_what_the_rows_name_and_is_small():
    named = {
        "samples.tsv",
        "README.md",
        *(f"{part.name}.webp" for part in samples.EXCERPTS),
    }
    for row in ROWS:
        endings = ["comrec.jpg", "restored.webp"]
        endings += ["comrec.json"] if row.sidecar_bytes else []
        endings += ["plain.jpg"] if row.plain_bytes is not None else []
        named |= {f"{row.sample}.{ending}" for ending in endings}
    found = list(FOLDER.iterdir())
    assert {path.name for path in found} == named
    assert sum(path.stat().st_size for path in found) < MOST_BYTES


def test_the_page_of_the_samples_is_drawn_from_the_rows():
    assert samples.readme(ROWS) == PAGE


def test_commands_and_links_of_the_page_lead_somewhere():
    commands = re.findall(r"^comrec .*$", PAGE, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        words = shlex.split(command, comments=True)[1:]
        args = main.parser().parse_args(words)
        assert args.command == words[0]
        assert all((FOLDER / word).exists() for word in words if "." in word)
    links = re.findall(r"\]\(([^)#]+)\)", PAGE)
    assert len(links) > 3 * len(ROWS)
    for link in links:
        assert (FOLDER / link).exists(), link


@pytest.mark.parametrize(
    "preset", ["plain", pytest.param("comrec-lite", marks=pytest.mark.slow)]
)
def test_quick_samples_are_one_and_the_same_when_made_again(preset, tmp_path):
    args = ["--quick", "--preset", preset, "--out", str(tmp_path)]
    subprocess.run(
        [sys.executable, SCRIPT, *args], cwd=tmp_path, check=True, capture_output=True,
        timeout=300, env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    samples.main(args)
    assert made == {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (row,) = rows_of(tmp_path)
    assert (row.preset, row.sample) == (preset, "face-q10")
    assert row.outcome == ("plain" if preset == "plain" else "comrec")
    check_files(row, tmp_path)


REFUSED = {
    "unknown preset": (["--preset", "nobody"], "no preset is called 'nobody'"),
    "another page": ([], "has files that are not samples"),
    "no folder": (["--out", "README.md"], "README.md/face.webp: cannot be written"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_written_is_refused_in_one_line(case, tmp_path, monkeypatch):
    args, message = REFUSED[case]
    monkeypatch.chdir(tmp_path)
    Path("README.md").write_text("of something else")
    with pytest.raises(SystemExit) as refused:
        samples.main(["--quick", "--out", ".", *args])
    said = refused.value.code
    assert said.startswith("samples: ")
    assert message in said
    assert "\n" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert Path("README.md").read_text() == "of something else"
