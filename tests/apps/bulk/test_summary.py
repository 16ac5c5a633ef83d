"""Counts of a run, in JSON and in words."""

import time

import pytest
from bulk_trees import CODING, KEYS, files, row_of, rows

from comrec.apps.bulk import command
from comrec.apps.bulk.summary import Tally
from comrec.cli.commands.bulk import SHOWN

pytestmark = pytest.mark.usefixtures("here")


def test_the_summary_is_the_sum_of_the_rows(bulk, tmp_path):
    summary = bulk()
    found = rows(tmp_path / "dst")
    sizes = [sum(row["outputs"].values()) for row in found]
    assert summary["output_bytes"] == sum(sizes)
    assert summary["output_bytes"] == sum(map(len, files(tmp_path / "dst").values()))
    assert summary["input_bytes"] == sum(row["input_bytes"] for row in found)
    assert summary["megapixels"] == round(len(KEYS) * 40 * 56 / 1e6, 3)


def test_progress_says_what_is_done_and_how_long_the_rest_takes(monkeypatch):
    row = row_of("a", 1) | {"input_bytes": 10**6, "width_px": 1000, "height_px": 500}
    tally = Tally(skipped=5, started_s=100).add_all(
        [row, row, row_of("b", 1, "failed")]
    )
    monkeypatch.setattr(time, "monotonic", lambda: 106.0)
    said = "2 done, 1 failed, 5 were done already, 0.17 MP/s, 2.0 MB saved (100 %)"
    assert tally.progress(None) == said
    assert tally.progress(38) == f"{said}, 0:01:00 left"


def test_the_summary_is_said_in_words(run, source, tmp_path):
    (source / "bad.png").write_bytes(b"no picture")
    ran = run("bulk", source, tmp_path / "dst", *CODING)
    lines = ran.out.decode().splitlines()
    assert lines[0] == f"{len(KEYS)} done, 1 failed, 0 were done already"
    assert lines[-1].endswith(" MP/s")
    assert ran.err.startswith(f"comrec: {source}/bad.png: ")
    quiet = run("bulk", source, tmp_path / "dst", *CODING, "--quiet")
    assert quiet.out == b""


def test_many_failures_are_not_all_said(run, tmp_path):
    source = tmp_path / "bad"
    source.mkdir()
    for number in range(SHOWN + 5):
        (source / f"{number}.png").write_bytes(b"no picture")
    ran = run("bulk", source, tmp_path / "dst", *CODING)
    lines = ran.err.splitlines()
    assert len(lines) == SHOWN + 1
    assert lines[-1].endswith(f"see {tmp_path}/dst/{command.MANIFEST}")
    assert len(rows(tmp_path / "dst")) == SHOWN + 5
