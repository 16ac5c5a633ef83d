"""What the README says of the autoencoders is in the rows, and is what was to reach."""

import textwrap
from pathlib import Path

import pytest

from comrec.autoencoder import measure, model
from comrec.autoencoder.measure import Row

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
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


def line(name: str) -> str:
    some = rows(SETS[name])
    plain, eight = row(some, name, "float"), row(some, name, "8")
    same = pca(some, plain.latent_values)
    jpeg = measure.nearest(some, "jpeg", eight.file_bytes)
    cells = [
        f"`{name}`", f"{plain.latent_values} ({plain.share:.0%})",
        f"{same.psnr_db:.2f}" if same else "", f"{plain.psnr_db:.2f}",
        *(f"{r.psnr_db:.2f} in {r.file_bytes:.0f} bytes" for r in (eight, jpeg)),
        f"{row(some, 'png', '').file_bytes:.0f} bytes",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |".replace("|  |", "| |")


def photo() -> str:
    some = rows("photo")
    ours = row(some, "cifar100-conv", "8")
    others = {name: measure.nearest(some, name, ours.file_bytes)
              for name in ("jpeg", "comrec-lite")}  # fmt: skip
    said = {
        name: f"{r.psnr_db:.2f} dB in {r.file_bytes:,.0f} bytes"
        for name, r in ({"ours": ours} | others).items()
    }
    return textwrap.fill(
        f"The JPEG of a digit is mostly tables. On a photo, the bundled one, "
        f"`cifar100-conv` loses: {said['ours']}, where JPEG has {said['jpeg']} and "
        f"comrec-lite {said['comrec-lite']}.",
        90, break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip


def quantised() -> str:
    some = rows("quantised")
    names = ("mnist-dense", "mnist-dense-noise", "mnist-dense-ste")
    plain, noise, ste = (row(some, name, "3") for name in names)
    return textwrap.fill(
        f"`quantised_epochs` in a config trains on with quantised numbers: at 3 bits "
        f"`mnist-dense` has {plain.psnr_db:.2f} dB in {plain.file_bytes:.0f} bytes, "
        f"{noise.psnr_db:.2f} dB in {noise.file_bytes:.0f} after three epochs with "
        f"noise, and {ste.psnr_db:.2f} dB in {ste.file_bytes:.0f} straight through.",
        90, break_on_hyphens=False, break_long_words=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", SETS)
def test_the_table_is_the_rows(name):
    assert line(name) in README.splitlines()


def test_what_is_said_of_photos_and_of_quantised_training_is_the_rows():
    assert photo() in README
    assert quantised() in README


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
