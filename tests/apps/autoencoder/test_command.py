"""`comrec autoencoder` compresses and decompresses files, or refuses them."""

import sys

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("keras", reason="needs the autoencoder extra")
pytest.importorskip("constriction", reason="needs the autoencoder extra")

from autoencoders import picture

import comrec.apps.autoencoder
from comrec.apps.autoencoder import (
    codec,
    model,
    networks,
)


def test_a_file_goes_both_ways(run, made, digit, tmp_path):
    path, _ = made["dense"]
    ran = run("autoencoder", "compress", digit, "-m", path, "--json")
    assert ran.status == 0, ran.err
    (row,) = ran.rows
    crae = tmp_path / "digit.crae"
    assert row["file_bytes"] == crae.stat().st_size
    assert (row["latent_values"], row["values"]) == (6, 96)
    ran = run("autoencoder", "decompress", crae, "-m", path)
    assert ran.status == 0, ran.err
    restored = np.asarray(Image.open(tmp_path / "digit.restored.png"))
    expected = codec.decompress(crae.read_bytes(), str(path))[..., 0]
    np.testing.assert_array_equal(restored, expected)


def test_outputs_are_replaced_by_force_alone_and_only_comrecs_own(
    run, refused, made, digit, tmp_path
):
    path, _ = made["dense"]
    command = ("autoencoder", "compress", digit, "-m", path)
    assert run(*command).status == 0
    refused(*command, names=tmp_path / "digit.crae")
    assert run(*command, "-f").status == 0
    (tmp_path / "notes.crae").write_text("mine")
    refused(*command, "-f", "-o", tmp_path / "notes.crae", names="notes.crae")
    crae = tmp_path / "digit.crae"
    back = ("autoencoder", "decompress", crae, "-m", path, "-f", "-o", digit)
    refused(*back, names=digit)


def save(path, shape, mode=None):
    pixels = np.zeros(shape, np.uint8)
    Image.fromarray(pixels, mode).save(path) if mode else Image.fromarray(pixels).save(
        path
    )
    return path


def test_pictures_that_a_model_does_not_code_are_refused(
    refused, made, digit, tmp_path
):
    path, _ = made["dense"]
    colour, _ = made["convolutional"]
    large = save(tmp_path / "large.png", (64, 48))
    rgb = save(tmp_path / "rgb.png", (8, 12, 3))
    clear = save(tmp_path / "clear.png", (8, 12, 4))
    start = ("autoencoder", "compress")
    line = refused(*start, large, "-m", path, names=large)
    assert "48x64 pixels, and dense codes 12x8 only" in line
    line = refused(*start, rgb, "-m", path, names=rgb)
    assert "3 channels (RGB), and dense codes 1 channel (grey)" in line
    line = refused(*start, digit, "-m", colour, names=digit)
    assert "1 channel (grey), and convolutional codes 3 channels (RGB)" in line
    assert "alpha" in refused(*start, clear, "-m", colour, names=clear)
    limit = ("--max-pixels", 20)
    assert "limit of 20 pixels" in refused(
        *start, digit, "-m", path, *limit, names=digit
    )


def test_requests_that_make_no_sense_are_refused(refused, made, digit, tmp_path):
    path, coder = made["dense"]
    start = ("autoencoder", "compress", digit)
    line = refused(*start, "-m", "mnist-densest", names="mnist-densest", status=2)
    assert "Models: " in line
    refused(*start, "-m", tmp_path / "no.npz", names="no.npz", status=2)
    refused(*start, "-m", path, "-o", tmp_path / "x.png", names="x.png", status=2)
    crae = tmp_path / "x.crae"
    crae.write_bytes(coder.encode(picture("dense")))
    back = ("autoencoder", "decompress")
    assert "Name the model.npz" in refused(*back, crae, names=crae)
    refused(*back, crae, "-o", tmp_path / "x.xyz", "-m", path, names="x.xyz", status=2)
    line = refused(*back, crae, "-m", path, "--max-pixels", 5, names=crae)
    assert "limit of 5 pixels" in line
    refused(*back, digit, "-m", path, names=digit)
    empty = tmp_path / "empty.crae"
    empty.write_bytes(b"")
    assert "empty file" in refused(*back, empty, names=empty)
    refused(*back, tmp_path / "none.crae", names="none.crae")


@pytest.mark.parametrize("package", ["keras", "constriction"])
def test_what_is_not_installed_is_asked_for_by_name(
    run, made, digit, package, monkeypatch
):
    path, _ = made["dense"]
    monkeypatch.setitem(sys.modules, package, None)
    if package == "keras":  # as in a fresh process
        monkeypatch.delitem(sys.modules, networks.__name__)
        monkeypatch.delattr(comrec.apps.autoencoder, "networks")
    ran = run("autoencoder", "compress", digit, "-m", path)
    assert ran.status == 1
    (line,) = ran.err.splitlines()
    assert package in line
    assert "pip install comrec[autoencoder]" in line


def test_models_are_listed(run):
    ran = run("autoencoder", "models", "--json")
    assert [row["model"] for row in ran.rows] == list(model.RELEASED)
    assert all(row["licence"] for row in ran.rows)
