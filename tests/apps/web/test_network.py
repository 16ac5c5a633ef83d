"""Networks as browsers take them: the file, its index, what fewer bits change."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from comrec.apps.web import drift, export, network, tensors
from comrec.errors import UsageError, WeightsError
from comrec.networks import engine, presets, weights

LITE = presets.find("comrec-lite-2")
MADE = {  # of comrec-lite-2, by bits: a name that pages cache stands for one content
    8: "comrec-lite-2.reccnn.1283562e.i8.bin",
    16: "comrec-lite-2.reccnn.1283562e.f16.bin",
    32: "comrec-lite-2.reccnn.1283562e.f32.bin",
}


@pytest.fixture(scope="module", params=MADE)
def dumped(request) -> tuple[int, bytes]:
    return request.param, network.dump(LITE, request.param)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(drift, "QUALITIES", (20,))
    monkeypatch.setattr(drift, "SIDE_PX", 64)


# The file


def test_tensors_are_those_that_onnx_reads():
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    numpy_helper = pytest.importorskip("onnx.numpy_helper")
    data = weights.read(LITE.onnx["reccnn"])
    wanted = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in onnx.load_from_string(data).graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    }
    found = tensors.tensors(data)
    assert found.keys() == wanted.keys()
    for name, place in found.items():
        assert np.array_equal(place.read(data), wanted[name])


@pytest.mark.slow
def test_arrays_are_those_of_the_master_by_the_names_of_keras():
    pytest.importorskip("keras", reason="needs the train extra")
    from comrec.networks.models import build_exact
    from comrec.networks.weights import folder

    model = build_exact("comrec", "reccnn", **LITE.sizes["reccnn"])
    model.load_weights(folder() / LITE.weights["reccnn"].name)
    wanted = {
        f"{layer.name}/{kind}": np.asarray(value)
        for layer in model.layers
        for kind, value in zip(("kernel", "bias"), layer.get_weights(), strict=False)
    }
    found = network.arrays_of(LITE)
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        assert np.array_equal(array, wanted[name]), name


def test_the_header_says_what_a_page_needs(dumped):
    bits, data = dumped
    assert data[:8] == b"comrecnn"
    length = int.from_bytes(data[8:12], "little")
    header = json.loads(data[12 : 12 + length])
    assert length % 4 == 0
    entries = header.pop("arrays")
    assert header == {
        "format": 1, "preset": "comrec-lite-2", "number": 8,
        "hashes": "e7a72f86-1283562e", "scales": [1, 1.5, 2], "channels": 3,
        "multiple_px": 2, "reach_px": 26, "widths": [32], "blocks": [5], "bits": bits,
    }  # fmt: skip
    kind = {8: "i8", 16: "f16", 32: "f32"}[bits]
    assert {e["type"] for e in entries if len(e["shape"]) == 4} == {kind}
    assert {e["type"] for e in entries if len(e["shape"]) < 4} == {"f32"}
    assert all(e["offset"] % 4 == 0 for e in entries)
    ends = [e["offset"] + _bytes_of(e) for e in entries]
    starts = [e["offset"] for e in entries[1:]] + [len(data) - 12 - length]
    assert all(0 <= s - e < 4 for e, s in zip(ends, starts, strict=True))


def _bytes_of(entry: dict) -> int:
    width = {"i8": 1, "f16": 2, "f32": 4}[entry["type"]]
    return int(np.prod(entry["shape"])) * width


def test_what_is_read_is_what_was_stored_to_half_a_step(dumped):
    bits, data = dumped
    exact, read = network.arrays_of(LITE), network.read(data).arrays
    assert read.keys() == exact.keys()
    for name, array in read.items():
        assert array.dtype == np.float32
        if bits == 32 or array.ndim < 4:
            bound = np.float32(0)
        elif bits == 16:
            bound = np.maximum(np.abs(exact[name]) * 2.0**-11, 2.0**-25)
        else:
            bound = np.abs(exact[name]).max(axis=(0, 1, 2)) / 127 * 0.5001
        assert (np.abs(array - exact[name]) <= bound).all(), name


def test_whole_numbers_are_read_from_the_file_as_a_page_reads_them():
    """Not by `network.read`: from the bytes, the way the format is written down."""
    data = network.dump(LITE, 8)
    length = int.from_bytes(data[8:12], "little")
    entries = json.loads(data[12 : 12 + length])["arrays"]
    for entry in (e for e in entries if e["type"] == "i8"):
        start = 12 + length + entry["offset"]
        numbers = np.frombuffer(data, np.int8, _bytes_of(entry), start)
        steps = np.resize(np.array(entry["step"], np.float32), numbers.size)
        values = (numbers * steps).astype(np.float32)
        assert np.abs(numbers).max() == 127
        assert np.array_equal(values, network.read(data).arrays[entry["name"]].ravel())


@pytest.mark.parametrize("bits", [8, 16])
def test_a_released_network_file_never_changes(bits):
    # Pages and caches keep it by its name for ever.
    wanted = {
        8: "5ca420697bba037fd9390fc37573af1565a20ce768557b92b373407492324e78",
        16: "ea3cb9793b6a139eb2c8c3db6d045fbef0098b992d42ca93ade3b1e97cbf8783",
    }
    assert hashlib.sha256(network.dump(LITE, bits)).hexdigest() == wanted[bits]


def test_arrays_in_place_of_the_networks_own_run():
    exact = engine.load(LITE, "reccnn", exact=True)
    enlarged = np.random.default_rng(1).random((1, 16, 22, 3), np.float32)
    told = np.array([[-0.5, 0.1, 0.2, 0.3, 1]], np.float32)
    same = drift.runnable(LITE, network.dump(LITE, 32))(enlarged, told)
    assert np.array_equal(same, exact(enlarged, told))
    halves = drift.runnable(LITE, network.dump(LITE, 16))(enlarged, told)
    assert 0 < np.abs(halves - same).max() < 1e-3


@pytest.mark.parametrize("name", ["jiang2017-gray-q30", "plain"])
def test_presets_that_browsers_do_not_run_are_refused(name, refused, tmp_path):
    refused("export", name, "--web", tmp_path / "web", names=name, status=2)


def test_a_pyramid_is_refused():
    wide = replace(LITE, sizes={"reccnn": {"widths": (32, 64), "blocks": (2, 2, 2)}})
    with pytest.raises(UsageError, match="one width"):
        network.dump(wide, 16)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"comrecn", b"comrecnn", b"\x89PNG" + bytes(40), b"comrecnn" + bytes(4),
        network.dump(LITE, 16)[:-1],
        network.dump(LITE, 16).replace(b'"format": 1', b'"format": 2'),
    ],
)  # fmt: skip
def test_what_is_no_network_file_is_refused(data):
    with pytest.raises(WeightsError, match=r"not a network for the web .* again"):
        network.read(data)


# What fewer bits change


def test_drift_is_none_in_float32_and_grows_with_fewer_bits(quick):
    yardstick = drift.Yardstick(LITE)
    same, halves, bytes_ = (
        yardstick.measure(network.dump(LITE, bits)) for bits in (32, 16, 8)
    )
    assert (same.worst_levels, same.lost_db) == (0, 0)
    assert 0 < halves.worst_levels < 0.5 < bytes_.worst_levels
    assert halves.lost_db < 0.02


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


@pytest.mark.slow
@pytest.mark.parametrize("name", ["comrec-lite-2", "comrec-base-3"])
def test_half_precision_is_enough_for_the_released_networks(name):
    preset = presets.find(name)
    found = drift.Yardstick(preset).measure(network.dump(preset, 16))
    assert found.worst_levels < export.WORST_LEVELS
    assert found.lost_db <= export.LOST_DB


# The commands


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
             "bytes": len(data)},
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
        (old.number, network.file_name(old, 16)),
        (8, MADE[8]),
    ]


@pytest.mark.parametrize(
    "content",
    [b"{}", b"[]", b"not JSON", b'{"format":2,"networks":[]}',
     b'{"format":1,"networks":[{"preset":7,"number":8}]}',
     b'{"format":1,"networks":7}'],
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

    def full(path, data):
        if path.name.endswith(".json"):
            raise OutputError(f"{path}: cannot be written (the disk is full). -o")
        write(path, data)

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
