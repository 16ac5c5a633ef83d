"""One row: its hash, its JSON, and the name under which a folder's is known."""

import dataclasses
from pathlib import Path

import pytest

from comrec.networks import preset, presets


@pytest.mark.parametrize("name", presets.PRESETS)
def test_a_row_survives_json(name):
    row = presets.find(name)
    assert preset.from_record(preset.to_record(row)) == row


def test_the_hash_of_a_folder_is_that_of_what_decoding_depends_on():
    row = dataclasses.replace(presets.find("comrec-lite-2"), number=preset.NO_NUMBER)
    assert dataclasses.replace(row, summary="other", licence="other").hash == row.hash
    for change in ({"channels": 1}, {"scales": (1,)}, {"onnx": {}}):
        assert dataclasses.replace(row, **change).hash != row.hash


def test_a_preset_in_a_folder_is_known_by_name_and_hash(tmp_path):
    row = dataclasses.replace(
        presets.find("comrec-lite-2"), name="mine", number=preset.NO_NUMBER
    )
    named = preset.with_hash(row, tmp_path / ".." / tmp_path.name)
    assert preset.IN_FOLDER.fullmatch(named.name)
    assert not preset.NAME.fullmatch(named.name)
    assert named.name == f"mine.{row.hash}"
    assert {file.folder for file in named.onnx.values()} == {Path(tmp_path)}
