"""`comrec autoencoder`: the list of models, and requests that are refused."""

from __future__ import annotations

import pictures
import pytest

from comrec.apps.autoencoder import model


def test_models_are_listed_as_rows_and_as_text(run):
    rows = run("autoencoder", "models", "--json").rows
    assert [row["model"] for row in rows] == list(model.RELEASED)
    text = run("autoencoder", "models").out.decode()
    assert all(row["summary"] in text for row in rows)


@pytest.mark.parametrize(
    "words",
    [(), ("models", "x"), ("compress", "x.png", "--bits", 9),
     ("compress", "x.png", "--bits", 0), ("compress", "x.png", "-o", "x.jpg"),
     ("decompress", "x.crae", "-o", "x.doc")],
    ids=str,
)  # fmt: skip
def test_an_illegal_request_exits_with_2(run, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    ran = run("autoencoder", *words)
    assert (ran.status, ran.out) == (2, b"")
    assert ran.err


def test_a_file_that_cannot_be_read_exits_with_1_and_leaves_nothing(refused, tmp_path):
    path = tmp_path / "odd.crae"
    path.write_bytes(b"no autoencoder wrote this")
    refused("autoencoder", "decompress", path, names=path)
    missing = tmp_path / "none.png"
    refused("autoencoder", "compress", missing, names=missing)


def test_an_output_is_replaced_with_force_only(refused, tmp_path):
    source, target = tmp_path / "a.png", tmp_path / "a.crae"
    source.write_bytes(pictures.photo_file(".png"))
    target.write_bytes(b"mine")
    assert "-f" in refused("autoencoder", "compress", source, names=target)
    refused("autoencoder", "compress", source, "-f", names=target)
