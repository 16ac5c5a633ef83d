"""A checkpoint is whole or not at all, and a damaged one is refused."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY, better

from comrec.errors import OutputError, UsageError
from comrec.train.alternating.schedule import AlternatingRun
from comrec.train.run.progress import ProgressListener


@pytest.mark.parametrize("junk", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_damaged_checkpoint_is_refused_by_name(unbroken, crops, tmp_path, junk):
    (tmp_path / "config.json").write_text(TINY.dump())
    (tmp_path / "checkpoint.npz").write_bytes(junk)
    with pytest.raises(UsageError, match=r"checkpoint\.npz: not a checkpoint"):
        AlternatingRun(TINY, tmp_path, crops, better, resume=True)


def test_a_full_disk_is_one_line_and_leaves_the_checkpoint_of_before(
    crops, tmp_path, monkeypatch
):
    path, kept = tmp_path / "checkpoint.npz", []

    def full(path, **arrays):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    class FillsTheDisk(ProgressListener):
        def on_row(self, row):
            if row["event"] == "epoch" and row["epoch"] == 1:
                kept.append(path.read_bytes())
                monkeypatch.setattr(np, "savez", full)

    run = AlternatingRun(TINY, tmp_path, crops, better, listener=FillsTheDisk())
    with pytest.raises(
        OutputError, match=r"checkpoint\.npz: .*No space left.*`resume`"
    ):
        run.train()
    assert [path.read_bytes()] == kept
    assert not list(tmp_path.glob("*.tmp*"))
