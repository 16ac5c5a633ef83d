"""A checkpoint is whole or not at all, and a damaged one is refused."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from alternating_runs import TINY, StopsAt, better

from comrec.errors import OutputError, UsageError
from comrec.train.alternating.schedule import AlternatingRun


@pytest.mark.parametrize("junk", [b"", b"not a zip", b"PK\x03\x04 cut short"])
def test_a_damaged_checkpoint_is_refused_by_name(unbroken, crops, tmp_path, junk):
    (tmp_path / "config.json").write_text(TINY.dump())
    (tmp_path / "checkpoint.npz").write_bytes(junk)
    with pytest.raises(UsageError, match=r"checkpoint\.npz: not a checkpoint"):
        AlternatingRun(TINY, tmp_path, crops, better, resume=True)


def test_a_full_disk_is_one_line_and_leaves_the_checkpoint_of_before(
    crops, tmp_path, monkeypatch
):
    run = AlternatingRun(TINY, tmp_path, crops, better, listener=StopsAt(6))
    with pytest.raises(KeyboardInterrupt):
        run.train()
    before = (tmp_path / "checkpoint.npz").read_bytes()

    def full(path, **arrays):
        Path(path).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    resumed = AlternatingRun(TINY, tmp_path, crops, better, resume=True)
    with pytest.raises(
        OutputError, match=r"checkpoint\.npz: .*No space left.*`resume`"
    ):
        resumed.train()
    assert (tmp_path / "checkpoint.npz").read_bytes() == before
    assert not list(tmp_path.glob("*.tmp*"))
