"""Network files: their header, their numbers, and their names."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from web_networks import LITE, MADE

from comrec.apps.web import network
from comrec.errors import UsageError, WeightsError


@pytest.fixture(scope="module", params=MADE)
def dumped(request) -> tuple[int, bytes]:
    return request.param, network.dump(LITE, request.param)


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
    found = network.read_arrays(LITE)
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
    exact, read = network.read_arrays(LITE), network.read(data).arrays
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
    """Reads the bytes as the format is documented, not by `network.read`."""
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
