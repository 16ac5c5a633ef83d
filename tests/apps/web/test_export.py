"""`comrec export`: files, their index, and what it refuses."""

import hashlib
import json

import pytest
from web_networks import LITE, MADE

from comrec.apps.web import drift, export, network
from comrec.networks import presets, weights


@pytest.mark.parametrize("name", ["jiang2017-gray-q30", "plain"])
def test_presets_that_browsers_do_not_run_are_refused(name, refused, tmp_path):
    refused("export", name, "--web", tmp_path / "web", names=name, status=2)


def test_auto_takes_the_fewest_bits_that_cost_next_to_nothing(quick, tmp_path):
    assert export.web(LITE, tmp_path / "a", None)["bits"] == 16


@pytest.mark.parametrize(
    ("worst_levels", "lost_db", "bits"), [(0.49, 0.02, 8), (0.5, 0, 32), (0, 0.021, 32)]
)
def test_both_limits_of_auto_count(worst_levels, lost_db, bits, monkeypatch, tmp_path):
    class Fixed:
        def __init__(self, preset):
            pass

        def measure(self, file):
            return drift.Drift(worst_levels, lost_db)

    monkeypatch.setattr(drift, "Yardstick", Fixed)
    assert export.web(LITE, tmp_path / "a", None)["bits"] == bits


def test_export_writes_the_network_and_an_index(run, quick, tmp_path):
    ran = run("export", "comrec-lite-2", "--web", tmp_path / "new/web", "--json")
    assert ran.status == 0, ran.err
    folder = tmp_path / "new" / "web"
    row = ran.rows[0]
    assert row["bits"] == 16
    assert row["worst_levels"] > 0
    data = (folder / MADE[16]).read_bytes()
    assert row["bytes"] == len(data)
    assert data == network.dump(LITE, 16)
    assert json.loads((folder / "networks.json").read_text()) == {
        "format": 1,
        "networks": [
            {"preset": "comrec-lite-2", "number": 8, "file": MADE[16],
             "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest(),
             "licence": LITE.licence},
        ],
    }  # fmt: skip
    assert {p.name for p in folder.iterdir()} == {MADE[16], "networks.json"}


def test_export_says_what_it_measured(run, quick, tmp_path):
    ran = run("export", "comrec-lite-2", "--web", tmp_path, "--bits", "8")
    assert ran.status == 0
    text = ran.out.decode()
    assert "8 bits a weight" in text
    assert "grey levels at worst" in text


def test_the_index_keeps_other_presets_and_names_the_last_of_one(tmp_path):
    old = presets.find("comrec-lite")
    export.put(LITE, tmp_path, 16, network.dump(LITE, 16))
    export.put(old, tmp_path, 16, network.dump(old, 16))
    export.put(LITE, tmp_path, 8, network.dump(LITE, 8))
    rows = json.loads((tmp_path / "networks.json").read_text())["networks"]
    assert [(row["number"], row["file"]) for row in rows] == [
        (old.number, network.make_file_name(old, 16)),
        (8, MADE[8]),
    ]


@pytest.mark.parametrize(
    "content",
    [b"{}", b"[]", b"not JSON", b'{"format":2,"networks":[]}',
     b'{"format":1,"networks":[{"preset":7,"number":8}]}',
     b'{"format":1,"networks":7}', b"[" * 100_000],
)  # fmt: skip
def test_an_index_that_is_none_is_refused_and_kept(
    content, refused, quick, tmp_path, monkeypatch
):
    (tmp_path / "networks.json").write_bytes(content)
    monkeypatch.setattr(drift, "QUALITIES", ())
    arguments = ("export", "comrec-lite-2", "--web", tmp_path, "--bits", "8")
    refused(*arguments, names=tmp_path / "networks.json")


@pytest.mark.parametrize("kind", ["--web", "--onnx"])
def test_another_file_of_that_name_is_refused_and_kept(
    kind, refused, tmp_path, monkeypatch
):
    monkeypatch.setattr(drift, "QUALITIES", ())
    name = MADE[8] if kind == "--web" else LITE.onnx["reccnn"].name
    (tmp_path / name).write_bytes(b"mine")
    more = ("--bits", "8") if kind == "--web" else ()
    refused("export", "comrec-lite-2", kind, tmp_path, *more, names=tmp_path / name)


def test_export_again_changes_nothing(run, listing, tmp_path):
    assert run("export", "comrec-lite-2", "--onnx", tmp_path).status == 0
    before = listing()
    assert run("export", "comrec-lite-2", "--onnx", tmp_path).status == 0
    assert listing() == before


def test_onnx_files_are_the_verified_ones_and_a_record_says_so(run, tmp_path):
    assert run("export", "comrec-lite-2", "--onnx", tmp_path / "onnx").status == 0
    record = json.loads((tmp_path / "onnx" / "comrec-lite-2.json").read_text())
    assert record["preset"] == "comrec-lite-2"
    assert record["hashes"] == LITE.hash
    assert set(record["onnx"]) == {"comcnn", "reccnn"}
    for name, file in record["onnx"].items():
        data = (tmp_path / "onnx" / file["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file["sha256"]
        assert file["sha256"] == LITE.onnx[name].sha256
    assert len(list((tmp_path / "onnx").iterdir())) == 3


def test_onnx_files_come_together_or_not_at_all(run, listing, tmp_path, monkeypatch):
    from comrec.errors import OutputError
    from comrec.system import files

    write = files.write

    def full(path, data, **options):
        if path.name.endswith(".json"):
            raise OutputError(f"{path}: cannot be written (the disk is full). -o")
        write(path, data, **options)

    monkeypatch.setattr(files, "write", full)
    assert run("export", "comrec-lite-2", "--onnx", tmp_path).status == 1
    assert listing() == {}


def test_altered_weights_are_not_exported(refused, tmp_path, monkeypatch):
    name = LITE.onnx["reccnn"].name
    (tmp_path / name).write_bytes(b"altered")
    monkeypatch.setattr(weights, "folder", lambda: tmp_path)
    out = tmp_path / "out"
    refused("export", "comrec-lite-2", "--onnx", out, names=".onnx")
    refused("export", "comrec-lite-2", "--web", out, "--bits", "8", names=name)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("no-such", "--web", "x"), "no-such"),
        (("comrec-lite-2", "--onnx", "x", "--bits", "8"), "--bits"),
        (("plain", "--onnx", "x"), "plain"),
    ],
)
def test_requests_that_make_no_sense_are_refused(
    arguments, names, refused, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    refused("export", *arguments, names=names, status=2)
