"""A run removes the temporary files of a killed run."""

from __future__ import annotations

import numpy as np
import pytest
from killed_writer import killed
from PIL import Image

from comrec.system import files


@pytest.mark.skipif(files.fcntl is None, reason="files have no locks")
@pytest.mark.parametrize("options", [["--skip-existing"], ["-f"], []])
def test_the_next_run_removes_the_files_of_a_killed_run_and_counts_them(
    run, tmp_path, options
):
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "a.png")
    out = tmp_path / "out"
    out.mkdir()
    lefts = [killed(out / f"a.comrec.{kind}") for kind in ("jpg", "json")]
    words = ["compress", tmp_path / "a.png", "-o", f"{out}/", "-p", "plain", *options]
    assert run(*words, "--dry-run").status == 0
    assert all(left.exists() for left in lefts)
    ran = run(*words)
    assert ran.status == 0
    assert "2 temporary files of a killed run removed" in ran.err
    assert [path.name for path in out.iterdir()] == ["a.comrec.jpg"]
