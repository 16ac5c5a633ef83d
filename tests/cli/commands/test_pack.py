"""What `comrec pack` and `unpack` print."""

from __future__ import annotations

import packing
import pytest


def test_a_line_names_both_files_and_both_sizes(run, folder):
    pytest.importorskip("lepton_jpeg_python", reason="needs the pack extra")
    data = packing.jpeg("quality 100")
    (folder / "x.jpg").write_bytes(data)
    said = run("pack", "x.jpg").out.decode()
    size = (folder / "x.lep").stat().st_size
    assert said.startswith(f"x.jpg → x.lep: {len(data):,} → {size:,} bytes, ")
    assert said.endswith(" % saved\n")
    said = run("unpack", "x.lep", "--replace", "--skip-existing").out.decode()
    assert said == "x.lep → x.jpg: exists, skipped; the input is removed\n"
