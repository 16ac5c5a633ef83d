"""`comrec info`: every kind of file, and files of other software."""

from __future__ import annotations

import pictures
import pytest

import comrec


def test_info_describes_each_kind_of_file(run, pair, tmp_path):
    said = run("info", pair[1], "--json").rows[0]
    assert (said["kind"], said["width_px"], said["height_px"]) == ("sidecar", 56, 40)
    said = run("info", pair[0], "--json").rows[0]
    assert (said["jpeg_width_px"], said["width_px"]) == (28, 56)
    assert said["sidecar"] == f"{pair[1]}, fits"
    inside = tmp_path / "in.jpg"
    inside.write_bytes(
        comrec.compress(pictures.photo(), jpeg_quality=50, embed=True).jpeg
    )
    assert run("info", inside, "--json").rows[0]["sidecar"] == "inside, fits"
    plain = tmp_path / "plain.jpg"
    plain.write_bytes(pictures.photo_file(".jpg"))
    assert run("info", plain, "--json").rows[0]["sidecar"] == "none: a plain JPEG"
    pair[1].rename(tmp_path / "plain.comrec.json")
    said = run("info", plain, "--json").rows[0]["sidecar"]
    assert said.endswith("plain.comrec.json, does not fit")
    assert run("info", pair[0], "--json").rows[0]["sidecar"] == "missing"
    in_words = run("info", pair[0]).out.decode()
    assert "sidecar" in in_words
    assert "missing" in in_words


@pytest.mark.parametrize("content", [b"", b"rubbish", b"\xff\xd8 rubbish"])
def test_info_refuses_files_of_other_software(refused, tmp_path, content):
    path = tmp_path / "odd.bin"
    path.write_bytes(content)
    refused("info", path, names=path)
    refused("info", tmp_path / "gone", names=tmp_path / "gone")


def test_info_names_a_sidecar_that_cannot_be_read(refused, tmp_path):
    plain = tmp_path / "c.jpg"
    plain.write_bytes(pictures.photo_file(".jpg"))
    (tmp_path / "c.comrec.json").mkdir()
    refused("info", plain, names=tmp_path / "c.comrec.json")
