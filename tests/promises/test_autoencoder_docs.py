"""The rows of the autoencoders are as claimed, and the commands of their page run."""

import gzip
import runpy
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from comrec.apps.autoencoder import data, measure, model
from comrec.apps.autoencoder.measure import Row
from comrec.cli import main

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "autoencoders.md").read_text()
RESULTS = ROOT / "experiments" / "results" / "autoencoder"
SETS = {"mnist-dense": "mnist", "mnist-cnn": "mnist", "cifar100-conv": "cifar100"}


def rows(name: str) -> list[Row]:
    return measure.read(RESULTS / f"{name}.tsv")


def row(some: list[Row], codec: str, setting: str) -> Row:
    (found,) = [r for r in some if (r.codec, r.setting) == (codec, setting)]
    return found


def pca(some: list[Row], values: int) -> Row | None:
    return next(
        (r for r in some if (r.codec, r.latent_values) == ("pca", values)), None
    )


def test_ranges_learned_with_the_network_gain_half_a_decibel_at_their_bits():
    some = rows("quantised")
    plain = row(some, "mnist-dense-control", "3")
    for name in ("noise", "ste"):
        aware = row(some, f"mnist-dense-{name}", "3")
        assert aware.psnr_db > plain.psnr_db + 0.5


def test_the_jpeg_beside_is_as_near_in_size_as_one_step_of_quality():
    for name in ("mnist", "cifar100", "photo"):
        some = rows(name)
        for ours in (r for r in some if r.setting == "8"):
            jpeg = measure.find_nearest_jpeg(some, ours.file_bytes)
            assert jpeg.setting == "1" or jpeg.file_bytes == pytest.approx(
                ours.file_bytes, rel=0.1
            )


@pytest.mark.parametrize("name", SETS)
def test_the_models_measured_are_those_released(name):
    digest = model.RELEASED[name].file.sha256[:8]
    versions = {r.version for r in rows(SETS[name]) if r.codec == name}
    assert versions == {digest}


@pytest.mark.parametrize(
    ("name", "least_db", "pca_db"),
    [("mnist-dense", 29.5, 28.0), ("mnist-cnn", 22, 18.6)],
)
def test_digits_come_back_closer_than_by_pca_of_the_same_size(name, least_db, pca_db):
    some = rows("mnist")
    plain = row(some, name, "float")
    assert plain.pictures == 10_000
    assert plain.psnr_db >= least_db
    same = pca(some, plain.latent_values)
    assert same is not None
    assert same.psnr_db == pytest.approx(pca_db, abs=0.1)


@pytest.mark.parametrize("name", SETS)
def test_eight_bits_lose_less_than_a_fifth_of_a_decibel(name):
    some = rows(SETS[name])
    eight, exact = row(some, name, "8"), row(some, name, "float, same pictures")
    assert exact.pictures == eight.pictures
    assert exact.psnr_db - eight.psnr_db < 0.2


def written(name: str) -> list[str]:
    """Returns the page's lines from training to a restored picture, for one config."""
    block = PAGE.split("Train a model, measure it, and code with it:")[1].split("```")[
        1
    ]
    if not name.startswith("mnist"):
        block = block.replace("--mnist MNIST", "--cifar100 CIFAR100")
        block = block.replace("--data MNIST", "--data CIFAR100")
        block = block.replace("digits/five.png", "astronaut.png")
    block = block.replace("mnist-dense", name).replace("\\\n", "")
    return [" ".join(shlex.split(line, comments=True)) for line in block.splitlines()]


def data_sets(folder: Path) -> None:
    """Writes a few drawn pictures in place of MNIST and CIFAR100."""
    digits, colour = (
        data.draw_strokes(60, c, s) for c, s in ((1, (28, 28)), (3, (32, 32)))
    )
    (folder / "MNIST").mkdir()
    for name, images in zip(data.IDX_NAMES, (digits.train, digits.test), strict=True):
        head = np.array([data.IDX_IMAGES, *images.shape[:3]], ">u4").tobytes()
        packed = gzip.compress(head + images.tobytes())
        (folder / "MNIST" / f"{name}.gz").write_bytes(packed)
    np.savez(folder / "CIFAR100.npz", x_train=colour.train, x_test=colour.test)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_the_lines_train_measure_and_code_a_file(name, tmp_path, monkeypatch):
    pytest.importorskip("keras", reason="needs the autoencoder extra")
    pytest.importorskip("constriction", reason="needs the autoencoder extra")
    data_sets(tmp_path)
    for folder in ("experiments", "examples"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    monkeypatch.chdir(tmp_path)
    lines = [line for line in written(name) if line]
    assert len(lines) == 4
    for line in lines:
        words = line.replace(" CIFAR100", " CIFAR100.npz").split()
        if words[0] == "python":
            monkeypatch.setattr("sys.argv", [*words[1:], "--quick"])
            runpy.run_path(words[1], run_name="__main__")
        else:
            assert words[0] == "comrec"
            assert main.main(words[1:]) == 0
    rows = measure.read(tmp_path / "runs" / "own" / "results" / f"{SETS[name]}.tsv")
    assert any(row.codec == name and row.file_bytes for row in rows)
    with Image.open(tmp_path / "mine.restored.png") as restored:
        assert restored.size == ((512, 512) if "conv" in name else (28, 28))
