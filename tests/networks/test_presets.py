"""The table of trained pairs. A released row never changes meaning."""

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import own_preset
import pytest

from comrec.errors import UsageError, WeightsError
from comrec.jpeg.settings import JpegSettings
from comrec.networks import presets, weights
from comrec.networks.presets import PRESETS

ROWS = pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS.keys())
TRAINED = pytest.mark.parametrize("name", [n for n in PRESETS if n != presets.PLAIN])

# Released: these lines may be added to, never changed.
NUMBERS = {
    "plain": 1, "jiang2017-gray-q50": 2, "jiang2017-gray-q50-2": 3,
    "jiang2017-gray-q30": 4, "comrec-lite": 5, "comrec-base": 6,
    "comrec-base-2": 7, "comrec-lite-2": 8, "comrec-base-3": 9,
}  # fmt: skip
# Their masters are in the history of the repository.
SUPERSEDED = ("jiang2017-gray-q50", "comrec-lite", "comrec-base", "comrec-base-2")
HASHES = {
    "plain": "",
    "jiang2017-gray-q50": "8e3a361b-0caeb26e",
    "jiang2017-gray-q50-2": "09a8f523-c1350c86",
    "jiang2017-gray-q30": "09a8f523-8833ee46",
    "comrec-lite": "e7a72f86-4f5b5c12",
    "comrec-base": "87820e93-5c256d02",
    "comrec-base-2": "87820e93-6cebbbc5",
    "comrec-lite-2": "e7a72f86-1283562e",
    "comrec-base-3": "87820e93-55c7ba55",
}


def test_released_names_keep_their_number_and_weights():
    assert {name: preset.number for name, preset in PRESETS.items()} == NUMBERS
    assert {name: preset.hash for name, preset in PRESETS.items()} == HASHES


def test_no_two_rows_share_a_name_or_a_number():
    rows = presets._ROWS
    assert len({row.name for row in rows}) == len(rows) == len(PRESETS)
    assert len({row.number for row in rows}) == len(rows)


@ROWS
def test_rows_fit_the_sidecar(preset):
    assert 1 <= preset.number <= 255
    assert preset.scales
    assert all(1 <= scale <= 255 for scale in preset.scales)
    assert preset.channels in (1, 3)
    assert preset.weights.keys() == preset.onnx.keys()
    assert preset.weights.keys() == preset.sizes.keys() == preset.reach_px.keys()
    assert not preset.weights or "reccnn" in preset.weights


@TRAINED
def test_every_file_of_a_row_is_there_and_is_the_one_it_names(name):
    preset = presets.find(name)
    there = [f for f in preset.weights.values() if weights.path_of(f).exists()]
    assert bool(there) == (name not in SUPERSEDED), "masters of the latest alone"
    for file in (*there, *preset.onnx.values()):
        data = (weights.folder() / file.name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file.sha256


@TRAINED
def test_files_are_named_after_the_hash_of_the_master(name):
    preset = presets.find(name)
    for network, master in preset.weights.items():
        stem = f"{name}.{network}.{master.sha256[:8]}"
        assert master.name == f"{stem}.weights.h5"
        assert preset.onnx[network].name == f"{stem}.onnx"


@TRAINED
def test_every_trained_pair_has_a_card_and_a_line_in_the_index(name):
    card = weights.folder() / f"{name}.md"
    assert card.read_text().startswith(f"# Model card: {name}\n")
    index = (weights.folder() / "README.md").read_text().splitlines()
    licence = presets.find(name).licence
    assert f"| `{name}` | [{card.name}]({card.name}) | {licence} |" in index


@TRAINED
def test_the_config_a_pair_was_trained_with_is_where_the_row_says(name):
    assert (Path(__file__).parents[2] / presets.find(name).training).is_file()


def test_plain_is_no_network_at_all():
    plain = presets.find("plain")
    assert (plain.scales, dict(plain.weights), dict(plain.onnx)) == ((1,), {}, {})


def test_the_default_is_a_trained_pair():
    assert presets.find(presets.DEFAULT).weights


@ROWS
def test_find_gives_the_row_of_that_name(preset):
    assert presets.find(preset.name) is preset
    assert preset.row()["preset"] == preset.name


@pytest.mark.parametrize("name", ["", "Plain", "jiang2017", "jiang2017-gray-q50 "])
def test_an_unknown_name_is_refused_with_those_there_are(name):
    with pytest.raises(UsageError) as err:
        presets.find(name)
    assert str(err.value).startswith(f"no preset is called {name!r}. Presets: ")
    assert all(known in str(err.value) for known in PRESETS)


def test_rows_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        presets.find("plain").number = 3
    with pytest.raises(TypeError):
        PRESETS["plain"] = presets.find(presets.DEFAULT)


# The table as a file


def test_the_rows_are_those_of_the_table():
    assert presets.read(presets.TABLE) == tuple(PRESETS.values())
    assert presets.TABLE.read_text() == presets.dump(PRESETS.values())


def test_a_row_with_tables_of_its_own_is_read_as_it_was_written(tmp_path):
    tables = (tuple(range(1, 65)), (7,) * 64)
    row = dataclasses.replace(
        presets.find(presets.DEFAULT), jpeg=JpegSettings(tables=tables),
        jpeg_visual=JpegSettings("mozjpeg", "flat"), reach_px={"reccnn": 7},
        sizes={"reccnn": {"widths": (4, 8), "blocks": (1, 2, 1)}},
    )  # fmt: skip
    (tmp_path / "presets.json").write_text(presets.dump([row]))
    (read,) = presets.read(tmp_path / "presets.json")
    assert read == row
    assert read.jpeg.tables == tables


@pytest.mark.parametrize(
    "change", [{"name": "other"}, {"number": 3}], ids=["number", "name"]
)
def test_rows_that_share_a_name_or_a_number_are_refused(tmp_path, change):
    row = presets.find(presets.DEFAULT)
    path = tmp_path / "presets.json"
    path.write_text(presets.dump([row, dataclasses.replace(row, **change)]))
    with pytest.raises(UsageError, match="two rows share a name or a number") as err:
        presets.read(path)
    assert str(err.value).startswith(f"{path}: not a table of presets (")


@pytest.mark.parametrize("key", ["name", "jpeg", "weights", "colour"])
def test_rows_with_a_key_missing_or_too_many_are_refused(tmp_path, key):
    records = json.loads(presets.TABLE.read_text())
    if key in records[1]:
        del records[1][key]
    else:
        records[1][key] = "blue"
    path = tmp_path / "presets.json"
    path.write_text(json.dumps(records))
    with pytest.raises(UsageError, match=f"not a table of presets .*'{key}'") as err:
        presets.read(path)
    assert "\n" not in str(err.value)


def test_a_jpeg_setting_that_is_none_is_refused(tmp_path):
    path = tmp_path / "presets.json"
    path.write_text(presets.TABLE.read_text().replace('"4:2:0"', '"4:1:0"'))
    with pytest.raises(UsageError, match=r"not a table of presets .*4:1:0"):
        presets.read(path)


def test_a_missing_table_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"cannot be read \(No such file"):
        presets.read(tmp_path / "none.json")


# A folder that is a preset


@pytest.fixture
def own(tmp_path) -> Path:
    """A folder with the files of comrec-lite-2 under a name of its own."""
    return own_preset.make(tmp_path / "trained")


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    own_preset.forget(monkeypatch)


def test_a_folder_is_a_preset_and_then_known_by_its_name(own):
    assert "my-net" not in presets.known()
    row = presets.find(str(own))
    assert (row.name, row.number) == (f"my-net.{row.hash}", presets.NO_NUMBER)
    assert presets.find(row.name) == presets.find(own) == row
    assert row.name not in presets.PRESETS
    assert weights.verify(row) == [file.name for file in row.onnx.values()]
    assert len(row.hash) == 8


def test_a_folder_row_is_what_was_written(own):
    text = (own / presets.ROW).read_text()
    assert presets.dump_folder(presets.read_folder(own)) == text


def test_files_of_a_folder_are_verified_as_all_are(own):
    row = presets.find(own)
    file = row.onnx["reccnn"]
    (own / file.name).write_bytes(b"altered")
    with pytest.raises(WeightsError, match="not the weights that preset") as err:
        weights.read(file)
    assert str(err.value).startswith(str(own / file.name))
    assert "Reinstall" not in str(err.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "/etc/hostname"}, "name of small letters, digits and hyphens"),
        ({"name": ""}, "name of small letters, digits and hyphens"),
        ({"scales": []}, "scales from 1"),
        ({"channels": 2}, "channels 1 or 3"),
        ({"multiple_px": 0}, "multiple_px from 1"),
        ({"onnx": {}}, "an onnx file of reccnn"),
        ({"reach_px": {}}, "sizes and reach_px"),
        (
            {
                "onnx": {
                    "comcnn": {"name": "/etc/passwd", "sha256": "0" * 64},
                    "reccnn": {"name": "a.onnx", "sha256": "0" * 64},
                }
            },
            "without a folder",
        ),
        (
            {
                "onnx": {
                    "comcnn": {"name": "a.onnx", "sha256": None},
                    "reccnn": {"name": "a.onnx", "sha256": "0" * 64},
                }
            },
            "their sha256",
        ),
        ({"number": 3}, "number absent or 0"),
        ({"scales": None}, "not the row of a preset"),
    ],
)
def test_a_folder_with_an_illegal_row_is_refused(own, change, said):
    path = own / presets.ROW
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UsageError, match=said) as err:
        presets.find(own)
    assert str(err.value).startswith(f"{path}: ")


def test_a_folder_without_a_row_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"no preset \(preset\.json is missing\)"):
        presets.find(str(tmp_path))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("config.json", "not finished .* Go on with it by `resume`, or export"),
        ("model.npz", "an autoencoder. Compress by `comrec autoencoder compress`"),
        ("one/preset.json", "holds several presets. Name one: one"),
    ],
)
def test_a_folder_that_is_no_preset_yet_is_refused_with_what_to_do(
    tmp_path, file, said
):
    (tmp_path / "one").mkdir()
    (tmp_path / file).write_text("{}")
    with pytest.raises(UsageError, match=said) as err:
        presets.find(tmp_path)
    assert str(err.value).startswith(f"{tmp_path}: ")
    assert "\n" not in str(err.value)


@pytest.mark.parametrize("name", [Path("none"), "runs/none"])
def test_a_path_where_no_folder_is_is_called_no_folder(name):
    with pytest.raises(UsageError, match=f"^{name}: no such folder"):
        presets.find(name)


def test_another_network_under_the_same_name_is_another_preset(own):
    first = presets.find(own)
    path = own / presets.ROW
    text = path.read_text()
    path.write_text(text.replace('"comrec"', '"comrec2"'))
    second = presets.find(own)
    assert first.name != second.name
    assert presets.find(first.name) == first, "pictures of the first are known still"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_row_that_is_a_pipe_or_nested_too_deeply_is_refused(own):
    row = own / presets.ROW
    row.write_text("[" * 100_000)
    with pytest.raises(UsageError, match=r"preset\.json: not the row of a preset"):
        presets.find(own)
    row.unlink()
    os.mkfifo(row)
    with pytest.raises(UsageError, match="not a plain file"):
        presets.find(own)


def test_a_folder_called_like_a_preset_that_was_added_is_read_anew(own, monkeypatch):
    monkeypatch.chdir(own.parent)
    presets.find("trained")
    path = own / presets.ROW
    path.write_text(path.read_text().replace('"my-net"', '"other-net"'))
    assert presets.find("trained").name.startswith("other-net.")


def test_a_pipe_where_weights_should_be_does_not_block(own):
    row = presets.find(own)
    file = row.onnx["comcnn"]
    (own / file.name).unlink()
    os.mkfifo(own / file.name)
    with pytest.raises(WeightsError, match="not a plain file"):
        weights.read(file)


# Folders of presets, which sidecars name


def test_a_preset_is_found_by_name_in_the_folders_of_the_variable(
    own, tmp_path, monkeypatch
):
    row = presets.read_folder(own)
    assert presets.find_named(row.name) is None
    for folder in (own, own.parent):
        monkeypatch.setenv(presets.VARIABLE, f"{tmp_path / 'none'}{os.pathsep}{folder}")
        assert presets.find(row.name) == presets.find_named(row.name) == row
        assert row.name in presets.known()
    monkeypatch.delenv(presets.VARIABLE)
    assert presets.find_named(row.name) is None


def test_a_preset_that_comes_into_a_folder_of_the_variable_is_found(
    tmp_path, monkeypatch
):
    monkeypatch.setenv(presets.VARIABLE, str(tmp_path))
    assert presets.find_named("my-net.00000000") is None
    row = presets.read_folder(own_preset.make(tmp_path / "late"))
    assert presets.find_named(row.name) == row


def test_an_illegal_row_in_a_folder_of_the_variable_hides_no_other(own, monkeypatch):
    monkeypatch.setenv(presets.VARIABLE, str(own.parent))
    bad = own.parent / "bad"
    bad.mkdir()
    (bad / presets.ROW).write_text("{}")
    row = presets.read_folder(own)
    assert presets.find(row.name) == row
    (problem,) = presets.problems()
    assert problem.startswith(f"{bad / presets.ROW}: not the row of a preset")


@pytest.mark.parametrize("several", [False, True])
def test_folders_are_added_with_the_rows_they_had_before(own, several):
    first = presets.read_folder(own)
    earlier = own / f"preset.{first.hash}.json"
    (own / presets.ROW).rename(earlier)
    text = earlier.read_text().replace('"comrec"', '"comrec2"')
    (own / presets.ROW).write_text(text)
    presets.add_folders([own.parent] if several else own)
    assert presets.find_named(first.name) == first
    assert len(presets.added()) == 2


def test_a_path_in_place_of_a_name_is_no_name(own):
    assert presets.find_named(str(own)) is None
    assert presets.find_named(7) is None
