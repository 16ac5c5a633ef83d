"""Damaged pairs are restored exactly or refused, and the fuzzers notice all else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import fake_pair
import numpy as np
import pytest

from comrec import errors
from comrec.format import sidecar
from comrec.jpeg import lepton, segments
from comrec.networks import codec

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "fuzz"))
import mutate
import mutations
import packed
import reading
import trials


@pytest.fixture(scope="module")
def small():
    with fake_pair.installed():
        yield trials.small()


@pytest.mark.parametrize("kind", mutations.KINDS)
def test_a_damaged_pair_is_restored_exactly_or_refused(small, kind):
    row, faults = mutate.try_kind(small, "small", kind, 21, seed=1)
    assert not faults
    assert row.same + row.refused + row.bare == row.tried == 21


def test_both_ends_occur(small):  # else the test above could pass for doing nothing
    rows = {
        kind: mutate.try_kind(small, "small", kind, 20, seed=2)[0]
        for kind in ("jpg: cut off", "jpg: another colour space claimed")
    }
    assert [row.refused for row in rows.values()] == [20, 0]
    assert [row.same for row in rows.values()] == [0, 20]


def test_another_picture_is_a_violation(small, monkeypatch):
    real = codec.Codec.restore
    monkeypatch.setattr(codec.Codec, "restore", lambda *a: real(*a) ^ np.uint8(1))
    with pytest.raises(trials.Violation, match="not those of"):
        trials.restore(small[0].jpeg, small[0].beside, small)


def test_a_message_of_two_lines_is_a_violation():
    with pytest.raises(trials.Violation, match="several lines"):
        trials.refusal(errors.SidecarError("one\ntwo"))


def test_a_record_with_a_checksum_that_was_made_to_fit_counts_as_forged(small):
    pair = next(p for p in small if p.name == "rgb-2-pair")
    (record,) = sidecar.parse_json(pair.beside, "x")
    smaller = sidecar.Sidecar(record.preset, 25, 19, 2).paired(pair.jpeg)
    assert trials.restore(pair.jpeg, smaller.to_json(), small) == "forged"


def test_a_jpg_without_any_metadata_is_bare(small):
    pair = next(p for p in small if p.name == "rgb-2-embedded")
    bare = segments.coded_only(pair.jpeg)
    assert trials.restore(bare, None, small) == "bare"


@pytest.fixture(scope="module")
def files():
    return reading.seeds()


def test_every_seed_of_the_reader_is_read(files):
    assert [n for n, data in files.items() if reading.read(data) != "read"] == []


@pytest.mark.parametrize("kind", mutations.BYTES)
def test_a_damaged_picture_is_read_or_refused_in_silence(files, kind, capfd):
    chance = np.random.default_rng([7, *kind.encode()])
    spoil = mutations.BYTES[kind]
    ends = [reading.read(spoil(chance, data)) for data in files.values()]
    assert "refused" in ends
    assert capfd.readouterr() == ("", "")


def test_what_a_library_writes_is_a_violation(files, monkeypatch):
    sizes = iter((0, 9))

    def grown(_: int) -> object:
        return type("Status", (), {"st_size": next(sizes, 9)})

    monkeypatch.setattr(reading.os, "fstat", grown)
    with pytest.raises(trials.Violation, match="wrote to stderr"):
        reading.read(files["rgb.png"])


def test_damage_of_a_png_is_not_hidden_by_its_checksums(files):
    data = bytearray(files["rgb.png"])
    data[16 + 3] ^= 1  # of the width
    assert reading.read(bytes(data)) == "refused"
    assert reading.sealed(bytes(data)) != bytes(data)
    assert reading.sealed(files["rgb.png"]) == files["rgb.png"]


def test_a_packed_file_is_read_without_its_checksum_and_refused_where_it_is_damaged():
    pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")
    for data in packed.seeds():
        assert packed.unpack(data) == "read"
        assert packed.unpack(data[:60] + data[61:]) == "refused"
    assert packed.unpack(b"") == "refused"


def test_a_change_of_the_header_of_a_packed_file_reaches_the_library():
    """Deflated, a header with any changed byte would be refused before that."""
    pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")
    data = packed.seeds()[0]
    changed = data.replace(b"comrec", b"Comrec", 1)
    assert packed.unpack(changed) == "read"
    made = [lepton.unpack(packed.sealed(each)) for each in (data, changed)]
    assert made[1] == made[0].replace(b"comrec", b"Comrec", 1) != made[0]


@pytest.mark.slow
def test_odd_jpegs_come_back_or_are_refused(tmp_path):
    pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")
    out = tmp_path / "rows.tsv"
    command = [sys.executable, ROOT / "fuzz" / "round_trips.py", "--count", "200"]
    done = subprocess.run(
        [*command, "--out", out], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert sum(int(x.split("\t")[1]) for x in out.read_text().splitlines()[1:]) >= 200


@pytest.mark.slow
@pytest.mark.parametrize(
    "target", ["sidecar", "container", "pair", "crae", "reader", "packed"]
)
def test_a_fuzzer_runs_and_finds_nothing_in_two_seconds(target, tmp_path):
    pytest.importorskip("atheris", reason="comes with comrec[fuzz]")
    out = tmp_path / "rows.tsv"
    command = [sys.executable, ROOT / "fuzz" / "run.py", target, "--seconds", "2"]
    done = subprocess.run(
        [*command, "--out", out], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    head, row = (line.split("\t") for line in out.read_text().splitlines())
    found = dict(zip(head, row, strict=True))
    assert int(found["inputs"]) > 100
    assert found["failures"] == "0"
